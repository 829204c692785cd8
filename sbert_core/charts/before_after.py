"""What training changed: cosines of graded pairs before and after, by thirds of the scores."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .layout import base_layout, quiet_axis
from .palette import Mode, group_style, translucent
from .training_curves import panel_title, sentence_only, titled

if TYPE_CHECKING:
    import plotly.graph_objects as go

_THIRDS = ("lowest third", "middle third", "highest third")
_BINS = 40


def before_after_figure(
    gold: NDArray[np.floating],
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    mode: Mode = "light",
    *,
    height: int = 300,
) -> "go.Figure":
    """Draw how cosines are spread before and after training, by thirds of the gold scores.

    The better an encoder, the further the three hills stand apart, in the order of their names.

    Args:
        gold: float array (N,), scores of people, in any range.
        before: float array (N,), cosines in [-1, 1] of the same pairs under the base.
        after: float array (N,), the same after training.
        mode: "light" or "dark".
        height: Pixels.

    Returns:
        Two panels over one axis of cosines; without pairs it is a sentence.

    Raises:
        ValueError: The three differ in length.
    """
    import plotly.graph_objects as go

    if not len(gold) == len(before) == len(after):
        raise ValueError(f"{len(gold)} scores, {len(before)} and {len(after)} cosines differ.")
    if not len(gold):
        return sentence_only("There are no scored pairs to compare.", mode, height)
    thirds = np.searchsorted(np.quantile(gold, [1 / 3, 2 / 3]), gold, side="left")
    lowest = min(0.0, float(np.min(before)), float(np.min(after)))
    traces = [
        _hill(cosines[thirds == third], lowest, third, panel, mode)
        for panel, cosines in (("", np.asarray(before)), ("2", np.asarray(after)))
        for third in range(3)
    ]
    hidden: dict[str, Any] = {"visible": False, "fixedrange": True}
    x_axis = quiet_axis(mode, range=[lowest, 1], showgrid=False, anchor="y2")
    layout = base_layout(mode, height) | {
        "margin": {"l": 8, "r": 16, "t": 28, "b": 8},
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        "xaxis": titled(x_axis, "cosine"),
        "yaxis": hidden | {"domain": [0.54, 0.94]},
        "yaxis2": hidden | {"domain": [0.0, 0.4], "anchor": "x"},
        "annotations": [
            panel_title("before", "", 0.0, 0.94, mode),
            panel_title("after", "", 0.0, 0.4, mode),
        ],
    }
    return go.Figure({"data": traces, "layout": layout})


def _hill(
    cosines: NDArray[np.floating], lowest: float, third: int, panel: str, mode: Mode
) -> dict[str, Any]:
    """The share of one third's pairs at each cosine."""
    counts, edges = np.histogram(np.clip(cosines, lowest, 1.0), bins=_BINS, range=(lowest, 1.0))
    colour = group_style(third, mode).colour
    return {
        "type": "scatter",
        "mode": "lines",
        "name": _THIRDS[third],
        "legendgroup": _THIRDS[third],
        "showlegend": not panel,
        "x": (edges[:-1] + edges[1:]) / 2,
        "y": counts / max(1, len(cosines)),
        "yaxis": f"y{panel}",
        "line": {"color": colour, "width": 1.5, "shape": "spline"},
        "fill": "tozeroy",
        "fillcolor": translucent(colour, 0.18),
        "hovertemplate": f"{_THIRDS[third]} of gold scores<br>cosine about %{{x:.2f}}: %{{y:.1%}}"
        "<extra></extra>",
    }
