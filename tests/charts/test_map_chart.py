"""What a map sends to the browser: every row once, small, inert, and looking as designed."""

import json

import numpy as np
import pytest
from plotly.io import to_json

from sbert_core.charts.map_chart import LARGE_MAP, MAX_LEGEND, map_figure
from sbert_core.charts.map_data import Groups, MapData, PlacedSentence, Values
from sbert_core.charts.palette import MAX_STYLES, THEMES, group_style

IMG = "<img src=x onerror=alert(1)>"


def cloud(count=60, dims=2, groups=3, names=None, texts=None, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % groups
    centres = rng.uniform(-10, 10, (groups, dims))
    points = centres[labels] + rng.normal(0, 0.3, (count, dims))
    return MapData(
        points.astype(np.float32),
        np.arange(1000, 1000 + count),
        texts or [f"sentence {row}" for row in range(count)],
        Groups(labels, names or [f"group {group}" for group in range(groups)]),
    )


def coloured(data, colouring):
    return MapData(data.coordinates, data.rows, data.texts, colouring)


def point_traces(figure):
    return [trace for trace in figure.data if trace.customdata is not None]


def annotations(figure):
    return figure.layout.scene.annotations or figure.layout.annotations


@pytest.mark.parametrize("dims", [2, 3])
def test_every_row_is_drawn_once_at_its_place_with_its_text(dims):
    data = cloud(dims=dims)
    found = {}
    for trace in point_traces(map_figure(data)):
        columns = [trace.x, trace.y, trace.z] if dims == 3 else [trace.x, trace.y]
        for row, text, *place in zip(trace.customdata, trace.text, *columns, strict=True):
            assert row not in found
            found[row] = (text, place)
    assert sorted(found) == data.rows.tolist()
    for row, (text, place) in found.items():
        assert text == f"sentence {row - 1000}"
        np.testing.assert_array_equal(place, data.coordinates[row - 1000])


def test_flat_maps_use_webgl_and_single_precision():
    for trace in map_figure(cloud()).data:
        assert trace.type == "scattergl"
        assert trace.x.dtype == np.float32
        assert trace.customdata.dtype == np.int32


def test_each_group_has_its_own_look_and_the_largest_lies_lowest():
    labels = np.array([0] * 5 + [1] * 20 + [2] * 10)
    data = coloured(cloud(35), Groups(labels, ["a", "b", "c"]))
    traces = point_traces(map_figure(data, "dark"))
    assert [len(trace.x) for trace in traces] == [20, 10, 5]
    assert [trace.marker.color for trace in traces] == [
        group_style(group, "dark").colour for group in (1, 2, 0)
    ]
    assert [trace.legendrank for trace in traces] == [2, 3, 1]  # the legend is in group order


def test_rows_without_a_group_are_grey_and_last_in_the_legend():
    data = coloured(cloud(4), Groups(np.array([-1, 0, 1, -1]), ["a", "b"]))
    first, *rest = point_traces(map_figure(data))
    assert first.marker.color == THEMES["light"].muted
    assert first.customdata.tolist() == [1000, 1003]
    assert first.legendrank > max(trace.legendrank for trace in rest)
    assert "no group" in first.name


def test_rows_without_a_group_are_named_beside_smaller_groups():
    count = MAX_STYLES + 2
    labels = np.concatenate([np.arange(count), [-1]])
    groups = Groups(labels, [f"g{i}" for i in range(count)], rest="no label yet")
    grey = point_traces(map_figure(coloured(cloud(len(labels)), groups)))[0]
    assert "2 smaller groups, no label yet" in grey.name


def test_more_groups_than_looks_are_merged_by_size():
    count = MAX_STYLES + 6
    labels = np.repeat(np.arange(count), 2)
    labels = np.concatenate([labels, np.arange(6, count)])  # the first six are the smallest
    data = coloured(cloud(len(labels)), Groups(labels, [f"g{i}" for i in range(count)]))
    traces = point_traces(map_figure(data))
    assert len(traces) == MAX_STYLES + 1
    assert sorted(set(traces[0].customdata - 1000)) == list(range(12))
    assert "6 smaller groups" in traces[0].name


def test_the_legend_gives_way_when_it_would_fill_the_page():
    assert map_figure(cloud(400, groups=MAX_LEGEND)).layout.showlegend is True
    assert map_figure(cloud(400, groups=MAX_LEGEND + 1)).layout.showlegend is False


@pytest.mark.parametrize("dims", [2, 3])
def test_groups_are_named_on_the_map_where_they_are(dims):
    data = cloud(300, dims=dims)
    for note in annotations(map_figure(data)):
        group = int(note.text.rsplit(" ", 1)[1])
        place = [note.x, note.y, note.z] if dims == 3 else [note.x, note.y]
        members = data.coordinates[data.colouring.labels == group]
        assert np.linalg.norm(members.mean(axis=0) - place) < 0.5
        assert group_style(group, "light").glyph in note.text


def test_an_empty_group_is_neither_drawn_nor_named():
    data = coloured(cloud(6), Groups(np.array([0, 0, 0, 2, 2, 2]), ["a", "empty", "c"]))
    assert "empty" not in to_json(map_figure(data))


def test_numbers_are_a_colour_scale_and_missing_ones_are_grey():
    numbers = np.array([0.5, np.nan, 2.5, np.inf])
    missing, known = map_figure(coloured(cloud(4), Values(numbers, "words"))).data
    assert missing.customdata.tolist() == [1001, 1003]
    assert known.marker.color.tolist() == [0.5, 2.5]
    assert known.marker.colorbar.title.text == "words"
    assert "no value" in missing.name


def test_a_map_without_numbers_at_all_is_grey():
    figure = map_figure(coloured(cloud(4), Values(np.full(4, np.nan), "words")))
    assert [len(trace.x) for trace in figure.data] == [4]


def test_a_map_without_colouring_has_one_colour():
    (trace,) = map_figure(coloured(cloud(4), None)).data
    assert trace.marker.color == THEMES["light"].categorical[0]


def test_rings_mark_the_chosen_row_and_its_neighbours_without_being_points():
    data = cloud(10)
    figure = map_figure(data, selected_row=1004, neighbour_rows=[1001, 1002, 9999])
    neighbours, chosen = figure.data[-2:]
    np.testing.assert_array_equal(chosen.x, data.coordinates[[4], 0])
    np.testing.assert_array_equal(neighbours.y, data.coordinates[[1, 2], 1])
    for ring in (neighbours, chosen):
        assert ring.customdata is None
        assert ring.hoverinfo == "skip"
        assert ring.marker.symbol == "circle-open"


def test_a_row_that_is_not_on_the_map_gets_no_ring():
    assert len(map_figure(cloud(10), selected_row=7).data) == len(map_figure(cloud(10)).data)


@pytest.mark.parametrize("dims", [2, 3])
def test_a_typed_sentence_is_a_star_that_no_name_covers_and_no_row(dims):
    place = np.full(dims, 40.0, dtype=np.float32)
    figure = map_figure(
        cloud(10, dims=dims), placed=[PlacedSentence("is <b>this</b> mine?", place)]
    )
    star, note = figure.data[-1], annotations(figure)[-1]
    assert star.customdata is None
    assert star.marker.symbol == ("star" if dims == 2 else "diamond")
    assert note.text == "is &lt;b&gt;this&lt;/b&gt; mine?"
    assert note.x == star.x[0] == 40
    if dims == 2:  # a sentence beside the corpus is still inside the picture
        assert figure.layout.xaxis.range[1] > 40


def test_the_map_keeps_proportions_and_shows_no_numbers():
    layout = map_figure(cloud()).layout
    assert layout.yaxis.scaleanchor == "x"
    assert (layout.xaxis.showticklabels, layout.yaxis.showticklabels) == (False, False)
    assert layout.hovermode == "closest"
    assert layout.dragmode == "pan"
    assert map_figure(cloud(), drag="lasso").layout.dragmode == "lasso"


def test_more_points_are_smaller_and_fainter():
    few, many = (map_figure(cloud(count)).data[0].marker for count in (200, 20_000))
    assert few.size > many.size >= 3
    assert few.opacity > many.opacity >= 0.5


def test_open_symbols_have_an_edge_to_be_seen_by():
    figure = map_figure(cloud(MAX_STYLES * 100, groups=MAX_STYLES))
    opened = [trace.marker for trace in figure.data if trace.marker.symbol.endswith("-open")]
    assert len(opened) == 24
    assert all(marker.line.width >= 1 and marker.line.color == marker.color for marker in opened)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_figure_brings_its_own_theme(mode):
    layout = map_figure(cloud(), mode).layout
    assert layout.paper_bgcolor == THEMES[mode].paper
    assert layout.font.color == THEMES[mode].ink
    assert layout.template.layout.to_plotly_json() == {}


def test_texts_and_names_from_outside_are_inert_everywhere():
    data = cloud(6, names=[IMG, "b" + IMG, "%{x}"], texts=[IMG] * 6)
    data = coloured(data, Groups(data.colouring.labels, data.colouring.names, title=IMG))
    figure = map_figure(data, placed=[PlacedSentence(IMG, np.zeros(2))])
    found = json.dumps(json.loads(to_json(figure)))
    assert "<img" not in found
    assert "&lt;img" in found
    assert all("%{x}" not in (trace.hovertemplate or "") for trace in figure.data)


def test_13_000_points_with_long_texts_are_a_small_message():
    text = "a headline of two hundred and fifty letters is what the news files have " * 4
    data = cloud(13_000, groups=77, texts=[text] * 13_000)
    assert data.coordinates.shape[0] > LARGE_MAP
    assert len(to_json(map_figure(data), validate=False)) < 1_600_000


@pytest.mark.parametrize("count", [1, 2, 50])
@pytest.mark.parametrize("dims", [2, 3])
def test_identical_points_still_make_a_map(count, dims):
    points = np.ones((count, dims), dtype=np.float32)
    data = MapData(points, np.arange(count), ["same"] * count, Groups(np.zeros(count, int), ["a"]))
    figure = map_figure(data)
    if dims == 2:
        low, high = figure.layout.xaxis.range
        assert low < 1 < high


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"coordinates": np.zeros((3, 4), np.float32)}, r"\(3, 4\)"),
        ({"coordinates": np.zeros((0, 2), np.float32)}, r"\(0, 2\)"),
        ({"rows": np.arange(2)}, "rows has 2 items; there are 3 points"),
        ({"texts": ["a"]}, "texts has 1 items"),
        ({"colouring": Groups(np.zeros(5, int), ["a"])}, "labels has 5 items"),
        ({"colouring": Values(np.zeros(4), "x")}, "numbers has 4 items"),
    ],
)
def test_data_that_does_not_fit_together_is_refused(changes, message):
    good = {"coordinates": np.zeros((3, 2), np.float32), "rows": np.arange(3), "texts": ["a"] * 3}
    with pytest.raises(ValueError, match=message):
        MapData(**(good | changes))


@pytest.mark.parametrize("labels", [[0, 2], [-2, 0]])
def test_labels_without_a_name_are_refused(labels):
    with pytest.raises(ValueError, match=r"should lie in \[-1, 2\)"):
        Groups(np.array(labels), ["a", "b"])
