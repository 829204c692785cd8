"""Hits on a map: which get a number, what is kept of the map, and what a hover card says."""

import numpy as np
import pytest

from sbert_core.charts.hit_marks import mark_hits, numbered
from sbert_core.charts.map_chart import map_figure
from sbert_core.charts.map_data import Groups, MapData

POINTS = np.float32([[0, 0], [0, 1], [10, 0], [10, 10], [0, 10], [0.1, 10]])
TEXTS = ["a", "b", "c", "d", "<b>e</b>", "f"]


@pytest.fixture
def figure():
    groups = Groups(np.array([0, 0, 1, 1, 2, 2]), ["low", "right", "high"])
    return map_figure(MapData(POINTS, np.arange(6), TEXTS, groups))


def test_a_hit_on_a_better_one_gets_no_number():
    assert numbered(POINTS[[4, 5, 0, 3]], 10.0).tolist() == [True, False, True, True]
    assert numbered(POINTS[[5, 5, 5]], 10.0).tolist() == [True, False, False]
    assert numbered(POINTS[:0], 10.0).tolist() == []


def test_marks_lie_where_the_hits_are_and_the_map_itself_is_left_alone(figure):
    before = figure.to_json()
    marked = mark_hits(figure, POINTS[[4, 5, 0]], ["<b>e</b>", "f", "a"], "q", POINTS[3], "light")
    assert figure.to_json() == before
    discs, star = marked.data[-2:]
    found = dict(zip(discs.text, zip(discs.x, discs.y, strict=True), strict=True))
    assert found == {"": tuple(POINTS[5]), "1": tuple(POINTS[4]), "3": tuple(POINTS[0])}
    assert (star.x[0], star.y[0]) == tuple(POINTS[3])
    assert not any("<b>e" in card for card in discs.customdata)
    assert all(trace.opacity < 1 for trace in marked.data[:-2])


def test_only_names_next_to_hits_stay(figure):
    marked = mark_hits(figure, POINTS[[0]], ["a"], "q", None, "dark")
    assert [a.text for a in marked.layout.annotations if "low" in a.text]
    assert not [a.text for a in marked.layout.annotations if "right" in a.text]


def test_no_hits_draw_no_marks_and_three_dimensions_work(figure):
    assert len(mark_hits(figure, POINTS[:0], [], "q", None, "light").data) == len(figure.data)
    solid = np.hstack([POINTS, POINTS[:, :1]])
    room = map_figure(MapData(solid, np.arange(6), TEXTS))
    assert mark_hits(room, solid[:2], TEXTS, "q", solid[3], "light").data[-2].type == "scatter3d"


def test_names_near_an_edge_run_towards_the_middle(figure):
    marked = mark_hits(figure, POINTS, TEXTS, "q", None, "light")
    anchors = {name.text.split("> ")[-1]: name.xanchor for name in marked.layout.annotations}
    assert (anchors["low"], anchors["right"]) == ("left", "right")
