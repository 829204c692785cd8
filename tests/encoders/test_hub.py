"""Fetching from a hub: a stand-in server on this machine, and processes that know no other."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SCRIPT = """
import json, sys, time
from sbert_core.encoders.catalog import list_models, resolve
from sbert_core.errors import ModelError
start = time.monotonic()
try:
    encoder = resolve(sys.argv[1])
    answer = {"folder": encoder.folder.name, "spec": encoder.spec, "key": encoder.key,
              "revision": encoder.info.revision, "dims": encoder.dims,
              "files": sorted(path.name for path in encoder.folder.rglob("*"))}
except ModelError as error:
    answer = {"error": str(error)}
answer["seconds"] = time.monotonic() - start
answer["torch"] = "torch" in sys.modules
print(json.dumps(answer))
"""


class StandIn(BaseHTTPRequestHandler):
    """As much of the hub as fetching one model needs."""

    files: dict[str, bytes]
    asked: list[str]

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, with_body):
        path = self.path.split("?")[0]
        self.asked.append(path)
        if path.startswith("/api/models/org/tiny"):
            self.send(self.listing("/tree/" in path), {}, with_body)
        elif path.startswith("/org/tiny/resolve/"):
            body = self.files[path.split("/", 5)[5]]
            headers = {"ETag": f'"{hashlib.sha1(body).hexdigest()}"', "X-Repo-Commit": COMMIT}
            self.send(body, headers, with_body)
        else:
            self.send(b"{}", {"X-Error-Code": "RepoNotFound"}, with_body, status=404)

    def listing(self, as_tree):
        if as_tree:
            tree = [
                {
                    "type": "file",
                    "path": name,
                    "size": len(body),
                    "oid": hashlib.sha1(body).hexdigest(),
                }
                for name, body in self.files.items()
            ]
            return json.dumps(tree).encode()
        siblings = [{"rfilename": name} for name in self.files]
        return json.dumps({"id": "org/tiny", "sha": COMMIT, "siblings": siblings}).encode()

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
def server(checkpoints):
    """A hub with one model, org/tiny."""
    files = {path.name: path.read_bytes() for path in checkpoints["bert"].iterdir()}
    files |= {
        "pytorch_model.bin": b"\x80",
        "modeling.py": b"raise SystemExit",
        "onnx/model.json": b"{}",
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


def test_a_model_is_fetched_once_and_then_found_without_the_network(server, tmp_path):
    handler, endpoint = server
    online = in_new_process("hf:org/tiny:cls", endpoint, tmp_path)
    assert (online["spec"], online["dims"], online["torch"]) == ("hf:org/tiny:cls", 32, False)
    assert online["folder"] == online["revision"] == COMMIT
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(online["files"])
    assert not {"pytorch_model.bin", "modeling.py", "onnx"} & set(online["files"])
    handler.asked.clear()
    again = in_new_process("hf:org/tiny:cls", endpoint, tmp_path)
    assert handler.asked == []
    offline = in_new_process("hf:org/tiny:cls", "http://127.0.0.1:9", tmp_path)
    assert online["key"] == again["key"] == offline["key"]


def test_a_model_with_a_pickle_only_is_refused_before_it_is_downloaded(server, tmp_path):
    handler, endpoint = server
    del handler.files["model.safetensors"]
    answer = in_new_process("hf:org/tiny", endpoint, tmp_path)
    assert "publishes no safetensors weights" in answer["error"]
    assert not any("/resolve/" in path for path in handler.asked)


def test_a_model_that_does_not_exist(server, tmp_path):
    _, endpoint = server
    answer = in_new_process("hf:org/tinny", endpoint, tmp_path)
    assert "no open model 'org/tinny'; check the spelling" in answer["error"]


@pytest.mark.parametrize("spec", ["hf:org/tiny", "mpnet"])
def test_a_refused_connection_is_said_at_once(tmp_path, spec):
    answer = in_new_process(spec, "http://127.0.0.1:9", tmp_path)
    assert "go online once" in answer["error"]
    assert "give a folder" in answer["error"]
    assert answer["seconds"] < 10
