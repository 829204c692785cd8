"""Cross-encoders by name: listed apart from encoders, found in the same places."""

import shutil

import pytest

from sbert_core.encoders.catalog import SHIPPED_MODELS, list_models
from sbert_core.encoders.cross_catalog import find_cross_encoder, list_cross_encoders
from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.encoders.layout import is_cross_encoder
from sbert_core.errors import ModelError


@pytest.fixture
def own(checkpoints, tmp_path):
    """A folder of the user's models: a cross-encoder beside a language model."""
    CrossEncoder.start(checkpoints["bert"], 1).save(tmp_path / "my-judge")
    shutil.copytree(checkpoints["bert"], tmp_path / "my-bert")
    return tmp_path


def test_a_cross_encoder_is_listed_as_one_and_not_as_an_encoder(own):
    assert "my-judge" in [info.id for info in list_cross_encoders([own])]
    encoders = [info.id for info in list_models([own])]
    assert "my-bert" in encoders and "my-judge" not in encoders


def test_its_description_names_what_a_user_chooses_by(own):
    info = next(info for info in list_cross_encoders([own]) if info.id == "my-judge")
    assert info.kind == "cross-encoder" and info.available
    weights = CrossEncoder.load(own / "my-judge").parameters()
    assert info.parameters == sum(weight.numel() for weight in weights)


def test_it_is_found_by_name_and_by_folder(own):
    assert find_cross_encoder("my-judge", [own]) == own / "my-judge"
    assert find_cross_encoder(str(own / "my-judge")) == own / "my-judge"


def test_what_is_at_hand_comes_before_what_needs_the_hub(own):
    available = [info.available for info in list_cross_encoders([own])]
    assert available == sorted(available, reverse=True)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("my-juge", "Did you mean my-judge"), ("", "Known: "), ("???", "Known: ")],
)
def test_an_unknown_name_is_answered_with_a_known_one(own, name, sentence):
    with pytest.raises(ModelError, match=sentence):
        find_cross_encoder(name, [own])


def test_an_encoder_is_refused_with_the_difference(own):
    assert not is_cross_encoder(SHIPPED_MODELS / "sbert-mini")
    with pytest.raises(ModelError, match="vectors for sentences, not scores for pairs"):
        find_cross_encoder(str(own / "my-bert"))
