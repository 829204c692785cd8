"""Building an approximate index to a promised recall, and measuring it against the truth."""

import time

import numpy as np
from numpy.typing import NDArray

from .analysis.neighbours import Neighbours
from .analysis.search import cell_centres, recall, top_k
from .corpus.vector_index import IndexInfo, VectorIndex
from .protocols import Progress
from .search_request import RecallMeasure

PROMISED_RECALL = 0.98
_FIRST = 10  # hits that recall is measured on
_SAMPLE = 200
_MOST_CELLS = 4_096
_PROBES = (2, 4, 8, 16, 32, 64, 128, 256, 512)


def build_index(index: VectorIndex, rows: NDArray[np.float32], progress: Progress) -> None:
    """Build an index, and let it look at as few cells as reach the promised recall.

    Rows of the corpus stand in for queries: an even sample, each without itself.

    Args:
        index: Where to build it; what is there is replaced.
        rows: float32 array of shape (N, D), rows of length 1 or zero.
        progress: Told the stage and how far it is; raises `Cancelled` to stop.

    Raises:
        WorkspaceError: The disk is full or not writable.
        Cancelled: From `progress`.
    """
    started = time.perf_counter()
    cells = int(np.clip(round(np.sqrt(len(rows))), 1, _MOST_CELLS))
    index.build(rows, cell_centres(rows, cells, progress=progress), progress)
    own = np.unique(np.linspace(0, len(rows) - 1, _SAMPLE).astype(np.int64))
    truth = top_k(rows, rows[own], _FIRST + 1)
    reached, probes = 0.0, 1
    for number, wanted in enumerate(_PROBES):
        progress(number, len(_PROBES), "measuring what the index finds")
        probes = min(wanted, cells)
        reached = recall(Neighbours(*index.search(rows[own], _FIRST + 1, probes)), truth, own)
        if reached >= PROMISED_RECALL or probes == cells:
            break
    index.describe(
        IndexInfo(
            rows=rows.shape[0],
            dims=rows.shape[1],
            cells=cells,
            probes=probes,
            recall=reached,
            sample=len(own),
            seconds=time.perf_counter() - started,
        )
    )


def measure_recall(
    index: VectorIndex, rows: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> RecallMeasure:
    """Search both ways for the same queries, and compare.

    Args:
        index: A complete index of `rows`.
        rows: float32 array of shape (N, D), rows of length 1 or zero.
        queries: float32 array of shape (Q, D), the same.
        k: Hits for a query.
    """
    info = index.info()
    probes = info.probes if info else 1
    index.search(queries[:1], k, probes)  # cells that are read for the first time come from disk
    started = time.perf_counter()
    found = Neighbours(*index.search(queries, k, probes))
    middle = time.perf_counter()
    truth = top_k(rows, queries, k)
    ended = time.perf_counter()
    return RecallMeasure(
        queries=len(queries),
        k=truth.indices.shape[1],
        recall=recall(found, truth),
        exact=1000 * (ended - middle) / len(queries),
        approximate=1000 * (middle - started) / len(queries),
    )
