"""The cosine silhouette of every row, exactly, in one matrix product.

    N  rows      D  dimensions      K  clusters

Rousseeuw (1987): s = (b - a) / max(a, b), where a is a row's mean distance to the others of its
cluster and b its smallest mean distance to another cluster. That is N * N distances in general.
The cosine distance of unit rows is linear, so a mean over a cluster is a product with its sum:
mean_j (1 - x.y_j) = 1 - x.(sum_j y_j) / n, and N * K products do.
"""

import numpy as np
from numpy.typing import NDArray

from .kmeans import cluster_sums

BLOCK_ROWS = 4096
# Smaller distances are what rounding to float32 leaves of none.
ROUNDING = 1e-6


def cosine_silhouettes(
    vectors: NDArray[np.float32], labels: NDArray[np.integer], k: int
) -> NDArray[np.float32]:
    """Measure how much nearer each row is to its own cluster than to the next one.

    Equals `sklearn.metrics.silhouette_samples(vectors, labels, metric="cosine")`. Prior
    validation of data is assumed.

    Args:
        vectors: float32 array of shape (N, D), rows of length 1 or 0.
        labels: Cluster of each row, shape (N,), in [0, k).
        k: Number of clusters K, at least 2. An empty one is nobody's next cluster.

    Returns:
        float32 array of shape (N,), in [-1, 1]; 0 for a row alone in its cluster, and
        where there is no other cluster or no distance at all.
    """
    sums, sizes = cluster_sums(vectors, labels, k)
    silhouettes = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        rows, own = vectors[block], labels[block]
        here = np.arange(len(rows)), own
        products = rows @ sums.T  # (B, K)
        others = sizes[own] - 1
        within = products[here] - np.einsum("nd,nd->n", rows, rows)  # without the row itself
        a = np.maximum(1 - within / np.maximum(others, 1), 0)
        distances = 1 - products / np.maximum(sizes, 1)
        distances[:, sizes == 0] = np.inf
        distances[here] = np.inf
        b = np.maximum(distances.min(axis=1), 0)
        larger = np.maximum(a, b)
        defined = (others > 0) & (larger > ROUNDING) & np.isfinite(b)
        difference = np.subtract(b, a, where=defined, out=np.zeros_like(a))
        silhouettes[block] = difference / np.where(defined, larger, 1)
    return silhouettes
