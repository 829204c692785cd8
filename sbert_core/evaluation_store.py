"""Where the figures of evaluations are kept: each is computed once.

A result is a JSON file `evaluation/<key>.json` in the workspace. Its key is the content of the
files, the encoder, and the version of the metric, so a table of encoders, a page and a command
that ask for the same thing wait once, and a changed file is measured anew.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .encoders.catalog import ResolvedEncoder
from .encoders.weights import file_digest
from .hashing import content_key
from .result_store import library_versions
from .training_run import write_json

# Part of every key: raise one when its figures would no longer be what the code computes.
METRIC_VERSIONS = {
    "sts": 1,
    "nli": 1,
    "pairs": 2,
    "triplet": 1,
    "clusters": 1,
    "ranking": 1,
    "judged": 1,
}

Stored = dict[str, Any]


class EvaluationStore:
    """Finds a stored result, or computes it and keeps it with its record.

    Args:
        folder: The folder of the results.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep_file(self, name: str, content: bytes) -> Path:
        """Keep an uploaded file, so that its figures survive a refresh; equal content once."""
        folder = self.folder / "files" / content_key(content)
        folder.mkdir(parents=True, exist_ok=True)
        # A name from a browser: no folders, nothing hidden, and short enough for any disk.
        path = folder / (Path(name).name.lstrip(".")[-60:] or "pairs")
        if not path.is_file():
            partial = path.with_name(f"{path.name}.partial")
            partial.write_bytes(content)
            partial.replace(path)
        return path

    def find(
        self, kind: str, paths: Sequence[Path], resolved: ResolvedEncoder, **settings: Any
    ) -> Stored | None:
        """Return a stored result, or None; one that cannot be read counts as none."""
        try:
            place = self._place(kind, paths, resolved, settings)
            stored: Stored = json.loads(place.read_text(encoding="utf-8"))
            return stored
        except (OSError, ValueError):
            return None

    def remember(
        self,
        kind: str,
        paths: Sequence[Path],
        resolved: ResolvedEncoder,
        compute: Callable[[], Stored],
        **settings: Any,
    ) -> Stored:
        """Return the stored result of a request, or compute and keep it.

        Args:
            kind: One of `METRIC_VERSIONS`.
            paths: The files that it is a result of.
            resolved: The encoder.
            compute: Returns a small JSON result.
            settings: Everything else that the result depends on; JSON values.

        Returns:
            The run record: kind, files, encoder, encoder_key, parameters, metric_version,
            versions, seconds, created, and the result.
        """
        if stored := self.find(kind, paths, resolved, **settings):
            return stored
        started = time.perf_counter()
        result = compute()
        stored = {
            "kind": kind,
            "files": [path.name for path in paths],
            "encoder": resolved.spec,
            "encoder_key": resolved.key,
            "parameters": settings,
            "metric_version": METRIC_VERSIONS[kind],
            "versions": library_versions(),
            "seconds": time.perf_counter() - started,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "result": result,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self._place(kind, paths, resolved, settings), stored)
        return stored

    def _place(
        self,
        kind: str,
        paths: Sequence[Path],
        resolved: ResolvedEncoder,
        settings: Mapping[str, Any],
    ) -> Path:
        """Say where a result is kept: by the content of its files, not by their names."""
        # The ending decides how a file is read, so it belongs to the content.
        contents = [["".join(path.suffixes[-2:]), file_digest(path)] for path in paths]
        key = content_key(kind, METRIC_VERSIONS[kind], contents, resolved.key, dict(settings))
        return self.folder / f"{key}.json"
