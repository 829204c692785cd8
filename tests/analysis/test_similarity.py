import numpy as np
import pytest

from sbert_core.analysis.similarity import (
    cos_sim,
    pair_scores,
    pairwise_cos_sim,
    percentile_of,
    random_pair_cosines,
)
from sbert_core.analysis.vectors import as_vectors, distinct_rows, unit_rows
from sbert_core.errors import DataError


def test_pair_scores_of_vectors_worked_out_by_hand():
    scores = pair_scores(np.array([3.0, 4.0]), np.array([4.0, -3.0]))
    assert (scores.cosine, scores.dot) == (0.0, 0.0)
    assert scores.euclidean == pytest.approx(50**0.5)
    assert scores.manhattan == pytest.approx(8.0)
    assert pair_scores(np.array([1.0, 0.0]), np.array([1.0, 1.0])).cosine == pytest.approx(0.5**0.5)


def test_a_zero_vector_has_cosine_zero_and_no_warning():
    zero, one = np.zeros(3), np.array([1.0, 2.0, 2.0])
    assert pair_scores(zero, one).cosine == 0.0
    assert pair_scores(zero, one).euclidean == pytest.approx(3.0)
    np.testing.assert_array_equal(cos_sim(zero[None], one[None]), [[0.0]])


def test_cos_sim_pairs_every_row_with_every_row():
    a = np.array([[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0]])
    b = np.array([[5.0, 0.0], [1.0, 1.0]])
    expected = [[1, 0.5**0.5], [0, 0.5**0.5], [-1, -(0.5**0.5)]]
    np.testing.assert_allclose(cos_sim(a, b), expected, atol=1e-6)
    np.testing.assert_allclose(pairwise_cos_sim(a[:2], b), [1, 0.5**0.5], atol=1e-6)


def test_cosine_ignores_length_even_at_the_ends_of_float32(cloud):
    scaled = cloud * np.geomspace(1e-30, 1e30, len(cloud), dtype=np.float64)[:, None]
    np.testing.assert_allclose(cos_sim(scaled, cloud), cos_sim(cloud, cloud), atol=1e-5)


def test_cosines_never_leave_their_range(cloud):
    assert cos_sim(cloud, cloud).max() <= 1.0
    assert pairwise_cos_sim(cloud, -cloud).min() >= -1.0


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), "3 and 4 dimensions"),
        (np.ones(3), np.ones((1, 3)), r"a has shape \(3,\)"),
        (np.ones((0, 3)), np.ones((1, 3)), "at least one row"),
        (
            np.array([[1.0, np.nan], [1.0, 1.0]]),
            np.ones((2, 2)),
            "a has 1 rows that are not finite",
        ),
    ],
)
def test_malformed_matrices_are_refused_with_what_is_wrong(a, b, message):
    with pytest.raises(DataError, match=message):
        cos_sim(a, b)


def test_rows_to_pair_must_be_as_many():
    with pytest.raises(DataError, match="2 rows and b has 3"):
        pairwise_cos_sim(np.ones((2, 2)), np.ones((3, 2)))


def test_all_pairs_are_taken_when_there_are_few():
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    expected = sorted([0.0, 0.5**0.5, 0.5**0.5])
    np.testing.assert_allclose(random_pair_cosines(vectors, pairs=100), expected, atol=1e-6)


def test_random_pairs_are_pairs_of_different_rows_and_none_comes_twice():
    # On a circle the cosine of a pair tells which two rows it was.
    angles = np.cumsum(np.geomspace(0.001, 0.5, 12))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cosines = random_pair_cosines(vectors, pairs=40, seed=1)
    assert len(cosines) == 40
    assert np.all(np.diff(cosines) >= 0)
    every = cos_sim(vectors, vectors)[np.triu_indices(12, 1)]
    assert np.abs(cosines[:, None] - every).min(axis=1).max() < 1e-6
    angles_found = np.arccos(np.clip(cosines.astype(np.float64), -1, 1))
    assert np.count_nonzero(np.diff(angles_found) == 0) == 0


def test_random_pairs_repeat_with_the_seed(cloud):
    first = random_pair_cosines(cloud, 50, seed=5)
    np.testing.assert_array_equal(first, random_pair_cosines(cloud, 50, seed=5))
    assert not np.array_equal(first, random_pair_cosines(cloud, 50, seed=6))


def test_one_row_has_no_pairs():
    sample = random_pair_cosines(np.ones((1, 4)))
    assert sample.shape == (0,)
    with pytest.raises(DataError, match="needs two rows"):
        percentile_of(0.5, sample)


def test_percentile_counts_half_of_the_equals():
    sample = np.array([0.1, 0.2, 0.2, 0.4], dtype=np.float32)
    assert percentile_of(0.0, sample) == 0.0
    assert percentile_of(np.float32(0.2), sample) == 50.0
    assert percentile_of(0.3, sample) == 75.0
    assert percentile_of(1.0, sample) == 100.0


def test_distinct_rows_keep_the_order_in_which_they_first_occur():
    vectors = np.array([[2, 0], [1, 0], [2, 0], [3, 0], [1, 0]], dtype=np.float32)
    first, place = distinct_rows(vectors)
    np.testing.assert_array_equal(first, [0, 1, 3])
    np.testing.assert_array_equal(place, [0, 1, 0, 2, 1])
    np.testing.assert_array_equal(vectors[first][place], vectors)


def test_the_input_is_left_alone():
    given = np.array([[3.0, 4.0]], dtype=np.float32)
    assert unit_rows(given)[0].tolist() == pytest.approx([0.6, 0.8])
    assert given.tolist() == [[3.0, 4.0]]
    assert as_vectors(given) is given
