"""Inside an encoder, drawn: tokens, strips, layers."""

import json

import numpy as np
import pytest
from plotly.io import to_json

from sbert_core.charts.anatomy import MAX_NAMED, layer_heatmap, token_bars, vector_strips
from sbert_core.charts.palette import MODES


@pytest.mark.parametrize("mode", MODES)
def test_each_token_has_its_length_and_its_cosine(mode):
    special = np.array([True, False])
    figure = token_bars(["[CLS]", "x"], special, np.array([3.0, 4]), np.array([-0.5, 0.9]), mode)
    length, cosine = figure.data
    assert list(length.y) == [3, 4] and length.yaxis == "y2"
    np.testing.assert_allclose(cosine.y, [-0.5, 0.9], atol=1e-6)
    assert length.marker.color[0] != length.marker.color[1]
    assert figure.layout.yaxis.range[0] < -0.5
    assert figure.layout.xaxis.ticktext == ("[CLS]", "x")


def test_equal_tokens_keep_bars_of_their_own_and_many_have_no_names():
    count = MAX_NAMED + 1
    ones = np.ones(count)
    figure = token_bars(["the"] * count, ones > 2, ones, ones)
    assert len(set(figure.data[0].x)) == count
    assert not figure.layout.xaxis.ticktext


def test_tokens_are_inert():
    one = np.ones(1)
    figure = token_bars(["<img src=x>"], one > 2, one, one)
    assert "<img" not in json.dumps(json.loads(to_json(figure)))


def test_strips_of_one_direction_look_alike_whatever_their_length():
    vector = np.array([1.0, -2.0, 3.0])
    figure = vector_strips([vector, 10 * vector, np.zeros(3)], ["one", "ten", "none"])
    (trace,) = figure.data
    np.testing.assert_allclose(trace.z[0], trace.z[1], atol=1e-6)
    assert not trace.z[2].any()
    assert trace.zmax == -trace.zmin > 0


def test_layers_are_named_from_the_embeddings_on():
    figure = layer_heatmap(np.eye(3))
    assert [name.strip() for name in figure.layout.yaxis.ticktext] == [
        "embeddings",
        "layer 1",
        "layer 2",
    ]
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-1, 1)
