"""What an evaluation hands out beside its figures: every pair, to be drawn and read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from .evaluation.sts import StsScores


@dataclass(frozen=True)
class StsDetails:
    """Every pair of a graded file with what people and an encoder think of it.

    Attributes:
        model: Encoder string.
        sentences1: N sentences.
        sentences2: N sentences.
        gold: float64 (N,), scores of people, on the file's scale.
        cosines: float64 (N,), in [-1, 1].
        scores: The correlations.
        notes: Sentences about how the file was read.
    """

    model: str
    sentences1: tuple[str, ...]
    sentences2: tuple[str, ...]
    gold: NDArray[np.float64]
    cosines: NDArray[np.float64]
    scores: StsScores
    notes: tuple[str, ...] = ()

    @property
    def rank_gaps(self) -> NDArray[np.float64]:
        """How much too high (above 0) or too low the encoder ranks each pair: (N,) in (-1, 1).

        The difference of the two ranks, as a share of all pairs; ties share their mean rank.
        """
        gaps: NDArray[np.float64] = (rankdata(self.cosines) - rankdata(self.gold)) / len(self.gold)
        return gaps

    def worst(self, count: int = 20) -> list[int]:
        """Return the rows on which people and encoder disagree most, the worst first."""
        order: list[int] = np.argsort(-np.abs(self.rank_gaps), kind="stable")[:count].tolist()
        return order
