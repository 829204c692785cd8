"""A running app and a real headless Chromium."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .running import running_app


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The address of one app for all tests that do not need a fresh one."""
    with running_app(tmp_path_factory.mktemp("browser") / "workspace") as (address, _):
        yield address


@pytest.fixture
def page(browser):
    """A tab of its own, as wide as a laptop.

    The test fails if a script dialog opens in it, or if it asks anything of another machine.
    """
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, accept_downloads=True, reduced_motion="reduce"
    )
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    opened, asked = [], []
    tab.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda request: asked.append(request.url))
    yield tab
    context.close()
    assert opened == []
    assert {urlsplit(url).hostname for url in asked if url.startswith("http")} == {"localhost"}
