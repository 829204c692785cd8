"""The stand-alone file: complete, offline, and deaf to scripts in the data."""

import base64
import hashlib
import re

import numpy as np
import pytest

from sbert_core.charts.heatmap import similarity_heatmap
from sbert_core.charts.map_chart import map_figure
from sbert_core.charts.map_data import Groups, MapData
from sbert_core.charts.standalone import standalone_html

IMG = "<img src=x onerror=alert(1)>"
BREAK = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def page():
    data = MapData(
        np.array([[0, 0], [1, 1]], np.float32),
        np.arange(2),
        [IMG, BREAK],
        Groups(np.array([0, 1]), [BREAK, IMG], title=IMG),
    )
    return standalone_html(map_figure(data, "dark"), f"Map {BREAK}", f"Note {IMG}")


def test_no_text_from_outside_becomes_markup(page):
    assert IMG not in page
    assert BREAK not in page
    assert page.count("</script>") == 2
    assert "&lt;img src=x onerror=alert(1)&gt;" in page  # in the note
    assert r"&lt;\u002fscript&gt;" in page  # in the figure


def test_only_the_two_scripts_written_by_us_may_run(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page).group(1)
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    assert "script-src 'sha256-" in policy
    assert "unsafe-inline'; img-src" in policy  # styles only
    drawing = page[page.rindex("<script>") + len("<script>") : page.rindex("</script>")]
    digest = base64.b64encode(hashlib.sha256(drawing.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy


def test_the_library_is_inside_and_nothing_is_fetched(page):
    head, body = page.split("<body>")
    assert '<meta charset="utf-8">' in head
    assert "src=" not in head
    assert "<script>/**\n* plotly.js" in body
    assert "href=" not in head


def test_it_wears_the_figures_colours(page):
    assert "background: #12181b; color: #e4eaec" in page


@pytest.mark.browser
def test_a_browser_shows_hostile_sentences_as_text_and_runs_no_script(browser, tmp_path):
    hostile = [IMG, "<a href='javascript:alert(1)'>x</a>", BREAK]
    path = tmp_path / "hostile.html"
    path.write_text(standalone_html(similarity_heatmap(np.eye(3), hostile), IMG), "utf-8")
    tab = browser.new_page()
    dialogs, fetched = [], []
    tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda request: fetched.append(request.url))
    tab.goto(path.as_uri())
    square = tab.locator(".heatmaplayer image").bounding_box()
    tab.mouse.move(square["x"] + 0.5 * square["width"], square["y"] + 0.17 * square["height"])
    card = tab.locator(".hoverlayer .hovertext").text_content()
    shown = tab.locator("h1").text_content()
    tab.close()
    assert shown == IMG
    assert IMG in card
    assert "javascript:alert(1)" in card
    assert dialogs == []
    assert [url for url in fetched if not url.startswith(("file:", "data:", "blob:"))] == []
