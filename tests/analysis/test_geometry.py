"""Signs of collapse, against numbers worked out by hand; maps laid over each other, not bent."""

import math

import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist

from sbert_core.analysis.geometry import (
    MOST_ROWS,
    GeometrySigns,
    aligned_frame,
    alignment,
    effective_rank,
    random_pair_cosine,
    uniformity,
)
from sbert_core.errors import DataError

CORNERS = np.array([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0], [0.0, -1.0]])
# Pairs of corners: cosine 0 four times, -1 twice.
QUARTER_TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])
MIRROR = np.array([[1.0, 0.0], [0.0, -1.0]])


def sphere(rows, dims, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, dims))


# --- cosines of random pairs -------------------------------------------------------------------


def test_all_pairs_are_taken_once_where_they_are_few():
    mean, std = random_pair_cosine(CORNERS)
    assert mean == pytest.approx(-1 / 3)
    assert std == pytest.approx(math.sqrt(1 / 3 - 1 / 9))


def test_a_collapsed_set_has_cosine_one_and_no_spread():
    mean, std = random_pair_cosine(np.tile([[0.3, -0.4]], (300, 1)) * np.arange(1, 301)[:, None])
    assert mean == pytest.approx(1.0)
    assert std == pytest.approx(0.0, abs=1e-6)


def test_drawn_pairs_come_near_all_pairs_and_never_pair_a_row_with_itself():
    vectors = sphere(400, 16)
    drawn, everything = random_pair_cosine(vectors), random_pair_cosine(vectors, pairs=10**6)
    assert drawn == pytest.approx(everything, abs=0.01)
    # 150 orthogonal directions: only a row with itself would not have cosine 0.
    assert random_pair_cosine(np.eye(150), pairs=5_000) == (0.0, 0.0)


def test_the_seed_decides_the_pairs():
    vectors = sphere(400, 16)
    assert random_pair_cosine(vectors, seed=1) == random_pair_cosine(vectors, seed=1)
    assert random_pair_cosine(vectors, seed=1) != random_pair_cosine(vectors, seed=2)


def test_one_row_has_no_pair_and_zero_rows_have_cosine_zero():
    assert random_pair_cosine(np.ones((1, 3))) == (1.0, 0.0)
    assert random_pair_cosine(np.zeros((3, 3))) == (0.0, 0.0)


# --- effective rank ----------------------------------------------------------------------------


def test_equal_singular_values_count_fully():
    # Centred already: +-e_k for k = 1..D has D equal singular values.
    for dims in (1, 2, 5):
        both = np.concatenate([np.eye(dims), -np.eye(dims)])
        assert effective_rank(both) == pytest.approx(dims)


def test_unequal_singular_values_count_by_their_entropy():
    # Singular values 3 * sqrt(2) and 1 * sqrt(2): shares 3/4 and 1/4.
    vectors = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    expected = math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert effective_rank(vectors) == pytest.approx(expected)
    assert expected == pytest.approx(1.7548, abs=1e-4)


def test_the_centre_does_not_count_and_neither_does_scale():
    vectors = sphere(50, 8)
    rank = effective_rank(vectors)
    assert effective_rank(vectors + 100.0) == pytest.approx(rank, rel=1e-3)
    assert effective_rank(1e-3 * vectors) == pytest.approx(rank, rel=1e-5)
    assert 1 <= rank <= 8


@pytest.mark.parametrize("vectors", [np.ones((1, 4)), np.ones((50, 4)) / 3, np.zeros((5, 4))])
def test_a_single_spot_has_rank_one(vectors):
    assert effective_rank(vectors) == 1.0


def test_points_on_a_line_have_rank_one():
    line = np.linspace(-1, 1, 40)[:, None] * np.array([[0.2, -0.5, 0.7]]) + 5.0
    assert effective_rank(line) == pytest.approx(1.0, abs=1e-4)


# --- alignment and uniformity ------------------------------------------------------------------


def test_alignment_of_equal_orthogonal_and_opposite_pairs():
    u = np.array([[2.0, 0.0], [1.0, 0.0], [5.0, 0.0]])
    v = np.array([[7.0, 0.0], [0.0, 3.0], [-1.0, 0.0]])  # squared distances 0, 2, 4
    assert alignment(u, v) == pytest.approx(2.0)
    assert alignment(u, v, alpha=1) == pytest.approx((0 + math.sqrt(2) + 2) / 3)
    assert alignment(u, u) == 0.0


