"""Triplets: is a sentence nearer to the one that belongs with it than to one that does not?

The measure of Reimers & Gurevych 2019 (Sentence-BERT), section 4.4. Pure functions of embeddings.
Letters: N triplets, D dimensions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import DataError

from .sts import pairwise_cosine


@dataclass(frozen=True)
class TripletScores:
    """How often the right sentence is the nearer one.

    Attributes:
        triplets: Number of triplets N.
        accuracy_cosine: Share where the positive has the larger cosine, fraction in [0, 1]; a
            coin gets 0.5, and a tie counts as wrong.
        accuracy_euclidean: Share where the positive has the smaller Euclidean distance, likewise.
        mean_margin: Mean of cosine(anchor, positive) - cosine(anchor, negative), in [-2, 2].
        ties: Triplets whose two cosines are equal.
    """

    triplets: int
    accuracy_cosine: float
    accuracy_euclidean: float
    mean_margin: float
    ties: int


def triplet_scores(
    anchors: NDArray[np.float32], positives: NDArray[np.float32], negatives: NDArray[np.float32]
) -> TripletScores:
    """Measure how often the positive is nearer than the negative.

    Args:
        anchors: float32 (N, D), embeddings.
        positives: float32 (N, D), of what belongs with the anchor.
        negatives: float32 (N, D), of what does not.

    Raises:
        DataError: The shapes differ, or there is no triplet.
    """
    if anchors.ndim != 2 or not anchors.shape == positives.shape == negatives.shape:
        raise DataError(
            f"anchors {anchors.shape}, positives {positives.shape} and negatives "
            f"{negatives.shape} should have N rows each."
        )
    if not len(anchors):
        raise DataError("There is no triplet to measure.")
    a, p, n = (rows.astype(np.float64) for rows in (anchors, positives, negatives))
    margins = pairwise_cosine(a, p) - pairwise_cosine(a, n)  # (N,)
    nearer = np.linalg.norm(a - p, axis=1) < np.linalg.norm(a - n, axis=1)
    return TripletScores(
        triplets=len(a),
        accuracy_cosine=float((margins > 0).mean()),
        accuracy_euclidean=float(nearer.mean()),
        mean_margin=float(margins.mean()),
        ties=int((margins == 0).sum()),
    )
