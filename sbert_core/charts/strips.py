"""Where one cosine falls among the cosines of random pairs: a strip for each encoder."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import wording
from .layout import base_layout, quiet_axis
from .palette import THEMES, Mode, translucent

if TYPE_CHECKING:
    import plotly.graph_objects as go

_BINS = 80


def percentile_strip(
    random_cosines: NDArray[np.floating],
    value: float,
    mode: Mode = "light",
    *,
    x_range: tuple[float, float] = (-1.0, 1.0),
    title: str = "",
    height: int = 132,
) -> "go.Figure":
    """Draw the cosines of random pairs as a histogram with a line at this pair's cosine.

    What lies to the left of the line is coloured: its share of the whole is the percentile.

    Args:
        random_cosines: float array (S,), cosines in [-1, 1]; may be empty.
        value: This pair's cosine in [-1, 1].
        mode: "light" or "dark".
        x_range: Ends of the axis; give the same to all encoders that stand side by side.
        title: Such as the encoder's name; escaped here.
        height: Pixels.
    """
    import plotly.graph_objects as go

    theme = THEMES[mode]
    counts, edges = np.histogram(random_cosines, bins=_BINS, range=x_range)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.where(middles <= value, translucent(theme.accent, 0.6), theme.line)
    bars = {
        "type": "bar",
        "x": middles.astype(np.float32),
        "y": counts.astype(np.int32),
        "width": float(edges[1] - edges[0]),
        "marker": {"color": below.tolist(), "line": {"width": 0}},
        "hovertemplate": "cosine about %{x:.2f}: %{y:,} random pairs<extra></extra>",
    }
    layout = base_layout(mode, height) | {
        "margin": {"l": 16, "r": 16, "t": 28, "b": 22},
        "bargap": 0,
        "showlegend": False,
        "title": {
            "text": wording.label(title, 60),
            "font": {"size": 13, "color": theme.muted},
            "x": 0,
            "xref": "paper",
            "y": 1,
            "pad": {"t": 8},
            "yanchor": "top",
        },
        "xaxis": quiet_axis(mode, range=list(x_range), nticks=6, showgrid=False),
        "yaxis": {"visible": False, "fixedrange": True},
        "shapes": [_line(value, mode)],
        "annotations": [_number(value, x_range, mode)],
    }
    return go.Figure({"data": [bars], "layout": layout})


def _line(value: float, mode: Mode) -> dict[str, Any]:
    return {
        "type": "line",
        "yref": "paper",
        "x0": value,
        "x1": value,
        "y0": 0,
        "y1": 1,
        "line": {"width": 2, "color": THEMES[mode].ink},
    }


def _number(value: float, x_range: tuple[float, float], mode: Mode) -> dict[str, Any]:
    """The cosine above its line, kept inside the picture at the ends of the axis."""
    place = (value - x_range[0]) / (x_range[1] - x_range[0])
    return {
        "x": value,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "xanchor": "left" if place < 0.05 else "right" if place > 0.95 else "center",
        "text": f"<b>{value:.3f}</b>",
        "showarrow": False,
        "font": {"size": 14, "color": THEMES[mode].ink},
    }
