"""Curves of a training: values on the right axes, the best marked, nothing where nothing is."""

import json
import math

import numpy as np
import pytest
from plotly.io import to_json

from sbert_core.charts.palette import MODES, THEMES, group_style
from sbert_core.charts.training_curves import (
    collapse_figure,
    map_extent,
    moving_map_figure,
    smoothed,
    training_figure,
)

IMG = "<img src=x onerror=alert(1)>"
HISTORY = [
    {"step": 0, "seconds": 0.0, "dev_spearman": 40.0, "random_pair_cosine": 0.6}
    | {"effective_rank": 20.0, "alignment": 0.3, "uniformity": -1.5},
    {"step": 10, "loss": 1.0, "lr": 1e-4, "sentences_per_second": 1234.4, "seconds": 61.0},
    {"step": 20, "loss": 0.5, "seconds": 2.0, "dev_spearman": 71.25}
    | {"random_pair_cosine": 0.1, "effective_rank": 30.0, "alignment": 0.2, "uniformity": -2.5},
    {"step": 30, "loss": 0.4, "dev_spearman": 71.25},
    {"step": 40, "loss": 0.45, "dev_spearman": 60.0, "effective_rank": 29.0},
]


def named(figure):
    return {trace.name: trace for trace in figure.data}


def notes(figure):
    return [note.text for note in figure.layout.annotations]


# --- loss and score ----------------------------------------------------------------------------


def test_loss_is_above_and_score_below_over_one_axis_of_steps():
    figure = training_figure(HISTORY)
    traces = named(figure)
    assert list(traces["loss"].x) == [10, 20, 30, 40]
    assert list(traces["loss"].y) == [1.0, 0.5, 0.4, 0.45]
    assert list(traces["dev Spearman"].x) == [0, 20, 30, 40]
    assert list(traces["dev Spearman"].y) == [40.0, 71.25, 71.25, 60.0]
    assert {trace.xaxis for trace in figure.data} == {None}
    assert (traces["loss"].yaxis, traces["dev Spearman"].yaxis) == (None, "y2")
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]
    assert figure.layout.xaxis.anchor == "y2"
    assert "loss" in figure.layout.yaxis.title.text
    assert "Spearman" in figure.layout.yaxis2.title.text


def test_the_best_score_is_marked_the_first_of_equals():
    best = named(training_figure(HISTORY))["best"]
    assert (list(best.x), list(best.y), best.yaxis) == ([20], [71.25], "y2")
    assert best.text[0] == "<b>best 71.2</b>"


def test_the_score_before_training_is_a_line_and_never_the_best():
    hurt = [{"step": 0, "dev_spearman": 80.0}, {"step": 5, "loss": 1.0, "dev_spearman": 77.0}]
    figure = training_figure(hurt)
    (line,) = figure.layout.shapes
    assert (line.yref, line.y0, line.y1, line.line.dash) == ("y2", 80.0, 80.0, "dash")
    assert notes(figure) == ["before training 80.0"]
    assert list(named(figure)["best"].y) == [77.0]
    assert "best" not in named(training_figure(hurt[:1]))
    assert not training_figure(hurt[1:]).layout.shapes


def test_the_axis_reaches_to_the_end_of_the_run():
    assert training_figure(HISTORY).layout.xaxis.range == (0, 40)
    assert training_figure(HISTORY, total_steps=500).layout.xaxis.range == (0, 500)
    assert collapse_figure(HISTORY, total_steps=500).layout.xaxis3.range == (0, 500)


def test_hover_cards_say_what_is_known_of_a_step():
    cards = named(training_figure(HISTORY))["loss"].text
    assert cards[0] == (
        "step 10<br>loss 1.0000<br>learning rate 0.0001<br>1,234 sentences/s<br>after 1:01 min"
    )
    assert cards[2] == "step 30<br>loss 0.4000"


