"""Arrays on disk, one file per shard, so that interrupted work goes on where it stopped."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import WorkspaceError
from sbert_core.hashing import content_key

from .files import replacing

logger = logging.getLogger(__name__)

PLAN_FILE = "plan.json"


class ShardStore:
    """Numbered arrays in a folder, valid for one plan of work only.

    The plan (which texts, which encoder, how they are cut) is part of every file name,
    so that two sessions with different plans in one folder never take each other's
    arrays: the worst that can happen is that a shard is missing and is made again.
    """

    def __init__(self, folder: Path) -> None:
        """Store the folder; nothing is read or written before `open`."""
        self.folder = folder
        self._plan_key: str | None = None

    def open(self, plan: Mapping[str, object]) -> None:
        """Take up the work where it stopped, or begin anew if the plan is another one.

        Args:
            plan: All that decides what the shards hold; JSON values only.

        Raises:
            WorkspaceError: The folder cannot be written.
        """
        text = json.dumps(plan, sort_keys=True)
        if self._stored_plan() != text:
            self.clear()
            self._write(self.folder / PLAN_FILE, text)
        self._plan_key = content_key(text)

    def has(self, index: int) -> bool:
        """Whether shard `index` is there (`load` may still find it broken)."""
        return self._path(index).is_file()

    def finished(self) -> int:
        """Number of shards of this plan that are there."""
        return sum(1 for _ in self.folder.glob(f"{self._key()}-*.npy"))

    def save(self, index: int, array: NDArray[Any]) -> None:
        """Write one shard; it is there completely or not at all.

        Args:
            index: Number of the shard, 0 or more.
            array: Any array without Python objects.

        Raises:
            WorkspaceError: The folder cannot be written, for example because the disk is full.
        """
        self._write(self._path(index), np.asarray(array))

    def load(self, index: int) -> NDArray[Any] | None:
        """Read one shard.

        Returns:
            The array as it was saved, or None if it is missing or broken. A broken one
            is logged and removed, so that `has` then says it is to be made again.
        """
        path = self._path(index)
        try:
            array: NDArray[Any] = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError) as error:
            logger.warning("Shard %s is broken and will be made again: %s", path, error)
            path.unlink(missing_ok=True)
            return None
        return array

    def clear(self) -> None:
        """Remove the plan and all shards, the left-overs of killed processes included."""
        # The plan goes first: if we are stopped half-way, the next `open` clears the rest.
        for path in (self.folder / PLAN_FILE, *self.folder.glob("*.npy")):
            path.unlink(missing_ok=True)
        for path in self.folder.glob(".*.tmp"):
            path.unlink(missing_ok=True)

    def _stored_plan(self) -> str | None:
        """Read the plan of the former work, if there is one."""
        try:
            return (self.folder / PLAN_FILE).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def _write(self, path: Path, value: str | NDArray[Any]) -> None:
        """Write a text or an array under its final name in one step."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with replacing(path) as file:
                if isinstance(value, str):
                    file.write(value.encode())
                else:
                    np.save(file, value, allow_pickle=False)
        except FileNotFoundError:
            # Another session has just cleared the folder: a lost shard is only made again.
            logger.warning("%s was cleared by another session while it was written", path)
        except OSError as error:
            raise WorkspaceError(
                f"Cannot write to {self.folder} ({error.strerror}): free some space there, or "
                "choose another folder with --workspace or SBERT_LAB_HOME."
            ) from error

    def _path(self, index: int) -> Path:
        """Name the file of one shard."""
        return self.folder / f"{self._key()}-{index:06d}.npy"

    def _key(self) -> str:
        """Give the key of the plan; asking before `open` is a mistake of ours."""
        assert self._plan_key is not None, "ShardStore.open(plan) comes first."
        return self._plan_key
