"""What a person takes away: their rows with results beside them, and the map as a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .analysis.map_trust import MAP_CAVEAT
from .corpus.export import to_csv, to_parquet
from .corpus.records import CorpusInfo
from .errors import FileError
from .exploration import AXES
from .results import ClusterResult, MapResult

if TYPE_CHECKING:
    import pandas as pd


def with_results(
    frame: "pd.DataFrame",
    rows: Sequence[int] | None,
    clusters: ClusterResult | None,
    drawn: MapResult | None,
    vectors: NDArray[np.float32] | None = None,
) -> "pd.DataFrame":
    """Put group number, group name, coordinates and vectors beside the user's columns.

    Args:
        frame: The user's columns, one line per entry of `rows`.
        rows: Row numbers that `frame` holds; None for all.
        clusters: Groups, or None.
        drawn: A map, or None.
        vectors: float32 array of shape (N, D) of all rows, or None.
    """
    chosen = slice(None) if rows is None else np.asarray(rows, dtype=np.int64)
    if clusters:
        labels = clusters.labels[chosen]
        frame = _add(frame, "cluster", labels)
        frame = _add(frame, "cluster_name", np.array(clusters.names, dtype=object)[labels])
    if drawn:
        for axis, values in zip(AXES, drawn.coordinates[chosen].T, strict=False):
            frame = _add(frame, axis, values)
    if vectors is not None:
        frame = _add(frame, "embedding", list(vectors[chosen]))
    return frame


def write_table(frame: "pd.DataFrame", path: Path) -> None:
    """Write a table as Parquet or CSV, by the ending of `path`.

    Raises:
        FileError: The file cannot be written.
    """
    data = to_parquet(frame) if path.suffix.lower() == ".parquet" else to_csv(frame)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise FileError(f"{path} cannot be written ({error.strerror}). Choose another.") from error


def _add(frame: "pd.DataFrame", name: str, values: Any) -> "pd.DataFrame":
    """Add a column; one of the user's own by that name keeps its name, and ours gets a number."""
    taken, number = name, 1
    while taken in frame.columns:
        number += 1
        taken = f"{name}_{number}"
    return frame.assign(**{taken: values})


def map_page(
    info: CorpusInfo, drawn: MapResult, clusters: ClusterResult, texts: Sequence[str]
) -> str:
    """Draw a map with named groups as one HTML page that needs no network.

    Args:
        info: The corpus.
        drawn: Its map.
        clusters: Its groups.
        texts: Its N texts.
    """
    from .charts.map_chart import map_figure
    from .charts.map_data import Groups, MapData
    from .charts.standalone import standalone_html

    groups = Groups(clusters.labels, clusters.names)
    data = MapData(drawn.coordinates, np.arange(len(texts)), texts, groups)
    note = (
        f"{info.rows:,} sentences, encoder {drawn.run.encoder}, {drawn.method}, seed "
        f"{drawn.run.parameters['seed']}. Trustworthiness {drawn.trustworthiness:.2f}, kNN overlap "
        f"{drawn.knn_overlap:.2f} of 1. {drawn.sentence} {MAP_CAVEAT}"
    )
    return standalone_html(map_figure(data), info.name, note)
