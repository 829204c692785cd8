"""Did training help? Two encoders on the same pairs, with an interval for the difference.

Letters: N pairs, R resamples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .sts import row_rank_correlations, spearman

_RESAMPLES = 1_000


@dataclass(frozen=True)
class Gain:
    """Spearman times 100 before and after, on the same N pairs.

    Attributes:
        pairs: N.
        before: In [-100, 100].
        after: In [-100, 100].
        low: Lower end of the 95 % interval of `gain`.
        high: Its upper end.
    """

    pairs: int
    before: float
    after: float
    low: float
    high: float

    @property
    def gain(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def verdict(self) -> str:
        """One plain sentence: better, worse, or not to be told apart."""
        figures = f"{self.gain:+.1f}, interval {self.low:.1f} to {self.high:.1f}".replace("-", "−")
        if self.low > 0:
            return f"Training helped: {figures}."
        if self.high < 0:
            return f"Training hurt: {figures}. The base is kept."
        return f"No clear difference: {figures}."


def spearman_gain(gold: ArrayLike, before: ArrayLike, after: ArrayLike, seed: int = 0) -> Gain:
    """Compare two sets of similarities of the same pairs with people's scores.

    The interval draws N pairs with replacement 1,000 times and takes both correlations on the
    same draw (paired bootstrap, Efron & Tibshirani 1993, chapter 13): what makes a draw easy or
    hard makes it so for both, and leaves the difference.

    Args:
        gold: N scores of people.
        before: N similarities.
        after: N similarities.
        seed: Seed of the draws.

    Raises:
        DataError: Fewer than 3 pairs, or values without an order.
    """
    scores, old, new = (np.asarray(values, dtype=np.float64) for values in (gold, before, after))
    was, now = 100 * spearman(scores, old), 100 * spearman(scores, new)
    drawn = np.random.default_rng(seed).integers(0, len(scores), size=(_RESAMPLES, len(scores)))
    differences: NDArray[np.float64] = 100 * np.concatenate(
        [
            row_rank_correlations(scores[rows], new[rows])
            - row_rank_correlations(scores[rows], old[rows])
            for rows in np.array_split(drawn, max(1, drawn.size // 2_000_000))
        ]
    )
    low, high = np.nanpercentile(differences, [2.5, 97.5])
    return Gain(len(scores), was, now, float(low), float(high))
