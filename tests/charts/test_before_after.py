"""Cosines of graded pairs before and after, in thirds of the gold scores."""

import numpy as np
import pytest

from sbert_core.charts.before_after import before_after_figure

GOLD = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
BEFORE = np.full(6, 0.8)
AFTER = np.array([0.0, 0.1, 0.45, 0.5, 0.9, 1.0])


def mean_of(trace):
    return float((trace.x * trace.y).sum() / trace.y.sum())


def test_each_third_has_its_share_where_its_cosines_are():
    figure = before_after_figure(GOLD, BEFORE, AFTER)
    before, after = figure.data[:3], figure.data[3:]
    assert {trace.yaxis for trace in before} == {"y"}
    assert {trace.yaxis for trace in after} == {"y2"}
    assert [trace.name.split()[0] for trace in after] == ["lowest", "middle", "highest"]
    for trace in figure.data:
        assert trace.y.sum() == pytest.approx(1.0)
    assert [mean_of(trace) for trace in before] == pytest.approx([0.8] * 3, abs=0.02)
    assert [mean_of(trace) for trace in after] == pytest.approx([0.05, 0.475, 0.95], abs=0.02)


def test_a_third_is_named_once_and_has_one_colour():
    figure = before_after_figure(GOLD, BEFORE, AFTER, "dark")
    assert [trace.showlegend for trace in figure.data] == [True] * 3 + [False] * 3
    colours = [trace.line.color for trace in figure.data]
    assert colours[:3] == colours[3:]
    assert len(set(colours)) == 3


def test_negative_cosines_are_on_the_axis():
    figure = before_after_figure(GOLD, BEFORE, AFTER - 0.5)
    assert figure.layout.xaxis.range == (-0.5, 1)
    assert figure.data[3].y[0] > 0


def test_equal_scores_make_one_group_and_no_pairs_a_sentence():
    figure = before_after_figure(np.ones(6), BEFORE, AFTER)
    assert sum(trace.y.sum() > 0 for trace in figure.data) == 2
    nothing = before_after_figure(np.array([]), np.array([]), np.array([]))
    assert len(nothing.data) == 0
    assert "no scored pairs" in nothing.layout.annotations[0].text


def test_lists_of_different_pairs_are_refused():
    with pytest.raises(ValueError, match="6 scores, 6 and 5 cosines differ"):
        before_after_figure(GOLD, BEFORE, AFTER[:5])
