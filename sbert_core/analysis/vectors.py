"""What every analysis does first: check the vectors, and put them on the unit sphere.

    N  rows      D  dimensions      U  distinct rows (U <= N)

Cosine is the similarity used throughout. On rows of length 1 it is a plain dot product, which
is why the analyses normalise once and then multiply matrices.
"""

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import DataError


def require(holds: bool, sentence: str) -> None:
    """Raise `DataError` with a sentence for the user unless the condition holds."""
    if not holds:
        raise DataError(sentence)


def as_vectors(values: NDArray[np.floating], name: str = "embeddings") -> NDArray[np.float32]:
    """Check a matrix of vectors and return it as float32.

    Args:
        values: Matrix of shape (N, D), one vector a row.
        name: The argument to name when the matrix is refused.

    Returns:
        float32 array of shape (N, D); the input itself where it already is one.

    Raises:
        DataError: Not two-dimensional, empty, or not finite.
    """
    vectors = np.asarray(values, dtype=np.float32)
    require(
        vectors.ndim == 2, f"{name} has shape {vectors.shape}; it should be (rows, dimensions)."
    )
    require(vectors.size > 0, f"{name} has shape {vectors.shape}; it should have at least one row.")
    finite = np.isfinite(vectors).all(axis=1)
    require(
        bool(finite.all()),
        f"{name} has {np.count_nonzero(~finite)} rows that are not finite numbers.",
    )
    return vectors


def unit_rows(values: NDArray[np.floating], name: str = "embeddings") -> NDArray[np.float32]:
    """Scale every row to length 1, so that a dot product of two rows is their cosine.

    A zero row has no direction. It stays zero, and its cosine with every row is 0.

    Args:
        values: Matrix of shape (N, D).
        name: The argument to name when the matrix is refused.

    Returns:
        float32 array of shape (N, D), a new one.

    Raises:
        DataError: Not two-dimensional, empty, or not finite.
    """
    vectors = as_vectors(values, name)
    # float64: squares of large float32 values overflow, and those of tiny ones vanish.
    norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))  # (N,)
    norms[norms == 0] = 1.0
    return (vectors / norms[:, None]).astype(np.float32)  # (N, D)


def distinct_rows(vectors: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the rows that differ, in the order in which they first occur.

    Args:
        vectors: float32 array of shape (N, D).

    Returns:
        first: Row of the first copy of each distinct vector, shape (U,).
        place: Which distinct vector each row is, shape (N,), so that
            `vectors[first][place]` equals `vectors`.
    """
    seen: dict[bytes, int] = {}
    place = np.array([seen.setdefault(row.tobytes(), len(seen)) for row in vectors], dtype=np.intp)
    return np.unique(place, return_index=True)[1], place
