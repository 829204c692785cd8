"""From vectors to stored results and back: groups and maps.

Each `compute_…` returns what the workspace keeps (a small JSON result, and columns with one value
per row); each `read_…` turns that back into the dataclass that the Lab hands out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .analysis.clustering import ClusterConfig, cluster
from .analysis.map_trust import map_trust
from .analysis.naming import most_central, name_clusters
from .analysis.neighbours import nearest_neighbours
from .analysis.projection import ProjectionConfig, project
from .corpus.records import RunRecord
from .protocols import Progress
from .result_store import Computed
from .results import ClusterResult, MapResult, Neighbour

AXES = ("x", "y", "z")


def compute_clusters(
    embeddings: NDArray[np.float32],
    texts: Sequence[str],
    config: ClusterConfig,
    progress: Progress,
) -> Computed:
    """Group rows and name the groups."""
    found = cluster(embeddings, config, progress)
    progress(0, 1, "naming the groups")
    central = most_central(embeddings, found.labels, found.centers)
    names = name_clusters(texts, found.labels, central)
    result = {
        "names": [name.name for name in names],
        "sizes": np.bincount(found.labels, minlength=found.k).tolist(),
        "central_rows": [int(row) for row in central],
        "inertia": found.inertia,
        "silhouette": found.silhouette,
        "cluster_silhouettes": list(found.cluster_silhouettes),
        "k_choice": asdict(found.k_choice) if found.k_choice else None,
        "note": found.note,
    }
    return result, {"label": found.labels}


def read_clusters(run: RunRecord, columns: Mapping[str, NDArray[Any]]) -> ClusterResult:
    """Turn a stored clustering back into a result."""
    stored = run.result
    return ClusterResult(
        run=run,
        labels=columns["label"],
        names=tuple(stored["names"]),
        sizes=tuple(stored["sizes"]),
        central_rows=tuple(stored["central_rows"]),
        silhouette=stored["silhouette"],
        cluster_silhouettes=tuple(stored["cluster_silhouettes"]),
        k_choice=stored["k_choice"],
        note=stored["note"],
    )


def compute_map(
    embeddings: NDArray[np.float32], config: ProjectionConfig, progress: Progress
) -> Computed:
    """Draw a map and measure it."""
    drawn = project(embeddings, config, progress)
    progress(0, 1, "measuring how far to trust the map")
    trust = map_trust(embeddings, drawn.coordinates)
    result = {
        "trustworthiness": trust.trustworthiness,
        "knn_overlap": trust.knn_overlap,
        "k": trust.k,
        "rows_measured": trust.rows_measured,
        "sentence": trust.sentence,
        "note": drawn.note,
    }
    return result, dict(zip(AXES, drawn.coordinates.T, strict=False))


def read_map(run: RunRecord, columns: Mapping[str, NDArray[Any]]) -> MapResult:
    """Turn a stored map back into a result."""
    stored = run.result
    axes = AXES[: run.parameters["dims"]]
    coordinates = np.stack([columns[axis] for axis in axes], axis=1)
    coordinates.setflags(write=False)
    return MapResult(
        run=run,
        method=run.parameters["method"],
        coordinates=coordinates,
        trustworthiness=stored["trustworthiness"],
        knn_overlap=stored["knn_overlap"],
        k=stored["k"],
        rows_measured=stored["rows_measured"],
        sentence=stored["sentence"],
        note=stored["note"],
    )


def nearest_rows(
    embeddings: NDArray[np.float32], texts: Sequence[str], rows: Sequence[int], k: int
) -> list[list[Neighbour]]:
    """Find the k other rows nearest to each given row, nearest first; fewer if there are fewer."""
    k = min(k, len(embeddings) - 1)
    if k < 1:
        return [[] for _ in rows]
    # One more than asked for: the row finds itself, too, and is taken out.
    found = nearest_neighbours(embeddings, k + 1, queries=embeddings[list(rows)])
    return [
        [
            Neighbour(int(other), texts[other], float(cosine))
            for other, cosine in zip(others, cosines, strict=True)
            if other != row
        ][:k]
        for row, others, cosines in zip(rows, found.indices, found.similarities, strict=True)
    ]
