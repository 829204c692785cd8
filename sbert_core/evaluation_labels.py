"""Labelled corpora: are the sentences of one label together under an encoder?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .analysis.kmeans import k_means
from .analysis.vectors import distinct_rows, unit_rows
from .corpus.workspace import Workspace
from .errors import DataError
from .evaluation.label_clusters import LabelClusterScores, label_cluster_scores
from .protocols import Progress

_NO_LABEL = {"", "nan", "None", "<NA>", "NaT"}


def read_labels(workspace: Workspace, corpus_id: str, column: str) -> list[str]:
    """Return the label of each row of a corpus, "" where there is none.

    Raises:
        WorkspaceError: No such corpus.
        DataError: No such column.
    """
    info = workspace.corpus(corpus_id)
    if column not in info.columns:
        raise DataError(f"{info.name} has no column {column!r}; it has {', '.join(info.columns)}.")
    values = workspace.frame(corpus_id, columns=[column])[column]
    written = [str(value).strip() for value in values]
    return ["" if label in _NO_LABEL else label for label in written]


def compare_with_labels(
    embeddings: NDArray[np.float32],
    labels: Sequence[str],
    column: str,
    seed: int,
    progress: Progress,
) -> LabelClusterScores:
    """Group labelled rows by k-means into as many groups as there are labels, and compare.

    Args:
        embeddings: float32 (N, D).
        labels: N labels; rows with "" are left out.
        column: What to call the labels in an error.
        seed: Of k-means.
        progress: Told the swaps tried.

    Raises:
        DataError: Fewer than two labels, or fewer different sentences than labels.
    """
    rows = [row for row, label in enumerate(labels) if label]
    named = [labels[row] for row in rows]
    k = len(set(named))
    if k < 2:
        raise DataError(
            f"The column {column!r} should have two labels or more, and has {k}, so there is "
            "nothing to tell apart."
        )
    vectors = unit_rows(embeddings[rows])
    distinct = len(distinct_rows(vectors)[0])
    if distinct < k or k == len(rows):
        raise DataError(
            f"The column {column!r} has {k:,} labels for {distinct:,} different sentences: it "
            "names rows rather than groups of them. Choose another column."
        )
    groups = k_means(vectors, k, seed, progress=progress).labels
    return label_cluster_scores(vectors, groups, named)
