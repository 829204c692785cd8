"""Pair classification: does the cosine tell pairs that mean the same from those that do not?

Pure functions of labels and cosines. A threshold turns cosines into decisions: at or above it a
pair is called the same. Letters: N pairs, T distinct cosines.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbert_core.errors import DataError


@dataclass(frozen=True)
class PairClassificationScores:
    """How well cosines separate two kinds of pairs.

    Attributes:
        pairs: Number of pairs N.
        positives: Pairs that mean the same.
        ap: Average precision, fraction in [0, 1]: the mean precision at each pair that means the
            same, from the highest cosine down. `positives / pairs` is what chance gets. It needs
            no threshold.
        best_f1: The highest F1 of any threshold, fraction in [0, 1]: the harmonic mean of
            precision and recall.
        threshold: The cosine in [-1, 1] that reaches it; pairs at or above it are the same. It
            was chosen on these very pairs, so it flatters a little.
        precision: At that threshold: share of the pairs called the same that are; in [0, 1].
        recall: At that threshold: share of the same that are called so; in [0, 1].
        best_accuracy: The highest share of right decisions of any threshold, in [0, 1].
        accuracy_threshold: The cosine that reaches it; above 1 if calling no pair the same is
            best.
    """

    pairs: int
    positives: int
    ap: float
    best_f1: float
    threshold: float
    precision: float
    recall: float
    best_accuracy: float
    accuracy_threshold: float


def pair_classification_scores(labels: ArrayLike, cosines: ArrayLike) -> PairClassificationScores:
    """Measure how well cosines separate pairs that mean the same from others.

    Args:
        labels: N values, true or 1 where the pair means the same.
        cosines: N cosines in [-1, 1].

    Raises:
        DataError: The lengths differ, all pairs have one label, or all cosines are equal.
    """
    same, values = np.asarray(labels).astype(bool), np.asarray(cosines, dtype=np.float64)
    if same.shape != values.shape or same.ndim != 1:
        raise DataError(f"labels {same.shape} and cosines {values.shape} should have N rows each.")
    _check(same, values)
    levels, hits, called = _at_thresholds(same, values)
    positives, count = int(same.sum()), len(same)
    precision, recall = hits / called, hits / positives  # (T,)
    f1 = 2 * hits / (called + positives)
    best = int(f1.argmax())  # the highest threshold among equals
    # Calling nothing the same is a choice, too: all others are right then.
    right = np.concatenate([[count - positives], count - positives + 2 * hits - called])
    wisest = int(right.argmax())
    return PairClassificationScores(
        pairs=count,
        positives=positives,
        ap=_average_precision(precision, recall),
        best_f1=float(f1[best]),
        threshold=_between(levels, best),
        precision=float(precision[best]),
        recall=float(recall[best]),
        best_accuracy=float(right[wisest] / count),
        accuracy_threshold=_between(levels, wisest - 1),
    )


def _check(same: NDArray[np.bool_], values: NDArray[np.float64]) -> None:
    """Refuse what cannot be separated."""
    if same.all() or not same.any():
        kind = "the same" if same.any() else "different"
        raise DataError(
            f"All {len(same):,} pairs are labelled {kind}, so there is nothing to tell apart. "
            "Give pairs of both kinds."
        )
    if not np.isfinite(values).all():
        raise DataError("Some similarities are not numbers, so pairs cannot be told apart.")
    if np.ptp(values) == 0:
        raise DataError("All similarities are the same, so no threshold can tell pairs apart.")


def _at_thresholds(
    same: NDArray[np.bool_], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Count decisions at each distinct cosine, highest first: cosine, hits, called; (T,) each."""
    order = np.argsort(-values, kind="stable")
    falling = values[order]
    last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)  # of each run of equals
    return falling[last], np.cumsum(same[order])[last], last + 1


def _average_precision(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> float:
    """Weigh each precision by the recall that its threshold adds: a figure in [0, 1].

    AP = sum over thresholds of (recall gained) x (precision there); equal cosines are one
    threshold, so their order does not matter.
    """
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _between(levels: NDArray[np.float64], place: int) -> float:
    """Give a threshold half way to the next lower cosine, so that near copies fall as these do."""
    if place < 0:
        return float(np.nextafter(max(levels[0], 1.0), 2.0))
    if place + 1 == len(levels):
        return float(levels[place])
    middle = float((levels[place] + levels[place + 1]) / 2)
    return middle if middle > levels[place + 1] else float(levels[place])
