"""Principal components of a set of vectors, the same ones every time.

N  rows      D  dimensions of the embedding      P  dimensions of the map
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# An axis with a smaller share of the variance is rounding noise, not a direction of the data.
LEAST_VARIANCE_SHARE = 1e-12


@dataclass(frozen=True)
class PrincipalAxes:
    """The P directions in which vectors vary most (Pearson, 1901).

    Attributes:
        mean: float64 array of shape (D,), the centre of the vectors.
        axes: float64 array of shape (D, P), orthonormal columns, largest variance first. The
            loading of largest size is positive, which fixes the sign. A column is zero where
            the vectors have no further direction.
        variance_shares: What part of the variance each axis has, fractions in [0, 1].
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    variance_shares: tuple[float, ...]

    def project(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the coordinates of vectors (N, D) on the axes: float32 of shape (N, P)."""
        return ((vectors - self.mean) @ self.axes).astype(np.float32)


def principal_axes(vectors: NDArray[np.float32], dims: int) -> PrincipalAxes:
    """Find the principal axes from the covariance of the vectors.

    Args:
        vectors: float32 array of shape (N, D).
        dims: Number of axes P.

    Returns:
        The axes; zero columns fill up where there are fewer than P.
    """
    from scipy.linalg import eigh

    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - mean
    covariance = centred.T @ centred / len(vectors)  # (D, D)
    width = len(mean)
    known = min(dims, width)
    variances, directions = eigh(covariance, subset_by_index=(width - known, width - 1))
    axes = np.zeros((width, dims))
    axes[:, :known] = directions[:, ::-1]  # eigh gives the smallest first
    shares = np.zeros(dims)
    shares[:known] = variances[::-1] / max(float(np.trace(covariance)), np.finfo(float).tiny)
    noise = shares < LEAST_VARIANCE_SHARE
    axes[:, noise], shares[noise] = 0.0, 0.0
    largest = np.abs(axes).argmax(axis=0)
    axes *= np.where(axes[largest, np.arange(dims)] < 0, -1.0, 1.0)
    return PrincipalAxes(mean, axes, tuple(shares.tolist()))
