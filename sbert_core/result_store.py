"""Results are asked for once: find a stored run, or compute it and keep it with its record."""

import functools
import importlib.metadata
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from numpy.typing import NDArray

from . import __version__
from .corpus.records import RunRecord, run_id_for
from .corpus.workspace import Workspace
from .encoders.catalog import ResolvedEncoder

# What a result depends on: written into every run record so that it can be repeated.
_LIBRARIES = ("torch", "transformers", "numpy", "scikit-learn", "umap-learn")

Computed = tuple[dict[str, Any], dict[str, NDArray[Any]]]


class Results:
    """The stored results of a workspace, by the request that made them.

    Args:
        workspace: Where they are kept.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def find(
        self, kind: str, corpus_id: str, resolved: ResolvedEncoder, parameters: Mapping[str, Any]
    ) -> RunRecord | None:
        """Return the run of exactly this request, or None."""
        return self.workspace.find_run(run_id_for(kind, corpus_id, resolved.key, parameters))

    def remember(
        self,
        kind: str,
        corpus_id: str,
        resolved: ResolvedEncoder,
        parameters: Mapping[str, Any],
        compute: Callable[[], Computed],
    ) -> RunRecord:
        """Return the stored run of this request, or compute and store it.

        Args:
            kind: Kind of result.
            corpus_id: The corpus.
            resolved: The encoder.
            parameters: Everything else the result depends on; JSON values.
            compute: Returns a small JSON result and columns with one value per row.
        """
        stored = self.find(kind, corpus_id, resolved, parameters)
        if stored:
            return stored
        started = time.perf_counter()
        result, columns = compute()
        record = self.record(kind, corpus_id, resolved, parameters, result, started)
        self.workspace.save_result(record, columns)
        return record

    def record(
        self,
        kind: str,
        corpus_id: str,
        resolved: ResolvedEncoder,
        parameters: Mapping[str, Any],
        result: dict[str, Any],
        started: float,
    ) -> RunRecord:
        """Write down a run that began at `started` (`time.perf_counter()`)."""
        return RunRecord(
            run_id=run_id_for(kind, corpus_id, resolved.key, parameters),
            kind=kind,
            corpus_id=corpus_id,
            encoder=resolved.spec,
            encoder_key=resolved.key,
            parameters=dict(parameters),
            versions=library_versions(),
            seconds=time.perf_counter() - started,
            created=datetime.now(UTC).isoformat(timespec="microseconds"),
            result=result,
        )


@functools.cache
def library_versions() -> dict[str, str]:
    """Versions of this project and of the libraries that results depend on."""
    found = {"sbert-lab": __version__}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
