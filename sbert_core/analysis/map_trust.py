"""How far a map may be trusted: does it keep neighbours, and are the neighbours it shows real?

N  rows      M  rows measured      k  neighbours looked at      P  dimensions of the map
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbert_core.protocols import Progress, no_progress

from .vectors import as_vectors, require, unit_rows

MAP_CAVEAT = (
    "Read a map by its neighbourhoods: how far apart two distant groups lie, how large a group "
    "looks and how dense it is mean little."
)

# All rows are measured up to 20,000; above, rows drawn at random, each against all rows, so that
# no more similarities are looked at: 8,000 of 50,000 rows.
MOST_SIMILARITIES = 20_000**2
BLOCK_ROWS = 256
# Cosines nearer than this are equal up to the rounding of float32.
TIE = 1e-6
# Above these shares of true neighbours kept, a map is called good, or fair.
GOOD_OVERLAP, FAIR_OVERLAP = 0.5, 0.25


@dataclass(frozen=True)
class MapTrust:
    """What survives of the neighbourhoods of the embedding space.

    Attributes:
        trustworthiness: In [0, 1]; 1 if every row's k neighbours on the map are its k true
            ones, less the further off the false ones really are (Venna & Kaski, 2001).
        knn_overlap: Mean fraction of the k nearest rows that are also the k nearest on the
            map, in [0, 1]. Stricter: a near miss counts as a miss.
        k: Neighbours looked at.
        rows_measured: Rows M whose neighbours were looked at, among all rows.
        rows: Rows N of the map.
        measured: int32 array of shape (M,), which rows those are, ascending.
        per_row_overlap: float32 array of shape (M,), the overlap of each, to colour a map by.
        sentence: The same in plain words.
    """

    trustworthiness: float
    knn_overlap: float
    k: int
    rows_measured: int
    rows: int
    measured: NDArray[np.int32]
    per_row_overlap: NDArray[np.float32]
    sentence: str


def map_trust(
    embeddings: NDArray[np.floating],
    coordinates: NDArray[np.floating],
    k: int = 15,
    seed: int = 0,
    progress: Progress = no_progress,
) -> MapTrust:
    """Compare the neighbours of rows on a map with their neighbours by cosine.

    With r(i, j) the rank of row j among the rows most similar to i, and U_i the k neighbours of
    i on the map, trustworthiness is
    1 - 2 / (M k (2N - 3k - 1)) * sum_i sum_{j in U_i} max(0, r(i, j) - k),
    which is `sklearn.manifold.trustworthiness` where all rows are measured. Rows of equal
    similarity share the best of their ranks, so that exact copies count as each other's.

    Args:
        embeddings: Matrix of shape (N, D).
        coordinates: Matrix of shape (N, P), the map of the same rows.
        k: Neighbours to look at, at least 1. Less than half of the rows are taken.
        seed: Fixes which rows are measured where there are more than 20,000.
        progress: Told how many rows are measured.

    Returns:
        The measures. A map of fewer than three rows has no wrong neighbours: both are 1.

    Raises:
        DataError: A matrix is malformed, they do not fit each other, or `k` < 1.
    """
    require(k >= 1, f"k={k} should be at least 1.")
    vectors = unit_rows(embeddings)
    points = as_vectors(coordinates, "coordinates")
    rows = len(vectors)
    require(rows == len(points), f"The map has {len(points)} points and the corpus {rows} rows.")
    measured = _rows_to_measure(rows, seed)
    k = min(k, (rows - 1) // 2)  # beyond, the formula's scale is not defined
    if k == 0:
        return _result(np.ones((len(measured), 1), np.int64), 1, rows, measured)
    shown = _neighbours_on_map(points, measured, k)
    ranks = np.empty(shown.shape, dtype=np.int64)
    for start in range(0, len(measured), BLOCK_ROWS):
        progress(start, len(measured), "trust")
        block = slice(start, start + BLOCK_ROWS)
        ranks[block] = _true_ranks(vectors, measured[block], shown[block])
    return _result(ranks, k, rows, measured)


def _rows_to_measure(rows: int, seed: int) -> NDArray[np.int32]:
    """Take all rows, or a sample where there are too many."""
    count = MOST_SIMILARITIES // rows
    if count >= rows:
        return np.arange(rows, dtype=np.int32)
    chosen = np.random.default_rng(seed).choice(rows, count, replace=False)
    return np.sort(chosen).astype(np.int32)


def _neighbours_on_map(
    points: NDArray[np.float32], measured: NDArray[np.int32], k: int
) -> NDArray[np.int64]:
    """Find the k nearest other points of each measured one, shape (M, k)."""
    from scipy.spatial import KDTree

    _, found = KDTree(points).query(points[measured], k=k + 1)  # (M, k + 1)
    # A point is its own nearest, except where more than k others lie on its very spot.
    own = found == measured[:, None]
    own[~own.any(axis=1), -1] = True
    return found[~own].reshape(len(measured), k)


def _true_ranks(
    vectors: NDArray[np.float32], block: NDArray[np.int32], shown: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rank the shown neighbours of each row by similarity: 1 is the most similar other row."""
    similarities = vectors[block] @ vectors.T  # (B, N)
    similarities[np.arange(len(block)), block] = -np.inf
    wanted = np.take_along_axis(similarities, shown, axis=1) + TIE  # (B, k)
    similarities.sort(axis=1)
    below = [
        row.searchsorted(values, "right") for row, values in zip(similarities, wanted, strict=True)
    ]
    return len(vectors) - np.array(below) + 1


def _result(ranks: NDArray[np.integer], k: int, rows: int, measured: NDArray[np.int32]) -> MapTrust:
    """Sum up ranks of shape (M, k)."""
    scale = 2.0 / max(len(measured) * k * (2 * rows - 3 * k - 1), 1)
    trustworthiness = 1.0 - scale * float(np.maximum(ranks - k, 0).sum())
    per_row = (ranks <= k).mean(axis=1).astype(np.float32)  # (M,)
    overlap = float(per_row.mean(dtype=np.float64))
    sentence = _sentence(overlap, k, len(measured), rows)
    return MapTrust(trustworthiness, overlap, k, len(measured), rows, measured, per_row, sentence)


def _sentence(overlap: float, k: int, measured: int, rows: int) -> str:
    """Say how far to trust the map."""
    if overlap >= GOOD_OVERLAP:
        verdict = "most neighbours on this map are real ones"
    elif overlap >= FAIR_OVERLAP:
        verdict = "trust its groups, and look up a single sentence's neighbours in the list"
    else:
        verdict = "take this map as a rough sketch, and look up neighbours in the list"
    sample = "" if measured == rows else f" (measured on {measured:,} of {rows:,} rows)"
    return (
        f"Of the {k} sentences most similar to one, the map shows {overlap * k:.1f} among its "
        f"{k} nearest, on average{sample}: {verdict}."
    )
