"""Long work outside the page: a queue of jobs on disk, and the worker process that empties it.

A job is a folder `<workspace>/jobs/<job_id>/` with `spec.json` (what to do), `state.json` (how far
it is) and, once the user has asked, an empty file `cancel`. Whoever shows the workspace reads these
files, so a refresh, a page change or a second browser loses nothing. One worker process per
workspace takes the jobs in order; it keeps its models warm and ends when its parent ends. A job
that was running when everything was killed is queued again by the next worker, and resumes from
what the workspace already holds.
"""

import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from .errors import Cancelled, SBERTLabError, WorkspaceError
from .hashing import content_key

logger = logging.getLogger(__name__)

JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]
ACTIVE: tuple[JobStatus, ...] = ("queued", "running")

# A job that has not noticed its cancel flag by then is stopped with its process: the user was
# promised two seconds.
CANCEL_GRACE_S = 1.4
# A job that takes its process down (out of memory, say) is not started for ever.
MAX_ATTEMPTS = 4
_POLL_S = 0.1
_WRITE_EVERY_S = 0.25
# Ended jobs are kept this long, for the failed ones among them to be seen.
_KEEP_ENDED_S = 7 * 24 * 3600


@dataclass(frozen=True)
class JobSpec:
    """What to do: a `kind` that the Lab knows, for one corpus under one encoder.

    Attributes:
        kind: Name of the Lab action ("embed", "cluster", "map").
        corpus_id: The corpus it works on.
        encoder: Encoder string, `ID[:POOLING]`.
        parameters: JSON values; the action's own settings.
        title: What a person reads in the job panel.
        after: Id of a job that must be done first, or None.
    """

    kind: str
    corpus_id: str
    encoder: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    after: str | None = None

    @property
    def job_id(self) -> str:
        """Content of the request, so that asking twice gives one job."""
        return content_key("job", self.kind, self.corpus_id, self.encoder, dict(self.parameters))


@dataclass(frozen=True)
class Job:
    """A job and how far it is.

    Attributes:
        job_id: Identifier, equal for equal requests.
        spec: What it does.
        status: One of queued, running, done, failed, cancelled.
        done: Units finished.
        total: Units in all; 0 while unknown.
        message: The stage it is in.
        per_second: Units per second in this stage; None while unknown.
        seconds_left: Estimate for this stage in seconds; None while unknown.
        error: One sentence when it failed.
        created: Seconds since the epoch.
        pid: Process that runs it; 0 unless running.
        attempts: How often a worker has started it.
    """

    job_id: str
    spec: JobSpec
    status: JobStatus = "queued"
    done: int = 0
    total: int = 0
    message: str = ""
    per_second: float | None = None
    seconds_left: float | None = None
    error: str = ""
    created: float = 0.0
    pid: int = 0
    attempts: int = 0

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.status in ACTIVE

    @property
    def fraction(self) -> float:
        """Share of its units that is finished, fraction in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else 0.0


class JobStore:
    """The folders of jobs: plain files, each replaced as a whole."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "jobs"

    def write(self, job: Job) -> None:
        """Store a job, replacing what was there; a job deleted meanwhile stays deleted."""
        folder = self.folder / job.job_id
        temporary = folder / f"state.{os.getpid()}.{threading.get_ident()}.tmp"
        with contextlib.suppress(FileNotFoundError):
            temporary.write_text(json.dumps(asdict(job)), encoding="utf-8")
            os.replace(temporary, folder / "state.json")

    def create(self, job: Job) -> None:
        """Store a new job, or the same one again after it ended."""
        folder = self.folder / job.job_id
        folder.mkdir(parents=True, exist_ok=True)
        self.cancel_flag(job.job_id).unlink(missing_ok=True)
        self.write(job)

    def read(self, job_id: str) -> Job | None:
        """Return a job, or None if there is none or it cannot be read."""
        try:
            stored = json.loads((self.folder / job_id / "state.json").read_text(encoding="utf-8"))
            return Job(**{**stored, "spec": JobSpec(**stored["spec"])})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            logger.warning("job %s is unreadable and ignored: %s", job_id, error)
            return None

    def all(self) -> list[Job]:
        """Return every readable job, oldest first."""
        if not self.folder.is_dir():
            return []
        found = (self.read(entry.name) for entry in self.folder.iterdir())
        return sorted((job for job in found if job), key=lambda job: job.created)

    def delete(self, job_id: str) -> None:
        """Forget a job."""
        shutil.rmtree(self.folder / job_id, ignore_errors=True)

    def cancel_flag(self, job_id: str) -> Path:
        """The file whose presence asks a running job to stop."""
        return self.folder / job_id / "cancel"


