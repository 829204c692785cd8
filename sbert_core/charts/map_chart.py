"""The map: every sentence a point, similar ones near each other, groups named where they lie.

2-D maps are drawn with WebGL (`Scattergl`), so that 100,000 points stay movable; coordinates travel
as float32 and hover texts are short, so that 13,000 points are about 1.5 MB.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import wording
from .layout import base_layout
from .map_data import Groups, MapData, PlacedSentence, Values
from .map_names import name_annotations
from .palette import (
    GLYPHS,
    SYMBOLS,
    THEMES,
    ChartTheme,
    GroupStyle,
    Mode,
    group_style,
    sequential_scale,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

# What dragging does: "pan" also lets a click select a point, which Streamlit's lasso mode does not.
Drag = Literal["pan", "lasso", "select"]

MAX_LEGEND = 40
# Above this many points hover texts are cut shorter, to keep the message to the browser small.
LARGE_MAP = 5_000
LARGE_CARD_CHARS = 80
# Nearer than Plotly's own 1.25, in the same direction: the points fill the room.
_CAMERA = {"eye": {"x": 1.12, "y": 1.12, "z": 1.12}}

_Trace = dict[str, Any]


def map_figure(
    data: MapData,
    mode: Mode = "light",
    height: int = 720,
    *,
    drag: Drag = "pan",
    selected_row: int | None = None,
    neighbour_rows: Sequence[int] = (),
    placed: Sequence[PlacedSentence] = (),
) -> "go.Figure":
    """Draw a map; row ids come back in each selected point's `customdata`.

    Args:
        data: Points, texts and what to colour by.
        mode: "light" or "dark", as the page is.
        height: Pixels; the width follows the page.
        drag: What dragging the mouse does at first; the tools above the map change it.
        selected_row: Row id to ring; one that is not on the map is ignored.
        neighbour_rows: Row ids to ring lightly; those not on the map are ignored.
        placed: Sentences typed by the user, drawn as stars.

    Returns:
        A Plotly figure, to be shown with `theme=None` and `PLOTLY_CONFIG`.
    """
    import plotly.graph_objects as go

    traces = [
        *_point_traces(data, mode),
        *_ring_traces(data, mode, selected_row, neighbour_rows),
        *_placed_traces(data, mode, placed),
    ]
    layout = base_layout(mode, height) | {
        "margin": {"l": 4, "r": 4, "t": 32, "b": 4},  # the tools stand above the map
        "dragmode": drag if data.dims == 2 else "orbit",
        "hovermode": "closest",
        "uirevision": "map",
        "showlegend": _legend_entries(data) <= MAX_LEGEND,
        "legend": _legend(data, mode),
    }
    names = name_annotations(data, mode, height, placed)
    if data.dims == 2:
        layout |= _flat_axes(data, mode, placed) | {"annotations": names}
    else:
        layout["scene"] = _scene(mode) | {"annotations": names}
    return go.Figure({"data": traces, "layout": layout})


@dataclass(frozen=True)
class _Brush:
    """What all point traces of one map share."""

    data: MapData
    cards: NDArray[np.object_]
    mode: Mode

    @property
    def theme(self) -> ChartTheme:
        return THEMES[self.mode]

    def points(self, index: NDArray[np.integer], style: GroupStyle) -> _Trace:
        """A trace of the points at `index`, with row ids and hover cards."""
        return {
            **_positions(self.data.coordinates[index]),
            **_fading(self.data),
            "mode": "markers",
            "marker": _marker(self.data, style, self.mode),
            "customdata": np.asarray(self.data.rows)[index].astype(np.int32),
            "text": self.cards[index].tolist(),
            "hovertemplate": "%{text}<extra></extra>",
            "showlegend": False,
        }

    def group(self, index: NDArray[np.integer], style: GroupStyle, name: str, rank: int) -> _Trace:
        """A trace with a legend entry; `meta` carries the name into the hover card unparsed."""
        muted, name = self.theme.muted, wording.label(name)
        return {
            **self.points(index, style),
            "name": f"{name} <span style='color:{muted}'>{index.size:,}</span>",
            "meta": [name],
            "hovertemplate": f"%{{text}}<br><span style='color:{muted}'>%{{meta[0]}}</span>"
            "<extra></extra>",
            "legendrank": rank,
            "showlegend": True,
        }

    @property
    def grey(self) -> GroupStyle:
        """For rows without a group or number."""
        return GroupStyle(self.theme.muted, SYMBOLS[0], GLYPHS[0])


def _point_traces(data: MapData, mode: Mode) -> Iterator[_Trace]:
    limit = LARGE_CARD_CHARS if len(data.texts) > LARGE_MAP else wording.CARD_CHARS
    cards = np.array([wording.card(text, limit) for text in data.texts], dtype=object)
    brush = _Brush(data, cards, mode)
    if isinstance(data.colouring, Groups):
        yield from _group_traces(brush, data.colouring)
    elif isinstance(data.colouring, Values):
        yield from _value_traces(brush, data.colouring)
    else:
        yield brush.points(np.arange(len(data.rows)), group_style(0, mode))


def _group_traces(brush: _Brush, groups: Groups) -> Iterator[_Trace]:
    """One trace per group, for the legend to switch; large groups first, so that small ones show.

    Groups beyond the styles there are, and rows without a group, are grey and lie below.
    """
    sizes, styled = groups.sizes, groups.styled
    rest = np.flatnonzero(~np.isin(groups.labels, styled))
    if rest.size:
        unstyled = len(sizes) - len(styled)
        names = [f"{unstyled} smaller groups"] if unstyled else []
        if np.any(groups.labels < 0):
            names.append(groups.rest)
        yield brush.group(rest, brush.grey, ", ".join(names), rank=len(styled) + 1)
    for place in np.argsort(-sizes[styled], kind="stable").tolist():
        members = np.flatnonzero(groups.labels == styled[place])
        if members.size:
            style, name = group_style(place, brush.mode), groups.names[styled[place]]
            yield brush.group(members, style, name, rank=place + 1)


def _value_traces(brush: _Brush, values: Values) -> Iterator[_Trace]:
    """One trace with a colour bar, above the rows without a number in grey."""
    numbers = np.asarray(values.numbers, dtype=np.float32)
    known = np.isfinite(numbers)
    if not known.all():
        yield brush.group(np.flatnonzero(~known), brush.grey, "no value", rank=1)
    if known.any():
        trace = brush.points(np.flatnonzero(known), brush.grey)
        trace["marker"] |= {
            "color": numbers[known],
            "colorscale": sequential_scale(brush.mode),
            "colorbar": _colour_bar(values.title, brush.mode),
        }
        yield trace | {"hovertemplate": "%{text}<br>%{marker.color:.4g}<extra></extra>"}


def _fading(data: MapData) -> dict[str, Any]:
    """What is outside a selection steps back without vanishing; 3-D maps have no selection."""
    if data.dims == 3:
        return {}
    return {"unselected": {"marker": {"opacity": 0.16}}, "selected": {"marker": {"opacity": 1.0}}}


def _positions(points: NDArray[np.floating]) -> _Trace:
    """The trace type and its coordinates as float32: x, y and in 3-D z."""
    columns = dict(zip("xyz", points.astype(np.float32).T, strict=False))
    return {"type": "scattergl" if points.shape[1] == 2 else "scatter3d", **columns}


def _marker(data: MapData, style: GroupStyle, mode: Mode) -> dict[str, Any]:
    """Fewer points are drawn larger and more solid, each with a thin edge of the page's colour."""
    crowding = np.log10(max(len(data.rows), 300) / 300)  # 0 at 300 points, 1 at 3,000, 2 at 30,000
    size = max(9.0 - 2.6 * crowding, 3.0)
    line = {"width": 0.6 if crowding < 0.8 else 0, "color": THEMES[mode].paper}
    if style.symbol.endswith("-open"):
        line = {"width": 1.5, "color": style.colour}  # an open symbol is nothing but its edge
    return {
        "color": style.colour,
        "symbol": style.symbol,
        "size": size if data.dims == 2 else 0.6 * size,
        "opacity": max(0.92 - 0.12 * crowding, 0.5),
        "line": line,
    }


