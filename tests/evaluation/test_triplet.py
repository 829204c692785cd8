"""Triplets: which of two is nearer, by cosine and by distance."""

import numpy as np
import pytest

from sbert_core.errors import DataError
from sbert_core.evaluation.triplet import triplet_scores


def rows(*values):
    return np.array(values, dtype=np.float32)


def test_by_hand():
    anchors = rows([1, 0], [1, 0], [1, 0], [1, 0])
    positives = rows([1, 0.1], [9, 0], [0, 1], [1, 1])
    negatives = rows([0, 1], [1, 0.5], [1, 0], [2, 2])
    scores = triplet_scores(anchors, positives, negatives)
    # Right, right, wrong, tie by cosine; right, wrong (too long), wrong, right by distance.
    assert (scores.accuracy_cosine, scores.accuracy_euclidean) == (0.5, 0.5)
    assert (scores.triplets, scores.ties) == (4, 1)
    margins = [1 / np.hypot(1, 0.1), 1 - 1 / np.hypot(1, 0.5), -1, 0]
    assert scores.mean_margin == pytest.approx(np.mean(margins), abs=1e-6)


def test_a_copy_as_negative_is_a_tie_and_wrong():
    same = rows([1, 2], [3, 4])
    assert triplet_scores(same, same, same).accuracy_cosine == 0
    assert triplet_scores(same, same, same).accuracy_euclidean == 0


def test_random_vectors_get_a_half():
    rng = np.random.default_rng(0)
    a, p, n = rng.normal(size=(3, 4000, 8)).astype(np.float32)
    scores = triplet_scores(a, p, n)
    assert scores.accuracy_cosine == pytest.approx(0.5, abs=0.03)
    assert scores.accuracy_euclidean == pytest.approx(0.5, abs=0.03)


def test_shapes_that_differ_and_nothing_at_all_are_refused():
    with pytest.raises(DataError, match="N rows each"):
        triplet_scores(rows([1, 0]), rows([1, 0]), rows([1, 0, 0]))
    empty = np.zeros((0, 2), np.float32)
    with pytest.raises(DataError, match="no triplet"):
        triplet_scores(empty, empty, empty)
