"""Which rows to label next: those that the head is unsure of, and that are unlike each other.

    N  rows      D  dimensions      M  labelled rows

Uncertainty alone asks the same question twenty times, in the words of twenty near copies; so the
rows are picked one by one, each weighed by how far it is from what is labelled or picked already
(the trade-off of Ash et al. 2020, "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower
Bounds", in its simplest form).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .vectors import require, unit_rows

# Only the least certain rows compete, and an even sample of them where there are many.
_POOL = 2_000


def label_next(
    embeddings: NDArray[np.floating],
    labelled: Sequence[int],
    count: int,
    margins: NDArray[np.floating] | None = None,
) -> NDArray[np.int64]:
    """Choose rows whose labels would teach most.

    Args:
        embeddings: Matrix of shape (N, D).
        labelled: Rows that have a label; they are never chosen.
        count: How many, at least 1; fewer come back where fewer are left.
        margins: float array of shape (N,): best probability minus second best, in [0, 1]. None
            while there is no head: then only variety counts.

    Returns:
        Row numbers, the most useful first: int64. A text that is there twice is chosen once at
        most, as long as others are left.

    Raises:
        DataError: A matrix is malformed, or `count` is below 1.
    """
    require(count >= 1, f"count={count} should be at least 1.")
    rows = unit_rows(embeddings)
    left = np.setdiff1d(np.arange(len(rows)), np.asarray(labelled, dtype=np.int64))
    if not len(left):
        return left
    pool = _pool(left, margins)
    vectors = rows[pool]
    doubt = np.ones(len(pool)) if margins is None else 1 - np.asarray(margins, np.float64)[pool]
    known = rows[np.asarray(labelled, dtype=np.int64)]
    nearest = (vectors @ known.T).max(axis=1) if len(known) else _typical_first(vectors)
    picked: list[int] = []
    free = np.ones(len(pool), dtype=bool)
    for _ in range(min(count, len(pool))):
        worth = np.where(free, doubt * (1 - nearest), -np.inf)
        best = int(worth.argmax())
        picked.append(best)
        free[best] = False
        likeness = vectors @ vectors[best]
        nearest = np.maximum(nearest, likeness) if len(known) or len(picked) > 1 else likeness
    return pool[picked]


def _pool(left: NDArray[np.int64], margins: NDArray[np.floating] | None) -> NDArray[np.int64]:
    """Take the least certain of the rows that are left; without a head, an even sample."""
    if len(left) <= _POOL:
        return left
    if margins is None:
        return left[np.unique(np.linspace(0, len(left) - 1, _POOL).astype(np.int64))]
    unsure = np.argsort(np.asarray(margins)[left], kind="stable")[:_POOL]
    return np.sort(left[unsure])


def _typical_first(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Begin with the row nearest to the middle: minus its cosine stands in for a likeness."""
    middle = vectors.mean(axis=0)
    begun: NDArray[np.float32] = -(vectors @ middle)
    return begun