def _ring_traces(
    data: MapData, mode: Mode, selected_row: int | None, neighbour_rows: Sequence[int]
) -> Iterator[_Trace]:
    """Rings lie above the points and let the mouse through to them."""
    theme = THEMES[mode]
    chosen = () if selected_row is None else (selected_row,)
    scale = 1.0 if data.dims == 2 else 0.7
    for rows, size, width in ((neighbour_rows, 14, 1.5), (chosen, 20, 3.0)):
        index = np.flatnonzero(np.isin(data.rows, np.asarray(rows, dtype=np.int64)))
        if not index.size:
            continue
        yield {
            **_positions(data.coordinates[index]),
            **_fading(data),
            "mode": "markers",
            "hoverinfo": "skip",
            "showlegend": False,
            "marker": {
                "symbol": "circle-open",
                "size": scale * size,
                "color": theme.ink,
                "line": {"width": width, "color": theme.ink},
            },
        }


def _placed_traces(data: MapData, mode: Mode, placed: Sequence[PlacedSentence]) -> Iterator[_Trace]:
    """Stars for typed sentences; the diamond is the nearest that 3-D maps know."""
    if not placed:
        return
    theme = THEMES[mode]
    positions = np.array([sentence.position for sentence in placed], dtype=np.float32)
    flat = data.dims == 2
    yield {
        **_positions(positions),
        **_fading(data),
        "mode": "markers",
        "text": [wording.card(sentence.text) for sentence in placed],
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
        "marker": {
            "symbol": "star" if flat else "diamond",
            "size": 18 if flat else 8,
            "color": theme.ink,
            "line": {"width": 1.5, "color": theme.paper},
        },
    }


