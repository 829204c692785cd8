"""What a person does, in a real browser: upload, embed, look, pick, take away, compare."""

import csv
import io
import json
from pathlib import Path

import pytest

from .running import running_app

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "samples" / "messages.csv"
PAGES = {
    "": "What are your sentences about?",
    "Corpus": "Corpus",
    "Map_and_clusters": "How far to trust this map",
    "Compare_encoders": "Do they agree?",
    "Sentence_pair": "Sentence pair",
    "Search": "Search",
    "Duplicates": "Duplicates",
    "Benchmark": "Graded pairs",
    "Why_SBERT": "Step 1 of 7",
}


def some_messages(count):
    """A file like banking77: text and category, taken from the bundled sample."""
    with SAMPLE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))[::3][:count]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["text", "category"])
    writer.writerows((f"{row['text']} (no. {i})", row["topic"]) for i, row in enumerate(rows))
    return out.getvalue().encode()


def upload(page, name, data):
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": data}
    )


def open_on_sample(page, app, address):
    """Open a page with the bundled sample on the table, whatever other tests have added."""
    shipped = json.loads(SAMPLE.with_suffix(".json").read_text(encoding="utf-8"))
    page.goto(f"{app}/{address}?corpus={shipped['corpus_id']}")


def assert_no_error(page):
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_test_id("stAlertContentError").count() == 0


def wait_for_map(page):
    page.get_by_text("How far to trust this map").wait_for(timeout=180_000)
    page.locator(".js-plotly-plot canvas").first.wait_for()


def lasso(page):
    """Draw a loop around the middle of the map."""
    plot = page.locator(".js-plotly-plot").first
    plot.hover()
    plot.locator('.modebar-btn[data-title="Lasso Select"]').click()
    box = plot.bounding_box()
    x, y, w, h = box["x"], box["y"], box["width"], box["height"]
    corners = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.8), (0.25, 0.8), (0.25, 0.25)]
    points = [(x + w * across, y + h * down) for across, down in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def lasso_and_export(page):
    """Pick what is in the loop, and read the file that the export gives."""
    lasso(page)
    page.get_by_text("sentences picked").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    return Path(download.value.path()).read_text(encoding="utf-8-sig")


def test_upload_embed_map_lasso_export(app, page):
    page.goto(f"{app}/Corpus")
    upload(page, "messages.csv", some_messages(150))
    page.get_by_role("button", name="Embed 150 sentences").click()
    page.get_by_text("kept on this machine, so opening it is instant").wait_for(timeout=180_000)
    page.get_by_role("link", name="See its map").click()
    wait_for_map(page)
    text = lasso_and_export(page)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert 10 < len(rows) < 150
    assert {"text", "category", "cluster", "cluster_name"} <= set(rows[0])
    assert_no_error(page)


def test_an_embedded_file_is_known_again_and_survives_a_refresh(app, page):
    page.goto(f"{app}/Corpus")
    upload(page, "few.csv", some_messages(60))
    page.get_by_role("button", name="Embed 60 sentences").click()
    page.get_by_text("kept on this machine").wait_for(timeout=180_000)
    upload(page, "few-again.csv", some_messages(60))
    page.get_by_text("“few.csv” is already in your workspace").wait_for()
    page.get_by_role("button", name="Open it").click()
    page.get_by_text("kept on this machine").wait_for()
    page.reload()
    page.get_by_text("60 sentences in “text”").wait_for()
    assert_no_error(page)


def test_embedding_survives_a_refresh_and_a_page_change_and_can_be_cancelled(app, page):
    rows = [f"{i} messages about parcels, soup, trains and other things" for i in range(9000)]
    page.goto(f"{app}/Corpus")
    upload(page, "long.csv", "\n".join(["text", *rows]).encode())
    page.get_by_role("button", name="Embed 9,000 sentences").click()
    page.get_by_text("a second").first.wait_for()
    page.reload()
    page.get_by_text("Embed long.csv").first.wait_for()
    page.get_by_role("link", name="Map and clusters").click()
    page.get_by_text("as soon as the sentences are embedded").wait_for()
    page.get_by_role("button", name="Cancel").first.click()
    page.get_by_text("is not embedded with minilm yet").wait_for(timeout=5_000)
    assert_no_error(page)


def test_a_sentence_of_ones_own_is_placed_on_the_map(app, page):
    open_on_sample(page, app, "Map_and_clusters")
    wait_for_map(page)
    page.get_by_placeholder("Type a sentence, press Enter").fill("Where is my parcel?")
    page.keyboard.press("Enter")
    page.get_by_text("Where is my parcel?").first.wait_for()
    assert_no_error(page)


def test_sentence_pair(app, page):
    open_on_sample(page, app, "Sentence_pair")
    page.get_by_label("First sentence").fill("The cat sat on the mat.")
    page.get_by_label("Second sentence").fill("A cat was sitting on a rug.")
    page.keyboard.press("Control+Enter")
    page.get_by_text("of random pairs").first.wait_for()
    page.get_by_text("above every random pair").first.wait_for()
    assert_no_error(page)


@pytest.mark.parametrize("address", PAGES, ids=lambda address: address or "Home")
def test_a_deep_link_works_on_a_fresh_server(address, page, tmp_path):
    with running_app(tmp_path / "fresh") as (app, _):
        page.goto(f"{app}/{address}")
        page.get_by_text(PAGES[address]).first.wait_for()
        page.get_by_text("Everything runs here").first.wait_for()
        assert_no_error(page)


def test_hostile_cells_are_shown_and_never_run(app, page):
    evil = "<img src=x onerror=alert(1)>"
    lines = ["text,tag"] + [
        f'"{evil} message {i} <b>bold</b> [x](javascript:alert(1))",{evil}' for i in range(30)
    ]
    lines.append('"=HYPERLINK(""http://x"",""y"") and some words",=1+1')
    page.goto(f"{app}/Corpus")
    upload(page, f"{evil}.csv".replace("/", ""), "\n".join(lines).encode())
    page.get_by_role("button", name="Embed 31 sentences").click()
    page.get_by_text("kept on this machine").wait_for(timeout=180_000)
    page.get_by_role("link", name="See its map").click()
    wait_for_map(page)
    assert "\n=" not in lasso_and_export(page)
    # The `page` fixture fails the test if an alert has opened by now.
    assert page.locator("img[src='x']").count() == 0
