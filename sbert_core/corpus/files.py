"""Keeping files whole: writes that are seen complete or not at all, and one writer at a time."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sbert_core.errors import WorkspaceError


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a file under a temporary name and give it its own name only when it is complete.

    A process killed in the middle leaves the former file as it was, and beside it a
    hidden file that ends in `.tmp`.

    Args:
        path: The file to write; its folder exists.

    Yields:
        A binary file open for writing.

    Raises:
        OSError: The folder is missing, full or not writable.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class WriteLocks:
    """Locks between writers, in threads as in processes; the system drops those of a dead one.

    Readers take none: every table shows its latest complete version.
    """

    def __init__(self, folder: Path, timeout: float) -> None:
        """Store where the lock files lie and how many seconds a writer waits for its turn."""
        self.folder = folder
        self.timeout = timeout

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Be the only writer of `name` inside a `with` block.

        Args:
            name: What is written: a corpus id or the name of a table.

        Raises:
            WorkspaceError: Another writer keeps the lock for longer than the timeout, or
                the lock file cannot be written.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / f"{name}.lock", timeout=self.timeout)
        try:
            lock.acquire(poll_interval=0.01)
        except Timeout as error:
            raise WorkspaceError(
                f"Another session has been writing to this part of the workspace ({name}) for "
                f"more than {self.timeout:g} seconds: wait until it has finished, then try again."
            ) from error
        except OSError as error:
            raise WorkspaceError(
                f"The lock file {lock.lock_file} cannot be written ({error.strerror}): "
                "check the rights on the workspace folder."
            ) from error
        try:
            yield
        finally:
            lock.release()
