"""Words against words: right way up, coloured around 0, inert, and set apart where they should."""

import json

import numpy as np
import pytest
from plotly.io import to_json

from sbert_core.charts.palette import MODES
from sbert_core.charts.token_heatmap import MAX_NUMBERED, AxisWord, token_heatmap

IMG = "<img src=x onerror=alert(1)>"


def words(count, kind="word"):
    return [AxisWord(f"w{i}", kind) for i in range(count)]


@pytest.mark.parametrize("mode", MODES)
def test_rows_are_the_first_sentence_and_run_down(mode):
    values = np.array([[0.1, -0.2, 0.3]])
    figure = token_heatmap(values, [AxisWord("row")], words(3), mode)
    (trace,) = figure.data
    np.testing.assert_allclose(trace.z, values, atol=1e-6)
    assert figure.layout.yaxis.ticktext == ("row",)
    assert figure.layout.yaxis.autorange == "reversed"
    assert trace.hovertext[0][2] == "row × w2"


def test_no_colour_is_no_contribution_and_both_ends_are_equally_far():
    trace = token_heatmap(np.array([[0.1, -0.4]]), words(1), words(2)).data[0]
    assert trace.zmax == -trace.zmin == pytest.approx(0.4)
    assert token_heatmap(np.zeros((1, 1)), words(1), words(1)).data[0].zmax > 0


def test_a_sum_of_many_words_does_not_pale_the_others():
    rows = [AxisWord("x"), AxisWord("9 other words", "rest")]
    trace = token_heatmap(np.array([[0.1], [5.0]]), rows, words(1)).data[0]
    assert trace.zmax == pytest.approx(0.1)


def test_added_tokens_are_set_apart_by_a_line_and_in_italics():
    rows = [AxisWord("[CLS]", "added"), *words(2), AxisWord("[SEP]", "added")]
    figure = token_heatmap(np.zeros((4, 2)), rows, words(2))
    assert [shape.y0 for shape in figure.layout.shapes] == [0.5, 2.5]
    italic = ["<i" in text for text in figure.layout.yaxis.ticktext]
    assert italic == [True, False, False, True]


@pytest.mark.parametrize(("count", "numbered"), [(MAX_NUMBERED, True), (MAX_NUMBERED + 1, False)])
def test_numbers_stand_in_cells_with_room_and_a_scale_beside_the_others(count, numbered):
    trace = token_heatmap(np.ones((2, count)), words(2), words(count)).data[0]
    assert bool(trace.texttemplate) is numbered
    assert trace.showscale is not numbered


def test_equal_words_keep_places_of_their_own_and_long_ones_are_cut():
    figure = token_heatmap(np.ones((2, 2)), [AxisWord("the")] * 2, [AxisWord("x" * 400)] * 2)
    assert figure.layout.yaxis.tickvals == (0, 1)
    assert figure.layout.width < 500
    assert max(map(len, figure.layout.xaxis.ticktext)) < 20


def test_words_are_inert():
    found = json.dumps(json.loads(to_json(token_heatmap(np.ones((1, 1)), *[[AxisWord(IMG)]] * 2))))
    assert "<img" not in found
    assert "&lt;img" in found


def test_a_matrix_that_does_not_fit_its_words_is_refused():
    with pytest.raises(ValueError, match="2 x 1"):
        token_heatmap(np.ones((1, 2)), words(2), words(1))


def test_a_figure_fits_the_width_there_is_and_then_has_no_crammed_numbers():
    side = [AxisWord(word) for word in "[CLS] My package came later than promised . [SEP]".split()]
    figure = token_heatmap(np.eye(len(side)), side, side, width=330)
    assert figure.layout.width <= 330 < token_heatmap(np.eye(9), side, side).layout.width
    assert figure.data[0].texttemplate == ""
