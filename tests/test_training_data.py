"""From a request to its data: what is held back, what is dropped, what is too little."""

import csv

import numpy as np
import pytest

from sbert_core import training_data
from sbert_core.errors import DataError, FileError, WorkspaceError
from sbert_core.lab import Lab
from sbert_core.sample import PAIRS
from sbert_core.training_data import assemble
from sbert_core.training_request import TrainConfig, TrainData, TrainRequest


@pytest.fixture
def workspace(tmp_path):
    return Lab(tmp_path / "workspace").workspace


@pytest.fixture
def file(tmp_path):
    """Write rows under a header to a file of the data kind "file"."""

    def write(header, rows, name="examples.csv"):
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        return path

    return write


def scored(count, start=0):
    return [
        (f"first {place}", f"second {place}", place % 6) for place in range(start, start + count)
    ]


SCORED = ("sentence1", "sentence2", "score")


def ask(objective="sts", path=None, **more):
    data = TrainData("file", str(path)) if path else TrainData()
    return TrainRequest("minilm", objective, data, **more)


def pairs_of(part):
    if hasattr(part, "columns"):
        return set(zip(*part.columns[:2], strict=True))
    return set(zip(part.sentences1, part.sentences2, strict=True))


def test_the_sample_is_split_into_three_without_a_sentence_in_two(workspace):
    data = assemble(ask(), workspace)
    assert len(data.train) + len(data.dev.scores) + len(data.test.scores) == 450
    assert 60 <= len(data.dev.scores) <= 68 and 150 <= len(data.test.scores) <= 158
    sentences = [
        {s for pair in pairs_of(p) for s in pair} for p in (data.train, data.dev, data.test)
    ]
    assert not (sentences[0] & sentences[1] or sentences[0] & sentences[2])
    assert not sentences[1] & sentences[2]
    assert data.name == "the bundled graded pairs"
    assert any("450 scored pairs" in line for line in data.train.found)


def test_the_seed_decides_the_split(workspace):
    parts = [
        pairs_of(assemble(ask(config=TrainConfig(seed=seed)), workspace).test) for seed in (1, 1, 2)
    ]
    assert parts[0] == parts[1] != parts[2]


def test_of_many_examples_a_smaller_share_is_held_back(workspace, file, monkeypatch):
    path = file(SCORED, scored(2_000))
    data = assemble(ask(path=path), workspace)
    assert (len(data.dev.scores), len(data.test.scores)) == (200, 200)
    monkeypatch.setattr(training_data, "_MOST", 50)
    assert len(assemble(ask(path=path), workspace).dev.scores) == 50


def test_pairs_of_the_dev_file_are_not_learnt_from_in_either_order(workspace, file):
    path = file(SCORED, scored(60))
    dev = file(SCORED, [*scored(30, start=100), ("Second 7!", "first 7", 1.0)], "dev.csv")
    data = assemble(ask(path=path, dev=str(dev)), workspace)
    assert len(data.train) == 59
    assert ("first 7", "second 7") not in pairs_of(data.train)
    assert len(data.dev.scores) == 31
    assert data.test is None
    assert any("1 example left out" in line for line in data.train.found)


def test_dev_and_test_files_are_taken_as_they_are(workspace, file):
    path = file(SCORED, scored(60))
    dev, test = (file(SCORED, scored(20, start), f"{start}.csv") for start in (100, 30))
    data = assemble(ask(path=path, dev=str(dev), test=str(test)), workspace)
    assert pairs_of(data.dev) == {row[:2] for row in scored(20, 100)}
    assert pairs_of(data.test) == {row[:2] for row in scored(20, 30)}
    assert pairs_of(data.train) == {row[:2] for row in scored(30) + scored(10, 50)}


def test_a_test_file_alone_is_used_and_dev_is_held_back(workspace, file):
    path, test = file(SCORED, scored(100)), file(SCORED, scored(20, 10), "test.csv")
    data = assemble(ask(path=path, test=str(test)), workspace)
    assert pairs_of(data.test) == {row[:2] for row in scored(20, 10)}
    assert len(data.train) + len(data.dev.scores) == 80
    assert not pairs_of(data.train) & (pairs_of(data.dev) | pairs_of(data.test))


