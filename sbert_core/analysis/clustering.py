"""Groups of similar sentences: k-means on vectors of length 1, and what it is worth.

    N  rows      D  dimensions      K  clusters

On unit vectors |x - y|^2 = 2 - 2 cos(x, y), so k-means, which minimises squared distances to a
mean, groups by cosine. (Spherical k-means differs in that it scales the means to length 1.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbert_core.protocols import Progress, no_progress

from .choose_k import KChoice, choose_k
from .kmeans import KMeansFit, k_means
from .silhouette import cosine_silhouettes
from .vectors import distinct_rows, require, unit_rows


@dataclass(frozen=True)
class ClusterConfig:
    """How rows are grouped.

    Attributes:
        k: Number of groups, at least 2: more are smaller and more alike inside, fewer are
            broader. None has it chosen by the silhouette.
        seed: Fixes every random choice, 0 to 2**32 - 1.
    """

    k: int | None = None
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            DataError: A value is outside its range.
        """
        require(
            self.k is None or self.k >= 2,
            f"k={self.k} should be at least 2; leave it out to have it chosen.",
        )
        require(0 <= self.seed < 2**32, f"seed={self.seed} should be between 0 and {2**32 - 1}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ClusterConfig":
        """Build a configuration from what `to_dict` returned."""
        return cls(**values)


@dataclass(frozen=True)
class Clustering:
    """A partition of the rows, the largest cluster first.

    Attributes:
        labels: int32 array of shape (N,), the cluster of each row, in [0, K).
        centers: float32 array of shape (K, D), the mean of each cluster's unit rows.
        k: Number of clusters K.
        inertia: Sum of squared distances of the unit rows to their centres, >= 0.
        silhouette: Mean cosine silhouette of all rows, in [-1, 1]; None for a single cluster,
            where it has no meaning.
        cluster_silhouettes: The mean of each cluster, in [-1, 1]; empty for a single cluster.
        k_choice: How k was chosen; None where it was given or there was nothing to choose.
        note: One sentence on anything a reader should know, or "".
    """

    labels: NDArray[np.int32]
    centers: NDArray[np.float32]
    k: int
    inertia: float
    silhouette: float | None
    cluster_silhouettes: tuple[float, ...]
    k_choice: KChoice | None = None
    note: str = ""


@dataclass(frozen=True)
class LabelAgreement:
    """How well clusters match labels that a person gave.

    Attributes:
        v_measure: In [0, 1]: 1 if they match, 0 if knowing one says nothing on the other
            (Rosenberg & Hirschberg, 2007). It grows with the number of clusters.
        ari: Adjusted Rand index, at most 1; near 0 for a random partition (Hubert & Arabie, 1985).
        rows: Rows that have a label.
    """

    v_measure: float
    ari: float
    rows: int


def cluster(
    embeddings: NDArray[np.floating],
    config: ClusterConfig,
    progress: Progress = no_progress,
) -> Clustering:
    """Group rows by what they mean.

    Args:
        embeddings: Matrix of shape (N, D).
        config: How many groups, and the seed.
        progress: Told the stage; may raise to stop.

    Returns:
        The clusters. When k is to be chosen and fewer than two groups are possible, all rows
        are one cluster and the note says so.

    Raises:
        DataError: `embeddings` is malformed, or has fewer distinct rows than `config.k`.
    """
    vectors = unit_rows(embeddings)
    choice = None if config.k else choose_k(vectors, config.seed, progress)
    if config.k:
        _check_k(vectors, config.k)
    elif choice is None:
        return _single_cluster(vectors)
    k = choice.k if choice else config.k
    assert k is not None
    return _measured(vectors, k_means(vectors, k, config.seed, progress=progress), choice)


def label_agreement(labels: NDArray[np.integer], gold: Sequence[object]) -> LabelAgreement:
    """Compare clusters with labels from the file.

    Args:
        labels: Cluster of each row, shape (N,).
        gold: Label of each row: text, number or anything with a text form. Rows whose label is
            blank or missing are left out.

    Returns:
        The agreement.

    Raises:
        DataError: Not one label for each row, or all are blank.
    """
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    require(
        len(labels) == len(gold),
        f"There are {len(gold)} labels for {len(labels)} rows; they should be equal.",
    )
    rows = [row for row, value in enumerate(gold) if not _is_blank(value)]
    require(bool(rows), f"None of the {len(gold)} rows has a label to compare with.")
    names = [str(gold[row]) for row in rows]
    return LabelAgreement(
        v_measure=float(v_measure_score(names, labels[rows])),
        ari=float(adjusted_rand_score(names, labels[rows])),
        rows=len(rows),
    )


def _is_blank(value: object) -> bool:
    """Say whether a cell holds no label: empty text, None, NaN or pandas' NA and NaT."""
    if isinstance(value, str):
        return not value.strip()
    return str(value) in {"None", "nan", "<NA>", "NaT"}


def _check_k(vectors: NDArray[np.float32], k: int) -> None:
    """Refuse more clusters than there are different rows."""
    distinct = len(distinct_rows(vectors)[0])
    require(
        k <= distinct,
        f"k={k} should be at most {distinct}: that is how many different vectors the "
        f"{len(vectors)} rows have.",
    )


def _single_cluster(vectors: NDArray[np.float32]) -> Clustering:
    """Put all rows into one cluster."""
    center = vectors.mean(axis=0, dtype=np.float64)
    inertia = float(np.square(vectors - center).sum())
    rows, distinct = len(vectors), len(distinct_rows(vectors)[0])
    if rows == 1:
        note = "There is only one row, so there is nothing to group."
    elif distinct == 1:
        note = f"All {rows:,} rows have the same vector, so they form one group."
    else:
        note = f"{rows} rows are too few to look for groups, so they form one."
    return Clustering(
        labels=np.zeros(rows, dtype=np.int32),
        centers=center[None].astype(np.float32),
        k=1,
        inertia=inertia,
        silhouette=None,
        cluster_silhouettes=(),
        note=note,
    )


def _measured(vectors: NDArray[np.float32], fit: KMeansFit, choice: KChoice | None) -> Clustering:
    """Number the clusters by size, and measure them."""
    order, labels = _by_size(fit.labels)
    silhouettes = cosine_silhouettes(vectors, labels, len(order))  # (N,)
    sizes = np.bincount(labels)
    per_cluster = np.bincount(labels, weights=silhouettes) / sizes  # (K,)
    return Clustering(
        labels=labels,
        centers=fit.centers[order],
        k=len(order),
        inertia=fit.inertia,
        silhouette=float(silhouettes.mean(dtype=np.float64)),
        cluster_silhouettes=tuple(per_cluster.tolist()),
        k_choice=choice,
    )


def _by_size(labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Renumber clusters: the largest is 0, and among equals the one whose first row comes first.

    Returns the old number of each new cluster, and the new label of each row.
    """
    old, first_row, sizes = np.unique(labels, return_index=True, return_counts=True)
    order = old[np.lexsort((first_row, -sizes))]
    new = np.empty(int(old.max()) + 1, dtype=np.int32)
    new[order] = np.arange(len(order), dtype=np.int32)
    return order, new[labels]
