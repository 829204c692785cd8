"""Heads learnt from a few rows: what they get right, and what they do with too little."""

import numpy as np
import pytest

from sbert_core.analysis.classify import (
    HeadConfig,
    classify_scores,
    draw_share,
    draw_shots,
    fit_head,
    margins,
    numbered,
    wilson,
)
from sbert_core.errors import DataError

from .conftest import gaussian_groups


@pytest.fixture(scope="module")
def rows():
    """120 vectors in four groups that overlap a little, with the name of each group."""
    vectors, groups = gaussian_groups(4, 30, spread=0.2)
    return vectors, [f"class {group}" for group in groups]


def learn(rows, shots=3, spread=True, seed=42):
    vectors, labels = rows
    taken = draw_shots(labels, shots, seed)
    others = np.setdiff1d(np.arange(len(labels)), taken)
    config = HeadConfig(seed, spread)
    return fit_head(vectors[taken], [labels[i] for i in taken], config, vectors[others]), others


@pytest.mark.parametrize("spread", [True, False])
def test_a_few_examples_sort_the_rest(rows, spread):
    vectors, labels = rows
    fitted, others = learn(rows, spread=spread)
    numbers, scores, clear = fitted.head.predict(vectors[others])
    right = [fitted.head.classes[n] == labels[row] for n, row in zip(numbers, others, strict=True)]
    assert np.mean(right) > 0.9
    assert fitted.spread_rows == (len(others) if spread else 0)
    assert ((scores > 0.25) & (scores <= 1) & (clear >= 0) & (clear <= scores)).all()


def test_the_same_seed_gives_the_same_head(rows):
    first, second = learn(rows)[0], learn(rows)[0]
    np.testing.assert_array_equal(first.head.weights, second.head.weights)
    np.testing.assert_array_equal(first.head.bias, second.head.bias)
    assert first.cross_validated == second.cross_validated


def test_probabilities_add_up_and_decide_as_predict_does_across_blocks(rows, monkeypatch):
    fitted, _ = learn(rows)
    chances = fitted.head.probabilities(rows[0])
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)
    monkeypatch.setattr("sbert_core.analysis.classify._BLOCK_ROWS", 7)
    numbers, scores, clear = fitted.head.predict(rows[0])
    np.testing.assert_array_equal(numbers, chances.argmax(axis=1))
    np.testing.assert_allclose(scores, chances.max(axis=1), rtol=1e-5)
    np.testing.assert_allclose(clear, margins(chances), rtol=1e-3, atol=1e-6)


def test_it_is_about_as_sure_as_it_is_right(rows):
    fitted, _ = learn(rows, shots=5)
    assert fitted.cross_validated is not None
    _, scores, _ = fitted.head.predict(rows[0])
    assert scores.mean() == pytest.approx(min(fitted.cross_validated, 1 - 1 / 42), abs=0.05)


def test_too_little_is_refused_in_a_sentence():
    vectors = np.eye(3, dtype=np.float32)
    with pytest.raises(DataError, match="only one class, “a”"):
        fit_head(vectors, ["a"] * 3)
    with pytest.raises(DataError, match="2 labels for 3 rows"):
        fit_head(vectors, ["a", "b"])
    with pytest.raises(DataError, match="no class"):
        numbered([], 0)


def test_too_many_classes_are_refused():
    labels = [str(i) for i in range(501)]
    with pytest.raises(DataError, match="501 different values"):
        fit_head(np.ones((501, 2), np.float32), labels)


def test_one_example_a_class_is_learnt_and_not_cross_validated():
    fitted = fit_head(np.eye(3, dtype=np.float32), ["a", "b", "c"])
    assert fitted.cross_validated is None
    np.testing.assert_array_equal(fitted.head.predict(np.eye(3, dtype=np.float32))[0], [0, 1, 2])
    assert "3 classes have one example" in fitted.note


def test_a_class_with_one_example_is_named_and_still_learnt(rows):
    vectors, labels = rows
    taken = draw_shots(labels, 4, 0)
    lone = next(i for i in taken if labels[i] == "class 2")
    kept = [i for i in taken if labels[i] != "class 2" or i == lone]
    fitted = fit_head(vectors[kept], [labels[i] for i in kept])
    assert "“class 2” has one example only" in fitted.note
    assert fitted.head.classes[fitted.head.predict(vectors[[lone]])[0][0]] == "class 2"


def test_zero_and_equal_vectors_give_finite_chances():
    vectors = np.zeros((6, 4), np.float32)
    chances = fit_head(vectors, ["a", "b"] * 3, None, vectors).head.probabilities(vectors)
    assert np.isfinite(chances).all()
    np.testing.assert_allclose(chances, 0.5, atol=1e-3)


def test_vectors_of_another_size_are_refused(rows):
    fitted, _ = learn(rows)
    with pytest.raises(DataError, match="3 dimensions"):
        fitted.head.predict(np.ones((2, 3), np.float32))


def test_shots_are_drawn_from_each_class_and_all_of_a_small_one():
    labels = ["a"] * 10 + ["b"] * 2 + [""] * 5
    drawn = draw_shots(labels, 4, 1)
    assert [labels[i] for i in drawn] == ["a"] * 4 + ["b"] * 2
    np.testing.assert_array_equal(drawn, draw_shots(labels, 4, 1))
    assert len({tuple(draw_shots(labels, 4, seed)) for seed in range(5)}) > 1
    with pytest.raises(DataError, match="at least 1"):
        draw_shots(labels, 0, 1)


def test_a_share_leaves_no_class_without_examples():
    labels = ["a"] * 10 + ["b"] + [""] * 3
    assert [labels[i] for i in draw_share(labels, 0.2, 0)] == ["a", "a", "b"]
    assert len(draw_share(labels, 1.0, 0)) == 11


def test_scores_by_hand():
    found = classify_scores(["a", "a", "b", "c"], ["a", "b", "b", "a"], ["a", "b"])
    assert found.accuracy == 0.5
    assert found.macro_f1 == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    assert found.unseen == ("c",)
    assert found.low < 0.5 < found.high
    with pytest.raises(DataError, match="no row to test"):
        classify_scores([], [])


def test_wilson_by_hand():
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == 1


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(DataError, match="seed="):
        HeadConfig(seed)
