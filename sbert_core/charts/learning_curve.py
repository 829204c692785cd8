"""Accuracy against the number of examples: a line, and how far luck spreads around it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .layout import base_layout, quiet_axis
from .palette import THEMES, Mode, translucent

if TYPE_CHECKING:
    import plotly.graph_objects as go

# (shots, mean accuracy, low, high), accuracies as fractions in [0, 1].
CurvePlace = tuple[int, float, float, float]


def learning_curve_figure(
    points: Sequence[CurvePlace], mode: Mode = "light", *, height: int = 300
) -> "go.Figure":
    """Draw mean accuracy with a band around it; the axis of examples doubles at each step.

    Args:
        points: At least one of (examples a class, mean, low, high), ascending.
        mode: "light" or "dark".
        height: Pixels.

    Returns:
        A figure for `theme=None` and `QUIET_CONFIG`.
    """
    import plotly.graph_objects as go

    theme = THEMES[mode]
    shots, means, lows, highs = (list(column) for column in zip(*points, strict=True))
    places = list(range(len(shots)))
    band: dict[str, Any] = {
        "type": "scatter",
        "x": places + places[::-1],
        "y": highs + lows[::-1],
        "fill": "toself",
        "fillcolor": translucent(theme.accent, 0.18),
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
    }
    line: dict[str, Any] = {
        "type": "scatter",
        "x": places,
        "y": means,
        "mode": "lines+markers+text",
        "line": {"color": theme.accent, "width": 2.5},
        "marker": {"color": theme.accent, "size": 8},
        "text": [f"{mean:.0%}" for mean in means],
        "textposition": "top center",
        "textfont": {"size": 12, "color": theme.ink},
        "customdata": [list(row) for row in zip(shots, lows, highs, strict=True)],
        "hovertemplate": "%{customdata[0]} examples a class: %{y:.1%}<br>"
        "95 of 100 draws from %{customdata[1]:.1%} to %{customdata[2]:.1%}<extra></extra>",
    }
    top = min(1.06, max(highs) + 0.08)
    x_axis = quiet_axis(
        mode,
        tickvals=places,
        ticktext=[str(count) for count in shots],
        range=[-0.3, len(places) - 0.7],
        showgrid=False,
    )
    y_axis = quiet_axis(mode, range=[max(0.0, min(lows) - 0.05), top], tickformat=".0%", nticks=5)
    x_axis["title"] = {**x_axis["title"], "text": "examples of each class"}
    y_axis["title"] = {**y_axis["title"], "text": "accuracy"}
    layout = base_layout(mode, height) | {
        "margin": {"l": 8, "r": 16, "t": 12, "b": 8},
        "showlegend": False,
        "xaxis": x_axis,
        "yaxis": y_axis,
    }
    return go.Figure({"data": [band, line] if len(places) > 1 else [line], "layout": layout})
