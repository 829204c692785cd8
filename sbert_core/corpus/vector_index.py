"""Approximate nearest neighbours for corpora too large for a matrix product per query.

An inverted file over cells of the vector space (k-means), with the vectors inside kept at 8 bits a
number, by Lance: a query looks into the cells nearest to it only, and the best few candidates are
compared again at full precision, so the cosines are exact and only the choice is approximate.
(The other kind that Lance offers, a graph, answers no faster here and takes ten times as long to
build.)

The index lies in a folder of its own beside the corpus table: writers of the table never wait
for it. Its vectors are a copy, scaled to length 1; `index.json` is written last.
"""

import json
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import WorkspaceError
from sbert_core.protocols import Progress, no_progress

if TYPE_CHECKING:
    import pyarrow as pa
    from lance import LanceDataset

logger = logging.getLogger(__name__)

_TABLE: Final = "vectors.lance"
_ABOUT: Final = "index.json"
_COPY_ROWS = 50_000
# Candidates compared again at full precision, for each hit asked for.
_REFINE = 4
# Queries handed to Lance at once; it searches them side by side.
_BATCH = 64
_STAGES: Final = {
    "train_ivf": "finding the cells",
    "train_quantizer": "finding the cells",
    "shuffle": "sorting rows into cells",
    "merge_partitions": "writing the cells",
}


@dataclass(frozen=True)
class IndexInfo:
    """What is known of an index.

    Attributes:
        rows: Rows in it.
        dims: Length of a vector.
        cells: Cells of the vector space.
        probes: Cells that a query looks into.
        recall: Share of the true first ten that it found for a sample of rows, in [0, 1].
        sample: Rows in that sample.
        seconds: Time the build took, in seconds.
    """

    rows: int
    dims: int
    cells: int
    probes: int
    recall: float
    sample: int
    seconds: float


class VectorIndex:
    """The approximate index of one matrix of vectors.

    Args:
        folder: Where it lies, or will.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: LanceDataset | None = None

    def info(self) -> IndexInfo | None:
        """Describe the index; None if it was not completely built."""
        try:
            stored = json.loads((self.folder / _ABOUT).read_text(encoding="utf-8"))
            return IndexInfo(**stored)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            logger.warning("%s is unreadable and ignored: %s", self.folder, error)
            return None

    def build(self, vectors: NDArray[np.float32], progress: Progress = no_progress) -> int:
        """Index vectors; it counts as built once `describe` has been called.

        Args:
            vectors: float32 array of shape (N, D), rows of length 1 or zero.
            progress: Told the stage and how far it is; raises `Cancelled` to stop.

        Returns:
            The number of cells.

        Raises:
            WorkspaceError: The disk is full or not writable.
            Cancelled: From `progress`.
        """
        import lance

        self.remove()
        cells = int(np.clip(round(np.sqrt(len(vectors))), 2, 4096))
        try:
            table = lance.write_dataset(
                _batches(vectors, progress),
                str(self.folder / _TABLE),
                schema=_schema(vectors.shape[1]),
            )
            self._opened = table.create_index(
                "vector",
                "IVF_SQ",
                metric="dot",
                num_partitions=cells,
                progress_callback=lambda event: _tell(event, progress),
            )
        except (OSError, ValueError, RuntimeError) as error:
            self.remove()
            progress(0, 0, "stopping")  # it was perhaps Cancel that made Lance stop
            raise WorkspaceError(
                f"The search index could not be written ({error}): the disk may be full. Free "
                "some space and build it again."
            ) from error
        progress(0, 0, "checking the index")
        return cells

    def describe(self, info: IndexInfo) -> None:
        """Write down what is known of the index: it is complete now."""
        temporary = self.folder / f"{_ABOUT}.{os.getpid()}.tmp"
        temporary.write_text(json.dumps(asdict(info)), encoding="utf-8")
        temporary.replace(self.folder / _ABOUT)

    def search(
        self, queries: NDArray[np.float32], k: int, probes: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Find rows similar to each query.

        Args:
            queries: float32 array of shape (Q, D), rows of length 1 or zero.
            k: Hits for a query, at least 1.
            probes: Cells to look into: more find more of the true hits, and take longer.

        Returns:
            Row numbers and cosines in [-1, 1] of shape (Q, k), best first; where the cells hold
            fewer than k rows, row -1 and cosine -1 fill up.

        Raises:
            WorkspaceError: The index is missing or damaged.
        """
        rows = np.full((len(queries), k), -1, np.int32)
        cosines = np.full((len(queries), k), -1.0, np.float32)
        for start in range(0, len(queries), _BATCH):
            block = queries[start : start + _BATCH]
            found = self._nearest(block, k, probes)
            query = found["query_index"].to_numpy() + start
            row = found["row"].to_numpy()
            cosine = np.clip(1.0 - found["_distance"].to_numpy(), -1.0, 1.0)
            order = np.lexsort((row, -cosine, query))
            query, row, cosine = query[order], row[order], cosine[order]
            place = np.arange(query.size) - np.searchsorted(query, query)
            rows[query, place], cosines[query, place] = row, cosine
        return rows, cosines

    def remove(self) -> None:
        """Remove the index from the disk, if it is there; its description goes first."""
        (self.folder / _ABOUT).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._opened = None

    def _nearest(self, queries: NDArray[np.float32], k: int, probes: int) -> "pa.Table":
        """Ask Lance for the nearest rows of a few queries."""
        try:
            found = self._open().to_table(
                columns=["row", "_distance"],
                nearest={
                    "column": "vector",
                    "q": queries if len(queries) > 1 else queries[0],
                    "k": k,
                    "nprobes": probes,
                    "refine_factor": _REFINE,
                },
            )
        except (OSError, ValueError, RuntimeError) as error:
            logger.warning("%s cannot be searched: %s", self.folder, error)
            self.remove()
            raise WorkspaceError(
                "The search index is damaged and was removed. Search again: rows are compared "
                "one by one until it is built anew."
            ) from error
        if len(queries) > 1:
            return found
        import pyarrow as pa

        return found.append_column("query_index", pa.array(np.zeros(found.num_rows, np.int32)))

    def _open(self) -> "LanceDataset":
        """Open the table once; cells that a query has read stay in memory."""
        import lance

        if self._opened is None:
            self._opened = lance.dataset(str(self.folder / _TABLE))
        return self._opened


def _schema(dims: int) -> "pa.Schema":
    """A row number and its vector."""
    import pyarrow as pa

    return pa.schema([("row", pa.int32()), ("vector", pa.list_(pa.float32(), dims))])


def _batches(vectors: NDArray[np.float32], progress: Progress) -> "Iterator[pa.RecordBatch]":
    """Hand the vectors over in pieces, so that no second copy of all is in memory."""
    import pyarrow as pa

    count, dims = vectors.shape
    schema = _schema(dims)
    for start in range(0, count, _COPY_ROWS):
        progress(start, count, "copying vectors")
        block = np.ascontiguousarray(vectors[start : start + _COPY_ROWS])
        row = pa.array(np.arange(start, start + len(block), dtype=np.int32))
        flat = pa.FixedSizeListArray.from_arrays(pa.array(block.reshape(-1)), dims)
        yield pa.RecordBatch.from_arrays([row, flat], schema=schema)


def _tell(event: Any, progress: Progress) -> None:
    """Pass on what Lance says of its build."""
    progress(event.completed or 0, event.total or 0, _STAGES.get(event.stage, "building"))
