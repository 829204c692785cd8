"""The square of cosines: right way up, pinned colours, sentences that stay text."""

import json

import numpy as np
import pytest
from plotly.io import to_json

from sbert_core.charts.heatmap import MAX_NUMBERED, similarity_heatmap

IMG = "<img src=x onerror=alert(1)>"


def square(count):
    return np.linspace(-1, 1, count * count).reshape(count, count)


def test_rows_run_down_and_columns_across():
    cos_sim = np.array([[1.0, 0.25], [-0.5, 1.0]])
    figure = similarity_heatmap(cos_sim, ["one", "two"])
    (trace,) = figure.data
    np.testing.assert_array_equal(trace.z, cos_sim)
    assert figure.layout.yaxis.autorange == "reversed"
    assert "one" in figure.layout.yaxis.ticktext[0]
    assert "one" in trace.hovertext[0][1].split("<br>")[0]
    assert "two" in trace.hovertext[0][1].split("<br>")[1]


def test_colours_mean_the_same_in_every_picture():
    trace = similarity_heatmap(np.full((3, 3), 0.9), ["a", "b", "c"]).data[0]
    assert (trace.zmin, trace.zmax) == (-1, 1)


def test_the_diagonal_tells_its_sentence_once():
    trace = similarity_heatmap(square(2), ["one", "two"]).data[0]
    assert trace.hovertext[1][1] == "2 · two"


@pytest.mark.parametrize(("count", "numbered"), [(MAX_NUMBERED, True), (MAX_NUMBERED + 1, False)])
def test_numbers_stand_in_cells_with_room_and_a_scale_beside_the_others(count, numbered):
    trace = similarity_heatmap(square(count), [f"s{i}" for i in range(count)]).data[0]
    assert bool(trace.texttemplate) is numbered
    assert trace.showscale is not numbered


def test_fifty_long_sentences_are_a_readable_square_and_a_small_message():
    figure = similarity_heatmap(square(50), ["a rather long sentence " * 20] * 50)
    assert figure.layout.yaxis.scaleanchor == "x"
    assert 14 * 50 <= figure.layout.height <= 900
    assert len(figure.layout.yaxis.ticktext) == 50
    assert figure.layout.xaxis.ticktext[:2] == ("5", "10")
    assert figure.layout.xaxis.tickvals[:2] == (4, 9)
    assert len(to_json(figure, validate=False)) < 1_000_000


def test_equal_sentences_keep_rows_of_their_own():
    figure = similarity_heatmap(np.ones((3, 3)), ["same"] * 3)
    assert figure.data[0].z.shape == (3, 3)
    assert len(set(figure.layout.yaxis.ticktext)) == 3


def test_sentences_are_inert():
    found = json.dumps(json.loads(to_json(similarity_heatmap(square(2), [IMG, IMG]))))
    assert "<img" not in found
    assert "&lt;img" in found


def test_a_matrix_that_is_not_the_sentences_square_is_refused():
    with pytest.raises(ValueError, match=r"\(2, 2\); 3 sentences"):
        similarity_heatmap(np.ones((2, 2)), ["a", "b", "c"])