def test_values_that_are_no_numbers_are_left_out():
    broken = [
        {"step": 1, "loss": math.nan, "dev_spearman": math.inf},
        {"step": 2, "loss": None},
        {"loss": 1.0},
        {"step": 3, "loss": 0.7, "dev_spearman": 12.0},
    ]
    traces = named(training_figure(broken))
    assert (list(traces["loss"].x), list(traces["loss"].y)) == ([3], [0.7])
    assert list(traces["dev Spearman"].x) == [3]
    assert len(traces["loss"].text) == 1
    assert traces["loss"].mode == "markers"  # one point makes no line


def test_smoothing_begins_at_the_first_value_keeps_a_constant_and_calms_noise():
    assert smoothed([]) == []
    assert smoothed([3.0, 5.0]) == [3.0, 5.0]  # too few to smooth
    np.testing.assert_allclose(smoothed([2.5] * 300), 2.5)
    noise = 1 + np.random.default_rng(0).normal(0, 1, 400)
    calm = smoothed(noise.tolist())
    assert calm[0] == noise[0]
    assert np.std(calm[40:]) < 0.4
    assert np.mean(calm[40:]) == pytest.approx(1.0, abs=0.15)


def test_smoothing_by_hand():
    # 60 values: each keeps 1/2 of what was before. Weights of the first two: 1/4 and 1/2.
    values = [0.0, 1.0] + [1.0] * 58
    assert smoothed(values)[1] == pytest.approx((1 / 2) / (1 / 4 + 1 / 2))


# --- signs of collapse -------------------------------------------------------------------------


def test_each_sign_has_a_panel_of_its_own():
    figure = collapse_figure(HISTORY)
    traces = named(figure)
    assert list(traces["cosine of random pairs"].y) == [0.6, 0.1]
    assert list(traces["effective rank"].x) == [0, 20, 40]
    assert list(traces["effective rank"].y) == [20.0, 30.0, 29.0]
    assert list(traces["alignment"].y) == [0.3, 0.2]
    assert list(traces["uniformity"].y) == [-1.5, -2.5]
    assert len({(trace.xaxis, trace.yaxis) for trace in figure.data}) == 4
    layout = figure.layout
    places = {(layout[f"xaxis{n}"].domain, layout[f"yaxis{n}"].domain) for n in ("", "2", "3", "4")}
    assert len(places) == 4
    assert [layout[f"xaxis{n}"].range for n in ("", "2", "3", "4")] == [(0, 40)] * 4


def test_a_panel_shows_all_values_and_where_collapse_would_be():
    layout = collapse_figure(HISTORY).layout
    assert layout.yaxis.range[0] < 0
    assert layout.yaxis.range[1] > 1
    assert layout.yaxis2.range[1] > 30
    assert layout.yaxis4.range[0] < -2.5
    assert layout.yaxis4.range[1] > 0
    below = collapse_figure([{"step": 1, "random_pair_cosine": -0.4}]).layout.yaxis.range
    assert below[0] < -0.4


def test_titles_stand_above_their_own_panels():
    figure = collapse_figure(HISTORY)
    for number, note in zip(("", "2", "3", "4"), figure.layout.annotations, strict=True):
        trace = next(t for t in figure.data if (t.yaxis or "y") == f"y{number}")
        assert note.text.startswith(trace.name)
        assert note.x == figure.layout[f"xaxis{number}"].domain[0]
        assert note.y == figure.layout[f"yaxis{number}"].domain[1]


# --- nothing yet -------------------------------------------------------------------------------


@pytest.mark.parametrize("figure_of", [training_figure, collapse_figure])
@pytest.mark.parametrize("history", [[], [{"loss": 1.0}]])
def test_without_a_step_there_is_a_sentence_and_no_axis(figure_of, history):
    figure = figure_of(history)
    assert len(figure.data) == 0
    assert notes(figure)[0].endswith(".")
    assert figure.layout.xaxis.visible is False
    json.loads(to_json(figure))


def test_steps_without_evaluations_have_curves_but_no_signs():
    assert len(training_figure([{"step": 1, "loss": 1.0}]).data) == 3
    assert "evaluation" in notes(collapse_figure([{"step": 1, "loss": 1.0}]))[0]