class JobQueue:
    """What pages use: submit, watch and cancel jobs, and keep one worker alive while there are any.

    Args:
        root: The workspace folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = JobStore(root)
        self._worker: subprocess.Popen[bytes] | None = None
        self._spawning = threading.Lock()

    def submit(self, spec: JobSpec) -> Job:
        """Queue a job and see that a worker runs; an equal job that waits or runs is returned.

        Args:
            spec: What to do.

        Returns:
            The queued (or already active) job.
        """
        job = self.store.read(spec.job_id)
        if job is None or not job.active:
            job = Job(spec.job_id, spec, created=time.time(), message="waiting for its turn")
            self.store.create(job)
        self.ensure_worker()
        return job

    def jobs(self, corpus_id: str | None = None) -> list[Job]:
        """Return all jobs, oldest first, or those of one corpus; revives a dead worker."""
        found = self.store.all()
        if any(job.active for job in found):
            self.ensure_worker()
        return [job for job in found if corpus_id in (None, job.spec.corpus_id)]

    def job(self, job_id: str) -> Job | None:
        """Return one job, or None."""
        return self.store.read(job_id)

    def cancel(self, job_id: str) -> None:
        """Stop a job within two seconds: ask it first, then end its process.

        What it finished stays in the workspace, so starting it again resumes.
        """
        job = self.store.read(job_id)
        if job is None or not job.active:
            return
        self.store.cancel_flag(job_id).touch()
        deadline = time.monotonic() + CANCEL_GRACE_S
        while job and job.status == "running" and time.monotonic() < deadline:
            time.sleep(_POLL_S / 2)
            job = self.store.read(job_id)
        if job and job.status == "running" and job.pid:
            _end_process(job.pid)
        if job and job.active:
            self.store.write(replace(job, status="cancelled", message="cancelled", pid=0))

    def dismiss(self, job_id: str) -> None:
        """Forget a job that has ended."""
        job = self.store.read(job_id)
        if job and not job.active:
            self.store.delete(job_id)

    def ensure_worker(self) -> None:
        """Start the worker of this workspace unless one is alive (started here or elsewhere)."""
        with self._spawning:
            if self._worker is not None and self._worker.poll() is None:
                return
            if worker_alive(self.root):
                return
            # stdin is the worker's lifeline: it ends when this process does, however that happens.
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "sbert_core.worker", "--workspace", str(self.root)],
                stdin=subprocess.PIPE,
                cwd=Path(__file__).resolve().parent.parent,
            )

    def close(self) -> None:
        """End the worker that this queue started; its running job resumes with the next one."""
        with self._spawning:
            if self._worker is not None:
                self._worker.kill()
                self._worker.wait()
                if self._worker.stdin:
                    self._worker.stdin.close()
                self._worker = None


class JobRunner:
    """What the worker process does: take the oldest queued job, run it, write down how it went.

    Args:
        root: The workspace folder.
        run: Called with the spec and a progress callback; does the work.
    """

    def __init__(self, root: Path, run: Callable[[JobSpec, "JobProgress"], None]) -> None:
        self.store = JobStore(root)
        self._run = run

    def tidy(self) -> None:
        """Queue again what a dead worker left running, and forget jobs that ended long ago.

        The caller holds the worker lock.
        """
        for job in self.store.all():
            if not job.active and time.time() - job.created > _KEEP_ENDED_S:
                self.store.delete(job.job_id)
            if job.status != "running":
                continue
            if self.store.cancel_flag(job.job_id).exists():
                end = replace(job, status="cancelled", message="cancelled", pid=0)
            elif job.attempts >= MAX_ATTEMPTS:
                error = (
                    f"Its process ended {job.attempts} times before it was done. Try fewer rows."
                )
                end = replace(job, status="failed", error=error, pid=0)
            else:
                end = replace(job, status="queued", message="resuming", pid=0)
            self.store.write(end)

    def step(self) -> bool:
        """Run the next job; False if nothing waits."""
        for job in self.store.all():
            if job.status != "queued":
                continue
            if self.store.cancel_flag(job.job_id).exists():
                self.store.write(replace(job, status="cancelled", message="cancelled"))
                return True
            before = self.store.read(job.spec.after) if job.spec.after else None
            if before and before.active:
                continue
            if before and before.status != "done":
                message = f"not started: “{before.spec.title}” did not finish"
                self.store.write(replace(job, status="cancelled", message=message))
                return True
            self._execute(job)
            return True
        return False

    def _execute(self, job: Job) -> None:
        """Run one job and store its end."""
        job = replace(
            job,
            status="running",
            pid=os.getpid(),
            message="starting",
            error="",
            attempts=job.attempts + 1,
        )
        self.store.write(job)
        progress = JobProgress(self.store, job)
        try:
            self._run(job.spec, progress)
        except Cancelled:
            end = replace(progress.job, status="cancelled", message="cancelled", pid=0)
        except SBERTLabError as error:
            end = replace(progress.job, status="failed", error=str(error), pid=0)
        except Exception as error:
            # The worker outlives a bug in one job; the log has the traceback, the page a sentence.
            logger.exception("job %s failed", job.job_id)
            end = replace(progress.job, status="failed", error=_sentence_for(error), pid=0)
        else:
            total = progress.job.total or 1
            end = replace(progress.job, status="done", done=total, total=total, pid=0, message="")
        self.store.write(replace(end, per_second=None, seconds_left=None))


class JobProgress:
    """Progress callback of a running job: writes the state, notices Cancel, estimates time left."""

    def __init__(self, store: JobStore, job: Job) -> None:
        self.job = job
        self._store = store
        self._flag = store.cancel_flag(job.job_id)
        self._written = 0.0
        self._stage_started = (time.monotonic(), 0)

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """Report `done` of `total`; raises `Cancelled` once the user has asked for it."""
        if self._flag.exists():
            raise Cancelled("Cancelled; what was finished is kept.")
        now = time.monotonic()
        # After a comma a message tells how it goes, such as the loss: that is no new stage.
        new_stage = message.partition(",")[0] != self.job.message.partition(",")[0]
        if new_stage:
            self._stage_started = (now, done)
        elapsed, advanced = now - self._stage_started[0], done - self._stage_started[1]
        # What was resumed from disk cost nothing and must not flatter the rate.
        rate = advanced / elapsed if elapsed > 0.5 and advanced > 0 else None
        left = (total - done) / rate if rate else None
        self.job = replace(
            self.job, done=done, total=total, message=message, per_second=rate, seconds_left=left
        )
        if new_stage or now - self._written > _WRITE_EVERY_S:
            self._written = now
            self._store.write(self.job)


def worker_lock(root: Path) -> FileLock:
    """The lock that the one worker of a workspace holds for as long as it lives."""
    folder = root / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {root} cannot be written ({error.strerror}). Choose another folder "
            "with --workspace or SBERT_LAB_HOME."
        ) from error
    return FileLock(folder / "worker.lock")


def worker_alive(root: Path) -> bool:
    """Whether some process holds the worker lock of this workspace."""
    lock = worker_lock(root)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _end_process(pid: int) -> None:
    """End a process at once; one that is gone already is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _sentence_for(error: Exception) -> str:
    """One sentence for an error that nobody foresaw."""
    if isinstance(error, MemoryError):
        return "This machine ran out of memory. Try fewer rows, or a smaller encoder."
    if isinstance(error, OSError) and error.errno == 28:
        return "The disk of the workspace is full. Free some space, then start this again."
    return f"An unexpected error stopped this: {type(error).__name__}: {error}"
