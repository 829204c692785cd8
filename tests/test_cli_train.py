"""`train` and `pretrain` on the command line: promised fields, and one sentence for a mistake."""

import csv
import json
import random

import numpy as np
import pytest
import torch

from sbert_core import cli_train, training_data
from sbert_core.cli import main
from sbert_core.encoders.card import read_card
from sbert_core.encoders.catalog import resolve
from sbert_core.encoders.encoder import SentenceEncoder
from sbert_core.evaluation.gain import Gain
from sbert_core.training_desk import TrainingDesk
from sbert_core.training_request import TrainReport

from .encoders.tiny_models import WORDS, bert_model, bert_tokenizer, write_checkpoint

FIELDS = {
    "out",
    "steps",
    "dev_spearman_before",
    "dev_spearman_after",
    "test_spearman_before",
    "test_spearman_after",
    "gain",
    "gain_ci95",
    "base_kept",
    "verdict",
    "examples",
    "found",
    "seconds",
}


@pytest.fixture(scope="module", autouse=True)
def quick():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_data, "_WATCHED", 12)
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    return write_checkpoint(folder, bert_tokenizer(), bert_model)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Eighty scored pairs: the more words two sentences share, the higher."""
    rng = random.Random(0)
    path = tmp_path_factory.mktemp("data") / "pairs.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["one", "two", "score"])
        for shared in range(80):
            words = rng.sample(WORDS, 10)
            second = [*words[: shared % 6], *words[5 : 10 - shared % 6]]
            writer.writerow([" ".join(words[:5]), " ".join(second) + f" {shared}", shared % 6])
    return path


@pytest.fixture
def run(capsys):
    def call(*words, status=0):
        assert main([*map(str, words), "--json"]) == status
        out, err = capsys.readouterr()
        return json.loads(out) if status == 0 else err

    return call


def command(base, pairs, out, *more):
    columns = ("--column", "a=one", "--column", "b=two", "--column", "score=score")
    return ("train", "sts", pairs, "--base", base, "--out", out, *columns, *more)


def test_train_writes_a_model_and_says_whether_it_helped(run, base, pairs, tmp_path):
    out = tmp_path / "models" / "mine"
    words = command(base, pairs, out, "--epochs", 2, "--batch-size", 12, "--set", "form=cosent")
    found = run(*words)
    assert set(found) == FIELDS
    assert (found["out"], found["examples"], found["steps"]) == (str(out), 40, 8)
    gain = found["test_spearman_after"] - found["test_spearman_before"]
    assert found["gain"] == pytest.approx(gain)
    low, high = found["gain_ci95"]
    assert low <= found["gain"] <= high
    assert found["base_kept"] == (high < 0)
    assert found["verdict"].split(":")[0].split(" What")[0] in (
        "Training helped",
        "Training hurt",
        "No clear difference",
    )
    trained, before = (
        SentenceEncoder.load(resolve(str(folder)), "cpu", "fp32").encode(["the cat"])
        for folder in (out, base)
    )
    assert np.abs(trained - before).max() > 1e-4
    assert read_card(out)["base_model"] == "tiny-bert"
    # The same command again has nothing left to do.
    assert run(*words) == found


def test_it_can_be_interrupted_and_resumed(run, base, pairs, tmp_path, monkeypatch):
    words = command(base, pairs, tmp_path / "mine", "--max-steps", 3)
    began = TrainingDesk.run

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(TrainingDesk, "run", interrupted)
    assert "the same command resumes" in run(*words, status=1)
    assert not (tmp_path / "mine").exists()
    monkeypatch.setattr(TrainingDesk, "run", began)
    assert run(*words)["steps"] == 2  # 40 examples in batches of 32


def test_the_options_reach_the_request(base, pairs, tmp_path, monkeypatch, capsys):
    asked = []

    class Stop(Exception):
        pass

    def keep(desk, request, progress):
        asked.append(request)
        raise Stop

    monkeypatch.setattr(TrainingDesk, "run", keep)
    dev = tmp_path / "dev.csv"
    dev.write_text("x", encoding="utf-8")
    words = [
        "--lr",
        "0.002",
        "--seed",
        "7",
        "--epochs",
        "3",
        "--batch-size",
        "9",
        "--max-steps",
        "5",
    ]
    words += ["--dev", str(dev), "--test", str(dev), "--set", "parts=u,|u-v|"]
    with pytest.raises(Stop):
        main(
            ["train", "nli", str(pairs), "--base", str(base), "--out", str(tmp_path / "o"), *words]
        )
    (request,) = asked
    config = request.config
    assert (config.learning_rate, config.seed, config.epochs) == (0.002, 7, 3)
    assert (config.batch_size, config.max_steps) == (9, 5)
    assert (request.dev, request.test, request.data.place) == (str(dev), str(dev), str(pairs))
    assert request.settings == {"parts": ["u", "|u-v|"]}
    with pytest.raises(Stop):
        main(["train", "simcse", "hf:o/n", "--base", str(base), "--out", str(tmp_path / "o")])
    assert asked[1].data.place == "hf:o/n"
    assert asked[1].config.learning_rate == 3e-3  # what suits the base


@pytest.mark.parametrize(
    ("word", "value"), [("true", True), ("no", False), ("maybe", "maybe"), ("1", True)]
)
def test_words_become_the_types_of_the_settings(word, value):
    assert cli_train._settings("mnrl", {"skip_repeats": word}) == {"skip_repeats": value}
    assert cli_train._settings("mnrl", {"cached_batch": "16"}) == {"cached_batch": 16}
    assert cli_train._settings("mnrl", {"scale": "1e1"}) == {"scale": 10.0}


def test_a_model_that_hurt_is_written_and_the_verdict_says_so(
    run, base, pairs, tmp_path, monkeypatch
):
    worse = Gain(30, 60.0, 40.0, -30.0, -10.0)
    report = TrainReport(36, 2, 2, worse, None, True, (), (), 1.0)
    monkeypatch.setattr(TrainingDesk, "run", lambda *_: report)
    monkeypatch.setattr(TrainingDesk, "export", lambda desk, run_id, out: out.mkdir())
    found = run(*command(base, pairs, tmp_path / "mine"))
    assert found["base_kept"] is True
    assert found["verdict"].startswith("Training hurt: −20.0")
    assert str(tmp_path / "mine") in found["verdict"] and (tmp_path / "mine").is_dir()
    assert found["test_spearman_after"] is None
    assert (found["gain"], found["gain_ci95"]) == (-20.0, [-30.0, -10.0])


def test_a_person_reads_the_verdict_first(base, pairs, tmp_path, capsys):
    words = command(base, pairs, tmp_path / "mine", "--max-steps", 1)
    assert main([*map(str, words)]) == 0
    out, err = capsys.readouterr()
    assert out.split(":")[0] in ("Training helped", "Training hurt", "No clear difference")
    assert "40 examples, steps: 1" in out and "…" not in out
    assert "of 0" not in err


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"file": "no-such-file.csv"}, "no-such-file.csv"),
        ({"base": "no-such-encoder"}, "no-such-encoder"),
        ({"base": ""}, "needs a name"),
        ({"objective": "nli"}, "nli needs labelled pairs"),
        ({"objective": "triplet"}, "triplets"),
        ({"objective": "distill"}, "teacher"),
        ({"--teacher": "minilm"}, "no teacher"),
        ({"--lr": "0"}, "learning_rate=0.0 should be above 0"),
        ({"--lr": "nan"}, "learning_rate"),
        ({"--epochs": "-1"}, "epochs=-1"),
        ({"--batch-size": "0"}, "batch_size=0"),
        ({"--max-steps": "0"}, "max_steps"),
        ({"--seed": "-1"}, "seed=-1"),
        ({"--dev": "no-dev.csv"}, "no-dev.csv"),
        ({"--test": "no-test.csv"}, "no-test.csv"),
        ({"--column": "a=nope"}, "nope"),
        ({"--column": "role=one"}, "role"),
        ({"--set": "form=cubic"}, "form='cubic' should be one of"),
        ({"--set": "scale=large"}, "scale='large' should be a number"),
        ({"--set": "margin=1"}, "margin"),
    ],
)
def test_a_mistake_is_said_in_words_and_nothing_is_written(
    run, base, pairs, tmp_path, changes, sentence
):
    objective, file, model = (
        changes.pop(name, usual)
        for name, usual in (("objective", "sts"), ("file", pairs), ("base", base))
    )
    more = [word for option in dict(changes).items() for word in option]
    columns = (
        ()
        if "--column" in more
        else ("--column", "a=one", "--column", "b=two", "--column", "score=score")
    )
    out = tmp_path / "mine"
    error = run("train", objective, file, "--base", model, "--out", out, *columns, *more, status=1)
    assert sentence in error
    assert "Traceback" not in error
    assert not out.exists()


def test_an_output_that_would_destroy_something_is_refused_at_once(
    run, base, pairs, tmp_path, monkeypatch
):
    monkeypatch.setattr(TrainingDesk, "run", lambda *_: pytest.fail("it trained first"))
    file, other = tmp_path / "file", tmp_path / "other"
    file.write_text("mine", encoding="utf-8")
    other.mkdir()
    (other / "notes.txt").write_text("mine", encoding="utf-8")
    for out, sentence in ((file, "is a file"), (other, "other files"), (base, "base itself")):
        assert sentence in run(*command(base, pairs, out), status=1)
        assert sentence in run("pretrain", pairs, "--out", out, status=1) or out == base
    assert (other / "notes.txt").is_file() and (base / "config.json").is_file()


@pytest.mark.parametrize(
    "words",
    [
        ["train"],
        ["train", "sts", "x.csv"],
        ["train", "fly", "x.csv", "--base", "minilm", "--out", "o"],
        ["train", "sts", "x.csv", "--base", "minilm", "--out", "o", "--epochs", "many"],
        ["train", "sts", "x.csv", "--base", "minilm", "--out", "o", "--column", "a"],
        ["train", "sts", "x.csv", "--base", "minilm", "--out", "o", "--set", "=1"],
        ["pretrain"],
        ["pretrain", "x.txt"],
        ["pretrain", "x.txt", "--out", "o", "--minutes", "few"],
    ],
)
def test_bad_usage_is_status_two(words):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2


@pytest.mark.parametrize("command", ["train", "pretrain"])
def test_help_is_there(capsys, command):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "--out" in capsys.readouterr().out


# --- pretrain ---------------------------------------------------------------------------------


@pytest.fixture
def text(tmp_path):
    rng = random.Random(1)
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(" ".join(rng.choices(WORDS, k=8)) for _ in range(300)), "utf-8")
    return path


def test_pretrain_makes_a_bert_and_goes_on_with_it(run, text, tmp_path):
    out = tmp_path / "bert"
    words = ("pretrain", text, "--out", out, "--minutes", 0.01, "--vocabulary-size", 80)
    first = run(*words)
    assert set(first) == {
        "out",
        "tokens",
        "loss",
        "perplexity",
        "masked_accuracy",
        "steps",
        "seconds",
    }
    assert first["out"] == str(out)
    assert first["perplexity"] == pytest.approx(np.exp(first["loss"]))
    assert 0 <= first["masked_accuracy"] <= 1
    assert resolve(str(out)).dims == 256
    again = run(*words)
    assert again["steps"] > first["steps"] > 0
    assert again["tokens"] > first["tokens"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--minutes", "0"], "minutes"),
        (["--minutes", "-1"], "minutes"),
        (["--vocabulary-size", "3"], "vocabulary_size"),
        (["--seed", "-1"], "seed=-1"),
    ],
)
def test_what_cannot_be_pretrained_is_said(run, text, tmp_path, more, sentence):
    error = run("pretrain", text, "--out", tmp_path / "bert", *more, status=1)
    assert sentence in error and "Traceback" not in error
    assert not (tmp_path / "bert").exists()


def test_every_file_is_looked_for_before_the_work(run, text, tmp_path):
    error = run("pretrain", text, "no-such.txt", "--out", tmp_path / "bert", status=1)
    assert error == "There is no file no-such.txt.\n"
    assert not (tmp_path / "bert").exists()


def test_too_little_text_is_refused(run, tmp_path):
    few = tmp_path / "few.txt"
    few.write_text("the cat sat on the mat\n", encoding="utf-8")
    error = run("pretrain", few, "--out", tmp_path / "bert", status=1)
    assert "at least 20" in error
