"""Guesses flow between neighbours."""

import numpy as np

from sbert_core.analysis.label_spreading import spread


def test_neighbours_outvote_a_wrong_guess(four_groups):
    vectors, groups = four_groups
    start = np.eye(4, dtype=np.float32)[groups]
    wrong = np.random.default_rng(0).choice(len(groups), 20, replace=False)
    start[wrong] = np.roll(start[wrong], 1, axis=1)
    settled = spread(vectors, start)
    np.testing.assert_allclose(settled.sum(axis=1), 1, rtol=1e-4)
    np.testing.assert_array_equal(settled.argmax(axis=1), groups)


def test_rows_without_a_direction_stay_as_they_were():
    vectors = np.array([[1, 0], [1, 0.1], [0, 0]], np.float32)
    start = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], np.float32)
    settled = spread(vectors, start)
    np.testing.assert_allclose(settled[2], start[2], atol=1e-4)
    assert settled[1].argmax() == 0  # its one neighbour is surer
