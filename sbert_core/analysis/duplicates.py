"""All pairs of rows that are nearly the same: mined exactly, then grouped.

    N  rows      D  dimensions      P  pairs      B  rows of a block      C  columns of a block

The N x N matrix of cosines is never held: its upper triangle is gone through in blocks, and each
block keeps only what may reach the floor. A cheap product in bfloat16 decides what may; every
candidate is then computed again in float64 from the vectors as they are. **No pair is missed**,
by this margin. Let x be a row at length 1, y its bfloat16 version, and r the largest |y - x| of
all rows, which is measured, not assumed. For two rows i and j

    |y_i . y_j - x_i . x_j|  =  |y_i . (y_j - x_j) + (y_i - x_i) . x_j|
                             <=  (1 + r) r + r  =  2r + r^2

by Cauchy and Schwarz. Products of two bfloat16 numbers are exact in float32, and a float32 sum of
D of them, in any order and whether it rounds or cuts, is off by at most D * 2^-23 * (1 + r)^2
(Higham, *Accuracy and Stability of Numerical Algorithms*, 2002, section 3.1); twice that is
allowed for. The sum is rounded to bfloat16 once more, but rounding keeps order: what was not
below a bound is not below the rounded bound. So a pair whose cosine reaches the floor has a cheap
product that reaches `floor - margin`, rounded down. The same holds for the float32 product that
stands in where the processor has no bfloat16 of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sbert_core.protocols import Progress, no_progress

from .vectors import as_vectors, require

MAX_PAIRS = 500_000
Precision = Literal["auto", "bf16", "float32"]

# A block of bfloat16 cosines takes 32 MB; matrix units are fastest on blocks this large.
_BLOCK_ROWS = 2048
_BLOCK_COLUMNS = 8192
# Below this loading torch would take longer than the whole product in float32.
_BF16_ROWS = 8192
# Candidates gathered at once for the exact cosine: 2 x 8192 x D float64, 50 MB at D = 384.
_GATHER = 8192
# Where more than this share of a block are candidates, one float64 product is cheaper.
_DENSE = 1 / 64
_DENSE_COLUMNS = 1024

# (rows of a block, columns of a block, least cosine) -> positions (P, 2) within the block
_Prefilter = Callable[[slice, slice, float], tuple[NDArray[np.intp], NDArray[np.intp]]]


@dataclass(frozen=True)
class PairList:
    """Pairs of rows by descending cosine; equally similar ones in the order of their rows.

    Attributes:
        a: int32 array of shape (P,), the earlier row of each pair.
        b: int32 array of shape (P,), the later row; a[i] < b[i].
        cosines: float32 array of shape (P,), descending, in [-1, 1].
        complete_from: Every pair with at least this cosine is listed. The floor that was asked
            for, or a higher one where there were more pairs than may be kept.
        capped: Whether there were more.
    """

    a: NDArray[np.int32]
    b: NDArray[np.int32]
    cosines: NDArray[np.float32]
    complete_from: float
    capped: bool

    def __len__(self) -> int:
        """Number of pairs P."""
        return len(self.cosines)

    def count_at(self, threshold: float) -> int:
        """Count the pairs whose cosine is at least `threshold`."""
        return int(np.searchsorted(-self.cosines, -np.float32(threshold), side="right"))


def mine_pairs(
    embeddings: NDArray[np.floating],
    floor: float,
    max_pairs: int = MAX_PAIRS,
    progress: Progress = no_progress,
    precision: Precision = "auto",
) -> PairList:
    """Find every pair of rows whose cosine is at least `floor`.

    A zero row has no direction: its cosine with every row, another zero row included, is 0.

    Args:
        embeddings: Matrix of shape (N, D).
        floor: Least cosine, in [-1, 1]; compared in float32, in which the cosines are returned.
        max_pairs: Most pairs to keep, at least 1. Where there are more, the strongest are kept,
            and of equally similar ones those of the earliest rows.
        progress: Told how many cosines of the upper triangle are done, in thousands.
        precision: Of the cheap product; "auto" takes bfloat16 where the processor has it and
            there are rows enough. The result is the same.

    Returns:
        The pairs.

    Raises:
        DataError: `embeddings` is malformed, or a setting is out of range.
        Cancelled: From `progress`.
    """
    require(-1 <= floor <= 1, f"threshold={floor:g} should be a cosine, in [-1, 1].")
    require(max_pairs >= 1, f"max_pairs={max_pairs} should be at least 1.")
    vectors = as_vectors(embeddings)
    inverse = _inverse_lengths(vectors)
    prefilter = _prefilter(vectors, inverse, precision)
    kept = _Strongest(floor, max_pairs)
    blocks = _triangle(len(vectors))
    total = sum(_area(rows, columns) for rows, columns in blocks) // 1000
    done = 0
    for rows, columns in blocks:
        progress(done // 1000, total, "comparing, in thousands of pairs")
        places = prefilter(rows, columns, kept.floor)
        _add_exact(kept, vectors, inverse, rows, columns, places)
        done += _area(rows, columns)
    progress(total, total, "comparing, in thousands of pairs")
    return kept.finish()


class _Strongest:
    """The strongest pairs so far; raises its floor once there are more than may be kept."""

    def __init__(self, floor: float, limit: int) -> None:
        self.floor = float(np.float32(floor))
        self._limit = limit
        self._asked = self.floor
        self._capped = False
        self._parts: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]] = []
        self._size = 0

    def add(
        self, a: NDArray[np.integer], b: NDArray[np.integer], cosines: NDArray[np.float32]
    ) -> None:
        """Take the pairs that reach the floor."""
        reach = cosines >= np.float32(self.floor)
        if not reach.any():
            return
        self._parts.append((a[reach].astype(np.int32), b[reach].astype(np.int32), cosines[reach]))
        self._size += len(self._parts[-1][0])
        if self._size > 2 * self._limit:
            self._trim()

    def finish(self) -> PairList:
        """Return them, strongest first."""
        if self._size > self._limit:
            self._trim()
        a, b, cosines = self._joined()
        order = np.lexsort((b, a, -cosines))
        # Of those at the raised floor itself some may have been dropped.
        above = float(np.nextafter(np.float32(self.floor), np.float32(2)))
        complete_from = above if self._capped else self._asked
        return PairList(a[order], b[order], cosines[order], complete_from, self._capped)

    def _joined(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
        """All pairs as three arrays."""
        if not self._parts:
            return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)
        a, b, cosines = (np.concatenate(arrays) for arrays in zip(*self._parts, strict=True))
        return a, b, cosines

    def _trim(self) -> None:
        """Keep the strongest, and let the weakest of them be the floor."""
        a, b, cosines = self._joined()
        weakest = np.partition(cosines, len(cosines) - self._limit)[len(cosines) - self._limit]
        above, ties = np.flatnonzero(cosines > weakest), np.flatnonzero(cosines == weakest)
        ties = ties[np.lexsort((b[ties], a[ties]))][: self._limit - len(above)]
        keep = np.concatenate([above, ties])
        self._parts, self._size = [(a[keep], b[keep], cosines[keep])], len(keep)
        self.floor, self._capped = float(weakest), True


# --- blocks -----------------------------------------------------------------------------------


def _triangle(rows: int) -> list[tuple[slice, slice]]:
    """Cut the upper triangle of an N x N matrix into blocks of rows and columns."""
    return [
        (
            slice(top, min(top + _BLOCK_ROWS, rows)),
            slice(left, min(left + _BLOCK_COLUMNS, rows)),
        )
        for top in range(0, rows, _BLOCK_ROWS)
        for left in range(top, rows, _BLOCK_COLUMNS)
    ]


def _area(rows: slice, columns: slice) -> int:
    """Number of cosines in a block."""
    return int((rows.stop - rows.start) * (columns.stop - columns.start))


def _inverse_lengths(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """1 / length of each row, shape (N,); 0 for a zero row, which makes its cosines 0."""
    # float64: squares of large float32 values overflow, and those of tiny ones vanish.
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    return np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)


def _add_exact(
    kept: _Strongest,
    vectors: NDArray[np.float32],
    inverse: NDArray[np.float64],
    rows: slice,
    columns: slice,
    places: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> None:
    """Compute the candidates of a block exactly and hand them over."""
    a, b = places[0] + rows.start, places[1] + columns.start
    upper = a < b  # a block on the diagonal has its pairs twice, and each row with itself
    a, b = a[upper], b[upper]
    if len(a) > _DENSE * _area(rows, columns):
        _add_dense(kept, vectors, inverse, rows, columns)
        return
    for start in range(0, len(a), _GATHER):
        i, j = a[start : start + _GATHER], b[start : start + _GATHER]
        kept.add(i, j, exact_cosines(vectors, inverse, i, j))


def exact_cosines(
    vectors: NDArray[np.float32],
    inverse: NDArray[np.float64],
    a: NDArray[np.integer],
    b: NDArray[np.integer],
) -> NDArray[np.float32]:
    """Cosines of pairs of rows, computed in float64 and rounded once: float32 (P,)."""
    dots = np.einsum("pd,pd->p", vectors[a], vectors[b], dtype=np.float64)
    cosines: NDArray[np.float32] = np.clip(dots * inverse[a] * inverse[b], -1, 1).astype(np.float32)
    return cosines


def _add_dense(
    kept: _Strongest,
    vectors: NDArray[np.float32],
    inverse: NDArray[np.float64],
    rows: slice,
    columns: slice,
) -> None:
    """Compute a whole block in float64, some columns at a time."""
    left = vectors[rows].astype(np.float64) * inverse[rows, None]  # (B, D)
    for start in range(columns.start, columns.stop, _DENSE_COLUMNS):
        part = slice(start, min(start + _DENSE_COLUMNS, columns.stop))
        right = vectors[part].astype(np.float64) * inverse[part, None]
        cosines = np.clip(left @ right.T, -1, 1).astype(np.float32)  # (B, C)
        i, j = np.nonzero(cosines >= np.float32(kept.floor))
        upper = i + rows.start < j + start
        i, j = i[upper], j[upper]
        kept.add(i + rows.start, j + start, cosines[i, j])


# --- the cheap product ------------------------------------------------------------------------


def _prefilter(
    vectors: NDArray[np.float32], inverse: NDArray[np.float64], precision: Precision
) -> _Prefilter:
    """Choose the cheap product and prepare the rows for it."""
    if precision == "auto":
        precision = "bf16" if len(vectors) >= _BF16_ROWS and _has_bf16() else "float32"
    return (_Bf16 if precision == "bf16" else _Float32)(vectors, inverse).candidates


def _has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 matrices itself, and so sums them in float32."""
    import torch

    checks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(bool(getattr(torch.cpu, name, lambda: False)()) for name in checks)


