"""What the workspace knows of its corpora and runs, and the small tables that hold it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbert_core.errors import WorkspaceError
from sbert_core.hashing import content_key

from .files import WriteLocks
from .tables import Table

Record = dict[str, Any]  # one JSON object


@dataclass(frozen=True)
class CorpusInfo:
    """A corpus as the list of corpora shows it.

    Attributes:
        corpus_id: Content key of column names, values and text column.
        name: What the user calls it.
        rows: Number of rows N.
        text_column: The column that is encoded.
        label_column: The column with known labels, if there is one.
        columns: Names of all user columns, in the order of the file.
        created: When it was first added, ISO 8601 in UTC.
        report: What the reader found in the file, JSON values only.
    """

    corpus_id: str
    name: str
    rows: int
    text_column: str
    label_column: str | None
    columns: tuple[str, ...]
    created: str
    report: dict[str, Any]


@dataclass(frozen=True)
class RunRecord:
    """How a result was made: enough to repeat it and never to show it against other rows.

    Attributes:
        run_id: Content key of the request, see `run_id_for`.
        kind: "embed", "cluster", "map", ...
        corpus_id: The corpus whose rows it belongs to.
        encoder: The encoder as the user named it.
        encoder_key: Content key of the encoder.
        parameters: All settings, seed included; JSON values only.
        versions: Versions of the libraries that took part.
        seconds: Wall time it took.
        created: When it was finished, ISO 8601 in UTC.
        result: The small part of the result; JSON values only.
    """

    run_id: str
    kind: str
    corpus_id: str
    encoder: str
    encoder_key: str
    parameters: dict[str, Any]
    versions: dict[str, str]
    seconds: float
    created: str
    result: dict[str, Any]


def run_id_for(
    kind: str, corpus_id: str, encoder_key: str, parameters: Mapping[str, object]
) -> str:
    """Name a run by its request, so that the same request finds the stored result."""
    return content_key(kind, corpus_id, encoder_key, parameters)


class RecordTable:
    """A small table of JSON records by key, in the order in which they were last put.

    Every change writes the whole table anew, in one step: with some hundred records
    this takes milliseconds, and the table never falls into fragments.
    """

    def __init__(self, root: Path, name: str, locks: WriteLocks) -> None:
        """Store where the table is and what locks its writers."""
        self._table = Table(root, name, f"list of {name}")
        self._locks = locks

    def all(self) -> list[Record]:
        """Read all records."""
        return [json.loads(row["record"]) for row in self._rows()]

    def get(self, key: str) -> Record | None:
        """Read the record of a key, if there is one."""
        found = [row["record"] for row in self._rows() if row["key"] == key]
        return json.loads(found[0]) if found else None

    def put(self, key: str, record: Record) -> None:
        """Store a record at the end, in place of the one that has the same key."""
        row = {"key": key, "record": json.dumps(record)}
        self._change(lambda rows: [*(old for old in rows if old["key"] != key), row])

    def update(self, key: str, changes: Record) -> Record | None:
        """Change some fields of a record, in its place; None if there is no such record."""
        updated: Record | None = None

        def change(rows: list[Record]) -> list[Record]:
            nonlocal updated
            for position, row in enumerate(rows):
                if row["key"] == key:
                    updated = json.loads(row["record"]) | changes
                    new = {"key": key, "record": json.dumps(updated)}
                    return [*rows[:position], new, *rows[position + 1 :]]
            return rows

        self._change(change)
        return updated

    def remove(self, keys: Iterable[str]) -> None:
        """Remove the records of some keys, as far as they are there."""
        gone = set(keys)
        self._change(lambda rows: [row for row in rows if row["key"] not in gone])

    def _rows(self) -> list[Record]:
        """Read keys with their unparsed records."""
        rows: list[Record] = self._table.read_all().to_pylist() if self._table.exists() else []
        return rows

    def _change(self, change: Callable[[list[Record]], list[Record]]) -> None:
        """Read, change and write the table while nobody else does."""
        import pyarrow as pa

        schema = pa.schema([("key", pa.string()), ("record", pa.string())])
        with self._locks.hold(self._table.name):
            rows = self._rows()
            changed = change(rows)
            if changed != rows:
                self._table.overwrite(pa.Table.from_pylist(changed, schema))
                self._table.forget_old_versions()


def info_of(record: Record) -> CorpusInfo:
    """Turn the record of a corpus, dtypes included, into what is shown of it."""
    shown = {name: value for name, value in record.items() if name != "dtypes"}
    return CorpusInfo(**(shown | {"columns": tuple(record["columns"])}))


def run_of(record: Record) -> RunRecord:
    """Turn a stored record into a run."""
    return RunRecord(**record)


def no_corpus(corpus_id: str) -> WorkspaceError:
    """Say that a corpus is not there (any more)."""
    return WorkspaceError(
        f"There is no corpus {corpus_id!r} in this workspace: it may have been deleted in "
        "another session. Choose another one, or add the file again."
    )
