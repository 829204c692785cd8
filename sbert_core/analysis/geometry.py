"""Signs of collapse: how embeddings fill their space, watched while a model is trained.

    N  rows      D  dimensions of an embedding, or of a map      P  pairs

A model that puts every sentence in the same place has a low loss under some objectives and is of
no use. Four numbers show it early; none of them needs a label except `alignment`, which needs to
know which rows belong together. `aligned_frame` lays the maps of two moments over each other.
"""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from .vectors import as_vectors, require, unit_rows

# Uniformity looks at all pairs up to so many rows, and at that many rows drawn by chance above.
MOST_ROWS = 2_000


@dataclass(frozen=True)
class GeometrySigns:
    """How a set of embeddings fills its space.

    Attributes:
        random_pair_cosine: Mean cosine of two random rows, in [-1, 1]. Near 0 is roomy; near 1
            all sentences point the same way.
        random_pair_spread: Standard deviation of those cosines, in [0, 1].
        effective_rank: Dimensions in use, in [1, D]; falls towards 1 as they collapse.
        uniformity: In [-8, 0] at t = 2; lower is more evenly spread over the sphere, 0 is one
            point.
        alignment: Mean squared distance of rows that belong together, in [0, 4]; lower is nearer.
            None where no pairs are known.
    """

    random_pair_cosine: float
    random_pair_spread: float
    effective_rank: float
    uniformity: float
    alignment: float | None = None

    @classmethod
    def measure(
        cls,
        embeddings: NDArray[np.floating],
        pairs: tuple[NDArray[np.floating], NDArray[np.floating]] | None = None,
        seed: int = 0,
    ) -> "GeometrySigns":
        """Measure all signs.

        Args:
            embeddings: Matrix of shape (N, D).
            pairs: Two matrices of shape (P, D), row i of one belonging with row i of the other.
            seed: Fixes which pairs and rows are drawn.

        Raises:
            DataError: A matrix is malformed, or the pairs do not fit each other.
        """
        mean, spread = random_pair_cosine(embeddings, seed)
        return cls(
            random_pair_cosine=mean,
            random_pair_spread=spread,
            effective_rank=effective_rank(embeddings),
            uniformity=uniformity(embeddings, seed=seed),
            alignment=None if pairs is None else alignment(*pairs),
        )

    def to_dict(self) -> dict[str, float]:
        """Return what is known, by name, as a step of a training's history holds it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def random_pair_cosine(
    embeddings: NDArray[np.floating], seed: int = 0, pairs: int = 10_000
) -> tuple[float, float]:
    """Measure how near each other unrelated rows lie (Ethayarajh 2019, arXiv 1909.00512, 3.3).

    Args:
        embeddings: Matrix of shape (N, D).
        seed: The same seed draws the same pairs.
        pairs: Pairs of different rows to draw, at least 1. More give a steadier mean; where
            there are no more than this, each is taken once.

    Returns:
        Mean of their cosines in [-1, 1], and their standard deviation in [0, 1]. A single row
        has no pair: (1, 0), that of a row with itself.

    Raises:
        DataError: `embeddings` is malformed, or `pairs` < 1.
    """
    require(pairs >= 1, f"pairs={pairs} should be at least 1.")
    units = unit_rows(embeddings)
    rows = len(units)
    if rows == 1:
        return 1.0, 0.0
    if rows * (rows - 1) // 2 <= pairs:
        i, j = np.triu_indices(rows, k=1)
    else:
        rng = np.random.default_rng(seed)
        i = rng.integers(rows, size=pairs)
        j = (i + rng.integers(1, rows, size=pairs)) % rows  # never i itself
    cosines = np.einsum("pd,pd->p", units[i], units[j], dtype=np.float64)  # (P,)
    cosines = np.clip(cosines, -1.0, 1.0)
    return float(cosines.mean()), float(cosines.std())


def effective_rank(embeddings: NDArray[np.floating]) -> float:
    """Count the dimensions that embeddings make use of.

    exp(-sum_k p_k ln p_k) with p_k = s_k / sum_j s_j and s the singular values of the centred
    rows (Roy & Vetterli 2007, "The effective rank", EUSIPCO, definition 1).

    Args:
        embeddings: Matrix of shape (N, D).

    Returns:
        In [1, D]: D if the rows vary equally in all directions, 1 if they vary in one, or not
        at all.

    Raises:
        DataError: `embeddings` is malformed.
    """
    vectors = as_vectors(embeddings).astype(np.float64)
    centred = vectors - vectors.mean(axis=0)
    singular = np.linalg.svd(centred, compute_uv=False)  # (min(N, D),)
    # What is below the rounding of the float32 that came in is no direction.
    floor = np.finfo(np.float32).eps * float(np.abs(vectors).max()) * np.sqrt(len(vectors))
    singular = singular[singular > floor]
    if singular.size == 0:
        return 1.0
    shares = singular / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def alignment(u: NDArray[np.floating], v: NDArray[np.floating], alpha: float = 2.0) -> float:
    """Measure how far apart rows lie that belong together: mean of ||u_i - v_i||^alpha.

    Wang & Isola 2020 (arXiv 2005.10242), section 4.1.1, on rows scaled to length 1.

    Args:
        u: Matrix of shape (P, D).
        v: Matrix of shape (P, D); row i belongs with row i of `u`.
        alpha: Power of the distance, above 0; larger weighs far pairs more.

    Returns:
        In [0, 2^alpha]; 0 if all pairs coincide. At alpha = 2 it is 2 - 2 * mean cosine.

    Raises:
        DataError: A matrix is malformed, the shapes differ, or `alpha` is not positive.
    """
    require(alpha > 0, f"alpha={alpha} should be above 0.")
    a, b = unit_rows(u, "u"), unit_rows(v, "v")
    require(a.shape == b.shape, f"u has shape {a.shape} and v {b.shape}; they should be equal.")
    distances = np.linalg.norm(a.astype(np.float64) - b, axis=1)  # (P,)
    return float((distances**alpha).mean())


def uniformity(x: NDArray[np.floating], t: float = 2.0, seed: int = 0) -> float:
    """Measure how evenly rows lie on the sphere: ln of the mean of exp(-t ||x_i - x_j||^2), i < j.

    Wang & Isola 2020 (arXiv 2005.10242), section 4.1.2, on rows scaled to length 1.

    Args:
        x: Matrix of shape (N, D).
        t: Above 0; larger looks at nearer neighbours only.
        seed: Fixes which 2,000 rows are measured where there are more.

    Returns:
        In [-4t, 0]; 0 if all rows are one point, as a single row is. Lower is more even.

    Raises:
        DataError: `x` is malformed, or `t` is not positive.
    """
    require(t > 0, f"t={t} should be above 0.")
    units = unit_rows(x, "x").astype(np.float64)
    if len(units) > MOST_ROWS:
        units = units[np.random.default_rng(seed).choice(len(units), MOST_ROWS, replace=False)]
    if len(units) == 1:
        return 0.0
    squares = np.einsum("nd,nd->n", units, units)  # 1, or 0 for a row without direction
    distances = squares[:, None] + squares[None, :] - 2 * units @ units.T  # (N, N), squared
    apart = np.maximum(distances[np.triu_indices(len(units), k=1)], 0.0)  # (P,)
    return float(np.log(np.exp(-t * apart).mean()))


def aligned_frame(
    points: NDArray[np.floating], reference: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Lay a map over another map of the same rows, so that what moved is what changed.

    Where an axis points on a map, which side is left and how large it is mean nothing. That
    freedom is taken out: with X and Y the centred maps and X^T Y = U S V^T, the map is turned or
    mirrored by R = U V^T, which makes ||c X R - Y|| least among orthogonal R (Schönemann 1966,
    Psychometrika 31), and scaled by c = ||Y|| / ||X||, so that it is as large as the reference
    (Gower 1975, "Generalized Procrustes analysis", Psychometrika 40). The c of least squares is
    smaller the less the two agree: along a row of frames each would shrink the next.

    Args:
        points: Matrix of shape (N, D), the map to move; D is usually 2.
        reference: Matrix of shape (N, D), the map that stays; row i is the same sentence.

    Returns:
        float32 array of shape (N, D), a new one. Distances on it are those of `points`, all
        times one factor. Where either map is a single spot there is nothing to turn or scale by:
        `points` is shifted onto the centre of `reference`.

    Raises:
        DataError: A matrix is malformed, or the shapes differ.
    """
    moved = as_vectors(points, "points").astype(np.float64)
    fixed = as_vectors(reference, "reference").astype(np.float64)
    require(
        moved.shape == fixed.shape,
        f"points has shape {moved.shape} and reference {fixed.shape}; they should be equal.",
    )
    centre = fixed.mean(axis=0)
    x, y = moved - moved.mean(axis=0), fixed - centre
    if _is_spot(moved) or _is_spot(fixed):
        return (x + centre).astype(np.float32)
    left, _, right = np.linalg.svd(x.T @ y)  # (D, D), (D,), (D, D)
    scale = np.linalg.norm(y) / np.linalg.norm(x)
    return (scale * x @ (left @ right) + centre).astype(np.float32)  # (N, D)


def _is_spot(points: NDArray[np.float64]) -> bool:
    """Tell whether points differ by no more than the rounding of the float32 they came in."""
    widest = float(np.ptp(points, axis=0).max())
    return widest <= float(np.finfo(np.float32).eps * np.abs(points).max())
