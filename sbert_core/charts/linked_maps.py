"""Maps of the same sentences under several encoders: side by side, or one turning into the next.

All maps share one frame, one scale and one set of colours, and every point carries its row number,
so that whoever draws the figures can light up a row wherever it lies. A page draws them with a
script of its own, which gets hover cards, legend and places beside the figure: they are the same
in every map and travel once.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import wording
from .layout import base_layout
from .map_data import Colouring, Groups, Values
from .palette import SYMBOLS, THEMES, Mode, group_style, sequential_scale

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Above this many points hover texts are cut shorter, to keep the message to the browser small.
LARGE_MAP = 5_000
LARGE_CARD_CHARS = 80
# More names than this are no legend; hovering and selecting still tell.
MAX_LEGEND = 40
PANEL_HEIGHT = 320

_Trace = dict[str, Any]


@dataclass(frozen=True, eq=False)
class LinkedMaps:
    """The same sentences on several maps.

    Attributes:
        titles: A name for each of M maps, such as the encoder's.
        subtitles: A short line for each, or "".
        coordinates: M arrays of shape (N, 2) in one frame.
        texts: N sentences; shortened and escaped when drawn.
        colouring: Groups or values of the N rows, or None for one colour.
    """

    titles: Sequence[str]
    subtitles: Sequence[str]
    coordinates: Sequence[NDArray[np.floating]]
    texts: Sequence[str]
    colouring: Colouring | None = None

    def __post_init__(self) -> None:
        rows = len(self.texts)
        if not len(self.titles) == len(self.subtitles) == len(self.coordinates) >= 1:
            raise ValueError("Every map needs a title, a subtitle and coordinates.")
        for points in self.coordinates:
            if points.shape != (rows, 2):
                raise ValueError(f"A map has shape {points.shape}; it should be ({rows}, 2).")
        if self.colouring is not None and len(_values_of(self.colouring)) != rows:
            raise ValueError(
                f"{len(_values_of(self.colouring))} colours for {rows} rows; they should be equal."
            )

    @property
    def extent(self) -> tuple[list[float], list[float]]:
        """Ranges of both axes that hold every map, with a margin."""
        points = np.concatenate([np.asarray(p, dtype=np.float64) for p in self.coordinates])
        low, high = points.min(axis=0), points.max(axis=0)
        margin = 0.04 * float((high - low).max()) or 1.0
        return (
            [float(low[0] - margin), float(high[0] + margin)],
            [float(low[1] - margin), float(high[1] + margin)],
        )


def linked_maps_figure(data: LinkedMaps, mode: Mode = "light") -> "go.Figure":
    """Draw the maps side by side; zooming one zooms all.

    Args:
        data: The maps.
        mode: "light" or "dark", as the page is.

    Returns:
        A figure with axes x, x2, … and y, y2, …, one pair for each map from left to right; row
        numbers are in `customdata`. Hover cards are not in it: see `linked_maps_payload`.
    """
    import plotly.graph_objects as go

    count = len(data.titles)
    traces: list[_Trace] = []
    layout = _layout(mode, PANEL_HEIGHT, two_lines=any(data.subtitles))
    layout["annotations"] = []
    for i, points in enumerate(data.coordinates):
        suffix = "" if i == 0 else str(i + 1)
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        traces += [trace | axes for trace in _point_traces(data, points, mode)]
        left, right = (i + 0.01) / count, (i + 0.99) / count
        layout |= _axes(data, mode, suffix, [left, right])
        layout["annotations"].append(_title(data, i, left, mode))
    return go.Figure({"data": traces, "layout": layout})


def morph_figure(data: LinkedMaps, mode: Mode = "light", height: int = 560) -> "go.Figure":
    """Draw the first map alone, in the frame of all: what a morph begins with."""
    import plotly.graph_objects as go

    layout = _layout(mode, height, two_lines=False) | _axes(data, mode, "", [0.0, 1.0])
    layout["dragmode"] = "pan"
    traces = list(_point_traces(data, data.coordinates[0], mode))
    return go.Figure({"data": traces, "layout": layout})


def linked_maps_payload(data: LinkedMaps, mode: Mode, *, morph: bool = False) -> dict[str, Any]:
    """Return all that the page's script needs to draw linked maps, or a morph, as JSON values.

    Args:
        data: The maps.
        mode: "light" or "dark".
        morph: Whether to draw one map that turns into the next, or all side by side.

    Returns:
        `figure` (JSON text), `cards` (N escaped hover texts), `titles`, `legend`, `group_of`
        (base64 of int32 (N,), an entry of the legend or -1), `theme`, and for a morph `places`
        (M base64 texts of float32 (N, 2)).
    """
    figure = morph_figure(data, mode) if morph else linked_maps_figure(data, mode)
    limit = LARGE_CARD_CHARS if len(data.texts) > LARGE_MAP else wording.CARD_CHARS
    theme = THEMES[mode]
    legend, group_of = legend_of(None if morph else data.colouring, mode, len(data.texts))
    places = [_packed(points.astype(np.float32)) for points in data.coordinates] if morph else []
    return {
        "kind": "morph" if morph else "linked",
        "figure": figure.to_json(),
        "cards": [wording.card(text, limit) for text in data.texts],
        "titles": [wording.shortened(title, 40) for title in data.titles],
        "legend": legend,
        "group_of": _packed(group_of),
        "places": places,
        "theme": {
            name: getattr(theme, name)
            for name in ("paper", "raised", "ink", "muted", "line", "accent")
        },
    }


def legend_of(
    colouring: Colouring | None, mode: Mode, rows: int
) -> tuple[list[dict[str, Any]], NDArray[np.int32]]:
    """List the groups with their looks, largest first, and say which of them each row is in.

    Args:
        colouring: What the maps are coloured by.
        mode: "light" or "dark".
        rows: Rows N.

    Returns:
        Entries with `name`, `colour`, `glyph` and `count`; and int32 (N,), -1 for a row in no
        entry. Empty for values, and where there are more groups than a legend can hold.
    """
    nowhere = np.full(rows, -1, dtype=np.int32)
    if not isinstance(colouring, Groups):
        return [], nowhere
    sizes = colouring.sizes
    order = [g for g in np.argsort(-sizes, kind="stable").tolist() if sizes[g]]
    if len(order) > MAX_LEGEND:
        return [], nowhere
    styles = {group: group_style(place, mode) for place, group in enumerate(colouring.styled)}
    entry = np.full(len(sizes) + 1, -1, dtype=np.int32)
    entry[order] = np.arange(len(order))
    return [
        {
            "name": wording.shortened(colouring.names[group], 32),
            "colour": styles[group].colour,
            "glyph": styles[group].glyph,
            "count": int(sizes[group]),
        }
        for group in order
    ], entry[colouring.labels]


# --- points ---------------------------------------------------------------------------------------


def _values_of(colouring: Colouring) -> NDArray[Any]:
    return np.asarray(colouring.labels if isinstance(colouring, Groups) else colouring.numbers)


def _point_traces(data: LinkedMaps, points: NDArray[np.floating], mode: Mode) -> Iterator[_Trace]:
    """Few traces, however many groups: hundreds of them would be slow to light up."""
    for index, marker in _layers(data.colouring, len(points), mode):
        yield {
            "type": "scattergl",
            "mode": "markers",
            "x": points[index, 0].astype(np.float32),
            "y": points[index, 1].astype(np.float32),
            "customdata": index.astype(np.int32),
            "marker": _size(len(points)) | marker,
            "selected": {"marker": {"opacity": 1.0}},
            "unselected": {"marker": {"opacity": 0.1}},
            "hovertemplate": "%{text}<extra></extra>",
            "showlegend": False,
        }


def _layers(
    colouring: Colouring | None, rows: int, mode: Mode
) -> Iterator[tuple[NDArray[np.intp], dict[str, Any]]]:
    """Rows that are drawn together, with what their markers look like; the first lie below."""
    grey = {"color": THEMES[mode].muted, "symbol": SYMBOLS[0]}
    if colouring is None:
        yield np.arange(rows), {"color": group_style(0, mode).colour, "symbol": SYMBOLS[0]}
    elif isinstance(colouring, Values):
        numbers = np.asarray(colouring.numbers, dtype=np.float32)
        known = np.isfinite(numbers)
        if not known.all():
            yield np.flatnonzero(~known), grey
        if known.any():
            yield np.flatnonzero(known), _scale(numbers[known], mode)
    else:
        yield from _group_layers(colouring, grey, mode)


def _group_layers(
    groups: Groups, grey: dict[str, Any], mode: Mode
) -> Iterator[tuple[NDArray[np.intp], dict[str, Any]]]:
    """Rows without a look of their own in grey, then a layer per symbol, small groups on top."""
    labels = np.asarray(groups.labels)
    styles = {int(g): group_style(place, mode) for place, g in enumerate(groups.styled)}
    rest = np.flatnonzero(~np.isin(labels, groups.styled))
    if rest.size:
        yield rest, grey
    for symbol in SYMBOLS:
        members = [group for group, style in styles.items() if style.symbol == symbol]
        index = np.flatnonzero(np.isin(labels, members))
        if index.size:
            index = index[np.argsort(-groups.sizes[labels[index]], kind="stable")]
            colours = [styles[label].colour for label in labels[index].tolist()]
            edge = {"width": 1 if symbol.endswith("-open") else 0}  # all that an open symbol is
            yield index, {"color": colours, "symbol": symbol, "line": edge}


def _scale(numbers: NDArray[np.float32], mode: Mode) -> dict[str, Any]:
    """Numbers on a scale of colours; its bar stands beside the last map."""
    muted = THEMES[mode].muted
    return {
        "color": numbers,
        "colorscale": sequential_scale(mode),
        "symbol": SYMBOLS[0],
        "showscale": True,
        "colorbar": {
            "thickness": 8,
            "len": 0.7,
            "outlinewidth": 0,
            "tickfont": {"size": 11, "color": muted},
        },
    }


def _size(rows: int) -> dict[str, Any]:
    """Fewer points are drawn larger and more solid."""
    crowding = np.log10(max(rows, 300) / 300)  # 0 at 300 points, 1 at 3,000, 2 at 30,000
    return {
        "size": max(6.6 - 2.0 * crowding, 2.4),
        "opacity": max(0.9 - 0.12 * crowding, 0.5),
        "line": {"width": 0},
    }


# --- frame ----------------------------------------------------------------------------------------


def _layout(mode: Mode, height: int, *, two_lines: bool) -> dict[str, Any]:
    return base_layout(mode, height) | {
        "margin": {"l": 2, "r": 2, "t": 46 if two_lines else 30, "b": 2},
        "hovermode": "closest",
        "dragmode": "lasso",
        "clickmode": "event",
        "showlegend": False,
        "newselection": {"line": {"color": THEMES[mode].ink, "width": 1, "dash": "dot"}},
    }


def _axes(data: LinkedMaps, mode: Mode, suffix: str, domain: list[float]) -> dict[str, Any]:
    """Axes without numbers, because a place on a map has no unit; all move together."""
    across, up = data.extent
    bare: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "ticks": "",
        "showline": True,
        "mirror": True,
        "linecolor": THEMES[mode].line,
    }
    xaxis = bare | {"range": across, "domain": domain, "anchor": f"y{suffix}"}
    yaxis = bare | {"range": up, "anchor": f"x{suffix}"}
    if suffix:
        xaxis["matches"], yaxis["matches"] = "x", "y"
    yaxis["scaleanchor"] = f"x{suffix}"
    return {f"xaxis{suffix}": xaxis, f"yaxis{suffix}": yaxis}


def _title(data: LinkedMaps, i: int, left: float, mode: Mode) -> dict[str, Any]:
    """The name of a map and a line on it, above its left corner."""
    text = f"<b>{wording.label(data.titles[i], 40)}</b>"
    if data.subtitles[i]:
        muted = THEMES[mode].muted
        text += f"<br><span style='color:{muted}'>{wording.label(data.subtitles[i], 60)}</span>"
    return {
        "text": text,
        "x": left,
        "y": 1,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "align": "left",
        "showarrow": False,
        "font": {"size": 13},
    }


def _packed(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
