"""Hits on a map: the points step back, hits get numbered discs, the query a star.

A hit that lies on a better one gets a small disc without a number: two numbers on one spot
cannot be read.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import wording
from .palette import THEMES, Mode

if TYPE_CHECKING:
    import plotly.graph_objects as go

HEIGHT = 560  # pixels
# Shares of the map's extent: nearer than this two discs overlap, and a name belongs to a hit.
_OVERLAP, _BELONGS = 0.045, 0.12
_EDGE = 0.2  # share of the extent from the middle, beyond which a name may leave the map
_MOST = 200  # hits that are looked at for room
_BACKGROUND = 0.4


def mark_hits(
    figure: "go.Figure",
    coordinates: NDArray[np.floating],
    texts: Sequence[str],
    query: str,
    place: NDArray[np.floating] | None,
    mode: Mode,
) -> "go.Figure":
    """Return a copy of a map with the hits of a search marked on it.

    Args:
        figure: A map drawn by `map_figure`.
        coordinates: Array of shape (K, 2) or (K, 3): where the hits are, best first.
        texts: Texts of the K hits.
        query: What was searched for.
        place: Where the query would fall, shape (2,) or (3,); None if it is not placed.
        mode: "light" or "dark", as the page is.
    """
    import plotly.graph_objects as go

    marked, span = go.Figure(figure), _span(figure)
    marked.update_traces(opacity=_BACKGROUND)
    marked.update_layout(showlegend=False, uirevision="hits", height=HEIGHT)
    if coordinates.shape[1] == 2:
        near = _near(marked.layout.annotations, coordinates, span)
        marked.layout.annotations = [_inward(name, _middle(figure), span) for name in near]
    if len(coordinates):
        marked.add_trace(_marks(coordinates, texts, span, mode))
    if place is not None:
        marked.add_trace(_star(place, query, mode))
    return marked


def _span(figure: "go.Figure") -> float:
    """The larger extent of the points, in map units."""
    extents = [
        float(np.ptp(np.concatenate(values)))
        for axis in "xyz"
        if (
            values := [
                np.asarray(t[axis]) for t in figure.data if axis in t and t[axis] is not None
            ]
        )
    ]
    return max(extents, default=0.0) or 1.0


def _near(annotations: Sequence[Any], coordinates: NDArray[np.floating], span: float) -> list[Any]:
    """Keep the group names next to hits: a small map has no room for all."""
    if not annotations or not len(coordinates):
        return []
    places = np.array([[name.x, name.y] for name in annotations], dtype=np.float64)
    gaps = np.linalg.norm(coordinates[:, None] - places[None], axis=2)  # (K, names)
    nearest = np.unique(gaps.argmin(axis=1)[gaps.min(axis=1) < _BELONGS * span])
    return [annotations[place] for place in nearest]


def _middle(figure: "go.Figure") -> float:
    """Where the points are half way from left to right, in map units."""
    across = np.concatenate([np.asarray(trace.x, dtype=np.float64) for trace in figure.data])
    return float(across.min() + across.max()) / 2


def _inward(name: Any, middle: float, span: float) -> Any:
    """Let a name near an edge run towards the middle: this map is narrower than it was made for."""
    if abs(name.x - middle) > _EDGE * span:
        name.update(xanchor="left" if name.x < middle else "right", xshift=0)
    return name


def numbered(coordinates: NDArray[np.floating], span: float) -> NDArray[np.bool_]:
    """Say which hits have room for a number: those far enough from every better numbered one.

    Args:
        coordinates: Array of shape (K, 2) or (K, 3), best first.
        span: Extent of the map in the same units.
    """
    room = np.zeros(len(coordinates), bool)
    for rank, place in enumerate(coordinates[:_MOST]):
        gaps = np.linalg.norm(coordinates[:rank][room[:rank]] - place, axis=1)
        room[rank] = not (gaps < _OVERLAP * span).any()
    return room


def _marks(
    coordinates: NDArray[np.floating], texts: Sequence[str], span: float, mode: Mode
) -> dict[str, Any]:
    """Discs with and without a number, numbered ones on top."""
    theme = THEMES[mode]
    flat = coordinates.shape[1] == 2
    room = numbered(coordinates, span)
    order = np.argsort(room, kind="stable")
    sizes = np.where(room[order], 20, 10)
    return {
        "type": "scattergl" if flat else "scatter3d",
        **dict(zip("xyz", coordinates[order].astype(np.float32).T, strict=False)),
        "mode": "markers+text",
        "text": [str(rank + 1) if room[rank] else "" for rank in order],
        "textposition": "middle center",
        "textfont": {"size": 11, "color": theme.paper},
        "customdata": [wording.card(f"{rank + 1}. {texts[rank]}") for rank in order],
        "hovertemplate": "%{customdata}<extra></extra>",
        "showlegend": False,
        "marker": {
            "symbol": "circle",
            "size": sizes if flat else 0.5 * sizes,
            "color": theme.accent,
            "opacity": 1.0,
            "line": {"width": 1.5, "color": theme.paper},
        },
    }


def _star(place: NDArray[np.floating], query: str, mode: Mode) -> dict[str, Any]:
    """The query's own place; a diamond in 3-D, which knows no star."""
    theme = THEMES[mode]
    flat = len(place) == 2
    return {
        "type": "scattergl" if flat else "scatter3d",
        **{axis: [float(value)] for axis, value in zip("xyz", place, strict=False)},
        "mode": "markers",
        "text": [wording.card(query)],
        "hovertemplate": "Your query: %{text}<extra></extra>",
        "showlegend": False,
        "marker": {
            "symbol": "star" if flat else "diamond",
            "size": 20 if flat else 9,
            "color": theme.ink,
            "line": {"width": 1.5, "color": theme.paper},
        },
    }