@pytest.mark.parametrize("mode", MODES)
def test_figures_have_the_colours_of_the_mode(mode):
    theme = THEMES[mode]
    for figure in (
        training_figure(HISTORY, mode),
        training_figure([], mode),
        collapse_figure(HISTORY, mode),
        moving_map_figure(np.zeros((2, 2)), None, ["a", "b"], mode),
    ):
        assert figure.layout.paper_bgcolor == theme.paper
        assert figure.layout.font.color == theme.ink
    assert named(training_figure(HISTORY, mode))["best"].marker.color == theme.accent


# --- the moving map ----------------------------------------------------------------------------

POINTS = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, -1.0], [4.0, 4.0]])
TEXTS = ["one", "two", "three", "four"]


def places(figure):
    return {
        text: (float(x), float(y))
        for trace in figure.data
        for text, x, y in zip(trace.text, trace.x, trace.y, strict=True)
    }


@pytest.mark.parametrize("labels", [None, ["b", "a", "", "b"]])
def test_each_sentence_is_drawn_once_at_its_place(labels):
    figure = moving_map_figure(POINTS, labels, TEXTS)
    assert places(figure) == dict(zip(TEXTS, map(tuple, POINTS.tolist()), strict=True))
    assert sum(len(trace.x) for trace in figure.data) == 4


def test_a_label_keeps_its_colour_from_frame_to_frame():
    first = named(moving_map_figure(POINTS, ["b", "a", "", "b"], TEXTS))
    second = named(moving_map_figure(POINTS[::-1] + 9, ["a", "", "b", "b"], TEXTS))
    for label, place in (("a", 0), ("b", 1)):
        assert first[label].marker.color == group_style(place, "light").colour
        assert second[label].marker.color == first[label].marker.color
    assert first[""].marker.color == THEMES["light"].muted
    assert first[""].showlegend is False


def test_frames_of_one_extent_have_the_same_fixed_axes():
    frames = [POINTS, POINTS * 2 - 5]
    extent = map_extent(frames)
    axes = [moving_map_figure(f, None, TEXTS, extent=extent).layout for f in frames]
    for axis in ("xaxis", "yaxis"):
        assert axes[0][axis].range == axes[1][axis].range
        assert axes[0][axis].autorange is False
        assert axes[0][axis].fixedrange is True
    assert axes[0].yaxis.scaleanchor == "x"
    together = np.concatenate(frames)
    for ends, column in zip(extent, together.T, strict=True):
        assert ends[0] < column.min()
        assert column.max() < ends[1]


def test_an_extent_is_there_for_a_single_spot_and_for_nothing():
    (left, right), (bottom, top) = map_extent([np.full((3, 2), 7.0)])
    assert left < 7 < right
    assert bottom < 7 < top
    assert map_extent([]) == map_extent([np.zeros((0, 2))]) == ((-1.0, 1.0), (-1.0, 1.0))
    assert len(moving_map_figure(np.zeros((0, 2)), None, []).data) == 0


def test_a_legend_is_drawn_for_few_labels_only():
    assert moving_map_figure(POINTS, list("abcd"), TEXTS).layout.showlegend is True
    assert moving_map_figure(POINTS, None, TEXTS).layout.showlegend is False
    many = moving_map_figure(np.zeros((40, 2)), list(map(str, range(40))), ["t"] * 40)
    assert many.layout.showlegend is False


def test_sentences_labels_and_titles_are_inert():
    figure = moving_map_figure(POINTS[:1], [IMG], [IMG], title=IMG)
    assert "<img" not in to_json(figure).replace("\\u003c", "<")
    assert figure.data[0].text[0].startswith("&lt;img")


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="labels has 1 items; there are 4 points"):
        moving_map_figure(POINTS, ["a"], TEXTS)
    with pytest.raises(ValueError, match="texts has 3 items; there are 4 points"):
        moving_map_figure(POINTS, None, TEXTS[:3])
    with pytest.raises(ValueError, match=r"points have shape \(4, 3\)"):
        moving_map_figure(np.zeros((4, 3)), None, TEXTS)
