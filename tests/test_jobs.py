"""Jobs on disk: order, cancel, failure, resuming after a kill, and one worker for a workspace."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from sbert_core.errors import DataError
from sbert_core.jobs import (
    MAX_ATTEMPTS,
    Job,
    JobProgress,
    JobQueue,
    JobRunner,
    JobSpec,
    worker_alive,
    worker_lock,
)


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A queue whose worker is never started: the tests step a runner themselves."""
    queue = JobQueue(tmp_path)
    monkeypatch.setattr(queue, "ensure_worker", lambda: None)
    return queue


def spec(name="embed", **changes):
    return replace(JobSpec(kind=name, corpus_id="c", encoder="minilm", title=name), **changes)


def run_all(queue, run):
    runner = JobRunner(queue.root, run)
    while runner.step():
        pass


def test_equal_requests_are_one_job_and_other_parameters_another(queue):
    first = queue.submit(spec(parameters={"k": 2}))
    assert queue.submit(spec(parameters={"k": 2})).job_id == first.job_id
    queue.submit(spec(parameters={"k": 3}))
    assert len(queue.jobs()) == 2


def test_jobs_run_oldest_first_and_end_done(queue):
    order = []
    for name in ("a", "b", "c"):
        queue.submit(spec(name))
        time.sleep(0.002)
    run_all(queue, lambda spec, progress: order.append(spec.kind))
    assert order == ["a", "b", "c"]
    assert [(job.status, job.fraction) for job in queue.jobs()] == [("done", 1.0)] * 3


def test_a_job_waits_for_the_one_before_and_falls_with_it(queue):
    first = queue.submit(spec("first"))
    queue.submit(spec("second", after=first.job_id))

    def run(spec, progress):
        raise DataError("No.")

    run_all(queue, run)
    second = queue.jobs()[1]
    assert second.status == "cancelled"
    assert "first" in second.message


def test_a_users_mistake_is_told_in_its_own_words_and_a_bug_by_its_type(queue, caplog):
    queue.submit(spec("mistake"))
    queue.submit(spec("bug"))

    def run(spec, progress):
        raise DataError("Too few rows.") if spec.kind == "mistake" else ZeroDivisionError("oh")

    run_all(queue, run)
    errors = {job.spec.kind: job.error for job in queue.jobs()}
    assert errors["mistake"] == "Too few rows."
    assert "ZeroDivisionError" in errors["bug"]
    assert "Traceback" in caplog.text


def test_cancel_stops_a_running_job_at_its_next_report(queue):
    job = queue.submit(spec())
    seen = []

    def run(spec, progress):
        for i in range(10):
            if i == 3:
                queue.store.cancel_flag(job.job_id).touch()
            progress(i, 10, "encoding")
            seen.append(i)

    run_all(queue, run)
    assert seen == [0, 1, 2]
    assert queue.job(job.job_id).status == "cancelled"
    # Asking again runs it again: the old flag is gone.
    queue.submit(spec())
    run_all(queue, lambda spec, progress: progress(10, 10))
    assert queue.job(job.job_id).status == "done"


def test_cancel_of_a_waiting_job_needs_no_worker(queue):
    job = queue.submit(spec())
    queue.cancel(job.job_id)
    assert queue.job(job.job_id).status == "cancelled"
    run_all(queue, lambda spec, progress: pytest.fail("a cancelled job ran"))


def test_cancel_ends_a_process_that_does_not_listen(queue):
    deaf = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    job = queue.submit(spec())
    queue.store.write(replace(job, status="running", pid=deaf.pid))
    started = time.monotonic()
    queue.cancel(job.job_id)
    assert deaf.wait(timeout=1) != 0
    assert time.monotonic() - started < 2
    assert queue.job(job.job_id).status == "cancelled"


def test_what_a_dead_worker_left_is_queued_again_but_not_for_ever(queue):
    job = queue.submit(spec())
    runner = JobRunner(queue.root, lambda spec, progress: None)
    queue.store.write(replace(job, status="running", pid=1, attempts=1))
    runner.tidy()
    assert queue.job(job.job_id).status == "queued"
    queue.store.write(replace(job, status="running", attempts=MAX_ATTEMPTS))
    runner.tidy()
    assert queue.job(job.job_id).status == "failed"


def test_jobs_that_ended_long_ago_are_forgotten_and_others_kept(queue):
    for name, status, age in [("old", "done", 8), ("new", "done", 6), ("waits", "queued", 8)]:
        job = queue.submit(spec(name))
        queue.store.write(replace(job, status=status, created=time.time() - age * 86_400))
    JobRunner(queue.root, lambda spec, progress: None).tidy()
    assert {job.spec.kind for job in queue.jobs()} == {"new", "waits"}


def test_rate_and_time_left_ignore_what_was_resumed(queue, monkeypatch):
    clock = iter([0.0, 0.0, 10.0])
    monkeypatch.setattr("sbert_core.jobs.time.monotonic", lambda: next(clock))
    progress = JobProgress(queue.store, Job("x", spec()))
    progress(500, 1000, "encoding")
    progress(600, 1000, "encoding")
    assert progress.job.per_second == pytest.approx(10)
    assert progress.job.seconds_left == pytest.approx(40)


def test_news_after_a_comma_is_no_new_stage_to_be_timed(queue, monkeypatch):
    clock = iter([0.0, 0.0, 10.0])
    monkeypatch.setattr("sbert_core.jobs.time.monotonic", lambda: next(clock))
    progress = JobProgress(queue.store, Job("x", spec()))
    progress(0, 100, "training")
    progress(20, 100, "training, loss 0.123")
    assert progress.job.seconds_left == pytest.approx(40)
    assert progress.job.message == "training, loss 0.123"


def test_a_broken_state_file_is_ignored(queue):
    job = queue.submit(spec())
    (queue.store.folder / job.job_id / "state.json").write_text("{", encoding="utf-8")
    assert queue.jobs() == []


def test_a_deleted_job_is_not_revived_by_a_late_report(queue):
    job = queue.submit(spec())
    queue.store.delete(job.job_id)
    queue.store.write(replace(job, status="running"))
    assert queue.jobs() == []


def test_dismiss_keeps_active_jobs(queue):
    job = queue.submit(spec())
    queue.dismiss(job.job_id)
    assert queue.job(job.job_id) is not None
    run_all(queue, lambda spec, progress: None)
    queue.dismiss(job.job_id)
    assert queue.job(job.job_id) is None


def test_the_worker_lock_says_whether_a_worker_lives(tmp_path):
    assert not worker_alive(tmp_path)
    with worker_lock(tmp_path):
        script = (
            "import sys, pathlib; from sbert_core.jobs import worker_alive;"
            "print(worker_alive(pathlib.Path(sys.argv[1])))"
        )
        found = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True
        )
    assert found.stdout.strip() == "True"


def test_a_second_submit_while_running_does_not_reset_the_job(queue):
    job = queue.submit(spec())
    queue.store.write(replace(job, status="running", done=5, total=10, pid=os.getpid()))
    assert queue.submit(spec()).done == 5


def test_states_are_plain_json(queue):
    job = queue.submit(spec(parameters={"k": None}))
    stored = json.loads((queue.store.folder / job.job_id / "state.json").read_text())
    assert stored["spec"]["parameters"] == {"k": None}
