"""The grade of each pair against what an encoder says of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import wording
from .layout import base_layout, quiet_axis
from .palette import THEMES, Mode
from .training_curves import sentence_only, titled

if TYPE_CHECKING:
    import plotly.graph_objects as go

_MOST_POINTS = 5_000  # more would hide one another, and are slow to hover over


def sts_scatter(
    gold: NDArray[np.floating],
    cosines: NDArray[np.floating],
    sentences: Sequence[tuple[str, str]],
    mode: Mode = "light",
    *,
    ringed: Sequence[int] = (),
    height: int = 420,
) -> "go.Figure":
    """Draw each pair as a point: its grade to the right, the encoder's cosine upwards.

    Args:
        gold: float array (N,), on any scale.
        cosines: float array (N,), in [-1, 1].
        sentences: N pairs of sentences, shown on hover; escaped here.
        mode: "light" or "dark".
        ringed: Places of pairs that stand out in their colour, such as the worst.
        height: Pixels.

    Returns:
        A figure for `theme=None` and `QUIET_CONFIG`; without pairs it is a sentence. Of more than
        5,000 pairs it shows 5,000, taken evenly, and all that are ringed.
    """
    import plotly.graph_objects as go

    if not len(gold):
        return sentence_only("There are no pairs to draw.", mode, height)
    marked = sorted(set(ringed))
    rest = np.setdiff1d(np.arange(len(gold)), marked)
    if len(rest) > _MOST_POINTS:
        rest = rest[np.linspace(0, len(rest) - 1, _MOST_POINTS).astype(int)]
    chosen = [("pairs", rest.tolist(), False), ("largest disagreements", marked, True)]
    traces = [
        _points(name, places, gold, cosines, sentences, mode, strong=strong)
        for name, places, strong in chosen
        if places
    ]
    low = float(min(0.0, cosines.min()))
    layout = base_layout(mode, height) | {
        "margin": {"l": 8, "r": 12, "t": 28, "b": 8},
        "showlegend": bool(marked),
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"}
        | {"font": {"size": 13, "color": THEMES[mode].muted}},
        "hovermode": "closest",
        "xaxis": titled(quiet_axis(mode, nticks=7), "grade"),
        "yaxis": titled(quiet_axis(mode, range=[low - 0.05, 1.05], nticks=7), "cosine"),
    }
    return go.Figure({"data": traces, "layout": layout})


def _points(
    name: str,
    places: list[int],
    gold: NDArray[np.floating],
    cosines: NDArray[np.floating],
    sentences: Sequence[tuple[str, str]],
    mode: Mode,
    *,
    strong: bool,
) -> dict[str, Any]:
    """Some of the pairs in one look."""
    theme = THEMES[mode]
    marker = {"color": theme.accent, "size": 7, "opacity": 0.45, "line": {"width": 0}}
    if strong:
        ring = {"width": 1, "color": theme.ink}
        marker = {"color": theme.categorical[1], "size": 10, "opacity": 1.0, "line": ring}
        marker["symbol"] = "diamond"  # told apart without colour, too
    cards = ["<br>— ".join(wording.card(text, 100) for text in sentences[i]) for i in places]
    return {
        "type": "scattergl" if len(places) > 1_000 else "scatter",
        "mode": "markers",
        "name": name,
        "x": gold[places].astype(np.float32),
        "y": cosines[places].astype(np.float32),
        "text": cards,
        "hovertemplate": "%{text}<br>grade %{x:.2f}, cosine %{y:.3f}<extra></extra>",
        "marker": marker,
    }
