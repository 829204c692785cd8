"""`classify` from the command line: the promised fields, files, and refusals in a sentence."""

import json

import pandas as pd
import pytest

from sbert_core.cli import main

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint


@pytest.fixture
def corpus(tmp_path):
    write_checkpoint(tmp_path / "tiny", bert_tokenizer(), bert_model)
    path = tmp_path / "rows.csv"
    rows = [(f"{w} {i} x", t) for i in range(8) for w, t in (("the cat", "a"), ("my card", "b"))]
    pd.DataFrame(rows, columns=["text", "topic"]).to_csv(path, index=False)
    return path


def run(corpus, *options):
    words = ["--model", str(corpus.parent / "tiny"), "--text-column", "text", *map(str, options)]
    return main(["classify", str(corpus), *words])


def test_by_names(corpus, tmp_path, capsys):
    out = tmp_path / "sorted.csv"
    assert run(corpus, "--labels", "cat, card", "--json", "--out", out) == 0
    answer = json.loads(capsys.readouterr().out)
    assert sum(answer["counts"].values()) == len(answer["rows"]) == 16
    assert set(answer["rows"][0]) == {"row", "label", "score"}
    assert pd.read_csv(out)["label"].tolist() == [row["label"] for row in answer["rows"]]
    assert run(corpus, "--labels", "cat,card") == 0
    assert "16 rows in 2 classes" in capsys.readouterr().out


def test_from_examples_and_then_with_the_saved_head(corpus, tmp_path, capsys):
    head, out = tmp_path / "h.safetensors", tmp_path / "o.parquet"
    options = ["--label-column", "topic", "--shots", 3, "--save-head", head]
    assert run(corpus, *options, "--json", "--out", out) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"accuracy", "macro_f1", "shots", "classes"} <= set(answer)
    assert (answer["shots"], answer["classes"], answer["examples"]) == (3, 2, 6)
    assert (answer["rows"], answer["unlabelled_rows_used"]) == (10, 10)
    assert run(corpus, "--head", head, "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert [row["label"] for row in again["rows"]] == pd.read_parquet(out)["label"].tolist()
    assert run(corpus, *options) == 0
    assert "Learnt 2 classes from 6 examples" in capsys.readouterr().out


def test_a_test_file_is_tested_on_and_a_fifth_without_one(corpus, capsys):
    options = ["--label-column", "topic", "--no-spread", "--json"]
    assert run(corpus, *options, "--test", corpus) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["examples"], answer["rows"], answer["unlabelled_rows_used"]) == (16, 16, 0)
    assert run(corpus, *options) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["examples"], answer["rows"]) == (12, 4)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--labels", "a"], "at least two"),
        (["--labels", "a,,b"], "has no name"),
        (["--labels", "a,A"], "there twice"),
        (["--labels", "a,b", "--template", "about"], "has no {}"),
        (["--labels", "a,b", "--shots", "3"], "--shots goes with --label-column"),
        (["--label-column", "topic", "--template", "{}"], "--template goes with --labels"),
        (["--label-column", "nothing"], "nothing"),
        (["--label-column", "topic", "--shots", "0"], "at least 1"),
        (["--label-column", "topic", "--test", "nowhere.csv"], "no file nowhere.csv"),
        (["--label-column", "topic", "--save-head", "h.pkl"], "--save-head h.pkl"),
        (["--label-column", "topic", "--seed", "-1"], "seed=-1"),
        (["--head", "nowhere.safetensors"], "nowhere.safetensors"),
        (["--labels", "a,b", "--out", "x.txt"], "x.txt"),
    ],
)
def test_refusals(corpus, capsys, options, sentence):
    assert run(corpus, *options) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert sentence in said[-1]
    assert "Traceback" not in said[-1]
