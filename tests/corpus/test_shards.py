"""Shards: resumable work must never take up a wrong, broken or half-written array."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sbert_core.corpus.shards import ShardStore
from sbert_core.errors import WorkspaceError

ROOT = Path(__file__).resolve().parents[2]
PLAN = {"encoder": "abc", "texts": 4, "shard_texts": 2}


def opened(folder, plan=PLAN):
    store = ShardStore(folder)
    store.open(plan)
    return store


def test_arrays_come_back_in_another_session(tmp_path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    store = opened(tmp_path / "new" / "folder")
    store.save(0, array)
    store.save(12, -array)

    again = opened(tmp_path / "new" / "folder")
    assert again.finished() == 2
    assert again.has(0) and again.has(12) and not again.has(1)
    np.testing.assert_array_equal(again.load(0), array)
    np.testing.assert_array_equal(again.load(12), -array)
    assert again.load(0).dtype == np.float32
    assert again.load(1) is None


def test_saving_again_replaces(tmp_path):
    store = opened(tmp_path)
    store.save(0, np.zeros(3))
    store.save(0, np.ones(5))
    np.testing.assert_array_equal(store.load(0), np.ones(5))
    assert store.finished() == 1


@pytest.mark.parametrize("other", [{"encoder": "abd"}, {"texts": 5}, {"seed": 1}])
def test_another_plan_begins_anew(tmp_path, other):
    opened(tmp_path).save(0, np.zeros(3))
    store = opened(tmp_path, PLAN | other)
    assert store.finished() == 0 and not store.has(0) and store.load(0) is None
    assert opened(tmp_path).finished() == 0, "the former plan's shards are gone, too"


def test_the_order_of_the_plan_does_not_matter(tmp_path):
    opened(tmp_path).save(0, np.zeros(3))
    assert opened(tmp_path, dict(reversed(PLAN.items()))).has(0)


def test_two_sessions_with_different_plans_never_share_a_shard(tmp_path):
    first = opened(tmp_path)
    second = opened(tmp_path, PLAN | {"shard_texts": 3})
    first.save(0, np.zeros(2))  # the first does not know that it was overtaken
    assert not second.has(0) and second.load(0) is None and second.finished() == 0


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not an array", None])
def test_a_broken_shard_is_a_logged_miss(tmp_path, caplog, content):
    store = opened(tmp_path)
    store.save(0, np.arange(1000.0))
    path = next(tmp_path.glob("*-000000.npy"))
    path.write_bytes(path.read_bytes()[:-8] if content is None else content)

    assert store.load(0) is None
    assert "broken" in caplog.text
    assert not store.has(0) and store.finished() == 0
    store.save(0, np.ones(2))
    np.testing.assert_array_equal(store.load(0), np.ones(2))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1", b"null"])
def test_a_broken_plan_begins_anew(tmp_path, content):
    opened(tmp_path).save(0, np.zeros(3))
    (tmp_path / "plan.json").write_bytes(content)
    assert opened(tmp_path).finished() == 0


def test_clear_leaves_nothing(tmp_path):
    store = opened(tmp_path)
    store.save(0, np.zeros(3))
    (tmp_path / ".left-over.tmp").write_bytes(b"half")
    store.clear()
    assert list(tmp_path.iterdir()) == []
    assert store.finished() == 0
    store.save(0, np.zeros(3))
    assert store.has(0)


def test_objects_are_refused_and_leave_nothing(tmp_path):
    store = opened(tmp_path)
    with pytest.raises(ValueError, match="allow_pickle"):
        store.save(0, np.array([{}], dtype=object))
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_a_pickle_on_disk_is_not_loaded(tmp_path):
    store = opened(tmp_path)
    store.save(0, np.zeros(1))
    with next(tmp_path.glob("*.npy")).open("wb") as file:
        np.save(file, np.array([print], dtype=object), allow_pickle=True)
    assert store.load(0) is None


def test_a_full_disk_is_a_clear_sentence(tmp_path, monkeypatch):
    store = opened(tmp_path)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(WorkspaceError, match=r"No space left on device.*--workspace"):
        store.save(0, np.zeros(3))
    assert not store.has(0)


def test_the_plan_can_be_read_by_a_person(tmp_path):
    opened(tmp_path)
    assert json.loads((tmp_path / "plan.json").read_text()) == PLAN


def test_a_process_killed_while_it_writes_leaves_only_whole_shards(tmp_path):
    script = f"""
import itertools, numpy as np
from pathlib import Path
from sbert_core.corpus.shards import ShardStore
store = ShardStore(Path({str(tmp_path)!r}))
store.open({PLAN!r})
for i in itertools.count():
    store.save(i % 40, np.full((300_000,), i, dtype=np.float64))
    print(i, flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT)
    with child:
        for _ in range(45):
            child.stdout.readline()
        child.kill()

    store = opened(tmp_path)
    assert store.finished() == 40
    for i in range(40):
        array = store.load(i)
        assert array.shape == (300_000,)
        assert array[0] % 40 == i and (array == array[0]).all()
    store.clear()
    assert list(tmp_path.iterdir()) == [], "the half-written file is cleared away, too"
