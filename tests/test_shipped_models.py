"""The weights in the box: small, with a card, and as good as the card says."""

import re

import pytest

from sbert_core.encoders.catalog import SHIPPED_MODELS, list_models, resolve
from sbert_core.encoders.cross_catalog import list_cross_encoders
from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.encoders.weights import tensor_shapes
from sbert_core.evaluation.sts import read_scored_pairs, spearman
from sbert_core.lab import Lab

NAMES = ("bert-mini", "sbert-mini-nli", "sbert-mini")
MOST_BYTES = 20_000_000


def card(name):
    return (SHIPPED_MODELS / name / "README.md").read_text(encoding="utf-8")


def stated_figures(name):
    """The (dev, test) figures of a card's table, by row."""
    rows = re.findall(r"^\| (.+?) \| (\d+\.\d\d) \| (\d+\.\d\d) \|$", card(name), re.MULTILINE)
    return {row: (float(dev), float(test)) for row, dev, test in rows}


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_is_small_licensed_and_listed(name):
    folder = SHIPPED_MODELS / name
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= MOST_BYTES
    info = next(info for info in list_models() if info.id == name)
    assert info.available
    assert info.licence == "cc-by-sa-4.0"
    assert (info.layers, info.dims) == (4, 256)
    assert info.kind == ("language model" if name == "bert-mini" else "sentence encoder")
    assert "CC BY-SA 4.0" in card(name)


def test_all_three_are_one_backbone():
    shapes = [
        {key.removeprefix("bert."): shape for key, shape in tensor_shapes(folder).items()}
        for folder in (resolve(name).layout.backbone for name in NAMES)
    ]
    assert shapes[1] == shapes[2]
    assert all(shapes[0][key] == shape for key, shape in shapes[1].items())
    vocabularies = {(SHIPPED_MODELS / name / "vocab.txt").exists() for name in NAMES}
    assert len(vocabularies) == 1


@pytest.mark.parametrize(
    ("model", "row"),
    [
        ("bert-mini:cls", "[CLS] vector"),
        ("bert-mini:mean", "mean pooling"),
        ("sbert-mini-nli", "after NLI, then STS"),
        ("sbert-mini", "after graded pairs (shipped)"),
    ],
)
def test_it_scores_what_its_card_says(shared_data, tmp_path, model, row):
    lab = Lab(tmp_path)
    stated = stated_figures(model.partition(":")[0])[row]
    for part, figure in zip(("dev", "test"), stated, strict=True):
        measured = lab.evaluation.sts(shared_data / "sts" / f"stsb-{part}.tsv", model)
        assert measured.spearman_cosine == pytest.approx(figure, abs=0.3)


def test_each_step_of_the_argument_is_a_step_up():
    test = [
        stated_figures("bert-mini")["[CLS] vector"][1],
        stated_figures("bert-mini")["mean pooling"][1],
        stated_figures("sbert-mini-nli")["after NLI, then STS"][1],
        stated_figures("sbert-mini")["after graded pairs (shipped)"][1],
    ]
    assert test == sorted(test)
    assert test[2] - test[1] > 5


def test_the_sample_pair_is_told_from_random_pairs_by_the_trained_encoder_only(tmp_path):
    lab = Lab(tmp_path)
    alike = ("The parcel arrived two days late.", "My package came later than promised.")
    apart = ("The parcel arrived two days late.", "The soup needs a little more salt.")
    margins = {
        model: lab.similarity(*alike, [model])[0].cosine - lab.similarity(*apart, [model])[0].cosine
        for model in ("bert-mini", "sbert-mini")
    }
    assert margins["sbert-mini"] > 0.3 > margins["bert-mini"]


def test_the_cross_encoder_is_small_and_listed_apart():
    folder = SHIPPED_MODELS / "cross-mini"
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= MOST_BYTES
    assert "cross-mini" not in [info.id for info in list_models()]
    info = next(info for info in list_cross_encoders() if info.id == "cross-mini")
    assert info.licence == "cc-by-sa-4.0" and info.layers == 4


def test_the_cross_encoder_is_as_good_as_its_card_says(shared_data):
    pairs = read_scored_pairs(shared_data / "sts" / "stsb-test.tsv")
    encoder = CrossEncoder.load(SHIPPED_MODELS / "cross-mini")
    judged = encoder.predict(list(zip(pairs.sentences1, pairs.sentences2, strict=True)))
    stated = stated_figures("cross-mini")["after graded pairs (shipped)"]
    assert 100 * spearman(pairs.scores, judged) == pytest.approx(stated[1], abs=0.3)
