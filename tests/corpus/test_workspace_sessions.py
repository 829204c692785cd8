"""The store under several sessions: concurrent writers, killed writers, deleters and damage."""

import json
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sbert_core.corpus import tables
from sbert_core.corpus.workspace import RunRecord, Workspace, run_id_for
from sbert_core.errors import WorkspaceError

ROOT = Path(__file__).resolve().parents[2]
N = 2000
FRAME = pd.DataFrame({"text": [f"sentence {i}" for i in range(N)], "n": range(N)})

# What every child process begins with; WORKSPACE is the folder.
PRELUDE = """
import sys, time, threading
import numpy as np, pandas as pd
from sbert_core.corpus.records import RecordTable
from sbert_core.corpus.workspace import RunRecord, Workspace, run_id_for
from sbert_core.errors import WorkspaceError
N = 2000
frame = pd.DataFrame({"text": [f"sentence {i}" for i in range(N)], "n": range(N)})
workspace = Workspace(sys.argv[1])
def add(frame=frame):
    return workspace.add_corpus(
        frame, name="a", text_column="text", label_column=None, report={})
def run_of(info, key="e1", kind="embed"):
    run_id = run_id_for(kind, info.corpus_id, key, {})
    return RunRecord(run_id, kind, info.corpus_id, "m", key, {}, {}, 1.0, "2026", {})
def save(info, value, key="e1", dims=8):
    vectors = np.full((N, dims), value, dtype=np.float32)
    workspace.save_vectors(info.corpus_id, key, vectors, run_of(info, key))
def say(word):
    print(word, flush=True)
def stop(*args):
    say("there")
    time.sleep(60)
"""


