"""Labels: do sentences with one label lie together?

Two questions. If the sentences are put into as many groups as there are labels, do the groups
match the labels? And has a sentence's label a majority among its nearest neighbours? Pure
functions of arrays; the grouping is given. Letters: N rows, D dimensions, L labels, K neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import DataError

NEIGHBOURS = 10
_BLOCK_NUMBERS = 8_000_000  # similarities at a time: 32 MB


@dataclass(frozen=True)
class LabelClusterScores:
    """How well the vectors of labelled sentences fit their labels.

    Attributes:
        rows: Labelled rows N.
        labels: Different labels L.
        k: Groups made.
        v_measure: Fraction in [0, 1]: 1 if groups and labels match, 0 if one says nothing about
            the other (Rosenberg & Hirschberg 2007).
        ari: Adjusted Rand index, at most 1; near 0 for a random grouping (Hubert & Arabie 1985).
        knn_accuracy: Share of rows whose label wins among their nearest neighbours, the row
            itself not counted, in [0, 1].
        neighbours: Neighbours K that vote.
    """

    rows: int
    labels: int
    k: int
    v_measure: float
    ari: float
    knn_accuracy: float
    neighbours: int


def label_cluster_scores(
    embeddings: NDArray[np.float32],
    groups: NDArray[np.integer],
    labels: Sequence[str],
    neighbours: int = NEIGHBOURS,
) -> LabelClusterScores:
    """Compare a grouping and the neighbourhoods of rows with labels.

    Args:
        embeddings: float32 (N, D).
        groups: N numbers of groups.
        labels: N names.
        neighbours: Neighbours that vote; fewer if there are fewer rows.

    Raises:
        DataError: The lengths differ, or there are fewer than two labels.
    """
    if not len(embeddings) == len(groups) == len(labels):
        raise DataError(
            f"{len(embeddings)} vectors, {len(groups)} groups and {len(labels)} labels should be "
            "equally many."
        )
    kinds = len(set(labels))
    if kinds < 2:
        raise DataError(
            f"All {len(labels):,} rows have one label, so there is nothing to tell apart. Choose "
            "a column with two labels or more."
        )
    v_measure, ari = agreement(labels, groups.tolist())
    return LabelClusterScores(
        rows=len(labels),
        labels=kinds,
        k=len(set(groups.tolist())),
        v_measure=v_measure,
        ari=ari,
        knn_accuracy=knn_label_accuracy(embeddings, labels, neighbours),
        neighbours=min(neighbours, len(labels) - 1),
    )


def agreement(labels: Sequence[str], groups: Sequence[int]) -> tuple[float, float]:
    """Compare a grouping with labels, whatever either calls its parts.

    Returns:
        V-measure in [0, 1], and adjusted Rand index, at most 1.
    """
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    return float(v_measure_score(labels, groups)), float(adjusted_rand_score(labels, groups))


def knn_label_accuracy(
    embeddings: NDArray[np.float32], labels: Sequence[str], neighbours: int = NEIGHBOURS
) -> float:
    """Have each row's label guessed by its nearest other rows.

    Neighbours are those with the largest cosine, equal ones in the order of rows. Each has one
    vote; among labels with equally many, the one whose first vote comes from nearer wins.

    Args:
        embeddings: float32 (N, D).
        labels: N names.
        neighbours: Neighbours K that vote; fewer if there are fewer rows.

    Returns:
        Share of rows guessed rightly, in [0, 1].

    Raises:
        DataError: Fewer than two rows.
    """
    if len(embeddings) < 2:
        raise DataError("One row has no neighbours to guess its label by.")
    names, numbers = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    units = embeddings / np.where(lengths == 0, 1, lengths)
    k = min(neighbours, len(units) - 1)
    right = 0
    block = max(1, _BLOCK_NUMBERS // len(units))
    for start in range(0, len(units), block):
        similarities = units[start : start + block] @ units.T  # (B, N)
        rows = np.arange(len(similarities))
        similarities[rows, start + rows] = -np.inf
        nearest = np.argsort(-similarities, axis=1, kind="stable")[:, :k]  # (B, K)
        guessed = _elected(numbers[nearest], len(names))
        right += int((guessed == numbers[start : start + block]).sum())
    return right / len(units)


def _elected(votes: NDArray[np.int64], labels: int) -> NDArray[np.int64]:
    """Find the label with most votes in each row, the nearest first: (B, K) -> (B,)."""
    rows, k = votes.shape
    counts = np.zeros((rows, labels), dtype=np.float64)  # (B, L)
    # A nearer vote weighs a trifle more, too little for all of them to outdo one vote.
    weights = 1 + 0.5 ** np.arange(1, k + 1) / (k + 1)
    np.add.at(counts, (np.arange(rows)[:, None], votes), weights[None, :])
    winners: NDArray[np.int64] = counts.argmax(axis=1)
    return winners
