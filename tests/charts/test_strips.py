"""Where a pair's cosine falls among random pairs."""

import numpy as np
import pytest

from sbert_core.charts.palette import THEMES
from sbert_core.charts.strips import percentile_strip


def test_every_random_pair_in_range_is_counted_where_it_belongs():
    cosines = np.array([-0.995, 0.2, 0.2, 0.999])
    (bars,) = percentile_strip(cosines, 0.5).data
    counted = {round(float(x), 2): y for x, y in zip(bars.x, bars.y, strict=True) if y}
    assert sum(counted.values()) == 4
    assert max(counted.values()) == 2
    assert all(min(abs(x - c) for c in cosines) <= bars.width for x in counted)


def test_the_share_left_of_the_line_is_the_coloured_one():
    figure = percentile_strip(np.linspace(-1, 1, 1000), 0.4, "dark")
    (bars,) = figure.data
    colours = np.array(bars.marker.color)
    assert set(colours[bars.x > 0.4]) == {THEMES["dark"].line}
    assert THEMES["dark"].line not in colours[bars.x < 0.4]
    assert figure.layout.shapes[0].x0 == figure.layout.shapes[0].x1 == 0.4


def test_strips_side_by_side_share_their_axis():
    for cosines in (np.zeros(5), np.full(5, 0.9)):
        assert percentile_strip(cosines, 0.5, x_range=(0, 1)).layout.xaxis.range == (0, 1)


@pytest.mark.parametrize(("value", "side"), [(-1.0, "left"), (0.0, "center"), (1.0, "right")])
def test_the_number_stays_inside_the_picture(value, side):
    note = percentile_strip(np.zeros(3), value).layout.annotations[0]
    assert note.xanchor == side
    assert f"{value:.3f}" in note.text


def test_a_corpus_without_pairs_still_shows_the_line():
    figure = percentile_strip(np.array([]), 0.7, title="<i>m</i>")
    assert figure.data[0].y.sum() == 0
    assert figure.layout.title.text == "&lt;i&gt;m&lt;/i&gt;"
    assert 120 <= figure.layout.height <= 160
