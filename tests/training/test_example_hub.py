"""Data sets of the hub: a stand-in server on this machine, and what is said without one."""

import hashlib
import io
import json
import os
import subprocess
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sbert_core.errors import FileError
from sbert_core.training.example_files import read_examples
from sbert_core.training.example_hub import training_files

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SCRIPT = """
import json, sys
from sbert_core.training.example_files import read_examples
from sbert_core.errors import FileError
try:
    found = read_examples(sys.argv[1], "mnrl")
    answer = {"kind": found.kind, "rows": list(zip(*found.columns)), "found": found.found}
except FileError as error:
    answer = {"error": str(error)}
print(json.dumps(answer | {"torch": "torch" in sys.modules}))
"""


def parquet(first, second):
    stream = io.BytesIO()
    pq.write_table(pa.table({"anchor": [first], "positive": [second]}), stream)
    return stream.getvalue()


class StandIn(BaseHTTPRequestHandler):
    """As much of the hub as fetching one data set needs."""

    files: dict[str, bytes]
    asked: list[str]

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, with_body):
        path = urllib.parse.unquote(self.path.split("?")[0])
        self.asked.append(path)
        if path.startswith("/api/datasets/org/tiny"):
            files = [
                {"rfilename": name, "path": name, "type": "file", "size": len(body)}
                | {"oid": hashlib.sha1(body).hexdigest()}
                for name, body in self.files.items()
            ]
            info = {"id": "org/tiny", "sha": COMMIT, "siblings": files}
            self.send(json.dumps(files if "/tree/" in path else info).encode(), {}, with_body)
        elif path.startswith("/datasets/org/tiny/resolve/"):
            body = self.files[path.split("/", 6)[6]]
            headers = {"ETag": f'"{hashlib.sha1(body).hexdigest()}"', "X-Repo-Commit": COMMIT}
            self.send(body, headers, with_body)
        else:
            self.send(b"{}", {"X-Error-Code": "RepoNotFound"}, with_body, status=404)

    def send(self, body, headers, with_body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    """A hub with one data set, org/tiny, in two shards."""
    files = {
        "data/train-00000-of-00002.parquet": parquet("a", "b"),
        "data/train-00001-of-00002.parquet": parquet("c", "d"),
        "data/test-00000-of-00001.parquet": parquet("not", "this"),
        "README.md": b"#",
    }
    handler = type("Handler", (StandIn,), {"files": files, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def in_new_process(spec, endpoint, home):
    hidden = ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "HF_TOKEN")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-c", SCRIPT, spec]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_a_data_set_is_fetched_and_then_found_without_the_network(server, tmp_path):
    handler, endpoint = server
    online = in_new_process("hf:org/tiny", endpoint, tmp_path)
    assert online["rows"] == [["a", "b"], ["c", "d"]]
    assert online["found"][0] == "Read 2 pairs from anchor, positive."
    assert online["torch"] is False
    fetched = [path for path in handler.asked if "/resolve/" in path]
    assert fetched and all("/train-" in path for path in fetched)
    assert in_new_process("hf:org/tiny", "http://127.0.0.1:9", tmp_path) == online
    next(tmp_path.rglob("train-00001-of-00002.parquet")).unlink()
    half = in_new_process("hf:org/tiny", "http://127.0.0.1:9", tmp_path)
    assert "go online once" in half["error"]


def test_a_data_set_that_does_not_exist(server, tmp_path):
    answer = in_new_process("hf:org/tinny", server[1], tmp_path)
    assert "no open data set 'org/tinny'; check the spelling" in answer["error"]


def test_a_data_set_without_a_training_part(server, tmp_path):
    handler, endpoint = server
    for name in [name for name in handler.files if "train" in name]:
        del handler.files[name]
    answer = in_new_process("hf:org/tiny", endpoint, tmp_path)
    assert "no training part in Parquet" in answer["error"]
    assert any(path.endswith("/revision/refs/convert/parquet") for path in handler.asked)


def test_without_a_network_the_way_out_is_said(tmp_path):
    answer = in_new_process("hf:org/tiny", "http://127.0.0.1:9", tmp_path)
    assert "go online once" in answer["error"]
    assert "give a .parquet" in answer["error"]


@pytest.mark.parametrize("spec", ["hf:", "hf:name", "hf:a/b/c/d", "hf:a//b"])
def test_an_id_that_is_none_is_refused(spec):
    with pytest.raises(FileError, match="should be hf:organisation/name"):
        read_examples(spec, "mnrl")


SNLI = ["plain_text/test-00000-of-00001.parquet", "plain_text/train-00000-of-00001.parquet"]
ALL_NLI = [f"{part}/train-00000-of-00001.parquet" for part in ("pair", "pair-class", "triplet")]


@pytest.mark.parametrize(
    ("names", "part", "wanted"),
    [
        (SNLI, "", SNLI[1:]),
        (ALL_NLI, "pair-class", ALL_NLI[1:2]),
        (["train.parquet", "dev.parquet"], "", ["train.parquet"]),
        (["data/a.parquet", "retrain.csv"], "", []),
        (
            ["default/train/0001.parquet", "default/train/0000.parquet", "b/train/0000.parquet"],
            "",
            ["default/train/0000.parquet", "default/train/0001.parquet"],
        ),
        (["default/partial-train/0000.parquet"], "", ["default/partial-train/0000.parquet"]),
    ],
)
def test_the_training_part_is_told_by_the_paths(names, part, wanted):
    assert training_files(names, "org/x", part) == wanted


@pytest.mark.parametrize("part", ["", "quads"])
def test_several_parts_are_named(part):
    with pytest.raises(FileError, match="parts pair, pair-class, triplet: choose one, as in hf:"):
        training_files(ALL_NLI, "org/all-nli", part)