def _legend_entries(data: MapData) -> int:
    if not isinstance(data.colouring, Groups):
        return 0
    return int(np.count_nonzero(data.colouring.sizes)) + int((data.colouring.labels < 0).any())


def _legend(data: MapData, mode: Mode) -> dict[str, Any]:
    title = data.colouring.title if isinstance(data.colouring, Groups) else ""
    return {
        "title": {"text": wording.label(title), "font": {"size": 12, "color": THEMES[mode].muted}},
        "font": {"size": 13},
        "itemsizing": "constant",
        "tracegroupgap": 0,
        "bgcolor": "rgba(0,0,0,0)",
        "yanchor": "top",
        "y": 1,
    }


def _colour_bar(title: str, mode: Mode) -> dict[str, Any]:
    muted = THEMES[mode].muted
    return {
        "title": {
            "text": wording.label(title),
            "side": "right",
            "font": {"size": 12, "color": muted},
        },
        "tickfont": {"size": 12, "color": muted},
        "thickness": 10,
        "len": 0.6,
        "outlinewidth": 0,
        "ticks": "",
    }


def _flat_axes(data: MapData, mode: Mode, placed: Sequence[PlacedSentence]) -> dict[str, Any]:
    """Axes of a map have no numbers, because a place on it has no unit; both keep one scale."""
    points = np.vstack([data.coordinates, *(np.reshape(s.position, (1, -1)) for s in placed)])
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.04 * float((high - low).max()) or 1.0
    bare = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "ticks": "",
        "showline": True,
        "mirror": True,
        "linecolor": THEMES[mode].line,
    }
    ranges = [[float(low[i] - margin), float(high[i] + margin)] for i in range(2)]
    return {
        "xaxis": bare | {"range": ranges[0]},
        "yaxis": bare | {"range": ranges[1], "scaleanchor": "x"},
    }


def _scene(mode: Mode) -> dict[str, Any]:
    """A 3-D room of faint walls, without numbers."""
    theme = THEMES[mode]
    wall = {
        "title": {"text": ""},
        "showticklabels": False,
        "showspikes": False,
        "zeroline": False,
        "gridcolor": theme.line,
        "backgroundcolor": theme.paper,
        "showbackground": True,
    }
    return {"xaxis": wall, "yaxis": wall, "zaxis": wall, "aspectmode": "data", "camera": _CAMERA}
