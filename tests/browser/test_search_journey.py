"""Searching as a new user does it: type, read, go on to similar rows, compare, take away."""

import csv
import io
from pathlib import Path

from playwright.sync_api import expect

from .test_journeys import assert_no_error, open_on_sample


def test_search_read_similar_compare_export(page, app):
    open_on_sample(page, app, "Search")
    box = page.get_by_role("textbox", name="Look for")
    box.fill("my parcel has not come")
    box.press("Enter")
    page.get_by_text("Exact: the query is compared with all 720 rows").wait_for(timeout=120_000)
    expect(page.get_by_role("button", name="Similar")).to_have_count(10)
    page.locator(".js-plotly-plot canvas").first.wait_for()
    assert "q=my" in page.url

    # The address alone brings the same search back.
    page.reload()
    page.get_by_text("Exact: the query is compared with all 720 rows").wait_for(timeout=120_000)
    expect(page.get_by_role("textbox", name="Look for")).to_have_value("my parcel has not come")

    page.get_by_role("button", name="Similar").first.click()
    page.get_by_text("More like row").wait_for()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_text("More like row")).to_have_count(0)

    page.get_by_text("Side by side").click()
    expect(page.get_by_role("button", name="Similar")).to_have_count(30)
    with page.expect_download() as download:
        page.get_by_role("button", name="Hits as CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["rank"] for line in lines] == [str(rank) for rank in range(1, 11)]
    assert {"text", "topic", "score"} <= set(lines[0])
    assert_no_error(page)


def test_several_queries(page, app):
    open_on_sample(page, app, "Search")
    page.get_by_text("Several queries").click()
    page.get_by_text("By words").click()
    lines = page.get_by_label("Queries, one a line")
    lines.fill("parcel\ncard")
    lines.press("Control+Enter")
    page.get_by_role("button", name="Search for 2 queries").click()
    page.get_by_text("for 2 queries").wait_for()
    page.get_by_test_id("stDataFrame").wait_for()
    assert_no_error(page)
