"""Fixtures that every test may use, and the two switches: external tests and the shared data."""

import os
from pathlib import Path

import pytest

from .browser.running import CHROMIUM, FLAGS

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


@pytest.fixture(scope="session")
def browser():
    """One real headless Chromium for the whole run: Playwright allows no second beside it."""
    if CHROMIUM is None:
        if os.environ.get("SBERT_LAB_REQUIRE_BROWSER"):
            pytest.fail("Chromium is not installed, and here the browser tests must run.")
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
