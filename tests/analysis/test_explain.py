"""Explanations add up: to the cosine, exactly, or with what is left over stated."""

import numpy as np
import pytest

from sbert_core.analysis.explain import (
    of_tokens_alone,
    of_word_pairs,
    of_words_left_out,
    pair_contributions,
)
from sbert_core.analysis.words import SentenceWords, Word
from sbert_core.errors import DataError


def sentence(names, word_of=None):
    """Words from names; a name in brackets is an added token."""
    words, place = [], 0
    for name in names:
        added = name.startswith("[")
        words.append(Word(name) if added else Word(name, place, place + len(name)))
        place += 0 if added else len(name) + 1
    text = " ".join(name for name in names if not name.startswith("["))
    every = np.arange(len(names)) if word_of is None else np.array(word_of)
    return SentenceWords(text, tuple(words), every)


def explained(names_a, names_b, seed=0, dims=5):
    random = np.random.default_rng(seed)
    a, b = sentence(names_a), sentence(names_b)
    parts = (random.normal(size=(len(names_a), dims)), random.normal(size=(len(names_b), dims)))
    u, v = parts[0].sum(0), parts[1].sum(0)
    cosine = float(u @ v / np.linalg.norm(u) / np.linalg.norm(v))
    return of_word_pairs("m", "mean", cosine, (a, b), parts)


def test_pairs_of_parts_by_hand():
    p = np.array([[3.0, 0.0], [0.0, 4.0]])  # sums to (3, 4), length 5
    q = np.array([[2.0, 0.0], [-1.0, 0.0]])  # sums to (1, 0), length 1
    np.testing.assert_allclose(pair_contributions(p, q), [[1.2, -0.6], [0.0, 0.0]])


def test_a_vector_of_zero_has_cosine_0_and_so_have_its_parts():
    p = np.array([[1.0, 2.0], [-1.0, -2.0]])
    assert pair_contributions(p, np.ones((3, 2))).tolist() == [[0.0] * 3] * 2
    assert pair_contributions(np.zeros((0, 2)), np.ones((3, 2))).shape == (0, 3)


def test_parts_of_different_widths_are_refused():
    with pytest.raises(DataError, match="2 and 3 dimensions"):
        pair_contributions(np.ones((1, 2)), np.ones((1, 3)))


def test_words_take_the_sum_of_their_tokens():
    parts = (np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]]), np.array([[1.0, 0.0]]))
    a, b = sentence(["parcel", "late"], [0, 0, 1]), sentence(["mail"])
    found = of_word_pairs("m", "mean", 1 / np.sqrt(2), (a, b), parts)
    np.testing.assert_allclose(found.contributions, [[3 / np.sqrt(18)], [0.0]])
    assert found.a.residual == pytest.approx(0, abs=1e-12)


def test_rows_columns_and_all_cells_sum_to_the_cosine():
    found = explained(["[CLS]", "x", "y", "[SEP]"], ["[CLS]", "z", "[SEP]"])
    for total in (found.a.values.sum(), found.b.values.sum(), found.contributions.sum()):
        assert total == pytest.approx(found.cosine)


def test_the_share_of_added_tokens_is_every_pair_that_has_one():
    found = explained(["[CLS]", "x", "y"], ["z", "[SEP]"])
    by_hand = found.contributions[0].sum() + found.contributions[1:, 1].sum()
    assert found.special_share == pytest.approx(by_hand)


def test_top_pairs_leave_out_added_tokens_and_count_equal_words_once():
    a, b = sentence(["[CLS]", "The", "the", "cat"]), sentence(["dog", "[SEP]"])
    parts = (np.array([[9.0], [2.0], [2.0], [3.0]]), np.array([[1.0], [5.0]]))
    found = of_word_pairs("m", "mean", 1.0, (a, b), parts)
    scale = 16 * 6
    assert found.top_pairs(5) == [
        ("The", "dog", pytest.approx(4 / scale)),
        ("cat", "dog", pytest.approx(3 / scale)),
    ]
    assert len(found.top_pairs(1)) == 1


def test_pairs_that_take_away_are_no_top_pairs():
    parts = (np.array([[1.0], [-3.0]]), np.array([[-1.0]]))
    pair = (sentence(["x", "y"]), sentence(["z"]))
    found = of_word_pairs("m", "mean", 1.0, pair, parts)
    assert [(a, b) for a, b, _ in found.top_pairs(9)] == [("y", "z")]


@pytest.mark.parametrize("most", [1, 3, 8, 100])
def test_folding_keeps_the_sum_the_added_tokens_and_the_strongest(most):
    names = ["[CLS]", *(f"w{i}" for i in range(8)), "[SEP]"]
    found = explained(names, [*names[:5], "[SEP]"])
    matrix = found.folded(most)
    assert matrix.values.sum() == pytest.approx(found.cosine)
    assert matrix.rest_rows == max(0, 8 - most)
    assert matrix.rest_columns == max(0, 4 - most)
    shape = (len(matrix.rows) + (matrix.rest_rows > 0), len(matrix.columns))
    assert matrix.values.shape == (shape[0], shape[1] + (matrix.rest_columns > 0))
    assert [word.text for word in matrix.rows][:: len(matrix.rows) - 1] == ["[CLS]", "[SEP]"]
    strongest = max(range(1, 9), key=lambda i: np.abs(found.contributions[i]).sum())
    assert names[strongest] in {word.text for word in matrix.rows}
    places = [word.start for word in matrix.rows if not word.special]
    assert places == sorted(places)


def test_only_pairs_can_be_folded():
    found = explained(["x"], ["y"])
    with pytest.raises(DataError, match="most=0"):
        found.folded(0)


def test_one_value_per_token_is_gathered_and_what_is_missing_is_stated():
    words = sentence(["[CLS]", "parcel", "late"], [0, 1, 1, 2])
    found = of_tokens_alone(words, np.array([0.0, 0.1, 0.2, 0.3]), cosine=0.9, baseline=0.25)
    np.testing.assert_allclose(found.values, [0, 0.3, 0.3])
    assert found.residual == pytest.approx(0.05)


def test_a_left_out_word_adds_what_the_cosine_loses():
    words = sentence(["[CLS]", "x", "y", "[SEP]"])
    found = of_words_left_out(words, [0.5, 0.9], whole=0.8, cosine=0.801, empty=0.1)
    np.testing.assert_allclose(found.values, [0, 0.3, -0.1, 0])
    assert found.baseline == 0.1
    assert found.residual == pytest.approx(0.801 - 0.1 - 0.2)
    assert found.strongest(1) == [("x", pytest.approx(0.3))]