def test_alignment_is_two_less_twice_the_mean_cosine():
    u, v = sphere(30, 6, 1), sphere(30, 6, 2)
    cosines = (u * v).sum(1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    assert alignment(u, v) == pytest.approx(2 - 2 * cosines.mean(), abs=1e-6)


def test_uniformity_of_corners():
    # Squared distances 2 four times and 4 twice.
    expected = math.log((4 * math.exp(-4) + 2 * math.exp(-8)) / 6)
    assert uniformity(CORNERS) == pytest.approx(expected)
    once = math.log((4 * math.exp(-2) + 2 * math.exp(-4)) / 6)
    assert uniformity(CORNERS, t=1) == pytest.approx(once)


def test_uniformity_of_one_spot_is_zero_and_of_opposites_is_the_least_there_is():
    assert uniformity(np.ones((20, 3))) == pytest.approx(0.0, abs=1e-6)
    assert uniformity(np.ones((1, 3))) == 0.0
    assert uniformity(np.array([[1.0, 0.0], [-1.0, 0.0]])) == pytest.approx(-8.0)


def test_uniformity_of_many_rows_is_measured_on_a_sample():
    vectors = sphere(MOST_ROWS + 500, 8)
    assert uniformity(vectors, seed=3) == uniformity(vectors, seed=3)
    assert uniformity(vectors) == pytest.approx(uniformity(vectors[:MOST_ROWS]), abs=0.02)


# --- all together ------------------------------------------------------------------------------


def test_a_measurement_holds_each_sign_under_its_own_name():
    vectors, pairs = sphere(40, 6), (sphere(9, 6, 1), sphere(9, 6, 2))
    signs = GeometrySigns.measure(vectors, pairs, seed=5)
    assert (signs.random_pair_cosine, signs.random_pair_spread) == random_pair_cosine(vectors, 5)
    assert signs.effective_rank == effective_rank(vectors)
    assert signs.uniformity == uniformity(vectors)
    assert signs.alignment == alignment(*pairs)
    assert signs.to_dict()["alignment"] == signs.alignment
    assert "alignment" not in GeometrySigns.measure(vectors).to_dict()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: random_pair_cosine(CORNERS, pairs=0), "pairs=0 should be at least 1"),
        (lambda: alignment(CORNERS, CORNERS[:2]), r"u has shape \(4, 2\) and v \(2, 2\)"),
        (lambda: alignment(CORNERS, CORNERS, alpha=0), "alpha=0 should be above 0"),
        (lambda: uniformity(CORNERS, t=-1), "t=-1 should be above 0"),
        (lambda: effective_rank(np.zeros((0, 3))), "at least one row"),
        (lambda: uniformity(np.array([[np.nan, 1.0]])), "1 rows that are not finite"),
    ],
)
def test_bad_input_is_named(call, sentence):
    with pytest.raises(DataError, match=sentence):
        call()


# --- maps laid over each other -------------------------------------------------------------------


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).normal(size=(40, 2)) * [3.0, 1.0]


def test_a_square_is_laid_back_onto_itself():
    """A square of side 2 around (1, 1), turned by a quarter, three times as large, elsewhere."""
    square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    turned = np.array([[6.0, 0.0], [6.0, 6.0], [0.0, 6.0], [0.0, 0.0]]) + np.array([50.0, -9.0])
    np.testing.assert_allclose(aligned_frame(turned, square), square, atol=1e-5)


@pytest.mark.parametrize("change", [np.eye(2), QUARTER_TURN, MIRROR, QUARTER_TURN @ MIRROR])
def test_turning_mirroring_scaling_and_shifting_are_undone(points, change):
    moved = 0.1 * points @ change + [7.0, -2.0]
    np.testing.assert_allclose(aligned_frame(moved, points), points, atol=1e-5)


@pytest.mark.parametrize("mirrored", [False, True])
def test_no_other_turn_or_shift_comes_nearer(points, mirrored):
    rng = np.random.default_rng(1)
    change = QUARTER_TURN @ MIRROR if mirrored else QUARTER_TURN
    reference = points @ change + rng.normal(0, 0.5, points.shape)
    found = aligned_frame(points, reference)
    least = ((found - reference) ** 2).sum()
    centre = reference.mean(axis=0)
    for angle in (-3.0, -0.1, -0.01, 0.01, 0.1, 1.5):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        assert (((found - centre) @ turn + centre - reference) ** 2).sum() > least
        assert (((found - centre) @ turn @ MIRROR + centre - reference) ** 2).sum() > least
    assert ((found + np.array([0.05, 0.0]) - reference) ** 2).sum() > least


def test_the_remaining_difference_follows_from_scipys(points):
    """With agreement s in [0, 1], scipy's best scale leaves 1 - s^2; equal sizes leave 2 - 2s."""
    reference = points + np.random.default_rng(2).normal(0, 1.0, points.shape)
    *_, theirs = procrustes(reference, points @ MIRROR)
    spread = ((reference - reference.mean(axis=0)) ** 2).sum()
    ours = ((aligned_frame(points @ MIRROR, reference) - reference) ** 2).sum() / spread
    assert ours == pytest.approx(2 - 2 * np.sqrt(1 - theirs), rel=1e-5)


def test_a_row_of_frames_that_hardly_agree_keeps_its_size(points):
    def size(frame):
        return np.linalg.norm(frame - frame.mean(axis=0))

    frame, rng = points, np.random.default_rng(6)
    for _ in range(10):
        frame = aligned_frame(rng.normal(size=points.shape), frame)
    assert size(frame) == pytest.approx(size(points), rel=1e-5)


def test_a_map_is_never_bent(points):
    reference = np.random.default_rng(3).normal(size=points.shape)
    ratio = pdist(aligned_frame(points, reference)) / pdist(points)
    assert ratio.std() / ratio.mean() < 1e-4


def test_maps_on_a_single_spot_are_shifted_only(points):
    spot = np.full((40, 2), 0.1)
    centre = points.mean(axis=0)
    np.testing.assert_allclose(aligned_frame(spot, points), np.tile(centre, (40, 1)), atol=1e-5)
    shifted = aligned_frame(points, spot)
    np.testing.assert_allclose(shifted, points - centre + 0.1, atol=1e-5)
    np.testing.assert_allclose(aligned_frame(points[:1], points[1:2]), points[1:2], atol=1e-5)


def test_the_arguments_stay_and_three_dimensions_work(points):
    before = points.copy()
    aligned_frame(points, points + 1)
    np.testing.assert_array_equal(points, before)
    solid = np.random.default_rng(4).normal(size=(20, 3))
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    found = aligned_frame(solid @ turn, solid)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, solid, atol=1e-5)


def test_maps_of_different_rows_are_refused(points):
    with pytest.raises(DataError, match=r"points has shape \(40, 2\) and reference \(39, 2\)"):
        aligned_frame(points, points[1:])
