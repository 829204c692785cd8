"""Grades against cosines, and scores as bars: every number where it belongs, user text inert."""

import numpy as np
import pytest
from plotly.io import to_json

from sbert_core.charts.palette import MODES, THEMES
from sbert_core.charts.score_bars import ScoreBar, score_bars
from sbert_core.charts.sts_scatter import sts_scatter

IMG = "<img src=x onerror=alert(1)>"
GOLD = np.array([0.0, 1.0, 4.0, 5.0])
COSINES = np.array([0.1, -0.2, 0.9, 0.3])
PAIRS = [("a cat", "a tax"), ("b", "c"), ("d", "e"), (IMG, "the end")]


def named(figure):
    return {trace.name: trace for trace in figure.data}


# --- scatter -----------------------------------------------------------------------------------


def test_grades_go_right_and_cosines_up():
    (points,) = sts_scatter(GOLD, COSINES, PAIRS).data
    assert list(points.x) == pytest.approx(GOLD)
    assert list(points.y) == pytest.approx(COSINES)


def test_ringed_pairs_are_drawn_once_in_their_own_look():
    traces = named(sts_scatter(GOLD, COSINES, PAIRS, ringed=[3]))
    assert list(traces["pairs"].x) == [0.0, 1.0, 4.0]
    worst = traces["largest disagreements"]
    assert (list(worst.x), worst.y[0]) == ([5.0], pytest.approx(0.3))
    assert worst.marker.symbol != traces["pairs"].marker.symbol
    assert worst.text[0].endswith("the end")


def test_the_axis_shows_negative_cosines_and_begins_at_zero_without_them():
    assert sts_scatter(GOLD, COSINES, PAIRS).layout.yaxis.range[0] == pytest.approx(-0.25)
    above = sts_scatter(GOLD, np.abs(COSINES), PAIRS).layout.yaxis.range
    assert above[0] == pytest.approx(-0.05)
    assert above[1] > 1


def test_a_sentence_cannot_bring_markup():
    drawn = to_json(sts_scatter(GOLD, COSINES, PAIRS, ringed=[0, 3]))
    assert "<img" not in drawn


def test_of_many_pairs_an_even_part_and_all_ringed_are_drawn():
    count = 12_000
    gold = np.linspace(0, 5, count)
    figure = sts_scatter(gold, gold / 5, [("a", "b")] * count, ringed=[7, 11_999])
    traces = named(figure)
    assert len(traces["pairs"].x) == 5_000
    assert list(traces["largest disagreements"].x) == pytest.approx([gold[7], 5.0])
    assert np.ptp(traces["pairs"].x) == pytest.approx(5.0, abs=0.01)


def test_no_pairs_are_a_sentence():
    figure = sts_scatter(np.zeros(0), np.zeros(0), [])
    assert not figure.data
    assert figure.layout.annotations[0].text == "There are no pairs to draw."


# --- bars --------------------------------------------------------------------------------------

BARS = [ScoreBar("bert-mini:cls", 31.6, 23.0, 39.7), ScoreBar("minilm", 73.6, 67.7, 78.4)]


def test_the_first_bar_is_on_top_with_its_interval_and_number():
    figure = score_bars(BARS)
    (bars,) = figure.data
    assert list(bars.y) == ["bert-mini:cls", "minilm"]
    assert figure.layout.yaxis.autorange == "reversed"
    assert list(bars.error_x.array) == pytest.approx([8.1, 4.8])
    assert list(bars.error_x.arrayminus) == pytest.approx([8.6, 5.9])
    first = figure.layout.annotations[0]
    assert (first.text, first.y, first.x) == ("<b>31.6</b>", 0, 39.7)


def test_bars_begin_at_zero_or_below():
    assert score_bars(BARS).layout.xaxis.range[0] == 0
    low = score_bars([ScoreBar("bad", -12.0, -20.0, -3.0)])
    assert low.layout.xaxis.range[0] <= -20
    assert low.layout.annotations[0].text == "<b>−12.0</b>"
    assert low.layout.annotations[0].x == 0


def test_without_intervals_there_are_no_whiskers():
    (bars,) = score_bars([ScoreBar("minilm", 0.8)], top=1.0, digits=3).data
    assert bars.error_x.array is None
    assert "interval" not in bars.hovertemplate


@pytest.mark.parametrize("mode", MODES)
def test_bars_outside_the_comparison_step_back(mode):
    (bars,) = score_bars([*BARS, ScoreBar("x", 50.0, marked=False)], mode).data
    assert list(bars.marker.color[:2]) == [THEMES[mode].accent] * 2
    assert bars.marker.color[2] != THEMES[mode].accent


def test_a_name_cannot_bring_markup_and_nothing_measured_is_a_sentence():
    assert "<img" not in to_json(score_bars([ScoreBar(IMG, 1.0)]))
    assert score_bars([]).layout.annotations[0].text == "Nothing is measured yet."
