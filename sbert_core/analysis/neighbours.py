"""Exact nearest neighbours by cosine, from blocked matrix products.

    N  rows      Q  queries (the rows themselves, or others)      D  dimensions      K  neighbours

Up to some 50,000 rows one matrix product is faster than building any index, and it is exact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbert_core.protocols import Progress, no_progress

from .vectors import require, unit_rows

# Rows of the similarity matrix held at once: 50 MB for 50,000 rows, and near the fastest.
BLOCK_ROWS = 256


@dataclass(frozen=True)
class Neighbours:
    """The K nearest rows of each query, nearest first.

    Attributes:
        indices: int32 array of shape (Q, K), row numbers.
        similarities: float32 array of shape (Q, K), cosines in [-1, 1], descending.
    """

    indices: NDArray[np.int32]
    similarities: NDArray[np.float32]


def nearest_neighbours(
    embeddings: NDArray[np.floating],
    k: int,
    queries: NDArray[np.floating] | None = None,
    progress: Progress = no_progress,
) -> Neighbours:
    """Find the rows most similar to each query.

    Args:
        embeddings: Matrix of shape (N, D) to search in. A zero row has cosine 0 with all rows.
        k: How many neighbours, at least 1. Fewer come back where there are fewer rows.
        queries: Matrix of shape (Q, D). Left out: each row is a query and is not its own
            neighbour, while an identical other row is.
        progress: Told how many queries are done.

    Returns:
        The neighbours: K = min(k, N) for given queries, min(k, N - 1) otherwise. Equally
        similar ones come in the order of their row numbers.

    Raises:
        DataError: A matrix is malformed, the dimensions differ, or `k` < 1.
    """
    require(k >= 1, f"k={k} should be at least 1.")
    rows = unit_rows(embeddings)
    targets = rows if queries is None else unit_rows(queries, "queries")
    require(
        targets.shape[1] == rows.shape[1],
        f"queries have {targets.shape[1]} dimensions and embeddings {rows.shape[1]}; "
        "they should be equal.",
    )
    available = len(rows) - (queries is None)
    shape = (len(targets), min(k, available))
    found = Neighbours(np.empty(shape, np.int32), np.empty(shape, np.float32))
    for start in range(0, len(targets), BLOCK_ROWS):
        progress(start, len(targets), "neighbours")
        block = slice(start, start + BLOCK_ROWS)
        similarities = targets[block] @ rows.T  # (B, N)
        if queries is None:
            own = np.arange(len(similarities))
            similarities[own, start + own] = -np.inf
        found.indices[block], found.similarities[block] = _largest(similarities, shape[1])
    return found


def _largest(
    similarities: NDArray[np.float32], k: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Take the k largest of each row, largest first, with their column numbers."""
    columns = similarities.shape[1]
    top = np.argpartition(similarities, columns - max(k, 1), axis=1)[:, columns - k :]  # (B, K)
    top.sort(axis=1)  # so that the stable sort below breaks ties by row number
    values = np.take_along_axis(similarities, top, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    top, values = np.take_along_axis(top, order, axis=1), np.take_along_axis(values, order, axis=1)
    return top, np.clip(values, -1.0, 1.0)
