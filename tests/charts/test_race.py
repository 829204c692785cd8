"""The race's charts: what is measured looks so, every text is inert, both themes are drawn."""

import math

import pytest

from sbert_core.charts.palette import THEMES
from sbert_core.charts.race import (
    TimePoint,
    depth_figure,
    milliseconds_in_words,
    race_figure,
    slope_figure,
)
from sbert_core.charts.speed import batch_figure, path_figure, share_figure

MODES = ("light", "dark")
IMG = "<img src=x>"
BI = [TimePoint(100, 0.1, True, "bi"), TimePoint(10_000, 8.0, True, "bi")]
CROSS = [TimePoint(100, 4.0, True, "all read"), TimePoint(10_000, 40_000, False, IMG)]
PAPER = (TimePoint(10_000, 5.0, False, "p"), TimePoint(10_000, 234_000, False, "p"))
RATES = {(8, 1): 50.0, (8, 32): 2_000.0, (16, 1): 40.0}


def named(figure):
    return {trace.name: trace for trace in figure.data}


def test_measured_marks_are_filled_and_extrapolated_ones_open():
    marks = named(race_figure(BI, CROSS, PAPER))["cross-encoder"].marker
    paper = THEMES["light"].paper
    assert marks.color[0] != paper
    assert marks.color[1] == paper
    assert paper not in named(race_figure(BI, CROSS, PAPER))["bi-encoder"].marker.color


def test_published_times_stand_apart_from_the_lines():
    traces = named(race_figure(BI, CROSS, PAPER))
    published = traces["published, on a GPU"]
    assert list(published.y) == [5.0, 234_000]
    assert published.mode == "markers+text"
    assert 5.0 not in traces["bi-encoder"].y


def test_both_axes_are_logarithmic_and_hold_every_time():
    layout = race_figure(BI, CROSS, PAPER).layout
    assert layout.xaxis.type == layout.yaxis.type == "log"
    low, high = layout.yaxis.range
    assert low < math.log10(0.1)
    assert high > math.log10(234_000)
    assert "1 hour" in layout.yaxis.ticktext


def test_each_line_joins_the_two_places_of_its_text():
    figure = slope_figure(["x", "y", "z"], [1, 2, 3], [3, 2, 1], ["", "", ""])
    assert [tuple(trace.y) for trace in figure.data] == [(1, 3), (2, 2), (3, 1)]
    fell, stayed, rose = (trace.line.color for trace in figure.data)
    assert len({fell, stayed, rose}) == 3
    words = [note.text for note in figure.layout.annotations]
    assert words[:2] == ["x  <b>1</b>", "<b>3</b>  x"]


def test_depths_show_quality_above_and_time_below():
    figure = depth_figure([0, 10], [0.5, 0.625], [8.0, 1500.0])
    curve, bars = figure.data
    assert list(curve.y) == [0.5, 0.625]
    assert list(bars.text) == ["8.0 ms", "1.5 s"]
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]
    assert figure.layout.yaxis.range[0] < 0.5
    assert figure.layout.yaxis.range[1] > 0.625


@pytest.mark.parametrize(("value", "words"), [(8.54, "8.5 ms"), (120.4, "120 ms"), (2100, "2.1 s")])
def test_waiting_times_in_words(value, words):
    assert milliseconds_in_words(value) == words


def test_texts_of_users_are_inert():
    for figure in (
        race_figure(BI, CROSS, PAPER),
        slope_figure([IMG], [1], [1], [IMG]),
    ):
        assert "<img" not in figure.to_json().replace("\\u003c", "<")


# --- speed -------------------------------------------------------------------------------------


def test_paths_say_their_share_of_the_peak_where_there_is_one():
    bars = path_figure(["torch, fp32", "static"], [800.4, 90_000], [0.314, None]).data[0]
    assert list(bars.text) == ["<b>800</b> · 31 % of the peak", "<b>90,000</b>"]


def test_a_line_for_each_batch_has_only_what_was_timed():
    traces = named(batch_figure(RATES))
    assert list(traces["1 at a time"].x) == [8, 16]
    assert list(traces["32 at a time"].y) == [2_000.0]


def test_shapes_that_were_not_timed_are_blank():
    trace = share_figure({(8, 1): 0.031, (8, 32): 0.6, (16, 1): 0.05}).data[0]
    assert [list(row) for row in trace.text] == [["3 %", "5 %"], ["60 %", ""]]
    assert trace.z[1][1] is None
    assert trace.zmax == 0.6


@pytest.mark.parametrize("mode", MODES)
def test_figures_have_the_colours_of_the_mode(mode):
    for figure in (
        race_figure(BI, CROSS, PAPER, mode),
        slope_figure(["a"], [1], [1], [""], mode),
        depth_figure([0], [0.5], [3.0], mode),
        path_figure(["a"], [3.0], [0.5], mode),
        batch_figure(RATES, mode),
        share_figure(RATES, mode),
    ):
        assert figure.layout.paper_bgcolor == THEMES[mode].paper
        assert figure.layout.font.color == THEMES[mode].ink
