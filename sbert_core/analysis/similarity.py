"""How similar two vectors are, and how similar two random ones would have been.

    a, b  matrices of vectors      u, v  two vectors      N, M  rows      D  dimensions

A cosine means little alone: encoders differ in how close *unrelated* sentences lie (Ethayarajh,
2019, https://arxiv.org/abs/1909.00512). `random_pair_cosines` measures that, and
`percentile_of` says where a cosine falls among them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .vectors import as_vectors, require, unit_rows


@dataclass(frozen=True)
class PairScores:
    """Two vectors compared in four ways.

    Attributes:
        cosine: Cosine of the angle between them, in [-1, 1]; 0 if one of them is zero.
        dot: Dot product; equals the cosine when both have length 1.
        euclidean: Straight-line distance, >= 0.
        manhattan: Sum of absolute differences, >= 0.
    """

    cosine: float
    dot: float
    euclidean: float
    manhattan: float


def cos_sim(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """Compare every row of `a` with every row of `b`.

    Args:
        a: Matrix of shape (N, D).
        b: Matrix of shape (M, D).

    Returns:
        float32 array of shape (N, M): res[i][j] = cosine of a[i] and b[j], in [-1, 1].

    Raises:
        DataError: A matrix is malformed, or the dimensions differ.
    """
    units_a, units_b = _same_width(unit_rows(a, "a"), unit_rows(b, "b"))
    return np.clip(units_a @ units_b.T, -1.0, 1.0)  # (N, M)


def pairwise_cos_sim(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """Compare each row of `a` with the same row of `b`.

    Args:
        a: Matrix of shape (N, D).
        b: Matrix of shape (N, D).

    Returns:
        float32 array of shape (N,): res[i] = cosine of a[i] and b[i], in [-1, 1].

    Raises:
        DataError: A matrix is malformed, or the shapes differ.
    """
    units_a, units_b = _same_width(unit_rows(a, "a"), unit_rows(b, "b"))
    require(len(a) == len(b), f"a has {len(a)} rows and b has {len(b)}; they should be paired.")
    return np.clip(np.einsum("nd,nd->n", units_a, units_b), -1.0, 1.0)  # (N,)


def pair_scores(u: NDArray[np.floating], v: NDArray[np.floating]) -> PairScores:
    """Compare two vectors by cosine, dot product, Euclidean and Manhattan distance.

    Args:
        u: Vector of shape (D,).
        v: Vector of shape (D,).

    Returns:
        The four scores, computed in float64.

    Raises:
        DataError: A vector is malformed, or the dimensions differ.
    """
    rows = _same_width(as_vectors(u[None], "u"), as_vectors(v[None], "v"))
    a, b = np.concatenate(rows).astype(np.float64)  # (D,) each
    dot = float(a @ b)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return PairScores(
        cosine=max(-1.0, min(1.0, dot / lengths)) if lengths else 0.0,
        dot=dot,
        euclidean=float(np.linalg.norm(a - b)),
        manhattan=float(np.abs(a - b).sum()),
    )


def random_pair_cosines(
    embeddings: NDArray[np.floating], pairs: int = 2000, seed: int = 0
) -> NDArray[np.float32]:
    """Sample what cosine two random rows have.

    Args:
        embeddings: Matrix of shape (N, D).
        pairs: How many pairs of different rows to draw, none twice, at least 1. More give a
            finer percentile; all pairs are taken when there are no more than this.
        seed: The same seed draws the same pairs.

    Returns:
        float32 array of shape (P,), ascending, each in [-1, 1]; P = min(pairs, N * (N - 1) / 2),
        so it is empty for a single row.

    Raises:
        DataError: `embeddings` is malformed, or `pairs` < 1.
    """
    require(pairs >= 1, f"pairs={pairs} should be at least 1.")
    vectors = unit_rows(embeddings)
    possible = len(vectors) * (len(vectors) - 1) // 2
    number = np.random.default_rng(seed).choice(possible, min(pairs, possible), replace=False)
    # Pairs (i, j) with j < i are numbered row by row: 0 is (1, 0), 1 is (2, 0), 2 is (2, 1), ...
    i = ((1 + np.sqrt(1 + 8 * number.astype(np.float64))) / 2).astype(np.int64)
    j = number - i * (i - 1) // 2
    return np.sort(np.clip(np.einsum("pd,pd->p", vectors[i], vectors[j]), -1.0, 1.0))  # (P,)


def percentile_of(value: float, sorted_sample: NDArray[np.floating]) -> float:
    """Say what part of a sample lies below a value, counting half of its equals.

    Args:
        value: The value to place.
        sorted_sample: The sample, ascending, shape (P,).

    Returns:
        A percentile in [0, 100]: 0 if every member is larger, 100 if every member is smaller.

    Raises:
        DataError: The sample is empty.
    """
    require(len(sorted_sample) > 0, "There is no sample to compare with: it needs two rows.")
    below = np.searchsorted(sorted_sample, value, side="left")
    not_above = np.searchsorted(sorted_sample, value, side="right")
    return float(100.0 * (below + not_above) / 2 / len(sorted_sample))


def _same_width(
    a: NDArray[np.float32], b: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Refuse vectors of different encoders, which have different dimensions."""
    require(
        a.shape[1] == b.shape[1],
        f"The vectors have {a.shape[1]} and {b.shape[1]} dimensions; they should be equal.",
    )
    return a, b
