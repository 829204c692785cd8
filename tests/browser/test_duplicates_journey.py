"""Looking for duplicates as a new user does: find, drag the line, judge, take the rest away."""

import csv
import io
from pathlib import Path

from playwright.sync_api import expect

from .running import running_app
from .test_journeys import assert_no_error, open_on_sample


def figure(page, label):
    """The number under a label."""
    metric = page.get_by_test_id("stMetric").filter(has_text=label)
    return int(metric.get_by_test_id("stMetricValue").inner_text().replace(",", ""))


def test_find_drag_judge_take_away(page, tmp_path):
    with running_app(tmp_path / "fresh") as (app, _):
        open_on_sample(page, app, "Duplicates")
        page.get_by_role("button", name="Find duplicates in 720 sentences").click()
        line = page.get_by_role("slider", name="Threshold")
        line.wait_for(timeout=180_000)
        strict = figure(page, "Paraphrases")

        # The list and all figures follow the line, by mouse and by key; a refresh keeps it.
        box = line.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 60, y, steps=8)
        page.mouse.up()
        expect(page.get_by_role("spinbutton", name="Threshold")).not_to_have_value("0.800")
        page.wait_for_function(
            "strict => Number(document.querySelector('[data-testid=\"stMetricValue\"]')"
            ".innerText.replace(',', '')) > strict",
            arg=strict,
        )
        dragged = page.get_by_role("spinbutton", name="Threshold").input_value()
        assert 0.5 <= float(dragged) < 0.8

        page.get_by_text("Judge pairs", exact=True).click()
        for done in (1, 2, 3):
            page.get_by_text("Do these two say the same?").wait_for()
            page.get_by_role("button", name="Not the same").click()
            page.get_by_text(f"{done} of 20").wait_for()
        page.get_by_role("button", name="Undo").click()
        page.get_by_text("2 of 20").wait_for()

        page.get_by_text("Take it with you", exact=True).click()
        left = figure(page, "Rows left with one per group")
        with page.expect_download() as download:
            page.get_by_role("button", name="Corpus with one row per group").click()
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == left < 720
        assert sum(int(row["stands_for_rows"]) for row in rows) == 720
        assert_no_error(page)
