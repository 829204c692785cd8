"""Names land where a group is dense, and never on each other."""

from itertools import combinations

import numpy as np
import pytest

from sbert_core.charts.placement import Box, Frame, dense_centres, place_names

FRAME = Frame(800, 600, np.array([0.0, 0.0]), np.array([8.0, 6.0]))  # 100 pixels per unit
SIZE = (100.0, 20.0)


def boxes(centres, spots, extents):
    for spot in spots:
        x, y = FRAME.pixels(centres[spot.index])
        yield Box.around(x + spot.shift[0], y + spot.shift[1], *extents[spot.index])


@pytest.mark.parametrize("dims", [2, 3])
def test_the_centre_of_two_islands_lies_on_the_larger(dims):
    rng = np.random.default_rng(0)
    far = np.full(dims, 10.0)
    islands = [rng.normal(0, 0.3, (120, dims)), rng.normal(0, 0.3, (80, dims)) + far]
    points = np.vstack(islands).astype(np.float32)
    centre = dense_centres(points, np.zeros(200, dtype=int), [0])[0]
    assert np.linalg.norm(centre) < 0.5


def test_the_centre_of_a_ring_lies_on_the_ring():
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    centre = dense_centres(ring, np.zeros(200, dtype=int), [0])[0]
    assert np.linalg.norm(centre) > 0.8


def test_outliers_do_not_move_the_centre():
    rng = np.random.default_rng(1)
    points = np.vstack([rng.normal(0, 0.2, (50, 2)), [[30.0, 30.0]]])
    centre = dense_centres(points, np.zeros(51, dtype=int), [0])[0]
    assert np.linalg.norm(centre) < 0.3


def test_each_group_gets_its_own_centre_in_the_order_asked():
    points = np.array([[0.0, 0.0], [5.0, 5.0], [9.0, 1.0]])
    centres = dense_centres(points, np.array([0, 1, 2]), [2, 0])
    np.testing.assert_allclose(centres, [[9, 1], [0, 0]])


def test_identical_points_have_a_centre():
    assert dense_centres(np.ones((4, 2)), np.zeros(4, dtype=int), [0]).tolist() == [[1, 1]]


def test_a_name_with_room_is_not_moved():
    centres = np.array([[1.0, 1.0], [6.0, 5.0]])
    spots = place_names(centres, [SIZE, SIZE], FRAME)
    assert [(spot.index, spot.shift) for spot in spots] == [(0, (0, 0)), (1, (0, 0))]


def test_names_never_cover_each_other():
    rng = np.random.default_rng(2)
    centres = rng.uniform(0, 6, (80, 2))
    extents = [(float(w), 20.0) for w in rng.uniform(40, 160, 80)]
    spots = place_names(centres, extents, FRAME)
    assert 10 < len(spots) < 80
    placed = list(boxes(centres, spots, extents))
    assert not any(a.overlaps(b) for a, b in combinations(placed, 2))


def test_the_first_of_two_names_keeps_the_place_and_the_second_steps_aside():
    centres = np.array([[3.0, 3.0], [3.0, 3.0]])
    first, second = place_names(centres, [SIZE, SIZE], FRAME)
    assert first.shift == (0, 0)
    assert abs(second.shift[1]) >= SIZE[1]


def test_a_name_without_room_is_left_out():
    centres = np.full((20, 2), 3.0)
    spots = place_names(centres, [SIZE] * 20, FRAME)
    assert 1 < len(spots) < 20
    assert spots[0].index == 0


@pytest.mark.parametrize("x", [0.0, 8.0])
def test_names_at_the_edge_step_aside_inwards(x):
    centres = np.full((9, 2), (x, 3.0))
    spots = place_names(centres, [SIZE] * 9, FRAME)
    assert len(spots) >= 3
    for spot in spots:
        assert 0 <= FRAME.pixels(centres[spot.index])[0] + spot.shift[0] <= 800


def test_a_taken_place_is_respected():
    taken = Box.around(300, 300, 400, 300)
    centres = np.array([[3.0, 3.0], [7.0, 1.0]])
    spots = place_names(centres, [SIZE, SIZE], FRAME, [taken])
    assert [spot.index for spot in spots] == [1]


def test_a_map_of_one_place_has_a_frame():
    point = np.array([2.0, 2.0])
    assert Frame(800, 600, point, point).pixels(point) == (0, 0)
