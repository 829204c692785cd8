"""UMAP without its waiting time: exact neighbours in, umap-learn's own layout out.

    N  rows      K  neighbours of a row, itself not counted      P  dimensions of the map (2 or 3)

McInnes, Healy & Melville (2018), https://arxiv.org/abs/1802.03426. A fresh process spends most of
`umap.UMAP.fit` on an approximate neighbour search and on compiling code for it and for the graph.
The neighbours come from one matrix product here, the graph is some lines of NumPy, and only the
layout, umap-learn's `simplicial_set_embedding`, is left to compile.
"""

import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sbert_core.protocols import Progress

from .neighbours import Neighbours

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# umap-learn's own constants: the search for a row's scale, and the least that scale may be,
# as a fraction of the mean distance.
SEARCH_STEPS = 64
SEARCH_TOLERANCE = 1e-5
LEAST_SCALE = 1e-3
START_EXTENT = 10.0
START_NOISE = 1e-4


def fuzzy_graph(neighbours: Neighbours) -> "csr_matrix":
    """Weigh the edges between neighbours: UMAP's fuzzy simplicial set.

    An edge from i to its neighbour j at cosine distance d weighs exp(-(d - rho_i) / sigma_i),
    at most 1: rho_i is the distance of i's nearest neighbour, and sigma_i is such that the
    weights of i add up to log2(K + 1). Two opinions a and b on an edge join as a + b - a * b.

    Args:
        neighbours: The K nearest other rows of each of N rows.

    Returns:
        Symmetric sparse matrix of shape (N, N), weights in (0, 1].
    """
    from scipy.sparse import csr_matrix

    rows, k = neighbours.indices.shape
    distances = np.maximum(1.0 - neighbours.similarities, 0.0)  # (N, K)
    nearest, scales = _local_scales(distances)
    weights = np.exp(-np.maximum(distances - nearest[:, None], 0.0) / scales[:, None])
    directed = csr_matrix(
        (weights.ravel(), neighbours.indices.ravel(), np.arange(0, rows * k + 1, k)), (rows, rows)
    )
    return (directed + directed.T - directed.multiply(directed.T)).tocsr()


def _local_scales(
    distances: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Find rho and sigma of each row by bisection, as `umap.umap_.smooth_knn_dist` does."""
    n_rows, k = distances.shape
    nearest = np.where(distances > 0, distances, np.inf).min(axis=1)
    nearest[np.isinf(nearest)] = 0.0
    excess = np.maximum(distances - nearest[:, None], 0.0)
    target = np.log2(k + 1)
    low, high, scale = np.zeros(n_rows), np.full(n_rows, np.inf), np.ones(n_rows)
    for _ in range(SEARCH_STEPS):
        error = np.exp(-excess / scale[:, None]).sum(axis=1) - target
        if np.all(np.abs(error) < SEARCH_TOLERANCE):
            break
        too_wide, too_narrow = error >= SEARCH_TOLERANCE, error <= -SEARCH_TOLERANCE
        high = np.where(too_wide, scale, high)
        low = np.where(too_narrow, scale, low)
        middle = np.where(np.isinf(high), scale * 2, (low + np.minimum(high, 1e38)) / 2)
        scale = np.where(too_wide | too_narrow, middle, scale)
    mean = distances.sum(axis=1) / (k + 1)  # the row itself, at distance 0, counts
    least = LEAST_SCALE * np.where(nearest > 0, mean, mean.mean())
    return nearest, np.maximum(np.maximum(scale, least), np.finfo(np.float32).tiny)


def lay_out(
    graph: "csr_matrix",
    start: NDArray[np.float32],
    min_dist: float,
    epochs: int,
    seed: int,
    progress: Progress,
) -> NDArray[np.float32]:
    """Move the points from a start until near neighbours in the graph lie near on the map.

    Args:
        graph: Symmetric edge weights of shape (N, N), from `fuzzy_graph`.
        start: First positions, float32 of shape (N, P), of any scale.
        min_dist: Least distance between neighbours on the map; larger spreads groups out.
        epochs: Passes over the edges; more are slower and more settled.
        seed: Fixes the start's noise and which far points push each other away.
        progress: Told the epochs done; may raise to stop the layout.

    Returns:
        float32 coordinates of shape (N, P).
    """
    from umap.umap_ import find_ab_params, simplicial_set_embedding

    random = np.random.RandomState(seed)  # what umap-learn takes
    # As float32 they make the layout, nearly all of which is raising to the power b, 1.25 times
    # as fast: float64 would pull all of it to double precision.
    a, b = (np.float32(value) for value in find_ab_params(1.0, min_dist))
    coordinates, _ = simplicial_set_embedding(
        data=start,
        graph=graph,
        n_components=start.shape[1],
        initial_alpha=1.0,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=5,
        n_epochs=epochs,
        init=_noisy(start, random),
        random_state=random,
        metric="cosine",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
        tqdm_kwds={
            "disable": False,
            "file": _EpochCounter(progress, epochs),
            "bar_format": "{n}",
            "leave": False,
            # Every epoch, however fast: a layout can be stopped on a quick machine, too.
            "mininterval": 0,
            "miniters": 1,
        },
    )
    return coordinates


def _noisy(start: NDArray[np.float32], random: np.random.RandomState) -> NDArray[np.float32]:
    """Scale a start as umap-learn scales its own, with noise that parts equal positions."""
    extent = float(np.abs(start).max()) or 1.0
    scaled = start * (START_EXTENT / extent)
    return (scaled + random.normal(scale=START_NOISE, size=start.shape)).astype(np.float32)


class _EpochCounter(io.StringIO):
    """The file that umap-learn's progress bar, told to print only a number, writes to."""

    def __init__(self, progress: Progress, epochs: int) -> None:
        super().__init__()
        self._progress = progress
        self._epochs = epochs

    def write(self, text: str) -> int:
        """Pass the number on."""
        if text.strip().isdigit():
            self._progress(int(text), self._epochs, "layout")
        return len(text)
