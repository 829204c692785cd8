"""Starting the app on a free port, and Chromium's place and flags: for tests and pictures."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def running_app(workspace):
    """Start the app on a free port with its own workspace; yield its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", "app.py"),
            *("--server.headless=true", f"--server.port={port}"),
        ],
        cwd=ROOT,
        env=os.environ | {"SBERT_LAB_HOME": str(workspace), "HF_HUB_OFFLINE": "1"},
    )
    address = f"http://localhost:{port}"
    try:
        _wait_until_healthy(address, server)
        yield address, server
    finally:
        server.kill()
        server.wait()


def _wait_until_healthy(address, server):
    for _ in range(300):
        assert server.poll() is None, "the app ended at once"
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the app did not answer within 30 s")
