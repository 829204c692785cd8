"""Agreement of encoders where the answer is known: the same, turned, unrelated, collapsed."""

import numpy as np
import pytest

from sbert_core.analysis.agreement import (
    Labels,
    common_frame,
    distance_rank_correlation,
    is_collapsed,
    linear_cka,
    map_neighbours,
    most_changed,
    neighbour_label_accuracy,
    neighbours_to_compare,
    shared_neighbours,
    shuffled_cka,
)
from sbert_core.analysis.geometry import aligned_frame
from sbert_core.analysis.neighbours import nearest_neighbours
from sbert_core.errors import DataError


def vectors(rows=200, dims=16, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, dims)).astype(np.float32)


def turned(points, seed=5):
    return points @ np.linalg.qr(vectors(points.shape[1], points.shape[1], seed))[0]


# --- neighbours ---


@pytest.mark.parametrize(("rows", "k"), [(3, 1), (5, 2), (20, 9), (21, 10), (3080, 10)])
def test_a_small_corpus_is_asked_for_fewer_neighbours_than_half_of_it(rows, k):
    assert neighbours_to_compare(rows, 10) == k


@pytest.mark.parametrize("rows", [1, 2])
def test_too_few_sentences_are_refused_in_a_sentence(rows):
    with pytest.raises(DataError, match=f"at least 3 different sentences; this corpus has {rows}"):
        neighbours_to_compare(rows)


def test_shared_neighbours_by_hand():
    a = np.array([[1, 2, 3, 4], [0, 2, 3, 4], [5, 6, 7, 8]])
    b = np.array([[4, 3, 2, 1], [0, 9, 8, 2], [1, 2, 3, 4]])
    assert shared_neighbours(a, b).tolist() == [1.0, 0.5, 0.0]


def test_a_turned_and_scaled_space_has_the_same_neighbours():
    x = vectors()
    near = nearest_neighbours(x, 10).indices
    assert shared_neighbours(near, nearest_neighbours(3 * turned(x), 10).indices).mean() > 0.999


def test_unrelated_spaces_share_k_of_n_neighbours():
    near = [nearest_neighbours(vectors(600, 16, seed), 10).indices for seed in (1, 2)]
    assert shared_neighbours(*near).mean() == pytest.approx(10 / 599, abs=0.006)


@pytest.mark.parametrize("shape", [(3, 5), (4, 4)])
def test_neighbours_of_other_shapes_are_refused(shape):
    with pytest.raises(DataError, match="should be equal"):
        shared_neighbours(np.zeros((3, 4), int), np.zeros(shape, int))


def test_neighbours_on_a_map_leave_the_point_itself_out_even_where_points_coincide():
    line = np.array([[0, 0], [1, 0], [2.1, 0], [9, 0]], np.float32)
    assert map_neighbours(line, 1).ravel().tolist() == [1, 0, 1, 2]
    spot = np.zeros((8, 2), np.float32)
    near = map_neighbours(spot, 3)
    assert near.shape == (8, 3)
    assert not (near == np.arange(8)[:, None]).any()


def test_the_rows_that_moved_are_found_and_the_one_moved_furthest_comes_first():
    groups = np.repeat(np.eye(6), 20, axis=0) + 0.05 * vectors(120, 6)
    other = groups.copy()
    other[7] = groups[50]  # into another group
    other[[3, 4]] = groups[[4, 3]]  # a step within its group
    near = [nearest_neighbours(x, 5).indices for x in (groups, other)]
    found = most_changed(groups, other, *near, count=10)
    assert found[0] == 7
    assert len(found) == 10
    assert len(set(found.tolist())) == 10


def test_of_rows_that_share_nothing_the_one_whose_neighbours_are_furthest_off_comes_first():
    angles = np.linspace(0, 3, 100)
    x = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    moved = angles.copy()
    moved[20], moved[60] = 3.3, angles[60] - 0.2
    y = np.stack([np.cos(moved), np.sin(moved)], axis=1)
    near = [nearest_neighbours(points, 3).indices for points in (x, y)]
    shared = shared_neighbours(*near)
    assert shared[20] == shared[60] == 0
    found = most_changed(x, y, *near, count=5).tolist()
    assert found.index(20) < found.index(60)


# --- the whole space ---


def test_cka_is_one_for_the_same_space_turned_scaled_and_shifted():
    x = vectors()
    assert linear_cka(x, x) == pytest.approx(1, abs=1e-6)
    assert linear_cka(x, 7 * turned(x) + 3) == pytest.approx(1, abs=1e-6)


def test_cka_equals_the_n_by_n_formula_it_avoids():
    x, y = vectors(40, 6), vectors(40, 9, 1) + vectors(40, 6) @ vectors(6, 9, 2)
    centre = np.eye(40) - 1 / 40
    k, m = centre @ x @ x.T @ centre, centre @ y @ y.T @ centre
    expected = (k * m).sum() / np.linalg.norm(k) / np.linalg.norm(m)
    assert linear_cka(x, y) == pytest.approx(expected, abs=1e-6)


