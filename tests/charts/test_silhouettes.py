"""Silhouettes: the chosen k marked, groups sorted, colours as on the map."""

import numpy as np
import pytest

from sbert_core.charts.palette import group_style
from sbert_core.charts.silhouettes import k_choice_figure, silhouette_bars


def test_candidates_are_drawn_in_order_and_the_chosen_one_is_marked():
    tried, mark = k_choice_figure([(8, 0.2), (2, 0.1), (4, 0.3)], 4).data
    assert list(tried.x) == [2, 4, 8]
    assert list(tried.y) == [0.1, 0.3, 0.2]
    assert (mark.x[0], mark.y[0]) == (4, 0.3)


def test_a_k_that_was_not_tried_is_refused():
    with pytest.raises(ValueError, match=r"chosen k=5 should be one of \[2, 4\]"):
        k_choice_figure([(2, 0.1), (4, 0.3)], 5)


def test_bars_rise_from_the_least_to_the_most_distinct_group_in_the_maps_colours():
    figure = silhouette_bars(["a", "b", "c"], [0.2, -0.1, 0.5], [10, 20, 30])
    (bars,) = figure.data
    assert list(bars.x) == [-0.1, 0.2, 0.5]
    assert list(bars.marker.color) == [group_style(group, "light").colour for group in (1, 0, 2)]
    assert list(bars.customdata) == [20, 10, 30]
    assert [tick[0] for tick in figure.layout.yaxis.ticktext] == ["b", "a", "c"]


def test_the_line_is_at_the_mean_of_sentences_not_of_groups():
    figure = silhouette_bars(["a", "b"], [0.0, 0.4], [30, 10])
    assert figure.layout.shapes[0].x0 == pytest.approx(0.1)
    assert "0.10" in figure.layout.annotations[0].text


def test_every_bar_and_its_number_are_inside_the_axis():
    low, high = silhouette_bars(["a", "b"], [-0.3, 0.9], [1, 1]).layout.xaxis.range
    assert low < -0.3
    assert high > 0.9
    assert silhouette_bars(["a"], [0.5], [1]).layout.xaxis.range[0] == 0


def test_eighty_groups_each_have_a_line():
    figure = silhouette_bars([f"g{i}" for i in range(80)], np.linspace(0, 1, 80), [5] * 80)
    assert figure.layout.height >= 80 * 18
    assert len(figure.layout.yaxis.ticktext) == 80


def test_names_are_inert():
    figure = silhouette_bars(["<img src=x>"], [0.1], [3])
    assert figure.layout.yaxis.ticktext[0].startswith("&lt;img src=x&gt;")
