"""Fixtures that every test may use, and the two switches: external tests and the shared data."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser):
    parser.addoption("--run-external", action="store_true", help="run tests that need the network")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--run-external"):
        return
    skip = pytest.mark.skip(reason="needs the network; run with --run-external")
    for item in items:
        if "external" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def own_workspace(tmp_path, monkeypatch):
    """No test may touch a real workspace."""
    monkeypatch.setenv("SBERT_LAB_HOME", str(tmp_path / "workspace"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real data beside the project, where there is one."""
    folder = Path(os.environ.get("SBERT_LAB_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real data here: set SBERT_LAB_DATA to its folder")
    return folder
