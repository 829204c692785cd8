"""Search over plain arrays: exact top-k by cosine, the fusion of rankings, and recall.

    N  rows      Q  queries      D  dimensions      K  hits

Exact search is one matrix product in blocks: each block of rows meets all queries while it is in
the processor's cache, and only what beats the K-th best so far is looked at again, so that
selecting costs less than multiplying.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sbert_core.protocols import Progress, no_progress

from .neighbours import Neighbours
from .vectors import require

# Cormack, Clarke and Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual
# rank learning methods", section 2: k = 60 was fixed in a pilot and is near the best everywhere.
RRF_K = 60

_BLOCK_QUERIES = 256
_FIRST_ROWS = 2_048  # sets the mark to beat; small, because every one of its rows is looked at
_BLOCK_ROWS = 16_384
_CELL_SAMPLE = 64  # rows looked at for each cell
_CELL_PASSES = 8
_CELL_BLOCK = 4_096
_SAME = 1e-5  # cosines of float32 vectors that differ by less are equal


def top_k(
    rows: NDArray[np.float32],
    queries: NDArray[np.float32],
    k: int,
    allowed: NDArray[np.bool_] | None = None,
    progress: Progress = no_progress,
) -> Neighbours:
    """Find the rows most similar to each query, exactly.

    Args:
        rows: float32 array of shape (N, D), rows of length 1 or zero (`unit_rows`).
        queries: float32 array of shape (Q, D), the same.
        k: How many hits for a query, at least 1; fewer come back where fewer rows are allowed.
        allowed: bool array of shape (N,): the rows that may be hits. None allows all.
        progress: Told how many queries are done.

    Returns:
        Row numbers and cosines in [-1, 1], best first, shape (Q, K). Equally similar rows come
        in the order of their numbers.

    Raises:
        DataError: The dimensions differ, or `k` < 1.
    """
    require(k >= 1, f"k={k} should be at least 1.")
    require(
        rows.ndim == queries.ndim == 2 and rows.shape[1] == queries.shape[1],
        f"The query has {queries.shape[-1]} dimensions and the rows {rows.shape[-1]}; "
        "they should be equal.",
    )
    chosen = None if allowed is None else np.flatnonzero(allowed)
    size = min(k, len(rows) if chosen is None else chosen.size)
    found = Neighbours(
        np.empty((len(queries), size), np.int32), np.empty((len(queries), size), np.float32)
    )
    for start in range(0, len(queries), _BLOCK_QUERIES):
        progress(start, len(queries), "searching")
        block = slice(start, start + _BLOCK_QUERIES)
        found.indices[block], found.similarities[block] = _search(
            rows, queries[block], size, chosen
        )
    return found


def fuse(rankings: Sequence[Sequence[int]], k: int = RRF_K) -> list[tuple[int, float]]:
    """Merge rankings by reciprocal rank: score(d) = Σ over rankings of 1 / (k + rank of d).

    Cormack, Clarke and Büttcher 2009, section 2. Only ranks count, so cosines and BM25 scores
    need no common scale.

    Args:
        rankings: Row numbers, best first, each row once per ranking.
        k: How little the first places count more than the next; larger is flatter.

    Returns:
        Row numbers with their scores, best first; equal scores in the order of row numbers.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + 1.0 / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def recall(found: Neighbours, exact: Neighbours, own: NDArray[np.integer] | None = None) -> float:
    """Return the share of the true hits that a search found: fraction in [0, 1].

    A row counts as found if its cosine reaches that of the last true hit, so that of several
    equally good rows it does not matter which ones came.

    Args:
        found: What an approximate search returned for Q queries; row -1 where it came back short.
        exact: What an exact search returned for the same queries, K hits each.
        own: int array of shape (Q,): the row that each query is, which does not count as a hit.
    """
    wanted = exact.similarities.shape[1] - (own is not None)
    if wanted < 1 or not len(exact.similarities):
        return 1.0
    true = found.similarities >= exact.similarities[:, -1:] - _SAME
    true &= found.indices >= 0
    if own is not None:
        true &= found.indices != own[:, None]
    return float(np.minimum(true.sum(axis=1), wanted).mean() / wanted)


