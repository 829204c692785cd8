"""The training desk of the Lab: what can be trained, runs and their results, and new encoders."""

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .corpus.workspace import Workspace
from .encoders.catalog import ResolvedEncoder
from .errors import ModelError, WorkspaceError
from .hashing import content_key
from .jobs import Job, JobQueue, JobSpec
from .model_shelf import ModelShelf
from .protocols import Progress, no_progress
from .training.objective_settings import ABOUT, OBJECTIVES, ObjectiveAbout, checked_settings
from .training_data import assemble, file_columns, preview_of, read_train_data
from .training_request import (
    FileColumns,
    TrainData,
    TrainEstimate,
    TrainPreview,
    TrainReport,
    TrainRequest,
)
from .training_run import write_json

if TYPE_CHECKING:
    from .encoders.encoder import SentenceEncoder
    from .training.examples import Examples

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_PEAK_AT_768 = 2e-5  # what BERT-base is fine-tuned with (Devlin et al. 2019, appendix A.3)


class TrainingDesk:
    """Starts training runs, keeps them in the workspace, and turns them into encoders.

    Args:
        workspace: The workspace; a run is a folder `training/<run_id>` in it.
        shelf: The encoders at hand.
        jobs: Where runs are queued.
    """

    def __init__(self, workspace: Workspace, shelf: ModelShelf, jobs: JobQueue) -> None:
        self.workspace, self.folder = workspace, workspace.root / "training"
        self._shelf, self._jobs = shelf, jobs

    # --- before -----------------------------------------------------------------------------

    def objectives(self) -> dict[str, ObjectiveAbout]:
        """Describe every objective: explanation, formula, data it needs, settings."""
        return {name: ABOUT[name] for name in OBJECTIVES}

    def keep_file(self, name: str, content: bytes) -> Path:
        """Keep an uploaded file, so that a run survives a refresh; equal content is kept once."""
        folder = self.folder / "files" / content_key(content)
        folder.mkdir(parents=True, exist_ok=True)
        # A name from a browser: no folders, nothing hidden, and short enough for any disk.
        path = folder / (Path(name).name.lstrip(".")[-60:] or "examples")
        if not path.is_file():  # its time is a part of the run's identity
            partial = path.with_name(f"{path.name}.partial")
            partial.write_bytes(content)
            partial.replace(path)
        return path

    def columns(self, data: TrainData, objective: str) -> FileColumns:
        """List the columns of a file, and which is guessed to be what.

        Raises:
            FileError: The file cannot be read.
        """
        return file_columns(data, objective)

    def preview(self, data: TrainData, objective: str) -> TrainPreview:
        """Say what a source holds for an objective, with its first examples.

        Raises:
            SBERTLabError: As `examples`.
        """
        return preview_of(self.examples(data, objective))

    def examples(self, data: TrainData, objective: str) -> "Examples":
        """Read the examples of a source, as an objective would learn from them.

        Raises:
            FileError: The file cannot be read.
            DataError: It does not fit the objective; the sentence shows a file that does.
        """
        return read_train_data(data, objective, self.workspace)

    def learning_rate(self, base: str) -> float:
        """Suggest a peak learning rate: the wider the layers, the smaller.

        2e-5 is usual at 768 dimensions; at the 256 of a small encoder it would need many epochs.
        """
        width = max(64, self._shelf.resolve(base).layout.hidden_size)
        return float(f"{_PEAK_AT_768 * (768 / width) ** 2:.1g}")

    def estimate(self, request: TrainRequest) -> TrainEstimate:
        """Say what a run would take, from a few steps timed now.

        Raises:
            SBERTLabError: As `run`.
        """
        from .training_run import estimate_training, load_learner

        data = assemble(request, self.workspace)
        learner = load_learner(request, self._fresh(request.base), data.train.label_names)
        return estimate_training(request, data, learner, self._teacher(request))

    # --- runs -------------------------------------------------------------------------------

    def start(self, request: TrainRequest) -> Job:
        """Queue a run.

        Raises:
            ModelError: The base or teacher is not at hand.
            DataError: A setting is not allowed.
        """
        resolved = self._check(request)
        spec = JobSpec(
            kind="train",
            corpus_id="",
            encoder=resolved.spec,
            parameters=request.to_dict(),
            title=f"Train {resolved.spec} ({request.objective})",
        )
        self._keep(request)
        return self._jobs.submit(spec)

    def run(self, request: TrainRequest, progress: Progress = no_progress) -> TrainReport:
        """Train, or return the report of an equal run; goes on where a killed run stopped.

        Args:
            request: What to train, from what, and how.
            progress: Called with steps done and in all; raises `Cancelled` to stop.

        Raises:
            ModelError: The base or teacher is not at hand.
            FileError: A file cannot be read.
            DataError: The data does not fit the objective, or the loss diverged.
            Cancelled: From `progress`.
        """
        from .training_run import load_learner, run_training

        if report := self.report(request.run_id):
            return report
        base = self._check(request)
        folder = self._keep(request)
        progress(0, 0, "reading the examples")
        data = assemble(request, self.workspace)
        progress(0, 0, "loading the base")
        learner = load_learner(request, self._fresh(request.base), data.train.label_names)
        teacher = self._teacher(request)
        return run_training(request, data, learner, teacher, base.info, folder, progress)

    def runs(self) -> dict[str, TrainRequest]:
        """List the runs of this workspace by id, newest first.

        The id is that of the start: a file that has changed since would give another.
        """
        found = self.folder.glob("*/request.json")
        newest = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
        return {
            path.parent.name: TrainRequest.from_dict(json.loads(path.read_text("utf-8")))
            for path in newest
        }

    def job(self, request: TrainRequest) -> Job | None:
        """Return the job of a run, if one is known."""
        return self.jobs_of([request])[0]

    def jobs_of(self, requests: Iterable[TrainRequest]) -> list[Job | None]:
        """Return the job of each run, None where none is known."""
        known = [job for job in self._jobs.jobs("") if job.spec.kind == "train"]
        wanted = [request.to_dict() for request in requests]
        return [next((j for j in known if j.spec.parameters == w), None) for w in wanted]

    def history(self, run_id: str) -> list[dict[str, float]]:
        """Return what has been logged of a run so far: loss, rate, and evaluations."""
        path = self.folder / run_id / "history.jsonl"
        if not path.is_file():
            return []
        # A line that is being written at this moment has no end yet.
        whole = path.read_text(encoding="utf-8").rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def frames(self, run_id: str) -> dict[int, NDArray[np.float32]]:
        """Return the small maps of a run so far: step to float32 (N, 2)."""
        paths = sorted((self.folder / run_id / "frames").glob("*.npy"))
        return {int(path.stem): np.load(path, allow_pickle=False) for path in paths}

    def watched(self, run_id: str) -> tuple[list[str], list[str]]:
        """Return the sentences of the small map and their labels, which may be none."""
        if not (self.folder / run_id / "frames" / "texts.json").is_file():
            return [], []
        texts, labels = (
            json.loads((self.folder / run_id / "frames" / f"{name}.json").read_text("utf-8"))[name]
            for name in ("texts", "labels")
        )
        return texts, labels

    def report(self, run_id: str) -> TrainReport | None:
        """Return how a run went, or None while it has not ended."""
        path = self.folder / run_id / "report.json"
        if not path.is_file():
            return None
        return TrainReport.from_dict(json.loads(path.read_text(encoding="utf-8")))

    def delete(self, run_id: str) -> None:
        """Forget a run, and stop it if it goes on; an encoder that was made of it stays."""
        request = self.runs().get(run_id)
        job = self.job(request) if request else None
        if job is not None:
            self._jobs.cancel(job.job_id)
            self._jobs.dismiss(job.job_id)
        shutil.rmtree(self.folder / run_id, ignore_errors=True)

    # --- new encoders -----------------------------------------------------------------------

    def adopt(self, run_id: str, name: str) -> str:
        """Make the encoder of a run available everywhere under a name.

        Returns:
            Its encoder string.

        Raises:
            ModelError: The name is taken or cannot be a folder, or the run made a cross-encoder.
            WorkspaceError: The run has not ended.
        """
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise ModelError(
                f"{name!r} cannot be an encoder's name: use letters, digits, dots, hyphens and "
                "underscores, at most 60."
            )
        if name in {info.id for info in self._shelf.infos()}:
            raise ModelError(f"There is an encoder {name} already. Choose another name.")
        if not (self._model(run_id) / "modules.json").is_file():
            raise ModelError(
                "This run made a cross-encoder: it judges pairs and has no vectors, so it cannot "
                "stand in for an encoder. Export it instead."
            )
        copy_folder(self._model(run_id), self._shelf.own_models / name)
        return name

    def export(self, run_id: str, folder: Path) -> None:
        """Copy what a run made to a folder, which sentence-transformers loads.

        Raises:
            WorkspaceError: The run has not ended.
            ModelError: The folder cannot be written over.
        """
        check_free(folder)
        copy_folder(self._model(run_id), folder.resolve())

    def zipped(self, run_id: str, name: str) -> bytes:
        """Return what a run made as a zip of one folder.

        Raises:
            WorkspaceError: The run has not ended.
        """
        model = self._model(run_id)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(model.rglob("*")):
                if path.is_file():
                    archive.write(path, f"{name}/{path.relative_to(model).as_posix()}")
        return packed.getvalue()

    # --- private ----------------------------------------------------------------------------

    def _check(self, request: TrainRequest) -> ResolvedEncoder:
        """Refuse at once what would fail in the queue."""
        checked_settings(request.objective, request.settings)
        if request.teacher:
            self._shelf.resolve(request.teacher)
        return self._shelf.resolve(request.base)

    def _keep(self, request: TrainRequest) -> Path:
        """Make the folder of a run, with its request."""
        folder = self.folder / request.run_id
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "request.json", request.to_dict())
        return folder

    def _fresh(self, base: str) -> "SentenceEncoder":
        """Load an encoder for itself, in float32: training changes its weights."""
        from .encoders.encoder import SentenceEncoder

        return SentenceEncoder.load(self._shelf.resolve(base), precision="fp32")

    def _teacher(self, request: TrainRequest) -> "SentenceEncoder | None":
        """Load the teacher of a distillation."""
        return self._shelf.load(request.teacher) if request.teacher else None

    def _model(self, run_id: str) -> Path:
        """Find the model of a run that has ended."""
        folder = self.folder / run_id / "model"
        if not folder.is_dir() or not (folder.parent / "report.json").is_file():
            raise WorkspaceError("This run has not ended, so there is no encoder of it yet.")
        return folder


def check_free(folder: Path) -> None:
    """Refuse a folder for a model that holds something else; an earlier model is replaced.

    Raises:
        ModelError: It is a file, or holds other files, or what an earlier pretraining goes on from.
    """
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"{folder} is a file; choose a new folder for the model.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    model = all((folder / name).is_file() for name in ("config.json", "model.safetensors"))
    if not model or (folder / "pretraining").exists():
        raise ModelError(f"{folder} holds other files; choose a new folder for the model.")


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder; the target appears whole or not at all."""
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