def margin_of(rounding: float, dims: int) -> float:
    """How far a cheap product may lie from the cosine; see the head of this file.

    Args:
        rounding: Largest distance r of a row at length 1 from its rounded version.
        dims: Number of dimensions D.
    """
    return 2 * rounding + rounding**2 + dims * 2.0**-22 * (1 + rounding) ** 2


class _Float32:
    """Blocks of a float32 product."""

    def __init__(self, vectors: NDArray[np.float32], inverse: NDArray[np.float64]) -> None:
        self._rows = np.empty(vectors.shape, np.float32)
        rounding = 0.0
        for start in range(0, len(vectors), _GATHER):
            part = slice(start, start + _GATHER)
            exact = vectors[part] * inverse[part, None]
            self._rows[part] = exact
            rounding = max(rounding, _largest_distance(exact, self._rows[part]))
        self._margin = margin_of(rounding, vectors.shape[1])

    def candidates(
        self, rows: slice, columns: slice, floor: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Positions in the block that may reach the floor."""
        products = self._rows[rows] @ self._rows[columns].T  # (B, C)
        bound = np.nextafter(np.float32(floor - self._margin), np.float32(-2))
        return _positions(products, bound)


class _Bf16:
    """Blocks of a bfloat16 product: half the memory, and several times as fast where native."""

    def __init__(self, vectors: NDArray[np.float32], inverse: NDArray[np.float64]) -> None:
        import torch

        self._rows = torch.empty(vectors.shape, dtype=torch.bfloat16)
        rounding = 0.0
        for start in range(0, len(vectors), _GATHER):
            part = slice(start, start + _GATHER)
            exact = vectors[part] * inverse[part, None]
            rounded = torch.from_numpy(exact.astype(np.float32)).bfloat16()
            self._rows[part] = rounded
            rounding = max(rounding, _largest_distance(exact, rounded.float().numpy()))
        self._margin = margin_of(rounding, vectors.shape[1])

    def candidates(
        self, rows: slice, columns: slice, floor: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Positions in the block that may reach the floor."""
        import torch

        with torch.inference_mode():
            products = torch.mm(self._rows[rows], self._rows[columns].T)  # (B, C)
        bound = np.float32(floor - self._margin)
        if bound > 0:
            # Positive bfloat16 numbers are ordered as their bits are, read as integers, and every
            # negative one reads as less. The upper half of a float32 is it, rounded down.
            code = np.int16(int(bound.view(np.int32)) >> 16)
            return _positions(products.view(torch.int16).numpy(), code)
        return _positions(products.float().numpy(), np.float32(bound - 2.0**-6))


def _largest_distance(exact: NDArray[np.float64], rounded: NDArray[np.float32]) -> float:
    """Largest Euclidean distance between the rows of two matrices."""
    difference = exact - rounded
    return float(np.sqrt(np.einsum("nd,nd->n", difference, difference).max()))


def _positions(products: NDArray[Any], bound: Any) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where a matrix is at least `bound`: rows and columns. Most rows have no such place."""
    rows = np.flatnonzero(products.max(axis=1) >= bound)
    places = np.flatnonzero(products[rows] >= bound)
    within, columns = np.divmod(places, products.shape[1])
    return rows[within], columns


# --- groups -----------------------------------------------------------------------------------

# A group is said to be chained where its two least similar members are this far below the line.
CHAIN_GAP = 0.1
# Members compared with each other for that; more are sampled evenly.
_COMPARED = 300


@dataclass(frozen=True)
class Group:
    """Rows that hang together: each reaches each other one over pairs above the threshold.

    Attributes:
        members: Row numbers, ascending; two or more.
        central: The member with the highest mean cosine to the others.
        least_cosine: Cosine of the two least similar members (of an even sample of 300 in a
            larger group), in [-1, 1].
        chained: Whether they are so far apart that a chain of steps must have joined them.
    """

    members: tuple[int, ...]
    central: int
    least_cosine: float
    chained: bool


def group_rows(
    a: NDArray[np.integer], b: NDArray[np.integer], rows: int
) -> list[NDArray[np.int64]]:
    """Find the connected components of a graph of pairs.

    Args:
        a: One end of each pair, shape (P,).
        b: The other end.
        rows: Number of rows N.

    Returns:
        The row numbers of each component of two rows or more, ascending; the largest component
        first, equally large ones by their first row.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not len(a):
        return []
    graph = coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(rows, rows))
    _, label = connected_components(graph, directed=False)
    sizes = np.bincount(label)
    order = np.argsort(label, kind="stable")
    parts = np.split(order, np.cumsum(sizes)[:-1])
    found = [part for part in parts if len(part) > 1]
    return sorted(found, key=lambda part: (-len(part), part[0]))


def describe_group(
    members: NDArray[np.integer], embeddings: NDArray[np.float32], threshold: float
) -> Group:
    """Say which member is central, and whether the group is a chain of unlike ends.

    Args:
        members: Row numbers, ascending.
        embeddings: float32 array of shape (N, D).
        threshold: What joined them, cosine in [-1, 1].
    """
    vectors = embeddings[members].astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    # The sum of its cosines with all members is a row's product with their sum.
    central = int(members[int(np.argmax(np.round(units @ units.sum(axis=0), 9)))])
    sample = units
    if len(units) > _COMPARED:
        sample = units[np.linspace(0, len(units) - 1, _COMPARED).astype(int)]
    least = float(np.clip((sample @ sample.T).min(), -1, 1))
    return Group(tuple(int(row) for row in members), central, least, least < threshold - CHAIN_GAP)
