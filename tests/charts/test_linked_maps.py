"""What linked maps send to the browser: every row in every map, at its place, in one colour."""

import base64
import json

import numpy as np
import pytest

from sbert_core.charts.agreement_dots import AgreementLine, agreement_figure
from sbert_core.charts.linked_maps import (
    MAX_LEGEND,
    LinkedMaps,
    legend_of,
    linked_maps_figure,
    linked_maps_payload,
    morph_figure,
)
from sbert_core.charts.map_data import Groups, Values
from sbert_core.charts.palette import MAX_STYLES, THEMES, group_style

IMG = "<img src=x onerror=alert(1)>"


def maps(rows=30, count=3, groups=4, colouring=None, texts=None, titles=None):
    rng = np.random.default_rng(0)
    labels = np.arange(rows) % groups
    return LinkedMaps(
        titles or [f"encoder {i}" for i in range(count)],
        [""] * count,
        [rng.normal(size=(rows, 2)).astype(np.float32) + i for i in range(count)],
        texts or [f"sentence {row}" for row in range(rows)],
        colouring or Groups(labels, [f"group {g}" for g in range(groups)]),
    )


def unpacked(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype=dtype)


def colours_by_row(figure, axis):
    found = {}
    for trace in figure.data:
        if trace.xaxis == axis:
            colours = trace.marker.color
            colours = [colours] * len(trace.x) if isinstance(colours, str) else colours
            for row, colour in zip(trace.customdata, colours, strict=True):
                assert row not in found
                found[int(row)] = (colour, trace.marker.symbol)
    return found


def test_every_row_is_in_every_map_at_its_place():
    data = maps()
    figure = linked_maps_figure(data)
    for i, axis in enumerate(["x", "x2", "x3"]):
        traces = [trace for trace in figure.data if trace.xaxis == axis]
        assert {trace.yaxis for trace in traces} == {axis.replace("x", "y")}
        rows = np.concatenate([trace.customdata for trace in traces])
        assert sorted(rows) == list(range(30))
        places = np.column_stack(
            [np.concatenate([t.x for t in traces]), np.concatenate([t.y for t in traces])]
        )
        np.testing.assert_array_equal(places, data.coordinates[i][rows])


def test_a_row_has_one_colour_in_all_maps_and_it_is_its_groups():
    figure = linked_maps_figure(maps())
    first = colours_by_row(figure, "x")
    assert first == colours_by_row(figure, "x2") == colours_by_row(figure, "x3")
    style = group_style(3, "light")
    assert first[7] == (style.colour, style.symbol)  # row 7 is in group 3


def test_many_groups_take_few_traces_and_those_beyond_all_looks_are_grey():
    count = MAX_STYLES + 5
    figure = linked_maps_figure(maps(rows=3 * count, groups=count))
    assert len(figure.data) <= 3 * 8
    looks = colours_by_row(figure, "x")
    assert sum(colour == THEMES["light"].muted for colour, _ in looks.values()) == 3 * 5
    assert len(set(looks.values())) == MAX_STYLES + 1


def test_an_open_symbol_has_an_edge_because_it_is_nothing_else():
    figure = linked_maps_figure(maps(rows=200, groups=MAX_STYLES))
    for trace in figure.data:
        assert (trace.marker.line.width > 0) == trace.marker.symbol.endswith("-open")


def test_all_maps_move_together_and_share_ranges_that_hold_every_point():
    data = maps()
    layout = linked_maps_figure(data).layout
    assert layout.xaxis2.matches == layout.xaxis3.matches == "x"
    assert layout.yaxis2.matches == "y"
    assert layout.yaxis.scaleanchor == "x"
    points = np.concatenate(data.coordinates)
    for i, axis in enumerate((layout.xaxis, layout.yaxis)):
        assert axis.range[0] < points[:, i].min() < points[:, i].max() < axis.range[1]
    assert layout.xaxis.range == layout.xaxis3.range