@contextmanager
def child(root, script):
    """Run a script in another process; it talks over standard output and input."""
    process = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, str(root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def kill_when_there(root, script):
    """Run a script until it says "there", then kill it as hard as the system can."""
    with child(root, script) as process:
        assert process.stdout.readline() == "there\n"
        process.kill()
        process.wait()


def add(workspace, frame=FRAME):
    return workspace.add_corpus(frame, name="a", text_column="text", label_column=None, report={})


def run_of(info, key="e1", kind="embed"):
    run_id = run_id_for(kind, info.corpus_id, key, {})
    return RunRecord(run_id, kind, info.corpus_id, "m", key, {}, {}, 1.0, "2026", {})


def save(workspace, info, value, key="e1", dims=8):
    vectors = np.full((N, dims), value, dtype=np.float32)
    workspace.save_vectors(info.corpus_id, key, vectors, run_of(info, key))


# --- two processes at work ---


def test_concurrent_writers_lose_nothing(tmp_path):
    script = """
number = sys.stdin.readline().strip()
shared = add()
own = add(frame.assign(n=int(number)))
for turn in range(5):
    save(shared, turn, key=f"own{number}")
    save(shared, turn, key="both")
    workspace.save_result(run_of(own, str(turn), "cluster"), {"label": np.full(N, turn)})
say(shared.corpus_id)
"""
    with child(tmp_path, script) as first, child(tmp_path, script) as second:
        for number, process in enumerate([first, second]):
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
        ids = {process.stdout.readline().strip() for process in (first, second)}

    workspace = Workspace(tmp_path)
    assert len(ids) == 1
    assert len(workspace.corpora()) == 3
    shared = workspace.corpus(ids.pop())
    pd.testing.assert_frame_equal(workspace.frame(shared.corpus_id), FRAME)
    for key in ("own0", "own1", "both"):
        assert workspace.has_vectors(shared.corpus_id, key)
        assert (workspace.vectors(shared.corpus_id, key) == 4).all()
    assert len(workspace.runs(shared.corpus_id)) == 3
    for info in workspace.corpora():
        for run in workspace.runs(info.corpus_id, kind="cluster"):
            assert (workspace.result_columns(run)["label"] == int(run.encoder_key)).all()
        assert info == shared or len(workspace.runs(info.corpus_id)) == 5


def test_an_open_workspace_sees_what_another_process_wrote(tmp_path):
    workspace = Workspace(tmp_path)
    info = add(workspace)
    save(workspace, info, 1)
    assert (workspace.vectors(info.corpus_id, "e1") == 1).all()
    script = """
info = add()
save(info, 2)
save(info, 3, key="e2")
workspace.rename_corpus(info.corpus_id, "renamed")
say("done")
"""
    with child(tmp_path, script) as process:
        assert process.stdout.readline() == "done\n"
    assert workspace.corpora()[0].name == "renamed"
    assert (workspace.vectors(info.corpus_id, "e1") == 2).all()
    assert (workspace.vectors(info.corpus_id, "e2") == 3).all()


def test_readers_see_old_or_new_vectors_and_nothing_between(tmp_path):
    workspace = Workspace(tmp_path)
    info = add(workspace)
    save(workspace, info, 0)
    script = """
info = add()
say("there")
for turn in range(1, 1000):
    save(info, turn)
"""
    with child(tmp_path, script) as process:
        assert process.stdout.readline() == "there\n"
        seen = set()
        while len(seen) < 5:
            assert workspace.has_vectors(info.corpus_id, "e1")
            vectors = workspace.vectors(info.corpus_id, "e1")
            assert vectors.shape == (N, 8) and (vectors == vectors[0, 0]).all()
            seen.add(float(vectors[0, 0]))


def test_a_corpus_deleted_under_a_reader_is_a_clear_sentence(tmp_path):
    workspace = Workspace(tmp_path)
    info = add(workspace)
    save(workspace, info, 1, dims=256)
    script = """
corpus_id = add().corpus_id
say("there")
try:
    while True:
        workspace.vectors(corpus_id, "e1")
        workspace.frame(corpus_id, rows=[1, 2])
except WorkspaceError as error:
    say(str(error))
"""
    with child(tmp_path, script) as process:
        assert process.stdout.readline() == "there\n"
        workspace.delete_corpus(info.corpus_id)
        assert "file again" in process.stdout.readline()


def test_files_that_vanish_while_they_are_read_are_a_clear_sentence(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    info = add(workspace)
    save(workspace, info, 1)
    opened = tables.Table._open

    def opened_and_deleted(self):
        dataset = opened(self)
        if self.name.startswith("corpus_"):
            Workspace(tmp_path).delete_corpus(info.corpus_id)
        return dataset

    monkeypatch.setattr(tables.Table, "_open", opened_and_deleted)
    with pytest.raises(WorkspaceError, match=r"corpus 'a' could not be read.*deleted"):
        workspace.frame(info.corpus_id)


def test_a_writer_waits_its_turn_and_gives_up_with_a_clear_sentence(tmp_path):
    workspace = Workspace(tmp_path, lock_timeout=0.2)
    info = add(workspace)
    hold = "info = add()\nwith workspace._locks.hold(info.corpus_id): stop()"
    with child(tmp_path, hold) as process:
        assert process.stdout.readline() == "there\n"
        for write in (lambda: save(workspace, info, 1), lambda: delete(workspace, info)):
            with pytest.raises(WorkspaceError, match=r"Another session.*0\.2 seconds"):
                write()
        assert workspace.texts(info.corpus_id, [0]) == ["sentence 0"], "readers do not wait"
        process.kill()
        process.wait()
        save(workspace, info, 1)  # a dead process holds no lock
    assert workspace.has_vectors(info.corpus_id, "e1")


def delete(workspace, info):
    workspace.delete_corpus(info.corpus_id)


def test_threads_exclude_each_other_as_processes_do(tmp_path):
    workspace = Workspace(tmp_path)
    infos = [add(workspace, FRAME.assign(n=number)) for number in range(4)]
    threads = [
        threading.Thread(target=save, args=(workspace, info, 1, key))
        for info in infos
        for key in ("e1", "e2")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(workspace.runs(info.corpus_id)) == 2 for info in infos)


# --- killed in the middle ---


def test_a_corpus_without_its_record_is_absent_and_can_be_added_again(tmp_path, caplog):
    kill_when_there(tmp_path, "RecordTable.put = stop\nadd()")
    workspace = Workspace(tmp_path)
    assert list(tmp_path.glob("corpus_*.lance")), "the table had been written"
    assert workspace.corpora() == []
    info = add(workspace)
    assert "half-written" in caplog.text
    pd.testing.assert_frame_equal(workspace.frame(info.corpus_id), FRAME)


def test_vectors_without_their_record_are_absent_and_can_be_saved_again(tmp_path, caplog):
    kill_when_there(tmp_path, "info = add()\nRecordTable.put = stop\nsave(info, 1)")
    workspace = Workspace(tmp_path)
    (info,) = workspace.corpora()
    assert not workspace.has_vectors(info.corpus_id, "e1")
    assert "no record" in caplog.text
    save(workspace, info, 2)
    assert workspace.has_vectors(info.corpus_id, "e1")
    assert (workspace.vectors(info.corpus_id, "e1") == 2).all()


def test_a_result_that_was_being_replaced_by_other_columns_is_absent(tmp_path):
    script = """
info = add()
run = run_of(info, kind="map")
workspace.save_result(run, {"x": np.zeros(N)})
RecordTable.put = stop
workspace.save_result(run, {"y": np.zeros(N)})
"""
    kill_when_there(tmp_path, script)
    workspace = Workspace(tmp_path)
    (info,) = workspace.corpora()
    run = run_of(info, kind="map")
    assert workspace.find_run(run.run_id) is None
    workspace.save_result(run, {"z": np.ones(N)})
    assert workspace.result_columns(run).keys() == {"z"}


def test_a_half_deleted_corpus_is_gone(tmp_path):
    script = """
import sbert_core.corpus.tables as tables
info = add()
save(info, 1)
tables.shutil.rmtree = stop
workspace.delete_corpus(info.corpus_id)
"""
    kill_when_there(tmp_path, script)
    workspace = Workspace(tmp_path)
    assert workspace.corpora() == []
    info = add(workspace)
    assert workspace.runs(info.corpus_id) == []
    assert not workspace.has_vectors(info.corpus_id, "e1")


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.2])
def test_a_writer_killed_at_any_moment_leaves_a_whole_workspace(tmp_path, seconds):
    script = f"""
info = add()
threading.Timer({seconds}, stop).start()
for turn in range(100_000):
    save(info, turn, dims=64 + turn % 2)
"""
    kill_when_there(tmp_path, script)
    workspace = Workspace(tmp_path)
    (info,) = workspace.corpora()
    pd.testing.assert_frame_equal(workspace.frame(info.corpus_id), FRAME)
    if workspace.has_vectors(info.corpus_id, "e1"):
        vectors = workspace.vectors(info.corpus_id, "e1")
        assert (vectors == vectors[0, 0]).all()
    save(workspace, info, -1)
    assert (workspace.vectors(info.corpus_id, "e1") == -1).all()


