"""Do two encoders see the same neighbourhoods? Measured in embedding space, not on pictures.

    N  rows      D  dimensions      K  neighbours of each row      M  maps      P  pairs of rows

Encoders may have different numbers of dimensions and axes that mean nothing to each other, so what
is compared is how rows lie among each other: who is near whom, and how far apart. Everything is
computed from blocks of rows or from D x D matrices; nothing of N x N is ever held.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .geometry import aligned_frame
from .map_trust import TIE
from .vectors import as_vectors, require, unit_rows

# Rounds of taking the mean map and laying all maps over it again: it stands still after a few.
FRAME_ROUNDS = 10
# Of the rows with the fewest shared neighbours, this many times those asked for are looked at
# closely, to tell apart the many that share none.
CANDIDATES = 20
# Cells of "no label" that are not blank text.
_NO_LABEL = {"", "None", "nan", "<NA>", "NaT"}


# --- neighbourhoods -------------------------------------------------------------------------------


def neighbours_to_compare(rows: int, wanted: int = 10) -> int:
    """Say how many neighbours of each row to look at: fewer where they would be half of all rows.

    With K near N every encoder has the same neighbours, and the comparison says nothing.

    Args:
        rows: Different rows N.
        wanted: K where there are enough rows, at least 1.

    Raises:
        DataError: `wanted` < 1, or fewer than 3 rows: then no row has a choice of neighbours.
    """
    require(wanted >= 1, f"neighbours={wanted} should be at least 1.")
    require(
        rows >= 3,
        f"Comparing needs at least 3 different sentences; this corpus has {rows}.",
    )
    return min(wanted, (rows - 1) // 2)


def shared_neighbours(a: NDArray[np.integer], b: NDArray[np.integer]) -> NDArray[np.float32]:
    """Measure for each row which share of its neighbours is the same under two encoders.

    |A_i ∩ B_i| / K, with A_i and B_i the K nearest rows of row i. Two unrelated encoders share
    K / (N - 1) on average.

    Args:
        a: int array of shape (N, K), K different row numbers in each row.
        b: The same under the other encoder.

    Returns:
        float32 array of shape (N,), fractions in [0, 1].

    Raises:
        DataError: The shapes differ, or K is 0.
    """
    require(
        a.ndim == 2 and a.shape == b.shape and a.shape[1] > 0,
        f"Neighbours have shapes {a.shape} and {b.shape}; they should be equal, with K >= 1.",
    )
    both = np.sort(np.concatenate([a, b], axis=1), axis=1)  # (N, 2K): a shared one stands twice
    return ((both[:, 1:] == both[:, :-1]).sum(axis=1) / a.shape[1]).astype(np.float32)


def map_neighbours(points: NDArray[np.floating], k: int) -> NDArray[np.int32]:
    """Find the k nearest other points of each point of a map.

    Args:
        points: Matrix of shape (N, 2) or (N, 3).
        k: From 1 to N - 1.

    Returns:
        int32 array of shape (N, k).

    Raises:
        DataError: `points` is malformed, or `k` is out of range.
    """
    from scipy.spatial import KDTree

    spots = as_vectors(points, "points")
    require(1 <= k < len(spots), f"k={k} should be between 1 and {len(spots) - 1}.")
    found = KDTree(spots).query(spots, k=k + 1)[1]  # (N, k + 1)
    own = found == np.arange(len(spots))[:, None]
    # A point is its own nearest, except where more than k others lie on its very spot.
    own[~own.any(axis=1), -1] = True
    return found[~own].reshape(len(spots), k).astype(np.int32)


def most_changed(
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    near_a: NDArray[np.integer],
    near_b: NDArray[np.integer],
    count: int = 20,
) -> NDArray[np.int32]:
    """Find the rows whose neighbourhoods differ most between two encoders.

    Fewest shared neighbours first. Many rows may share none; among those, the ones whose
    neighbours under one encoder are furthest off under the other come first, by the mean logarithm
    of their rank there (a neighbour that falls from 5th to 50th place has moved as far as one that
    falls from 50th to 500th).

    Args:
        a: Matrix of shape (N, D).
        b: Matrix of shape (N, D'), the same rows under another encoder.
        near_a: int array of shape (N, K), neighbours under the first.
        near_b: The same under the second.
        count: Rows to return, fewer if there are fewer.

    Returns:
        int32 array of row numbers.

    Raises:
        DataError: An array is malformed, or they do not fit each other.
    """
    shared = shared_neighbours(near_a, near_b)
    units_a, units_b = unit_rows(a, "a"), unit_rows(b, "b")
    require(
        len(units_a) == len(units_b) == len(shared),
        f"There are {len(units_a)} and {len(units_b)} vectors for {len(shared)} rows.",
    )
    rows = np.argsort(shared, kind="stable")[: max(count, 1) * CANDIDATES]
    moved = _mean_log_rank(units_b, rows, near_a) + _mean_log_rank(units_a, rows, near_b)
    order = np.lexsort((rows, -np.round(moved, 6), shared[rows]))
    return rows[order][:count].astype(np.int32)


def _mean_log_rank(
    units: NDArray[np.float32], rows: NDArray[np.intp], near: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Rank given neighbours of some rows by cosine, and take the mean of the logarithms."""
    similarities = units[rows] @ units.T  # (R, N)
    similarities[np.arange(len(rows)), rows] = -np.inf
    wanted = np.take_along_axis(similarities, near[rows], axis=1) + TIE  # (R, K)
    similarities.sort(axis=1)
    above = np.array(
        [
            len(units) - line.searchsorted(values, "right")
            for line, values in zip(similarities, wanted, strict=True)
        ]
    )
    means: NDArray[np.float64] = np.log1p(above).mean(axis=1)
    return means


# --- the whole space ------------------------------------------------------------------------------


def is_collapsed(embeddings: NDArray[np.floating]) -> bool:
    """Tell whether all rows point the same way, up to rounding: then there is nothing to compare.

    Raises:
        DataError: `embeddings` is malformed.
    """
    units = unit_rows(embeddings)
    return float(np.abs(units - units[0]).max()) <= TIE


def linear_cka(x: NDArray[np.floating], y: NDArray[np.floating]) -> float | None:
    """Measure how alike two representations are, whatever their axes and dimensions.

    ||Y^T X||_F^2 / (||X^T X||_F ||Y^T Y||_F) with centred columns (Kornblith et al. 2019,
    arXiv 1905.00414, section 3): the products are D x D, so this is O(N D^2).

    Unrelated representations do not score 0 but about D / N, and more the fewer rows there are;
    compare with `shuffled_cka`.

    Args:
        x: Matrix of shape (N, D).
        y: Matrix of shape (N, D'); row i is the same sentence.

    Returns:
        In [0, 1]: 1 if one is the other turned and scaled. None if either is the same in all
        rows: it has no directions to compare.

    Raises:
        DataError: A matrix is malformed, or they have different numbers of rows.
    """
    a, b = _centred(x, "x"), _centred(y, "y")
    require(len(a) == len(b), f"x has {len(a)} rows and y {len(b)}; they should be equal.")
    own_a, own_b = float(np.linalg.norm(a.T @ a)), float(np.linalg.norm(b.T @ b))
    if own_a == 0 or own_b == 0:
        return None
    return min(1.0, float(np.square(np.linalg.norm(b.T @ a)) / own_a / own_b))


def shuffled_cka(x: NDArray[np.floating], y: NDArray[np.floating], seed: int = 0) -> float | None:
    """Return what `linear_cka` would be if row i of one had nothing to do with row i of the other.

    Args:
        x: Matrix of shape (N, D).
        y: Matrix of shape (N, D').
        seed: Fixes how the rows of `y` are shuffled.
    """
    return linear_cka(x, y[np.random.default_rng(seed).permutation(len(y))])


def _centred(values: NDArray[np.floating], name: str) -> NDArray[np.float64]:
    """Take the mean out of every column; what is left of rounding alone becomes 0."""
    vectors = as_vectors(values, name).astype(np.float64)
    centred = vectors - vectors.mean(axis=0)
    if float(np.abs(centred).max()) <= TIE * float(np.abs(vectors).max()):
        centred[:] = 0.0
    return centred


def distance_rank_correlation(
    x: NDArray[np.floating], y: NDArray[np.floating], pairs: int = 20_000, seed: int = 0
) -> float | None:
    """Ask whether pairs that are far apart for one encoder are far apart for the other.

    Spearman's rank correlation of the cosine distances of the same pairs of rows.

    Args:
        x: Matrix of shape (N, D), N >= 2.
        y: Matrix of shape (N, D'); row i is the same sentence.
        pairs: Pairs to draw; where there are no more than this, each is taken once.
        seed: The same seed draws the same pairs.

    Returns:
        In [-1, 1]: 1 for the same order, near 0 for unrelated encoders. None where all distances
        are equal under one of them: they have no order.

    Raises:
        DataError: A matrix is malformed, or they have different numbers of rows.
    """
    from scipy.stats import rankdata

    a, b = unit_rows(x, "x"), unit_rows(y, "y")
    require(len(a) == len(b), f"x has {len(a)} rows and y {len(b)}; they should be equal.")
    i, j = _pairs_of(len(a), pairs, seed)
    ranks = []
    for units in (a, b):
        cosines = np.einsum("pd,pd->p", units[i], units[j], dtype=np.float64)  # (P,)
        if cosines.size == 0 or float(np.ptp(cosines)) <= TIE:
            return None
        place = rankdata(cosines)
        ranks.append((place - place.mean()) / place.std())
    return float(np.clip((ranks[0] * ranks[1]).mean(), -1.0, 1.0))


def _pairs_of(rows: int, pairs: int, seed: int) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Draw pairs of different rows, or take all of them."""
    if rows * (rows - 1) // 2 <= pairs:
        return np.triu_indices(rows, k=1)
    rng = np.random.default_rng(seed)
    i = rng.integers(rows, size=pairs)
    return i, (i + rng.integers(1, rows, size=pairs)) % rows  # never i itself


# --- labels ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Labels:
    """Labels as numbers.

    Attributes:
        numbers: int32 array of shape (N,); -1 for a row without a label.
        names: The labels, in the order of first occurrence.
    """

    numbers: NDArray[np.int32]
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[object]) -> "Labels":
        """Number the labels of a column; blank and missing cells are no label."""
        known: dict[str, int] = {}
        words = [str(value).strip() for value in values]
        numbers = [-1 if w in _NO_LABEL else known.setdefault(w, len(known)) for w in words]
        return cls(np.array(numbers, dtype=np.int32), tuple(known))

    @property
    def baseline(self) -> float:
        """Share of the most frequent label: what always guessing it would score, in [0, 1]."""
        return float(np.bincount(self.numbers[self.numbers >= 0]).max() / self.count)

    @property
    def count(self) -> int:
        """Rows that have a label."""
        return int((self.numbers >= 0).sum())

    def rows(self, rows: NDArray[np.integer]) -> "Labels":
        """Return the labels of some rows."""
        return Labels(self.numbers[rows], self.names)


def neighbour_label_accuracy(
    near: NDArray[np.integer], labels: NDArray[np.integer]
) -> float | None:
    """Let the neighbours of each row vote on its label, and count how often they are right.

    The k-nearest-neighbour classifier (Cover & Hart 1967), each row left out in turn. Of labels
    with equal votes the one of the nearest neighbour wins. Neighbours without a label do not vote,
    and where none has one the vote is wrong.

    Args:
        near: int array of shape (N, K), nearest first.
        labels: int array of shape (N,), -1 for a row without a label.

    Returns:
        Fraction in [0, 1] of the rows that have a label; None where no row has.
    """
    known = np.flatnonzero(labels >= 0)
    if known.size == 0:
        return None
    votes = labels[near[known]]  # (R, K)
    counts = (votes[:, :, None] == votes[:, None, :]).sum(
        axis=2
    )  # votes for each neighbour's label
    counts[votes < 0] = -1
    winner = np.take_along_axis(votes, counts.argmax(axis=1)[:, None], axis=1)[:, 0]
    return float((winner == labels[known]).mean())


# --- maps in one frame ----------------------------------------------------------------------------


def common_frame(maps: Sequence[NDArray[np.floating]]) -> list[NDArray[np.float32]]:
    """Turn, mirror and scale maps of the same rows so that they lie over each other as well as can.

    Generalised Procrustes analysis (Gower 1975, Psychometrika 40): every map is laid over the mean
    of all, and the mean taken anew, so that no encoder's map is the standard for the others. Then
    all are turned together so that the mean map is widest from left to right.

    Args:
        maps: M matrices of shape (N, 2).

    Returns:
        M float32 arrays of shape (N, 2) around 0, with a mean squared radius of 1; a map that is
        a single spot lies at 0.

    Raises:
        DataError: A matrix is malformed, or the shapes differ.
    """
    frame = [_normed(points) for points in maps]
    mean = next((points for points in frame if points.any()), frame[0])
    for _ in range(FRAME_ROUNDS):
        frame = [_normed(aligned_frame(points, mean)) for points in frame]
        mean = _normed(np.mean(frame, axis=0))
    axes = np.linalg.svd(mean, full_matrices=False)[2]  # (2, 2), the widest direction first
    return [(points @ axes.T).astype(np.float32) for points in frame]


def _normed(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Centre a map and scale it to a mean squared radius of 1."""
    spots = as_vectors(points, "map").astype(np.float64)
    spots -= spots.mean(axis=0)
    radius = np.sqrt(np.square(spots).sum(axis=1).mean())
    if radius <= np.finfo(np.float32).eps * max(1.0, float(np.abs(points).max())):
        return np.zeros_like(spots)
    scaled: NDArray[np.float64] = spots / radius
    return scaled
