"""Contamination: counted where the training data is known, and said to be unknown elsewhere."""

import json

import numpy as np
import pytest

from sbert_core import contamination
from sbert_core.contamination import TRAINED_ON, pair_prints, text_prints, write_fingerprints
from sbert_core.encoders.known_models import KNOWN_MODELS
from sbert_core.lab import Lab
from sbert_core.sample import PAIRS
from sbert_core.training_request import TrainData, TrainRequest


@pytest.fixture
def lab():
    return Lab()


@pytest.fixture
def known(tmp_path, monkeypatch):
    """Two labelled pairs that the shipped encoders are said to have learnt from."""
    path = tmp_path / "prints.npz"
    pairs = {"nli": [("A dog runs.", "An animal moves.")], "sts": [("Red wine.", "White wine.")]}
    write_fingerprints({**pairs, "snli": pairs["nli"]}, path)
    monkeypatch.setattr(contamination, "FINGERPRINTS", path)
    contamination._fingerprints.cache_clear()
    yield
    contamination._fingerprints.cache_clear()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "t.tsv"
    rows = ["sentence1\tsentence2\tscore", "an animal moves\tA DOG RUNS!\t5"]
    rows += ["Red wine.\tWhite wine.\t1", "Red wine.\tA dog runs.\t0", "New one.\tOther one.\t2"]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_prints_know_no_case_no_punctuation_and_no_order():
    assert text_prints(["A dog runs."]) == text_prints(["a dog  runs"])
    assert (pair_prints([("x", "y z")]) == pair_prints([("Y Z!", "X")])).all()
    assert (pair_prints([("x y", "z")]) != pair_prints([("x", "y z")])).all()


@pytest.mark.parametrize(
    ("model", "pairs", "sentences"),
    [("sbert-mini-nli", 2, 4), ("sbert-mini", 1, 4), ("bert-mini", 0, 2), ("bert-mini:cls", 0, 2)],
)
def test_a_share_is_counted_by_what_a_card_says(lab, known, file, model, pairs, sentences):
    found = lab.evaluation.contamination(file, model)
    assert found.known
    assert (found.pairs, found.pairs_found) == (4, pairs)
    # "A DOG RUNS!" and "A dog runs." are two texts of the file, and one sentence to compare.
    assert (found.sentences, found.sentences_found) == (7, sentences + 1)
    assert found.pair_share == pairs / 4
    assert f"{pairs:,} of 4 pairs" in found.sentence


def test_a_published_encoder_is_not_counted_but_described(lab, file):
    found = lab.evaluation.contamination(file, "minilm")
    assert not found.known
    assert found.pair_share is found.sentence_share is None
    assert "is not known" in found.sentence
    assert "SNLI" in found.sentence


def test_an_encoder_of_unknown_origin(lab, file, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    source = lab.resolve("bert-mini").folder
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    found = lab.evaluation.contamination(file, str(folder))
    assert (found.known, found.trained_on) == (False, "")
    assert found.sentence.endswith("is not known.")


def test_an_encoder_trained_here_is_known_by_its_weights(lab):
    """A run whose model is a copy of another encoder, trained on the bundled pairs."""
    run = lab.training.folder / "run"
    (run / "model").mkdir(parents=True)
    for path in lab.resolve("bert-mini").folder.iterdir():
        (run / "model" / path.name).write_bytes(path.read_bytes())
    made = TrainRequest(base="sbert-mini", objective="sts", data=TrainData("sample", "", {}))
    (run / "request.json").write_text(json.dumps(made.to_dict()))
    found = lab.evaluation.contamination(PAIRS, str(run / "model"))
    assert (found.pairs_found, found.pairs) == (450, 450)
    assert found.sentence_share == 1
    assert "from sbert-mini, by sts" in found.sentence


def test_the_shipped_prints_are_those_of_the_cards(shared_data):
    contamination._fingerprints.cache_clear()
    stored = contamination._fingerprints()
    assert len(stored["nli_pairs"]) == pytest.approx(27_996, rel=0.01)
    assert len(stored["sts_pairs"]) == pytest.approx(3_741, rel=0.02)  # some occur twice
    lab = Lab()
    tested = lab.evaluation.contamination(shared_data / "sts" / "stsb-test.tsv", "sbert-mini-nli")
    assert tested.pairs_found == 0
    seen = lab.evaluation.contamination(
        shared_data / "nli" / "snli-test.tsv.gz", "sbert-mini-nli", "nli"
    )
    assert seen.pair_share == pytest.approx(1, abs=0.001)
    trained = lab.evaluation.contamination(shared_data / "sts" / "stsb-train.tsv", "sbert-mini")
    assert 3_700 <= trained.pairs_found <= 3_800


def test_every_described_encoder_exists_and_every_set_is_shipped():
    with np.load(contamination.FINGERPRINTS, allow_pickle=False) as arrays:
        names = set(arrays.files)
    shipped = {"bert-mini", "sbert-mini", "sbert-mini-nli"}
    assert set(TRAINED_ON) <= shipped | {known.id for known in KNOWN_MODELS}
    for facts in TRAINED_ON.values():
        wanted = {f"{name}_pairs" for name in facts.pairs}
        assert wanted | {f"{name}_sentences" for name in facts.sentences} <= names
        assert facts.source