def test_rows_that_are_not_picked_step_back():
    for trace in linked_maps_figure(maps()).data:
        assert trace.type == "scattergl"
        assert trace.unselected.marker.opacity < 0.2 < trace.selected.marker.opacity


def test_a_morph_begins_with_the_first_map_and_knows_all_places():
    data = maps()
    payload = linked_maps_payload(data, "light", morph=True)
    figure = morph_figure(data)
    assert {trace.xaxis for trace in figure.data} <= {None, "x"}
    places = [unpacked(text, np.float32).reshape(-1, 2) for text in payload["places"]]
    for found, expected in zip(places, data.coordinates, strict=True):
        np.testing.assert_array_equal(found, expected)
    for trace in figure.data:
        np.testing.assert_array_equal(trace.x, places[0][trace.customdata, 0])
    assert payload["kind"] == "morph"


def test_user_text_is_inert_and_travels_once():
    data = maps(
        texts=[IMG] * 30, titles=[IMG, "b", "c"], colouring=Groups(np.zeros(30, int), [IMG])
    )
    payload = linked_maps_payload(data, "light")
    assert "<img" not in "".join(payload["cards"])
    assert "<img" not in payload["figure"]
    assert len(payload["cards"]) == 30
    assert "sentence" not in linked_maps_payload(maps(), "light")["figure"]
    json.dumps(payload)


def test_the_legend_lists_groups_by_size_and_says_where_each_row_is():
    labels = np.array([2, 2, 2, 0, 0, 1, -1])
    legend, group_of = legend_of(Groups(labels, ["a", "b", "c", "empty"]), "dark", 7)
    assert [(entry["name"], entry["count"]) for entry in legend] == [("c", 3), ("a", 2), ("b", 1)]
    assert group_of.tolist() == [0, 0, 0, 1, 1, 2, -1]
    assert legend[0]["colour"] == group_style(2, "dark").colour  # as it is on the map


@pytest.mark.parametrize(
    "colouring",
    [None, Values(np.arange(90.0), "x"), Groups(np.arange(90) % 45, [str(i) for i in range(45)])],
)
def test_without_a_list_of_names_there_is_no_legend(colouring):
    assert MAX_LEGEND < 45
    legend, group_of = legend_of(colouring, "light", 90)
    assert legend == []
    assert set(group_of.tolist()) == {-1}


def test_numbers_are_coloured_on_a_scale_and_missing_ones_are_grey():
    numbers = np.linspace(0, 1, 30)
    numbers[3] = np.nan
    figure = linked_maps_figure(maps(colouring=Values(numbers, "shared")))
    below, above = figure.data[:2]
    assert below.customdata.tolist() == [3]
    assert below.marker.color == THEMES["light"].muted
    assert above.marker.showscale
    assert np.isfinite(above.marker.color).all()


def test_maps_of_other_rows_are_refused():
    with pytest.raises(ValueError, match="should be"):
        LinkedMaps(["a"], [""], [np.zeros((3, 2))], ["x", "y"])
    with pytest.raises(ValueError, match="colours for"):
        LinkedMaps(["a"], [""], [np.zeros((2, 2))], ["x", "y"], Values(np.zeros(3), "v"))


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_agreement_shows_each_pair_on_its_line_with_chance_and_dice(mode):
    lines = [AgreementLine("a · b", 0.5, 0.3, 0.6), AgreementLine(IMG, 0.1, 0.05, 0.4)]
    figure = agreement_figure(lines, chance=0.02, neighbours=10, mode=mode)
    values = {trace.name: list(trace.x) for trace in figure.data}
    assert values == {
        "in embedding space": [0.5, 0.1],
        "on their maps": [0.3, 0.05],
        "one encoder, two seeds": [0.6, 0.4],
    }
    assert figure.layout.shapes[0].x0 == 0.02
    assert list(figure.layout.yaxis.range) == [1.5, -0.5]  # the first at the top
    assert "<img" not in figure.to_json().encode().decode("unicode_escape")
