"""The leaderboard desk of the Lab: many encoders on one file, measured in one job and kept.

The evaluation desk measures one encoder on one file. Here are the questions of a page that shows
a table of encoders: which of them are measured already, what came with the sample, and a job that
measures the others one after the other, so that Cancel or a refresh loses none that is finished.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import sample
from .contamination import Contamination
from .errors import DataError, ModelError
from .evaluation.sts import MIN_PAIRS, StsScores
from .evaluation_details import StsDetails
from .evaluation_files import SentenceFile, read_sentences
from .evaluation_store import METRIC_VERSIONS
from .hashing import content_key
from .jobs import Job, JobSpec
from .protocols import Progress, no_progress
from .published import TABLES, PublishedTable
from .stsb_hub import fetch_stsb_test, kept_stsb_test
from .training_run import write_json

if TYPE_CHECKING:
    from .lab import Lab

_READ_FILES_KEPT, _CONTAMINATIONS_KEPT = 4, 200

TaskKind = Literal["sts", "pairs", "nli", "triplet", "retrieval", "clusters"]
_FILES_NEEDED: Mapping[str, int] = {
    "sts": 1,
    "pairs": 1,
    "nli": 1,
    "triplet": 1,
    "retrieval": 3,
    "clusters": 0,
}
Origin = Literal["measured", "shipped"]
Figures = dict[str, Any]


@dataclass(frozen=True)
class BenchmarkTask:
    """What encoders are measured on.

    Attributes:
        kind: One of "sts", "pairs", "nli", "triplet" (one file each), "retrieval" (documents,
            queries and judgements) and "clusters" (a corpus of the workspace).
        files: Paths of the files.
        corpus_id: The corpus of "clusters".
        label_column: Its column of labels.
    """

    kind: TaskKind
    files: tuple[str, ...] = ()
    corpus_id: str = ""
    label_column: str = ""

    def __post_init__(self) -> None:
        """Check that it names what its kind needs.

        Raises:
            DataError: It does not.
        """
        needed = _FILES_NEEDED.get(self.kind)
        if needed is None:
            raise DataError(f"kind={self.kind!r} should be one of {', '.join(_FILES_NEEDED)}.")
        if len(self.files) != needed:
            raise DataError(f"{self.kind} takes {needed} files, not {len(self.files)}.")
        if self.kind == "clusters" and not (self.corpus_id and self.label_column):
            raise DataError("clusters takes a corpus and its column of labels.")

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files as paths."""
        return tuple(Path(path) for path in self.files)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values that `from_dict` takes back."""
        return asdict(self) | {"files": list(self.files)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "BenchmarkTask":
        """Take the values of `to_dict`."""
        return cls(**{**values, "files": tuple(values["files"])})


@dataclass(frozen=True)
class GradedFile:
    """A file of graded pairs that can be measured.

    Attributes:
        path: Where it is.
        name: What to call it.
        pairs: Number of pairs.
        low: Lowest grade in it.
        high: Highest grade in it.
        notes: Sentences for a person about how it was read.
    """

    path: Path
    name: str
    pairs: int
    low: float
    high: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class LeaderboardRow:
    """How an encoder did on graded pairs.

    Attributes:
        model: Encoder string.
        scores: Its correlations, each times 100.
        origin: "measured" on this machine, or "shipped" with the sample.
    """

    model: str
    scores: StsScores
    origin: Origin


class LeaderboardDesk:
    """Measures many encoders on one file.

    Args:
        lab: The Lab, whose evaluation desk does the measuring.
    """

    # What the job panel of the Benchmark page asks for: these jobs belong to no corpus.
    JOBS = "benchmark"

    def __init__(self, lab: "Lab") -> None:
        self._lab = lab
        self.folder = lab.workspace.root / "benchmark"
        self._graded: dict[tuple[Path, int], SentenceFile] = {}
        self._seen: dict[tuple[Path, int, str], Contamination] = {}

    # --- files ------------------------------------------------------------------------------

    def look(self, path: Path) -> GradedFile:
        """Say what a file of graded pairs holds, and refuse at once what has no correlation.

        Raises:
            FileError: It is not a file of graded pairs.
            DataError: It has fewer than three pairs, or all grades are the same.
        """
        graded = self._read(path)
        scores = graded.scores
        if len(scores) < MIN_PAIRS:
            raise DataError(
                f"{path.name} has {len(scores)} graded pairs, and a correlation needs at least "
                f"{MIN_PAIRS}."
            )
        if np.ptp(scores) == 0:
            raise DataError(
                f"All grades in {path.name} are {scores[0]:g}, so there is no order to compare "
                "with: give pairs that people graded differently."
            )
        low, high = float(scores.min()), float(scores.max())
        return GradedFile(path, path.name, len(scores), low, high, graded.notes)

    def files(self) -> list[Path]:
        """List the files that were put in before, the latest first."""
        found = (self._lab.evaluation.folder / "files").glob("*/*")
        kept = [path for path in found if path.suffix != ".partial"]
        return sorted(kept, key=lambda path: path.stat().st_mtime, reverse=True)

    def stsb(self) -> Path | None:
        """Return this workspace's copy of the test part of STS Benchmark, if there is one."""
        return kept_stsb_test(self.folder)

    def fetch_stsb(self) -> Path:
        """Return the test part of STS Benchmark: this workspace's copy, or the hub's.

        Raises:
            FileError: There is no copy and the hub cannot be reached.
        """
        return fetch_stsb_test(self.folder)

    # --- graded pairs -----------------------------------------------------------------------

    def rows(self, path: Path, models: Sequence[str]) -> list[LeaderboardRow]:
        """Return what is known of encoders on graded pairs; nothing is computed.

        Args:
            path: A file of graded pairs.
            models: Encoder strings; one that is not measured is left out.

        Returns:
            Rows in the order of `models`.
        """
        shipped = _shipped(path)
        found = []
        for model in models:
            measured = self._stored_sts(path, model)
            if measured is not None:
                found.append(LeaderboardRow(model, measured, "measured"))
            elif model in shipped:
                found.append(LeaderboardRow(model, _scores_from(shipped[model]), "shipped"))
        return found

    def details(self, path: Path, model: str) -> StsDetails | None:
        """Return every pair with its cosine, if that is known; nothing is computed."""
        if self._stored_sts(path, model) is not None:
            return self._lab.evaluation.sts_details(path, model)
        entry = _shipped(path).get(model, {})
        if not entry:
            return None
        graded = self._read(path)
        return StsDetails(
            model=model,
            sentences1=graded.columns[0],
            sentences2=graded.columns[1],
            gold=graded.scores,
            cosines=np.array(entry["cosines"], dtype=np.float64),
            scores=_scores_from(entry),
        )

    def contamination(self, path: Path, model: str) -> Contamination:
        """Say what share of graded pairs an encoder was trained on, where that is known.

        Raises:
            SBERTLabError: The file cannot be read, or the encoder is not at hand.
        """
        key = (path, _changed(path), self._lab.resolve(model).key)
        if key not in self._seen:
            while len(self._seen) >= _CONTAMINATIONS_KEPT:
                self._seen.pop(next(iter(self._seen)))
            self._seen[key] = self._lab.evaluation.contamination(path, model)
        return self._seen[key]

    def published(self) -> tuple[PublishedTable, ...]:
        """Return what others have published, each table with its source."""
        return TABLES

    # --- any task ---------------------------------------------------------------------------

    def figures(self, task: BenchmarkTask, models: Sequence[str]) -> dict[str, Figures]:
        """Return what is known of encoders on a task, by encoder; nothing is computed."""
        found = {}
        for model in models:
            stored = self._stored(task, model)
            if stored is not None:
                found[model] = stored
        return found

    def measure(self, task: BenchmarkTask, model: str, progress: Progress = no_progress) -> Figures:
        """Measure an encoder on a task, unless that has been done.

        Args:
            task: What to measure it on.
            model: Encoder string.
            progress: Called with what is done and in all.

        Returns:
            The fields of the evaluation's scores, as JSON values.

        Raises:
            FileError: A file cannot be read.
            DataError: It does not fit the task.
            ModelError: The encoder is not at hand.
            Cancelled: From `progress`.
        """
        stored = self._stored(task, model)
        if stored is not None:
            return stored
        scores = self._compute(task, model, progress)
        figures: Figures = json.loads(json.dumps(asdict(scores)))
        if task.kind == "sts":  # the evaluation desk keeps these, with the cosine of every pair
            return figures
        self.folder.mkdir(parents=True, exist_ok=True)
        entry = {"task": task.to_dict(), "encoder": model, "figures": figures}
        write_json(self._place(task, model), entry)
        return figures

    # --- jobs -------------------------------------------------------------------------------

    def start(self, task: BenchmarkTask, models: Sequence[str]) -> Job:
        """Queue the measuring of encoders on a task.

        Raises:
            FileError: A file cannot be read.
            DataError: It does not fit the task, or no encoder was chosen.
            ModelError: An encoder is not at hand: better said now than in a queue.
        """
        if not models:
            raise DataError("Choose at least one encoder to measure.")
        self._check(task)
        for model in models:
            self._lab.resolve(model)
        which = models[0] if len(models) == 1 else f"{len(models)} encoders"
        spec = JobSpec(
            kind="leaderboard",
            corpus_id=self.JOBS,
            encoder="",
            parameters={"task": task.to_dict(), "models": list(models)},
            title=f"Measure {which} on {self.name_of(task)}",
        )
        return self._lab.jobs.submit(spec)

    def measuring(self, task: BenchmarkTask) -> bool:
        """Whether a job that measures encoders on a task waits or runs."""
        wanted = task.to_dict()
        jobs = self._lab.jobs.jobs(self.JOBS)
        return any(job.active and job.spec.parameters.get("task") == wanted for job in jobs)

    def name_of(self, task: BenchmarkTask) -> str:
        """Say what a person calls the data of a task."""
        if task.kind == "clusters":
            return self._lab.corpus(task.corpus_id).name
        return task.paths[0].name

    def run_job(self, spec: JobSpec, progress: Progress) -> None:
        """Measure one encoder after the other; what is finished is kept if it is cancelled."""
        task, models = BenchmarkTask.from_dict(spec.parameters["task"]), spec.parameters["models"]
        for place, model in enumerate(models, start=1):
            stage = f"{model}, encoder {place} of {len(models)}" if len(models) > 1 else model
            progress(0, 0, stage)
            self.measure(task, model, _named(stage, progress))

    # --- private ----------------------------------------------------------------------------

    def _check(self, task: BenchmarkTask) -> None:
        """Refuse at once a file that does not fit its task."""
        if task.kind == "sts":
            self.look(task.paths[0])
        elif task.kind == "retrieval":
            documents, queries, qrels = task.paths
            self._lab.evaluation.collection(documents, queries, qrels)
        elif task.kind != "clusters":
            read_sentences(task.paths[0], task.kind)

    def _compute(self, task: BenchmarkTask, model: str, progress: Progress) -> Any:
        """Let the evaluation desk measure."""
        desk = self._lab.evaluation
        if task.kind == "clusters":
            return desk.clusters(task.corpus_id, task.label_column, model, progress=progress)
        if task.kind == "retrieval":
            documents, queries, qrels = task.paths
            return desk.retrieval((documents, queries, qrels), model, progress=progress)
        (path,) = task.paths
        if task.kind == "sts":
            return desk.sts(path, model, progress)
        if task.kind == "nli":
            return desk.nli(path, model, progress=progress)
        return (desk.pairs if task.kind == "pairs" else desk.triplet)(path, model, progress)

    def _read(self, path: Path) -> SentenceFile:
        """Read graded pairs, or return what was read before."""
        stamp = (path, _changed(path))
        if stamp not in self._graded:
            while len(self._graded) >= _READ_FILES_KEPT:
                self._graded.pop(next(iter(self._graded)))
            self._graded[stamp] = read_sentences(path, "sts")
        return self._graded[stamp]

    def _stored_sts(self, path: Path, model: str) -> StsScores | None:
        """Return kept correlations; an encoder that is gone has none."""
        try:
            return self._lab.evaluation.stored_sts(path, model)
        except ModelError:
            return None

    def _stored(self, task: BenchmarkTask, model: str) -> Figures | None:
        """Return kept figures; an encoder that is gone, or a broken file, has none."""
        if task.kind == "sts":
            scores = self._stored_sts(task.paths[0], model)
            return None if scores is None else asdict(scores)
        try:
            stored = json.loads(self._place(task, model).read_text(encoding="utf-8"))
            figures: Figures = stored["figures"]
        except (ModelError, OSError, ValueError, KeyError):
            return None
        return figures

    def _place(self, task: BenchmarkTask, model: str) -> Path:
        """Where figures are kept: files in the workspace are named by content and never change."""
        version = METRIC_VERSIONS.get(task.kind, METRIC_VERSIONS["ranking"])
        stamps = [_changed(path) for path in task.paths]
        encoder = self._lab.resolve(model).key
        key = content_key("leaderboard", version, task.to_dict(), stamps, encoder)
        return self.folder / f"{key}.json"


def _changed(path: Path) -> int:
    """When a file was changed last, in nanoseconds; 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _shipped(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return what comes with the bundled pairs, by encoder; other files have nothing."""
    if path != sample.PAIRS:
        return {}
    return {entry["model"]: entry for entry in sample.shipped_sts()}


def _scores_from(stored: Mapping[str, Any]) -> StsScores:
    """Turn shipped scores into a result."""
    fields = {name: stored[name] for name in StsScores.__dataclass_fields__}
    low, high = fields["ci95"]
    return StsScores(**fields | {"ci95": (low, high)})


def _named(stage: str, progress: Progress) -> Progress:
    """Report what an encoder does under the name of its stage."""

    def report(done: int, total: int, message: str = "") -> None:
        progress(done, total, stage)

    return report
