"""The real worker with the real encoder: Cancel within two seconds, and resuming after a kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sbert_core.embedding import shard_folder
from sbert_core.jobs import worker_alive
from sbert_core.lab import Lab

ROOT = Path(__file__).resolve().parent.parent
ROWS = 4000

# Stands for the app: it owns the worker and is killed without a word.
SERVER = """
import sys, time
from pathlib import Path
from sbert_core.lab import Lab
lab = Lab(Path(sys.argv[1]))
lab.start("embed", sys.argv[2], "minilm")
time.sleep(300)
"""


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path / "workspace")
    yield lab
    lab.jobs.close()


@pytest.fixture
def corpus(lab):
    words = "the parcel came late but the soup was warm and nobody knew why it rained".split()
    lines = [f"message {i} " + " ".join(words[i % 7 : i % 7 + 6]) for i in range(ROWS)]
    return lab.add_corpus(lab.read("\n".join(lines).encode(), name="lines.txt"))


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    pytest.fail("nothing happened in time")


def finished_shards(lab, corpus):
    return {path: path.stat().st_mtime_ns for path in _shard_files(lab, corpus)}


def _shard_files(lab, corpus):
    return shard_folder(lab.workspace.root, corpus.corpus_id).glob("*/*.npy")


def test_a_killed_server_loses_nothing_and_no_shard_is_computed_twice(lab, corpus):
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(lab.workspace.root), corpus.corpus_id], cwd=ROOT
    )
    wait_for(lambda: len(finished_shards(lab, corpus)) >= 2)
    server.send_signal(signal.SIGKILL)
    server.wait()
    # The worker notices that its parent is gone; nothing is left running behind the user's back.
    wait_for(lambda: not worker_alive(lab.workspace.root), seconds=10)
    before = finished_shards(lab, corpus)
    assert not lab.is_embedded(corpus.corpus_id, "minilm")

    seen = {}

    def done():
        seen.update(finished_shards(lab, corpus))
        return lab.is_embedded(corpus.corpus_id, "minilm")

    lab.jobs.jobs()  # what any page does first: it finds the interrupted job and revives it
    wait_for(done)
    assert {path: seen[path] for path in before} == before
    (run,) = lab.workspace.runs(corpus.corpus_id, "embed")
    assert run.result["shards_resumed"] == len(before) >= 2
    assert lab.vectors(corpus.corpus_id, "minilm").shape == (ROWS, 384)


def test_cancel_stops_within_two_seconds_and_keeps_what_was_finished(lab, corpus):
    job = lab.start("embed", corpus.corpus_id, "minilm")
    wait_for(lambda: finished_shards(lab, corpus))
    pid = lab.jobs.job(job.job_id).pid
    started = time.monotonic()
    lab.jobs.cancel(job.job_id)
    assert time.monotonic() - started < 2
    assert lab.jobs.job(job.job_id).status == "cancelled"
    kept = finished_shards(lab, corpus)
    time.sleep(1.5)
    assert finished_shards(lab, corpus) == kept != {}
    # A worker that listened is still there and warm.
    assert pid == 0 or _alive(pid)


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_labs_on_one_workspace_share_one_worker(lab, corpus):
    other = Lab(lab.workspace.root)
    try:
        job = lab.start("embed", corpus.corpus_id, "minilm")
        assert other.start("embed", corpus.corpus_id, "minilm").job_id == job.job_id
        wait_for(lambda: lab.jobs.job(job.job_id).status == "running")
        workers = [queue._worker for queue in (lab.jobs, other.jobs) if queue._worker]
        wait_for(lambda: sum(worker.poll() is None for worker in workers) == 1, seconds=10)
        other.jobs.ensure_worker()
        assert worker_alive(lab.workspace.root)
        lab.jobs.cancel(job.job_id)
    finally:
        other.jobs.close()