def cell_centres(
    rows: NDArray[np.float32], cells: int, seed: int = 0, progress: Progress = no_progress
) -> NDArray[np.float32]:
    """Divide the sphere into cells: spherical k-means (Dhillon & Modha 2001) on a sample of rows.

    Args:
        rows: float32 array of shape (N, D), rows of length 1 or zero.
        cells: Number of cells K, 1 to N.
        seed: Fixes the sample and the start.
        progress: Told how many passes are done.

    Returns:
        float32 array of shape (K, D), the centres, of length 1.
    """
    random = np.random.default_rng(seed)
    size = min(len(rows), max(cells * _CELL_SAMPLE, 1))
    sample = rows[np.sort(random.choice(len(rows), size, replace=False))]  # (S, D)
    centres = sample[random.choice(size, cells, replace=False)]
    for number in range(_CELL_PASSES):
        progress(number, _CELL_PASSES, "finding the cells")
        cell = np.concatenate(
            [
                (sample[start : start + _CELL_BLOCK] @ centres.T).argmax(axis=1)
                for start in range(0, size, _CELL_BLOCK)
            ]
        )
        order, sizes = np.argsort(cell, kind="stable"), np.bincount(cell, minlength=cells)
        filled = sizes > 0
        starts = np.concatenate([[0], np.cumsum(sizes[filled])[:-1]])
        sums = np.add.reduceat(sample[order], starts, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres[filled] = np.divide(sums, lengths, out=centres[filled], where=lengths > 0)
    return centres


def _search(
    rows: NDArray[np.float32],
    queries: NDArray[np.float32],
    k: int,
    chosen: NDArray[np.intp] | None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Search one block of queries in all rows, or in the chosen ones."""
    count = len(rows) if chosen is None else chosen.size
    if k == 0 or not len(queries):
        return np.empty((len(queries), k), np.int32), np.empty((len(queries), k), np.float32)
    # The first block must hold at least k rows, for each query to have a mark to beat.
    first = min(max(_FIRST_ROWS, k), count)
    query = np.empty(0, np.intp)
    row, cosine = np.empty(0, np.intp), np.empty(0, np.float32)
    mark: NDArray[np.float32] | None = None
    for start, stop in _spans(first, count):
        block = rows[start:stop] if chosen is None else rows[chosen[start:stop]]
        cosines = queries @ block.T  # (Q, B)
        if mark is None:
            least = np.partition(cosines, cosines.shape[1] - k, axis=1)[:, -k]
            beats = cosines >= least[:, None]
        else:
            beats = cosines > mark[:, None]  # a later row loses a tie
        new_query, column = np.nonzero(beats)
        if not new_query.size:
            continue
        query = np.concatenate([query, new_query])
        row = np.concatenate([row, column + start])
        cosine = np.concatenate([cosine, cosines[new_query, column]])
        query, row, cosine = _best(query, row, cosine, k)
        mark = cosine.reshape(-1, k)[:, -1]
    if chosen is not None:
        row = chosen[row]
    return row.reshape(-1, k).astype(np.int32), np.clip(cosine.reshape(-1, k), -1.0, 1.0)


def _spans(first: int, count: int) -> list[tuple[int, int]]:
    """Where blocks of rows begin and end."""
    edges = [0, *range(first, count, _BLOCK_ROWS), count]
    return list(pairwise(edges))


def _best(
    query: NDArray[np.intp], row: NDArray[np.intp], cosine: NDArray[np.float32], k: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Keep the k best rows of each query, sorted; every query has at least k."""
    order = np.lexsort((row, -cosine, query))
    query = query[order]
    place = np.arange(query.size) - np.searchsorted(query, query)  # rank within its query, from 0
    order = order[place < k]
    return query[place < k], row[order], cosine[order]
