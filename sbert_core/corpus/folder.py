"""The folder of a workspace: where it is, and whether we understand what is in it."""

import json
import os
from pathlib import Path

from sbert_core.errors import WorkspaceError

from .files import replacing

FORMAT = 1  # raise it when an older SBERT Lab would misread the folder
MARKER = "workspace.json"
_WAYS_OUT = "name another folder with --workspace or in SBERT_LAB_HOME"


def default_root() -> Path:
    """Name the folder to use: SBERT_LAB_HOME, else the platform's folder for a user's data."""
    if home := os.environ.get("SBERT_LAB_HOME"):
        return Path(home).expanduser()
    import platformdirs

    return platformdirs.user_data_path("sbert-lab", appauthor=False)


def prepare(root: Path) -> None:
    """Make the folder a workspace, or make sure that it is one that we understand.

    Raises:
        WorkspaceError: It cannot be made or written, or a newer version wrote it.
    """
    try:
        (root / "locks").mkdir(parents=True, exist_ok=True)
        if not os.access(root, os.W_OK):
            raise PermissionError(0, "no right to write")
        stored = _format_of(root / MARKER)
    except OSError as error:
        raise WorkspaceError(
            f"The workspace folder {root} cannot be used ({error.strerror}): {_WAYS_OUT}."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"{root / MARKER} is damaged: remove that file if the folder is a workspace, or "
            f"{_WAYS_OUT}."
        ) from error
    if stored > FORMAT:
        raise WorkspaceError(
            f"The workspace {root} was written by a newer SBERT Lab (format {stored}, this one "
            f"knows {FORMAT}): update SBERT Lab, or {_WAYS_OUT}."
        )


def _format_of(marker: Path) -> int:
    """Read the format of a workspace, or write ours into a new one."""
    if not marker.exists():
        with replacing(marker) as file:
            file.write(json.dumps({"format": FORMAT}).encode())
    return int(json.loads(marker.read_bytes())["format"])
