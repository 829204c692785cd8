"""How clearly a corpus falls into groups: silhouettes against k, and one bar for each group."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import wording
from .layout import base_layout, quiet_axis
from .palette import THEMES, Mode, group_style

if TYPE_CHECKING:
    import plotly.graph_objects as go


def k_choice_figure(
    candidates: Sequence[tuple[int, float]], chosen: int, mode: Mode = "light", height: int = 220
) -> "go.Figure":
    """Draw the mean silhouette of every k that was tried, the chosen one marked.

    Args:
        candidates: Pairs (k, silhouette in [-1, 1]), in any order.
        chosen: The k that was taken; one of the candidates.
        mode: "light" or "dark".
        height: Pixels.

    Raises:
        ValueError: `chosen` is not among the candidates.
    """
    import plotly.graph_objects as go

    scores = dict(sorted(candidates))
    if chosen not in scores:
        raise ValueError(f"chosen k={chosen} should be one of {list(scores)}.")
    theme = THEMES[mode]
    tried = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(scores),
        "y": list(scores.values()),
        "line": {"color": theme.muted, "width": 1.5},
        "marker": {"color": theme.muted, "size": 6},
        "hovertemplate": "k = %{x}<br>silhouette %{y:.3f}<extra></extra>",
    }
    mark = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [chosen],
        "y": [scores[chosen]],
        "marker": {"color": theme.accent, "size": 12, "line": {"width": 2, "color": theme.paper}},
        "text": [f"<b>k = {chosen}</b>"],
        "textposition": "top center",
        "textfont": {"color": theme.ink},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    layout = base_layout(mode, height) | {
        "margin": {"l": 8, "r": 16, "t": 26, "b": 8},
        "showlegend": False,
        "xaxis": _titled(quiet_axis(mode, showgrid=False, nticks=10), "groups (k)"),
        "yaxis": _titled(quiet_axis(mode, nticks=5), "silhouette"),
    }
    return go.Figure({"data": [tried, mark], "layout": layout})


def silhouette_bars(
    names: Sequence[str],
    silhouettes: NDArray[np.floating] | Sequence[float],
    sizes: NDArray[np.integer] | Sequence[int],
    mode: Mode = "light",
) -> "go.Figure":
    """Draw one bar per group, clearest group first, and a line at the mean of all sentences.

    Args:
        names: K names, in the order of the groups' numbers, so that bars have the map's colours.
        silhouettes: K means in [-1, 1]: near 1 stands apart, near 0 touches its neighbours, below 0
            is nearer to another group than to itself.
        sizes: K counts of sentences.
        mode: "light" or "dark".

    Returns:
        A figure that grows by a line for each group.
    """
    import plotly.graph_objects as go

    theme, values = THEMES[mode], np.asarray(silhouettes, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values[order],
        "y": np.arange(len(order)),
        "marker": {"color": [group_style(int(group), mode).colour for group in order]},
        "customdata": np.asarray(sizes, dtype=np.int32)[order],
        "text": [f"{value:.2f}" for value in values[order]],
        "textposition": "outside",
        "textfont": {"color": theme.muted, "size": 12},
        "cliponaxis": False,
        "hovertemplate": "silhouette %{x:.3f}<br>%{customdata:,} sentences<extra></extra>",
    }
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.1))
    room = 0.1 * (high - low)  # for the numbers at the ends of the bars
    layout = base_layout(mode, 20 * len(order) + 70) | {
        "margin": {"l": 8, "r": 16, "t": 22, "b": 8},
        "showlegend": False,
        "bargap": 0.35,
        "xaxis": _titled(
            quiet_axis(mode, range=[low - room * (low < 0), high + room], zeroline=True),
            "silhouette",
        )
        | {"zerolinecolor": theme.muted},
        "yaxis": quiet_axis(mode, showgrid=False)
        | {
            "tickvals": list(range(len(order))),
            "ticktext": [_name(names[group], sizes[group], theme.muted) for group in order],
            "tickfont": {"size": 12, "color": theme.ink},
            "range": [-0.6, len(order) - 0.4],
        },
    }
    layout |= _mean_line(values, np.asarray(sizes), mode)
    return go.Figure({"data": [bars], "layout": layout})


def _name(name: str, size: int, muted: str) -> str:
    return f"{wording.label(name)} <span style='color:{muted}'>{size:,}</span>  "


def _mean_line(
    values: NDArray[np.floating], sizes: NDArray[np.integer], mode: Mode
) -> dict[str, Any]:
    """The silhouette of the whole: the mean of the groups, weighted by their sizes."""
    if not sizes.sum():
        return {}
    theme = THEMES[mode]
    mean = float(np.average(values, weights=sizes))
    line = {"color": theme.ink, "width": 1, "dash": "dot"}
    shape = {"type": "line", "yref": "paper", "x0": mean, "x1": mean, "y0": 0, "y1": 1}
    text = {
        "x": mean,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "text": f"all sentences {mean:.2f}",
        "showarrow": False,
        "font": {"size": 12, "color": theme.ink},
    }
    return {"shapes": [shape | {"line": line}], "annotations": [text]}


def _titled(axis: dict[str, Any], title: str) -> dict[str, Any]:
    return axis | {"title": axis["title"] | {"text": title}}