# --- old versions ---


def test_versions_go_only_when_they_were_superseded_long_ago(tmp_path, monkeypatch):
    import lance

    workspace = Workspace(tmp_path)
    info = add(workspace)
    save(workspace, info, 1)
    path = tmp_path / f"corpus_{info.corpus_id}.lance"
    before = lance.dataset(str(path))
    # By now the version that `before` shows is older than what is kept, but still the latest.
    time.sleep(0.5)
    monkeypatch.setattr(tables, "KEEP_OLD_VERSIONS", timedelta(seconds=0.4))
    save(workspace, info, 2)
    old = before.to_table(["v_e1"])["v_e1"].to_pylist()
    assert old == [[1.0] * 8] * N, "whoever has opened the former version can go on reading it"

    monkeypatch.setattr(tables, "KEEP_OLD_VERSIONS", timedelta(0))
    save(workspace, info, 3)
    assert len(lance.dataset(str(path)).versions()) == 1
    assert len(lance.dataset(str(tmp_path / "runs.lance")).versions()) == 1
    assert len(list((path / "data").iterdir())) == 2, "the rows and the one vector column"
    assert (workspace.vectors(info.corpus_id, "e1") == 3).all()
    pd.testing.assert_frame_equal(workspace.frame(info.corpus_id), FRAME)


# --- folders and files that are not as they should be ---


@pytest.mark.parametrize("part", ["data", "_versions"])
@pytest.mark.parametrize("damage", [lambda old: old[:100], lambda old: bytes(len(old))])
def test_damaged_files_are_a_clear_sentence(tmp_path, part, damage):
    workspace = Workspace(tmp_path)
    info = add(workspace)
    for path in (tmp_path / f"corpus_{info.corpus_id}.lance" / part).iterdir():
        path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(WorkspaceError, match="damaged"):
        workspace.frame(info.corpus_id, rows=[3])


def test_a_corpus_whose_table_was_removed_by_hand_is_left_out(tmp_path, caplog):
    workspace = Workspace(tmp_path)
    info = add(workspace)
    shutil.rmtree(tmp_path / f"corpus_{info.corpus_id}.lance")
    assert workspace.corpora() == []
    assert "missing" in caplog.text
    with pytest.raises(WorkspaceError, match="could not be read"):
        workspace.frame(info.corpus_id)
    assert add(workspace).corpus_id == info.corpus_id
    pd.testing.assert_frame_equal(workspace.frame(info.corpus_id), FRAME)


def test_a_newer_workspace_is_refused(tmp_path):
    Workspace(tmp_path)
    marker = tmp_path / "workspace.json"
    assert json.loads(marker.read_text()) == {"format": 1}
    marker.write_text('{"format": 2}')
    with pytest.raises(WorkspaceError, match=r"newer SBERT Lab \(format 2.*--workspace"):
        Workspace(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null"])
def test_a_damaged_marker_is_a_clear_sentence(tmp_path, content):
    (tmp_path / "workspace.json").write_text(content)
    with pytest.raises(WorkspaceError, match=r"workspace\.json is damaged"):
        Workspace(tmp_path)


def test_a_path_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    for root in (path, path / "below"):
        with pytest.raises(WorkspaceError, match=r"cannot be used.*--workspace or in SBERT_LAB"):
            Workspace(root)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    Workspace(tmp_path)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(WorkspaceError, match=r"no right to write.*--workspace or in SBERT_LAB"):
        Workspace(tmp_path)


def test_the_folder_is_named_by_the_environment_or_the_platform(tmp_path, monkeypatch):
    monkeypatch.setenv("SBERT_LAB_HOME", str(tmp_path))
    assert Workspace.default_root() == tmp_path
    monkeypatch.delenv("SBERT_LAB_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert "sbert-lab" in str(Workspace.default_root())