def test_cka_of_unrelated_spaces_is_what_shuffling_gives():
    x, y = vectors(300, 30, 1), vectors(300, 20, 2)
    assert linear_cka(x, y) == pytest.approx(shuffled_cka(x, y), abs=0.03)
    assert linear_cka(x, y) < 0.15
    assert shuffled_cka(x, x) < 0.2  # and shuffling takes away even the best agreement


def test_a_collapsed_space_has_no_cka_and_no_order_and_is_called_collapsed():
    x, flat = vectors(50), np.tile(vectors(1), (50, 1))
    assert linear_cka(x, flat) is None
    assert linear_cka(flat, x) is None
    assert distance_rank_correlation(x, flat) is None
    assert is_collapsed(flat)
    assert is_collapsed(flat * np.linspace(1, 3, 50)[:, None])  # cosine knows no length
    assert not is_collapsed(x)


def test_rank_correlation_is_one_for_a_turned_space_and_near_zero_for_an_unrelated_one():
    x = vectors(100)
    assert distance_rank_correlation(x, turned(x)) == pytest.approx(1, abs=1e-4)
    assert abs(distance_rank_correlation(x, vectors(100, 8, 9))) < 0.06


def test_rank_correlation_agrees_with_scipy_on_all_pairs_and_nearly_on_a_sample():
    from scipy.stats import spearmanr

    x = vectors(150, 8)
    y = x + vectors(150, 8, 3)
    i, j = np.triu_indices(150, k=1)

    def cosines(v):
        units = v / np.linalg.norm(v, axis=1, keepdims=True)
        return (units[i] * units[j]).sum(axis=1)

    expected = spearmanr(cosines(x), cosines(y)).statistic
    assert distance_rank_correlation(x, y) == pytest.approx(expected, abs=1e-5)
    assert distance_rank_correlation(x, y, pairs=4000) == pytest.approx(expected, abs=0.04)


def test_different_numbers_of_rows_are_refused():
    for measure in (linear_cka, distance_rank_correlation):
        with pytest.raises(DataError, match="should be equal"):
            measure(vectors(10), vectors(11))


# --- labels ---


def test_labels_are_numbered_and_blanks_are_none():
    labels = Labels.of(["a", " a ", None, "", float("nan"), "b", 3])
    assert labels.numbers.tolist() == [0, 0, -1, -1, -1, 1, 2]
    assert labels.names == ("a", "b", "3")
    assert labels.count == 4
    assert labels.baseline == 0.5


def test_neighbours_vote_and_the_nearest_breaks_a_tie():
    labels = np.array([0, 0, 0, 1, 1])
    near = np.array([[1, 2, 3], [0, 3, 4], [3, 4, 0], [4, 0, 1], [0, 1, 3]])
    # right, wrong (1 outvotes), wrong, wrong (0 outvotes), wrong
    assert neighbour_label_accuracy(near, labels) == pytest.approx(1 / 5)
    tie = np.array([[1, 3], [0, 4], [1, 3], [4, 0], [3, 0]])
    assert neighbour_label_accuracy(tie, labels) == 1.0


def test_rows_without_a_label_neither_vote_nor_count():
    near = np.array([[1, 2], [2, 0], [1, 0], [0, 1]])
    assert neighbour_label_accuracy(near, np.array([0, -1, 0, -1])) == 1.0
    assert neighbour_label_accuracy(near, np.full(4, -1)) is None
    alone = np.array([[1, 3], [0, 2], [1, 3], [1, 0]])  # row 0 has no neighbour with a label
    assert neighbour_label_accuracy(alone, np.array([0, -1, 0, -1])) == 0.0


# --- one frame ---


def test_the_same_map_turned_mirrored_and_scaled_lies_on_itself_in_the_common_frame():
    first = vectors(60, 2) * [3, 1]
    mirrored = 10 * first @ np.array([[0, 1], [1, 0]]) + 4
    a, b = common_frame([first, mirrored])
    np.testing.assert_allclose(a, b, atol=1e-4)
    assert np.square(a).sum(axis=1).mean() == pytest.approx(1, abs=1e-4)
    assert a[:, 0].std() > a[:, 1].std()  # widest from left to right
    assert a.dtype == np.float32


def test_no_map_is_the_standard_of_the_frame():
    maps = [vectors(80, 2, seed) + 2 * vectors(80, 2, 9) for seed in range(3)]

    def misfit(frame):
        mean = np.mean(frame, axis=0)
        return sum(np.square(points - mean).sum() for points in frame)

    found = misfit(common_frame(maps))
    for reference in common_frame(maps):
        one_standard = [aligned_frame(points, reference) for points in maps]
        assert found <= misfit(one_standard) * 1.02
    forth, back = common_frame(maps), common_frame(maps[::-1])[::-1]
    for a, b in zip(forth, back, strict=True):
        assert abs(np.linalg.det(np.linalg.lstsq(a, b, rcond=None)[0])) == pytest.approx(
            1, abs=0.05
        )


def test_a_map_that_is_one_spot_stays_a_spot():
    frame = common_frame([np.ones((5, 2)), vectors(5, 2)])
    assert np.abs(frame[0]).max() < 1e-5
    assert np.isfinite(frame[1]).all()
    assert np.isfinite(common_frame([np.zeros((4, 2)), np.zeros((4, 2))])).all()
