"""`duplicates` from the command line: the promised fields, files, and refusals in a sentence."""

import json

import pandas as pd
import pytest

from sbert_core.cli import main

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint


@pytest.fixture
def corpus(tmp_path):
    write_checkpoint(tmp_path / "tiny", bert_tokenizer(), bert_model)
    path = tmp_path / "rows.csv"
    path.write_text("text\nthe cat sat\nthe cat sat\nThe cat sat!\n1\n", encoding="utf-8")
    return path


def run(corpus, *options):
    return main(["duplicates", str(corpus), "--model", str(corpus.parent / "tiny"), *options])


def test_pairs_and_groups_as_json_and_as_files(corpus, tmp_path, capsys):
    out, kept = tmp_path / "pairs.csv", tmp_path / "kept.parquet"
    assert (
        run(corpus, "--threshold", "1", "--json", "--out", str(out), "--keep-one", str(kept)) == 0
    )
    answer = json.loads(capsys.readouterr().out)
    assert {"row_a": 0, "row_b": 1} == {k: answer["pairs"][0][k] for k in ("row_a", "row_b")}
    assert answer["pairs"][0]["cosine"] == pytest.approx(1)
    assert (answer["rows"], answer["equal_texts"]) == (4, 1)
    assert len(pd.read_parquet(kept)) == 4 - sum(len(g) - 1 for g in answer["groups"])
    assert set(pd.read_csv(out)["kind"]) <= {"capitals", "punctuation"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--threshold", "80"], "should be a cosine"),
        (["--out", "x.txt"], "x.txt"),
        (["--out", "x.csv", "--keep-one", "x.csv"], "name one file"),
        (["--rerank", "nobody"], "nobody"),
    ],
)
def test_refusals(corpus, capsys, options, sentence):
    assert run(corpus, *options) != 0
    said = capsys.readouterr().err.strip().splitlines()
    assert sentence in said[-1]