@pytest.mark.parametrize(
    ("count", "words"),
    [(30, "Only 4 pairs are left for the dev set.*at least 70 examples"), (1, "give more")],
)
def test_too_few_examples_are_refused_with_the_way_out(workspace, file, count, words):
    with pytest.raises(DataError, match=words):
        assemble(ask(path=file(SCORED, scored(count))), workspace)


def test_seventy_are_enough_as_the_refusal_says(workspace, file):
    assert len(assemble(ask(path=file(SCORED, scored(70))), workspace).dev.scores) == 10


def test_nothing_left_to_learn_from_is_refused(workspace, file):
    path = file(SCORED, scored(30))
    with pytest.raises(DataError, match="No example is left"):
        assemble(ask(path=path, dev=str(path)), workspace)


def test_sentences_are_judged_by_two_halves_of_the_bundled_pairs(workspace, file):
    path = file(("text",), [(f"sentence {place}",) for place in range(5)])
    data = assemble(ask("simcse", path), workspace)
    assert (len(data.train), len(data.dev.scores), len(data.test.scores)) == (5, 225, 225)
    assert not pairs_of(data.dev) & pairs_of(data.test)
    with PAIRS.open(encoding="utf-8", newline="") as lines:
        bundled = {(row["sentence1"], row["sentence2"]) for row in csv.DictReader(lines)}
    assert pairs_of(data.dev) | pairs_of(data.test) == bundled
    assert any("Judged by the bundled" in line for line in data.train.found)


def test_pairs_that_belong_together_are_graded_against_others(workspace, file):
    path = file(("anchor", "positive"), [row[:2] for row in scored(100)])
    data = assemble(ask("mnrl", path), workspace)
    assert (len(data.train), len(data.dev.scores), len(data.test.scores)) == (50, 30, 70)
    assert sorted(set(data.dev.scores)) == [0, 1]
    for a, b, score in zip(data.dev.sentences1, data.dev.sentences2, data.dev.scores, strict=True):
        assert (a.split()[1] == b.split()[1]) == bool(score)


def test_labels_without_a_meaning_need_a_file_to_be_judged_by(workspace, file):
    rows = [
        (a, b, "cause" if place % 2 else "effect") for place, (a, b, _) in enumerate(scored(60))
    ]
    path = file(("premise", "hypothesis", "label"), rows)
    with pytest.raises(DataError, match="do not say which pairs mean the same"):
        assemble(ask("nli", path), workspace)
    data = assemble(ask("nli", path, dev=str(PAIRS)), workspace)
    assert len(data.train) == 60


def test_the_small_map_shows_some_of_the_training_texts(workspace, file):
    data = assemble(ask(path=file(SCORED, scored(400))), workspace)
    assert len(data.watched) == len(set(data.watched)) == 300
    assert set(data.watched) <= {text for column in data.train.columns for text in column}
    assert data.watched_labels == ()


def test_a_watched_corpus_brings_its_labels(workspace, tmp_path):
    lab = Lab(workspace.root)
    rows = "text,topic\n" + "".join(f"message {n},topic {n % 3}\n" for n in range(400))
    corpus = lab.add_corpus(lab.read(rows.encode(), name="m.csv", label_column="topic"))
    data = assemble(ask(watch=corpus.corpus_id), workspace)
    assert len(data.watched) == len(data.watched_labels) == 300
    for text, label in zip(data.watched, data.watched_labels, strict=True):
        assert int(text.split()[1]) % 3 == int(label.split()[1])


def test_what_is_not_there_is_said(workspace, tmp_path):
    with pytest.raises(FileError, match=r"no\.csv"):
        assemble(ask(path=tmp_path / "no.csv"), workspace)
    with pytest.raises(FileError, match=r"dev\.csv"):
        assemble(ask(dev=str(tmp_path / "dev.csv")), workspace)
    with pytest.raises(WorkspaceError):
        assemble(TrainRequest("minilm", "simcse", TrainData("corpus", "none")), workspace)


def test_columns_can_be_named(workspace, file):
    path = file(("x", "y", "z"), [(a, b, s / 5) for a, b, s in scored(100)])
    data = TrainData("file", str(path), {"a": "y", "b": "x", "score": "z"})
    made = assemble(TrainRequest("minilm", "sts", data), workspace)
    assert all(a.startswith("second") for a in made.train.columns[0])
    assert made.train.labels.dtype == np.float32
