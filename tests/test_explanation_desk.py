"""Why a pair is similar: what is handed out sums to the cosine that the page shows."""

import numpy as np
import pytest

from sbert_core.errors import DataError
from sbert_core.lab import Lab
from sbert_core.sample import PAIR

EXACT = ["minilm", "bert-mini", "sbert-mini", "bert-mini:mean_sqrt_len", "bert-mini:mean_content"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return Lab(tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("model", EXACT)
def test_the_word_pairs_sum_to_the_cosine(lab, model):
    found = lab.explanation.explain(*PAIR, model, "tokens")
    shown = lab.similarity(*PAIR, [model])[0].cosine
    assert found.contributions is not None
    assert found.contributions.sum() == pytest.approx(found.cosine, abs=1e-5)
    assert found.cosine == pytest.approx(shown, abs=5e-3)  # the page may compute in bfloat16


def test_words_are_words_and_not_pieces(lab):
    found = lab.explanation.explain("Unfathomable antidisestablishment!", PAIR[1], "minilm")
    words = [word.text for word in found.a.sentence.words if not word.special]
    assert words[0].lower() == "unfathomable"
    assert not any("##" in word for word in words)


def test_the_cls_pooling_is_not_a_sum_over_words(lab):
    assert "tokens" not in lab.explanation.methods("bert-mini:cls")
    with pytest.raises(DataError):
        lab.explanation.explain(*PAIR, "bert-mini:cls", "tokens")


def test_two_equal_sentences_have_a_cosine_of_one_and_equal_parts(lab):
    found = lab.explanation.explain(PAIR[0], PAIR[0], "sbert-mini", "tokens")
    assert found.cosine == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(found.contributions, found.contributions.T, atol=1e-6)


@pytest.mark.parametrize("a", ["", "   "])
def test_a_blank_sentence_is_named(lab, a):
    with pytest.raises(DataError, match="blank"):
        lab.explanation.explain(a, PAIR[1], "minilm")


def test_the_anatomy_of_a_sentence_ends_in_its_vector(lab):
    found = lab.explanation.anatomy(PAIR[0], "bert-mini")
    assert found is not None
    with pytest.raises(DataError):
        lab.explanation.anatomy(" ", "bert-mini")
