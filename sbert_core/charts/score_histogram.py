"""The cosines of many pairs as bars, fine enough that a line dragged over them counts exactly.

The page draws them itself: Plotly tells a page what is selected in it, but not where a shape has
been dragged to.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .palette import THEMES, Mode, translucent

STEP = 0.005


@dataclass(frozen=True)
class ScoreHistogram:
    """Bars between edges, and how many pairs lie at or above each edge.

    Attributes:
        edges: float64 array of shape (K + 1,), ascending, `STEP` apart; the last is 1.
        real: int64 array of shape (K,): pairs in each bar that are no trivial copies.
        trivial: int64 array of shape (K,): trivial copies in each bar.
    """

    edges: NDArray[np.float64]
    real: NDArray[np.int64]
    trivial: NDArray[np.int64]

    @property
    def low(self) -> float:
        """Left end of the axis, a cosine."""
        return float(self.edges[0])


def score_histogram(
    cosines: NDArray[np.floating], trivial: NDArray[np.bool_], low: float
) -> ScoreHistogram:
    """Count pairs by cosine.

    Args:
        cosines: Of the pairs, shape (P,), in [-1, 1].
        trivial: Which of them are trivial copies, bool (P,).
        low: Pairs are known from this cosine on; the axis begins at the edge at or above it.
    """
    # Two decimals of an edge more than it has: 0.8 / 0.005 is 160.00000000000003.
    first = min(int(np.ceil(round(low / STEP, 4))), round(1 / STEP) - 1)
    edges = (np.arange(first, round(1 / STEP) + 1) * STEP).astype(np.float64)
    return ScoreHistogram(
        edges, _counts(cosines[~trivial], edges), _counts(cosines[trivial], edges)
    )


def _counts(cosines: NDArray[np.floating], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count what lies in [edge, next edge), the last bar with its right end; all in float32."""
    ordered = np.sort(np.asarray(cosines, np.float32))
    below = np.searchsorted(ordered, edges.astype(np.float32), side="left")
    below[-1] = len(ordered)
    counts: NDArray[np.int64] = np.diff(below).astype(np.int64)
    return counts


def drawing(
    bars: ScoreHistogram, value: float, above: tuple[int, int], mode: Mode
) -> dict[str, Any]:
    """Put bars, line and colours into JSON values for the page's own drawing.

    Args:
        bars: The bars.
        value: Where the line stands, a cosine; it need not be an edge.
        above: Pairs at or above it: those that are no trivial copies, and those that are.
        mode: "light" or "dark".
    """
    theme = THEMES[mode]
    return {
        "low": bars.low,
        "step": STEP,
        "real": bars.real.tolist(),
        "trivial": bars.trivial.tolist(),
        "value": value,
        "above": list(above),
        "colours": {
            "ink": theme.ink,
            "muted": theme.muted,
            "line": theme.line,
            "paper": theme.paper,
            "real": translucent(theme.accent, 0.75),
            "trivial": theme.categorical[1],
            "below": theme.line,
        },
    }
