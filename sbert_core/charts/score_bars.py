"""Scores of encoders as bars with their intervals: who is better, and is that sure?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import wording
from .layout import base_layout, quiet_axis
from .palette import THEMES, Mode, translucent
from .training_curves import sentence_only, titled

if TYPE_CHECKING:
    import plotly.graph_objects as go

_ROW_PIXELS, _FRAME_PIXELS = 38, 60


@dataclass(frozen=True)
class ScoreBar:
    """One bar.

    Attributes:
        label: What was measured, such as an encoder; escaped here.
        value: Its score.
        low: Lower end of its interval, or None without an interval.
        high: Upper end.
        marked: Whether it belongs to the comparison that the picture is about.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    marked: bool = True


def score_bars(
    bars: Sequence[ScoreBar],
    mode: Mode = "light",
    *,
    axis: str = "Spearman ×100",
    top: float = 100.0,
    digits: int = 1,
) -> "go.Figure":
    """Draw one bar for each score, in the order given from the top down.

    The number stands at the end of the interval, so that neither hides the other. The axis begins
    at 0, or below if a score is negative: a bar that begins elsewhere shows false proportions.

    Args:
        bars: The scores.
        mode: "light" or "dark".
        axis: What the numbers are.
        top: The best score there is; where the axis ends.
        digits: Decimals of the numbers.

    Returns:
        A figure for `theme=None` and `QUIET_CONFIG`; without bars it is a sentence.
    """
    import plotly.graph_objects as go

    height = _ROW_PIXELS * len(bars) + _FRAME_PIXELS
    if not bars:
        return sentence_only("Nothing is measured yet.", mode, 160)
    theme = THEMES[mode]
    names = [wording.label(bar.label, 40) for bar in bars]
    low = min(0.0, *(_ends(bar)[0] for bar in bars))
    x_axis = quiet_axis(mode, range=[low * 1.05, top * 1.04], nticks=6)
    x_axis |= {"zeroline": True, "zerolinecolor": theme.muted}
    y_axis = quiet_axis(mode, autorange="reversed", showgrid=False, ticks="")
    layout = base_layout(mode, height) | {
        "margin": {"l": 4, "r": 12, "t": 4, "b": 8},
        "bargap": 0.38,
        "showlegend": False,
        "xaxis": titled(x_axis, axis),
        "yaxis": y_axis | {"type": "category", "tickfont": {"size": 14, "color": theme.ink}},
        "annotations": [_number(bar, place, digits, mode) for place, bar in enumerate(bars)],
    }
    return go.Figure({"data": [_trace(bars, names, digits, mode)], "layout": layout})


def _ends(bar: ScoreBar) -> tuple[float, float]:
    """The interval of a bar, or twice its score."""
    return (
        bar.value if bar.low is None else bar.low,
        bar.value if bar.high is None else bar.high,
    )


def _trace(bars: Sequence[ScoreBar], names: list[str], digits: int, mode: Mode) -> dict[str, Any]:
    """The bars with their intervals."""
    theme = THEMES[mode]
    ends = [_ends(bar) for bar in bars]
    trace: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "x": [bar.value for bar in bars],
        "y": names,
        "marker": {
            "color": [theme.accent if bar.marked else translucent(theme.muted, 0.6) for bar in bars]
        },
        "customdata": ends,
        "hovertemplate": f"%{{y}}: %{{x:.{digits}f}}<extra></extra>",
    }
    if all(low == high for low, high in ends):
        return trace
    interval = f"interval %{{customdata[0]:.{digits}f}} to %{{customdata[1]:.{digits}f}}"
    return trace | {
        "hovertemplate": f"%{{y}}: %{{x:.{digits}f}}<br>{interval}<extra></extra>",
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - bar.value for bar, (_, high) in zip(bars, ends, strict=True)],
            "arrayminus": [bar.value - low for bar, (low, _) in zip(bars, ends, strict=True)],
            "color": theme.ink,
            "thickness": 1.5,
            "width": 5,
        },
    }


def _number(bar: ScoreBar, place: int, digits: int, mode: Mode) -> dict[str, Any]:
    """The score behind the end of its interval."""
    return {
        "x": max(0.0, _ends(bar)[1]),
        "y": place,
        "xanchor": "left",
        "xshift": 6,
        "text": f"<b>{bar.value:.{digits}f}</b>".replace("-", "−"),
        "showarrow": False,
        "font": {"size": 14, "color": THEMES[mode].ink},
    }
