"""Approximate nearest neighbours for corpora too large for a matrix product per query.

An inverted file over cells of the vector space, by Lance, with one bit a number inside (RaBitQ,
Gao & Long 2024, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound"): a
query looks into the cells nearest to it only, and the best few hundred candidates are compared
again at full precision, so the cosines are exact and only the choice is approximate. (The graph
that Lance offers, too, answers no faster here and takes thirty times as long to build.)

The index lies in a folder of its own beside the corpus table, so that writers of the table never
wait for it:

    vectors.lance   the cells, from the vectors in half precision
    exact.npy       the vectors at length 1 in full precision, read where candidates are
    index.json      what is known of it; written last
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
_EXACT: Final = "exact.npy"
_COPY_ROWS = 50_000
# Candidates compared again at full precision: one bit a number leaves the first ten among some
# hundred; more hits need fewer candidates for each.
_CANDIDATES = 200
_CANDIDATES_PER_HIT = 8
_BATCH = 100  # queries handed to Lance at once
_MULTIPLE = 8  # of dimensions, that one bit a number asks for; zeros fill up and change no product
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
        self._opened: tuple[LanceDataset, NDArray[np.float32]] | None = None

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

    def build(
        self,
        vectors: NDArray[np.float32],
        centres: NDArray[np.float32],
        progress: Progress = no_progress,
    ) -> None:
        """Index vectors; it counts as built once `describe` has been called.

        Args:
            vectors: float32 array of shape (N, D), rows of length 1 or zero.
            centres: float32 array of shape (K, D), the centres of the cells, of length 1.
            progress: Told the stage and how far it is; raises `Cancelled` to stop.

        Raises:
            WorkspaceError: The disk is full or not writable.
            Cancelled: From `progress`.
        """
        import lance

        self.remove()
        try:
            self.folder.mkdir(parents=True)
            np.save(self.folder / _EXACT, vectors)
            table = lance.write_dataset(
                _batches(vectors, progress),
                str(self.folder / _TABLE),
                schema=_schema(_padded(vectors.shape[1])),
                max_rows_per_file=len(vectors),  # so that Lance's row ids are our row numbers
            )
            # Lance's own search for centres can stand still for ever on a million rows.
            table.create_index(
                "vector",
                "IVF_RQ",
                metric="dot",
                num_partitions=len(centres),
                num_bits=1,
                ivf_centroids=_filled_up(centres).astype(np.float16),
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
        parts = [
            self._search(queries[start : start + _BATCH], k, probes)
            for start in range(0, len(queries), _BATCH)
        ]
        if not parts:
            return np.empty((0, k), np.int32), np.empty((0, k), np.float32)
        rows, cosines = (np.concatenate(part) for part in zip(*parts, strict=True))
        return rows, cosines

    def remove(self) -> None:
        """Remove the index from the disk, if it is there; its description goes first."""
        (self.folder / _ABOUT).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._opened = None

    def _search(
        self, queries: NDArray[np.float32], k: int, probes: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Search for a few queries: candidates from the cells, then their true cosines."""
        wanted = max(_CANDIDATES, _CANDIDATES_PER_HIT * k)
        try:
            table, exact = self._open()
            found = self._nearest(table, queries, wanted, probes)
            rows = _by_query(*found, len(queries), wanted)  # (B, C), -1 where there is none
            cosines = np.einsum("bcd,bd->bc", exact[rows], queries)
        except (OSError, ValueError, RuntimeError, IndexError) as error:
            logger.warning("%s cannot be searched: %s", self.folder, error)
            self.remove()
            raise WorkspaceError(
                "The search index is damaged and was removed. Search again: rows are compared "
                "one by one until it is built anew."
            ) from error
        cosines = np.where(rows < 0, -1.0, np.clip(cosines, -1.0, 1.0)).astype(np.float32)
        order = np.lexsort((np.where(rows < 0, len(exact), rows), -cosines))[:, :k]
        return np.take_along_axis(rows, order, 1), np.take_along_axis(cosines, order, 1)

    def _nearest(
        self, table: "LanceDataset", queries: NDArray[np.float32], count: int, probes: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Ask Lance for candidates: the number of the query, and the row, of each."""
        asked = _filled_up(queries).astype(np.float16)
        found = table.scanner(
            columns=["_distance"],
            with_row_id=True,
            nearest={
                "column": "vector",
                "q": asked if len(asked) > 1 else asked[0],
                "k": count,
                "nprobes": probes,
            },
        ).to_table()
        rows = found["_rowid"].to_numpy().astype(np.int64)
        if len(asked) == 1:  # then Lance does not number the queries
            return np.zeros(len(rows), np.int32), rows
        return found["query_index"].to_numpy(), rows

    def _open(self) -> "tuple[LanceDataset, NDArray[np.float32]]":
        """Open the files once; what queries have read stays in memory."""
        import lance

        if self._opened is None:
            exact = np.load(self.folder / _EXACT, mmap_mode="r", allow_pickle=False)
            self._opened = (lance.dataset(str(self.folder / _TABLE)), exact)
        return self._opened


def _by_query(
    query: NDArray[np.int32], row: NDArray[np.int64], count: int, width: int
) -> NDArray[np.int32]:
    """Put candidates into one line a query: int32 (count, width), -1 where there is none."""
    order = np.argsort(query, kind="stable")
    query, row = query[order], row[order]
    rows = np.full((count, width), -1, np.int32)
    rows[query, np.arange(query.size) - np.searchsorted(query, query)] = row
    return rows


def _padded(dims: int) -> int:
    """The next multiple of 8."""
    return -(-dims // _MULTIPLE) * _MULTIPLE


def _filled_up(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add zeros up to a multiple of 8 dimensions."""
    more = _padded(vectors.shape[1]) - vectors.shape[1]
    return np.pad(vectors, ((0, 0), (0, more))) if more else vectors


def _schema(dims: int) -> "pa.Schema":
    """A row number and its vector."""
    import pyarrow as pa

    return pa.schema([("row", pa.int32()), ("vector", pa.list_(pa.float16(), dims))])


def _batches(vectors: NDArray[np.float32], progress: Progress) -> "Iterator[pa.RecordBatch]":
    """Hand the vectors over in pieces, so that no second copy of all is in memory."""
    import pyarrow as pa

    count, dims = len(vectors), _padded(vectors.shape[1])
    schema = _schema(dims)
    for start in range(0, count, _COPY_ROWS):
        progress(start, count, "copying vectors")
        block = _filled_up(vectors[start : start + _COPY_ROWS]).astype(np.float16)
        row = pa.array(np.arange(start, start + len(block), dtype=np.int32))
        flat = pa.FixedSizeListArray.from_arrays(pa.array(block.reshape(-1)), dims)
        yield pa.RecordBatch.from_arrays([row, flat], schema=schema)


def _tell(event: Any, progress: Progress) -> None:
    """Pass on what Lance says of its build."""
    progress(event.completed or 0, event.total or 0, _STAGES.get(event.stage, "building"))
