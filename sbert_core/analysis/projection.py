"""Maps: vectors of hundreds of dimensions drawn in two or three.

    N  rows      U  distinct rows      D  dimensions of the embedding      P  of the map

All methods see the rows scaled to length 1, so that what is near on the map is near by cosine.
Exact copies of a row are laid out once and share their spot: a hundred copies would otherwise
be each other's only neighbours and drift off as an island.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sbert_core.protocols import Progress, no_progress

from .neighbours import nearest_neighbours
from .pca import principal_axes
from .umap_layout import fuzzy_graph, lay_out
from .vectors import distinct_rows, require, unit_rows

ProjectionMethod = Literal["umap", "pca", "tsne"]
PROJECTION_METHODS: tuple[str, ...] = get_args(ProjectionMethod)

# With fewer distinct rows there are no neighbourhoods to lay out, and PCA shows all there is.
LEAST_LAYOUT_ROWS = 5
# umap-learn's own choice of epochs: a small corpus is quick anyway and gains a little.
SMALL_CORPUS, SMALL_CORPUS_EPOCHS, EPOCHS = 10_000, 500, 200
# t-SNE adds up over threads. With two, the sum does not depend on which finishes first.
TSNE_THREADS = 2
# Of few rows, threads mostly wait for each other: on a busy machine, 300 rows take 0.7 s with one
# thread and half a minute with two.
TSNE_ONE_THREAD_ROWS = 2_000
# A query this near to a row is that row, up to the rounding of float32.
SAME_DISTANCE = 1e-6


@dataclass(frozen=True)
class ProjectionConfig:
    """How a map is drawn.

    Attributes:
        method: "umap" keeps neighbours together and is the default; "tsne" does too, and is
            slower; "pca" is a plain shadow, the only one whose distances add up.
        dims: 2 or 3 dimensions of the map.
        n_neighbors: UMAP: neighbours looked at for each row, itself included, 2 to 200. Larger
            shows the broad shape, smaller the fine detail.
        min_dist: UMAP: least distance between neighbours on the map, 0 to 0.99. Larger spreads
            the points evenly, smaller packs groups tightly.
        perplexity: t-SNE: about how many neighbours a row has, 2 to 200. Larger is broader.
        seed: Fixes every random choice, 0 to 2**32 - 1.
    """

    method: ProjectionMethod = "umap"
    dims: int = 2
    n_neighbors: int = 15
    min_dist: float = 0.1
    perplexity: float = 30.0
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse what no method could draw.

        Raises:
            DataError: A value is outside its range.
        """
        methods = ", ".join(PROJECTION_METHODS)
        require(
            self.method in PROJECTION_METHODS, f"method={self.method!r} should be one of {methods}."
        )
        require(self.dims in (2, 3), f"dims={self.dims} should be 2 or 3.")
        require(
            2 <= self.n_neighbors <= 200,
            f"n_neighbors={self.n_neighbors} should be between 2 and 200.",
        )
        require(
            0 <= self.min_dist <= 0.99, f"min_dist={self.min_dist} should be between 0 and 0.99."
        )
        require(
            2 <= self.perplexity <= 200,
            f"perplexity={self.perplexity} should be between 2 and 200.",
        )
        require(0 <= self.seed < 2**32, f"seed={self.seed} should be between 0 and {2**32 - 1}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ProjectionConfig":
        """Build a configuration from what `to_dict` returned."""
        return cls(**values)


@dataclass(frozen=True)
class Projection:
    """A map.

    Attributes:
        coordinates: float32 array of shape (N, P), in the order of the rows.
        config: What was asked for.
        variance_shares: PCA only: what part of the variance each axis shows, fractions in
            [0, 1]; empty otherwise.
        note: What a reader of the map should know about how it was drawn, or "".
    """

    coordinates: NDArray[np.float32]
    config: ProjectionConfig
    variance_shares: tuple[float, ...] = ()
    note: str = ""


def project(
    embeddings: NDArray[np.floating],
    config: ProjectionConfig,
    progress: Progress = no_progress,
) -> Projection:
    """Draw a map.

    The same rows in the same order give the same coordinates, bit by bit, on the same machine.
    Another order gives a map that is as good, but not the same one.

    Args:
        embeddings: Matrix of shape (N, D).
        config: How to draw it.
        progress: Told the stage, and the epoch of UMAP's layout; may raise to stop.

    Returns:
        The map. Where there are too few distinct rows for UMAP or t-SNE, it is their PCA, and
        the note says so.

    Raises:
        DataError: `embeddings` is malformed.
    """
    vectors = unit_rows(embeddings)
    if config.method == "pca":
        return _project_pca(vectors, config)
    first, copies = distinct_rows(vectors)
    if len(first) < LEAST_LAYOUT_ROWS:
        drawn = _project_pca(vectors, config)
        note = f"Too few different sentences ({len(first)}) for a {config.method} map: this is PCA."
        return Projection(drawn.coordinates, config, drawn.variance_shares, note)
    coordinates = _LAYOUTS[config.method](vectors[first], config, progress)
    shared = len(vectors) - len(first)
    note = f"Exact copies of another row, {shared:,} in all, lie on its spot." if shared else ""
    return Projection(coordinates[copies], config, note=note)


def place(
    embeddings: NDArray[np.floating],
    coordinates: NDArray[np.floating],
    vectors: NDArray[np.floating],
    *,
    method: ProjectionMethod = "umap",
    k: int = 5,
) -> NDArray[np.float32]:
    """Put new vectors on an existing map without moving it.

    On a PCA map this is the projection itself, exact. UMAP and t-SNE have no formula for new
    points: there a vector goes to the mean of its k nearest rows' spots, weighed by the inverse
    square of their cosine distance (Shepard, 1968), and onto a row that it equals. A new kind of
    sentence thus lands among rows that are merely the least unlike it; their cosines tell.

    Args:
        embeddings: Matrix of shape (N, D), the rows of the map.
        coordinates: Matrix of shape (N, P), where they are.
        vectors: Matrix of shape (M, D), what to place.
        method: How the map was drawn.
        k: Rows to take the mean of, at least 1; more are steadier and nearer to the middle.

    Returns:
        float32 array of shape (M, P).

    Raises:
        DataError: A matrix is malformed, or they do not fit each other.
    """
    require(
        len(embeddings) == len(coordinates),
        f"The map has {len(coordinates)} points and the corpus {len(embeddings)} rows; "
        "they should be equal.",
    )
    found = nearest_neighbours(embeddings, k, queries=vectors)
    if method == "pca":
        axes = principal_axes(unit_rows(embeddings), coordinates.shape[1])
        return axes.project(unit_rows(vectors))
    distances = np.maximum(1.0 - found.similarities.astype(np.float64), SAME_DISTANCE)  # (M, K)
    weights = distances**-2
    weights[distances[:, 0] <= SAME_DISTANCE, 1:] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("mk,mkp->mp", weights, coordinates[found.indices]).astype(np.float32)


def _project_pca(vectors: NDArray[np.float32], config: ProjectionConfig) -> Projection:
    """Draw the shadow on the principal axes."""
    axes = principal_axes(vectors, config.dims)
    return Projection(axes.project(vectors), config, axes.variance_shares)


def _layout_umap(
    vectors: NDArray[np.float32], config: ProjectionConfig, progress: Progress
) -> NDArray[np.float32]:
    """Lay out distinct unit rows by UMAP from a PCA start."""
    others = min(config.n_neighbors, len(vectors)) - 1
    neighbours = nearest_neighbours(vectors, others, progress=progress)
    progress(0, 1, "graph")
    graph = fuzzy_graph(neighbours)
    start = principal_axes(vectors, config.dims).project(vectors)
    epochs = SMALL_CORPUS_EPOCHS if len(vectors) <= SMALL_CORPUS else EPOCHS
    progress(0, epochs, "layout")
    return lay_out(graph, start, config.min_dist, epochs, config.seed, progress)


def _layout_tsne(
    vectors: NDArray[np.float32], config: ProjectionConfig, progress: Progress
) -> NDArray[np.float32]:
    """Lay out distinct unit rows by scikit-learn's t-SNE (van der Maaten & Hinton, 2008)."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    progress(0, 1, "layout")
    start = principal_axes(vectors, config.dims).project(vectors)
    tsne = TSNE(
        n_components=config.dims,
        # Perplexity counts neighbours: scikit-learn looks at three times as many.
        perplexity=min(config.perplexity, (len(vectors) - 1) / 3),
        init=start / start[:, 0].std() * 1e-4,  # scikit-learn's scale of a PCA start
        random_state=config.seed,
    )
    with threadpool_limits(1 if len(vectors) <= TSNE_ONE_THREAD_ROWS else TSNE_THREADS):
        coordinates: NDArray[np.float32] = tsne.fit_transform(vectors)
    return coordinates


Layout = Callable[[NDArray[np.float32], ProjectionConfig, Progress], NDArray[np.float32]]
_LAYOUTS: Mapping[str, Layout] = {"umap": _layout_umap, "tsne": _layout_tsne}
