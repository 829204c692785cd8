"""The learning curve as drawn: means on a line, and a band from low to high."""

import pytest

from sbert_core.charts.learning_curve import learning_curve_figure

POINTS = [(1, 0.5, 0.4, 0.6), (2, 0.7, 0.65, 0.75), (4, 0.9, 0.85, 1.0)]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_line_and_band(mode):
    band, line = learning_curve_figure(POINTS, mode).data
    assert list(line.y) == [0.5, 0.7, 0.9]
    assert list(band.y) == [0.6, 0.75, 1.0, 0.85, 0.65, 0.4]
    figure = learning_curve_figure(POINTS, mode)
    assert list(figure.layout.xaxis.ticktext) == ["1", "2", "4"]
    assert figure.layout.yaxis.range[1] >= 1.0


def test_one_point_has_no_band():
    assert len(learning_curve_figure(POINTS[:1]).data) == 1
