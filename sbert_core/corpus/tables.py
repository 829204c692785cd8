"""One table of the workspace: a Lance dataset, which LanceDB opens under the same name.

`lance` is used rather than `lancedb` because it loads three times faster and adds
columns straight from memory; on disk there is no difference.
"""

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import WorkspaceError

if TYPE_CHECKING:
    import pyarrow as pa
    from lance import LanceDataset

logger = logging.getLogger(__name__)

ROW = "row"  # int column 0..N-1 of every corpus table: the one order that counts
_FAILURES = (OSError, ValueError, IndexError, RuntimeError)  # what Lance and the disk raise
KEEP_OLD_VERSIONS = timedelta(hours=1)  # far longer than any read takes


class Table:
    """A named table; every read sees the latest version that was completely written.

    The methods that write take it for granted that the caller holds the table's lock.
    All raise `WorkspaceError` when files are missing, damaged or not writable.
    """

    def __init__(self, root: Path, name: str, label: str) -> None:
        """Store where the table is, or will be, and what messages call it."""
        self.name = name
        self.label = label
        self.path = root / f"{name}.lance"

    def exists(self) -> bool:
        """Whether at least one version was completely written."""
        versions = self.path / "_versions"
        return versions.is_dir() and any(versions.glob("*.manifest"))

    def schema(self) -> "pa.Schema":
        """Give the names and types of all columns."""
        return self._open().schema

    def overwrite(self, rows: "pa.Table") -> None:
        """Make `rows` the content of the table, in one step."""
        import lance

        with self._failures("written"):
            mode = "overwrite" if self.exists() else "create"
            lance.write_dataset(rows, str(self.path), mode=mode)

    def read_all(self) -> "pa.Table":
        """Read the table as it lies, or raise if there is none."""
        with self._failures("read"):
            return self._open().to_table()

    def read(self, columns: Sequence[str], rows: NDArray[np.int64] | None = None) -> "pa.Table":
        """Read columns in row order.

        Args:
            columns: Names that are in the table.
            rows: Row numbers in [0, N), in any order and repeated at will; None for all.

        Returns:
            The columns, preceded by `row`.
        """
        dataset = self._open()
        wanted = list(dict.fromkeys([ROW, *columns]))
        with self._failures("read"):
            if rows is None:
                # One batch: a vector column then arrives in one piece and is not copied again.
                found = dataset.to_table(wanted, batch_size=max(1, dataset.count_rows()))
                expected = np.arange(found.num_rows)
            else:
                expected = rows
                found = dataset.take(expected.tolist(), wanted)
            if np.array_equal(found[ROW].to_numpy(), expected):
                return found
            # Lance keeps no order of its own: another tool has moved the rows.
            return self._reordered(dataset.to_table(wanted), expected)

    def put_columns(self, columns: "pa.Table") -> None:
        """Add columns, or give new values to those that are there with the same type.

        Args:
            columns: One line per row of this table, in row order, without `row`.
        """
        import pyarrow as pa

        dataset = self._open()
        with self._failures("written"):
            known = [name for name in columns.column_names if name in dataset.schema.names]
            if known:
                row = pa.array(np.arange(columns.num_rows))
                self._replace(dataset, columns.select(known).append_column(ROW, row))
                dataset = self._open()
            new = columns.drop_columns(known)
            if new.num_columns:
                order = dataset.to_table([ROW])[ROW].to_numpy()
                if not np.array_equal(order, np.arange(len(order))):
                    new = new.take(order)
                dataset.add_columns(new.to_reader())

    def drop_columns(self, names: Sequence[str]) -> None:
        """Remove columns; their files go with the next old versions."""
        with self._failures("written"):
            self._open().drop_columns(list(names))

    def remove(self) -> None:
        """Remove the table from the disk, if it is there."""
        with self._failures("removed"):
            if self.path.exists():
                shutil.rmtree(self.path)

    def forget_old_versions(self) -> None:
        """Free the disk space of versions that were superseded so long ago that nobody reads them.

        The age of a version itself says nothing: the latest may be a year old, and be
        superseded while somebody reads it.
        """
        try:
            dataset = self._open()
            cutoff = datetime.now() - KEEP_OLD_VERSIONS  # Lance gives local times
            old = [
                version["version"]
                for version, successor in pairwise(dataset.versions())
                if successor["timestamp"] < cutoff  # type: ignore[operator]
            ]
            if old:
                dataset.cleanup_old_versions(versions=old, error_if_tagged_old_versions=False)
        except (OSError, ValueError, WorkspaceError) as error:
            logger.warning("Old versions of %s could not be removed: %s", self.name, error)

    def _open(self) -> "LanceDataset":
        """Open the latest version."""
        import lance

        with self._failures("read"):
            return lance.dataset(str(self.path))

    def _replace(self, dataset: "LanceDataset", columns: "pa.Table") -> None:
        """Give new values to columns in a single commit, so that readers miss nothing."""
        import lance

        replaced = [
            fragment.update_columns(columns, left_on=ROW) for fragment in dataset.get_fragments()
        ]
        operation = lance.LanceOperation.Update(
            updated_fragments=[fragment for fragment, _ in replaced],
            fields_modified=replaced[0][1],
        )
        lance.LanceDataset.commit(str(self.path), operation, read_version=dataset.version)

    def _reordered(self, found: "pa.Table", expected: NDArray[np.int64]) -> "pa.Table":
        """Sort a whole table by row number and pick the expected rows."""
        order = np.argsort(found[ROW].to_numpy())
        if not np.array_equal(found[ROW].to_numpy()[order], np.arange(found.num_rows)):
            raise ValueError("rows are missing or doubled")
        return found.take(order[expected])

    @contextmanager
    def _failures(self, action: str) -> Iterator[None]:
        """Turn the many errors of Lance and of the disk into one sentence."""
        try:
            yield
        except BaseException as error:
            # A panic of Lance's Rust code, which damaged files can cause, is no Exception and
            # has no class that could be imported.
            if not isinstance(error, _FAILURES) and type(error).__name__ != "PanicException":
                raise
            logger.warning("The table %s could not be %s: %s", self.name, action, error)
            raise WorkspaceError(
                f"The {self.label} could not be {action}: another session has deleted it, its "
                "files are damaged, or the disk is full. Open another corpus, or add the file "
                "again."
            ) from error
