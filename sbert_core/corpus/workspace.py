"""The store: corpora, vectors and results in a folder of LanceDB tables.

    <root>/workspace.json       the format of all that follows
    <root>/corpora.lance        a record per corpus
    <root>/runs.lance           a record per embedding, clustering, map, ...
    <root>/corpus_<id>.lance    the rows of a corpus, and a column per result:
                                row            0..N-1
                                u0, u1, ...    the user's columns (any name, kept in the record)
                                v_<encoder>    vectors, float32 of length D
                                r_<run>_<name> results, a number or a vector per row
    <root>/locks                a file per writer's lock

Writers take turns by a lock per corpus; readers take none. A record is always the last
thing written and the first thing removed: what has a record is complete, and whatever a
killed process left behind without one is as good as absent.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import WorkspaceError
from sbert_core.hashing import content_key

from . import folder
from .checks import (
    check_columns,
    check_known,
    check_results,
    check_rows,
    checked_rows,
    checked_vectors,
    clean_name,
    result_prefix,
    vector_column,
)
from .columns import array_to_arrow, arrow_to_array, fingerprint, to_arrow, to_series
from .files import WriteLocks
from .records import (
    CorpusInfo,
    Record,
    RecordTable,
    RunRecord,
    info_of,
    no_corpus,
    run_id_for,
    run_of,
)
from .tables import ROW, Table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["CorpusInfo", "RunRecord", "Workspace", "run_id_for"]

logger = logging.getLogger(__name__)

LOCK_TIMEOUT = 60.0  # seconds; the longest write (1 GB of vectors) takes a few


class Workspace:
    """A folder of corpora that several sessions and processes may use at once.

    All arrays it gives out are read-only.
    """

    def __init__(self, root: Path, *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        """Open a workspace, or make a new one.

        Args:
            root: The folder; made if it is missing.
            lock_timeout: Seconds that a writer waits for another one before it gives up.

        Raises:
            WorkspaceError: The folder is not usable, or belongs to a newer version.
        """
        self.root = Path(root).expanduser().absolute()
        folder.prepare(self.root)
        self._locks = WriteLocks(self.root / "locks", lock_timeout)
        self._corpora = RecordTable(self.root, "corpora", self._locks)
        self._runs = RecordTable(self.root, "runs", self._locks)

    @staticmethod
    def default_root() -> Path:
        """Name the folder to use: SBERT_LAB_HOME, else the platform's folder for a user's data."""
        return folder.default_root()

    # --- corpora ---

    def add_corpus(
        self,
        frame: "pd.DataFrame",
        *,
        name: str,
        text_column: str,
        label_column: str | None,
        report: Mapping[str, object],
    ) -> CorpusInfo:
        """Store a corpus, or find it again if the same content is there.

        Args:
            frame: The user's columns, shape (N, C) with N >= 1; names are unique.
            name: What to call it; ignored if the corpus is there.
            text_column: The column to encode; another one makes another corpus.
            label_column: The column with known labels; ignored if the corpus is there.
            report: What the reader found, JSON values only; ignored if the corpus is there.

        Returns:
            The corpus as it is stored.

        Raises:
            DataError: There are no rows, or a column is missing or doubled.
            WorkspaceError: The workspace is locked or cannot be written.
        """
        columns = _names(frame)
        check_columns(columns, len(frame), text_column, label_column)
        stored = _stored(frame)
        corpus_id = _corpus_id(columns, text_column, stored)
        if found := self._find(corpus_id):
            return found
        info = CorpusInfo(
            corpus_id=corpus_id,
            name=clean_name(name),
            rows=len(frame),
            text_column=text_column,
            label_column=label_column,
            columns=columns,
            created=datetime.now(UTC).isoformat(),
            report=dict(report),
        )
        return self._write_corpus(info, stored)

    def find_corpus(self, frame: "pd.DataFrame", *, text_column: str) -> CorpusInfo | None:
        """Find the corpus with this content, if it is there; nothing is stored."""
        return self._find(_corpus_id(_names(frame), text_column, _stored(frame)))

    def corpora(self) -> list[CorpusInfo]:
        """List all corpora, the newest first."""
        infos = [info for info in map(info_of, self._corpora.all()) if self._has_table(info)]
        return sorted(infos, key=lambda info: info.created, reverse=True)

    def corpus(self, corpus_id: str) -> CorpusInfo:
        """Find a corpus by its id; WorkspaceError if it is not there (any more)."""
        return info_of(self._record(corpus_id))

    def rename_corpus(self, corpus_id: str, name: str) -> CorpusInfo:
        """Give a corpus another name; DataError if it is blank."""
        return self._update_corpus(corpus_id, {"name": clean_name(name)})

    def set_label_column(self, corpus_id: str, column: str | None) -> CorpusInfo:
        """Say which column holds known labels, None for none; DataError if it is missing."""
        if column is not None:
            check_known(self.corpus(corpus_id), [column])
        return self._update_corpus(corpus_id, {"label_column": column})

    def delete_corpus(self, corpus_id: str) -> None:
        """Remove a corpus with its vectors and results.

        Raises:
            WorkspaceError: It is not there (any more), or a session is writing to it.
        """
        info = self.corpus(corpus_id)
        with self._locks.hold(corpus_id):
            self._runs.remove(run.run_id for run in self.runs(corpus_id))
            self._corpora.remove([corpus_id])
            self._table(info).remove()

    # --- rows ---

    def frame(
        self,
        corpus_id: str,
        columns: Sequence[str] | None = None,
        rows: Sequence[int] | NDArray[np.integer] | None = None,
    ) -> "pd.DataFrame":
        """Read user columns.

        Args:
            corpus_id: The corpus.
            columns: Names in the wanted order; None for all.
            rows: Row numbers in [0, N), in any order and repeated at will; None for all.

        Returns:
            A frame whose index holds the row numbers.

        Raises:
            DataError: A column or a row number is not there.
            WorkspaceError: The corpus is not there (any more).
        """
        import pandas as pd

        record = self._record(corpus_id)
        info = info_of(record)
        names = list(info.columns if columns is None else columns)
        check_known(info, names)
        positions = [info.columns.index(name) for name in names]
        table = self._read(info, [f"u{position}" for position in positions], rows)
        frame = pd.DataFrame(
            {
                place: to_series(table[f"u{position}"], record["dtypes"][position])
                for place, position in enumerate(positions)
            },
            index=pd.RangeIndex(table.num_rows),
        )
        if rows is not None:
            frame.index = pd.Index(table[ROW].to_numpy())
        frame.columns = pd.Index(names)
        return frame

    def texts(
        self, corpus_id: str, rows: Sequence[int] | NDArray[np.integer] | None = None
    ) -> list[str]:
        """Read the text column as strings, a missing cell as ""; arguments as for `frame`."""
        info = self.corpus(corpus_id)
        column = f"u{info.columns.index(info.text_column)}"
        cells = self._read(info, [column], rows)[column].to_pylist()
        return ["" if cell is None else str(cell) for cell in cells]

    # --- vectors and results ---

    def save_vectors(
        self, corpus_id: str, encoder_key: str, vectors: NDArray[np.floating], record: RunRecord
    ) -> None:
        """Store the vectors of a corpus, in place of those the same encoder made before.

        Args:
            corpus_id: The corpus.
            encoder_key: Content key of the encoder; letters and digits.
            vectors: Shape (N, D), one row per text, all finite; stored as float32.
            record: How they were made; of kind "embed".

        Raises:
            DataError: The shape does not fit the corpus, or a value is NaN or infinite.
            WorkspaceError: The corpus is gone or locked, or the disk is full.
        """
        if (record.kind, record.corpus_id, record.encoder_key) != ("embed", corpus_id, encoder_key):
            raise ValueError("The record does not belong to these vectors.")
        column = vector_column(encoder_key)
        values = checked_vectors(vectors)
        self._store(record, {column: values}, re.compile(re.escape(column)))

    def has_vectors(self, corpus_id: str, encoder_key: str) -> bool:
        """Whether the vectors of an encoder are completely stored, their record included."""
        info = self.corpus(corpus_id)
        if vector_column(encoder_key) not in self._table(info).schema().names:
            return False
        if self.runs(corpus_id, kind="embed", encoder_key=encoder_key):
            return True
        logger.warning("Vectors of %s in corpus %s have no record", encoder_key, corpus_id)
        return False

    def vectors(self, corpus_id: str, encoder_key: str) -> NDArray[np.float32]:
        """Read the vectors of an encoder.

        Returns:
            float32 of shape (N, D), read-only, in row order.

        Raises:
            WorkspaceError: The corpus is gone, or has no vectors of this encoder.
        """
        info = self.corpus(corpus_id)
        column = vector_column(encoder_key)
        if column not in self._table(info).schema().names:
            raise WorkspaceError(
                f"The corpus {info.name!r} has no vectors of this encoder yet: embed it first."
            )
        return arrow_to_array(self._read(info, [column])[column])

    def save_result(self, record: RunRecord, columns: Mapping[str, NDArray[Any]]) -> None:
        """Store a result and its record, in place of what the same run stored before.

        Args:
            record: How it was made.
            columns: Arrays of shape (N,) or (N, D), numbers or truth values, by name
                (letters, digits, underscores); may be empty if `record.result` says it all.

        Raises:
            DataError: An array does not have one entry per row of the corpus.
            WorkspaceError: The corpus is gone or locked, or the disk is full.
        """
        prefix = result_prefix(record.run_id)
        check_results(columns)
        arrays = {prefix + name: array for name, array in columns.items()}
        self._store(record, arrays, re.compile(re.escape(prefix) + ".*"))

    def result_columns(self, run: RunRecord) -> dict[str, NDArray[Any]]:
        """Read the arrays of a result by name, read-only and in row order.

        Raises:
            WorkspaceError: The corpus or the result is not there (any more).
        """
        info = self.corpus(run.corpus_id)
        if self.find_run(run.run_id) is None:
            raise WorkspaceError("This result is not stored any more: compute it again.")
        prefix = result_prefix(run.run_id)
        schema = self._table(info).schema()
        stored = [name for name in schema.names if name.startswith(prefix)]
        table = self._read(info, stored)
        return {name.removeprefix(prefix): arrow_to_array(table[name]) for name in stored}

    # --- runs ---

    def runs(
        self, corpus_id: str, kind: str | None = None, encoder_key: str | None = None
    ) -> list[RunRecord]:
        """List the runs of a corpus, the newest first; None means any kind or encoder."""
        found = [
            run
            for run in map(run_of, reversed(self._runs.all()))
            if run.corpus_id == corpus_id
            and kind in (None, run.kind)
            and encoder_key in (None, run.encoder_key)
        ]
        return sorted(found, key=lambda run: run.created, reverse=True)

    def find_run(self, run_id: str) -> RunRecord | None:
        """Find a run by its id: the stored result of the same request, if there is one."""
        record = self._runs.get(run_id)
        return run_of(record) if record else None

    def update_run_result(self, run_id: str, result: Mapping[str, object]) -> RunRecord:
        """Replace the small part of a result, for example names that the user has edited."""
        record = self._runs.update(run_id, {"result": dict(result)})
        if record is None:
            raise WorkspaceError("This result is not stored any more: compute it again.")
        return run_of(record)

    # --- private ---

    def _find(self, corpus_id: str) -> CorpusInfo | None:
        """Find a corpus that is completely stored."""
        record = self._corpora.get(corpus_id)
        return info_of(record) if record and self._has_table(info_of(record)) else None

    def _has_table(self, info: CorpusInfo) -> bool:
        """Whether the table of a recorded corpus is there; if not, it was removed by hand."""
        if self._table(info).exists():
            return True
        logger.warning("The table of corpus %s is missing: left out", info.corpus_id)
        return False

    def _record(self, corpus_id: str) -> Record:
        """Find the record of a corpus, dtypes included."""
        record = self._corpora.get(corpus_id)
        if record is None:
            raise no_corpus(corpus_id)
        return record

    def _table(self, info: CorpusInfo) -> Table:
        """Name the table of a corpus; from its record, never from an id that came from outside."""
        return Table(self.root, f"corpus_{info.corpus_id}", f"corpus {info.name!r}")

    def _write_corpus(
        self, info: CorpusInfo, stored: Sequence[tuple["pa.Array", str]]
    ) -> CorpusInfo:
        """Write the table of a new corpus and then its record."""
        import pyarrow as pa

        columns = {ROW: pa.array(np.arange(info.rows))}
        columns |= {f"u{position}": array for position, (array, _) in enumerate(stored)}
        with self._locks.hold(info.corpus_id):
            if found := self._find(info.corpus_id):
                return found  # another session was faster
            table = self._table(info)
            if table.path.exists():
                logger.warning("%s was left half-written: it is written anew", table.path)
                table.remove()
            self._runs.remove(run.run_id for run in self.runs(info.corpus_id))
            table.overwrite(pa.table(columns))
            dtypes = [dtype for _, dtype in stored]
            self._corpora.put(info.corpus_id, asdict(info) | {"dtypes": dtypes})
        return info

    def _update_corpus(self, corpus_id: str, changes: Record) -> CorpusInfo:
        """Change fields of the record of a corpus."""
        record = self._corpora.update(corpus_id, changes)
        if record is None:
            raise no_corpus(corpus_id)
        return info_of(record)

    def _store(
        self, record: RunRecord, arrays: Mapping[str, NDArray[Any]], owned: re.Pattern[str]
    ) -> None:
        """Write columns and then their record; `owned` are the names that the run may replace."""
        import pyarrow as pa

        with self._locks.hold(self.corpus(record.corpus_id).corpus_id):
            info = self.corpus(record.corpus_id)  # still there, now that it is our turn?
            for array in arrays.values():
                check_rows(info, array)
            new = pa.table({name: array_to_arrow(array) for name, array in arrays.items()})
            table = self._table(info)
            stale = [
                field.name
                for field in table.schema()
                if owned.fullmatch(field.name)
                and not (field.name in arrays and field.type == new.schema.field(field.name).type)
            ]
            if stale:
                self._runs.remove([record.run_id])
                table.drop_columns(stale)
            if arrays:
                table.put_columns(new)
            self._runs.put(record.run_id, asdict(record))
            table.forget_old_versions()

    def _read(
        self,
        info: CorpusInfo,
        columns: Sequence[str],
        rows: Sequence[int] | NDArray[np.integer] | None = None,
    ) -> "pa.Table":
        """Read columns of a corpus that are known to exist."""
        if rows is not None:
            rows = checked_rows(info, rows)
        table = self._table(info).read(columns, rows)
        if rows is None and table.num_rows != info.rows:
            raise WorkspaceError(
                f"The table of corpus {info.name!r} has {table.num_rows} rows instead of "
                f"{info.rows}: another tool has changed it. Delete it and add the file again."
            )
        return table


def _names(frame: "pd.DataFrame") -> tuple[str, ...]:
    """Column names as text."""
    return tuple(str(column) for column in frame.columns)


def _stored(frame: "pd.DataFrame") -> list[tuple["pa.Array", str]]:
    """The columns as they are stored, each with its pandas dtype."""
    return [to_arrow(frame.iloc[:, position]) for position in range(frame.shape[1])]


def _corpus_id(
    columns: Sequence[str], text_column: str, stored: Sequence[tuple["pa.Array", str]]
) -> str:
    """Name a corpus by its content."""
    return content_key(columns, text_column, [fingerprint(array) for array, _ in stored])
