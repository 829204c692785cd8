"""Benchmark as a new user meets it: the argument at once, two more encoders, refresh, take away."""

import csv
import re

from playwright.sync_api import expect

from .running import running_app
from .test_journeys import assert_no_error, upload

MORE = ("bert-mini:first_last", "sbert-mini:cls")


def add_encoders(page, names):
    box = page.get_by_role("combobox", name="Encoders")
    for name in names:
        box.click()
        box.fill(name)
        page.get_by_role("option", name=name, exact=True).click()
    page.keyboard.press("Escape")


def test_the_argument_two_more_encoders_and_a_refresh(page, tmp_path):
    with running_app(tmp_path / "fresh") as (app, _):
        page.goto(f"{app}/Benchmark")
        # At once, without a click: bars of the argument, and the pairs that an encoder gets wrong.
        bars = page.locator(".st-key-benchmark_bars")
        for name in ("bert-mini:cls", "bert-mini", "sbert-mini", "minilm"):
            bars.get_by_text(name, exact=True).wait_for()
        page.get_by_text("largest disagreements").first.wait_for()
        add_encoders(page, MORE)
        page.get_by_role("button", name="Measure 6 encoders").wait_for()
        page.get_by_role("button", name="Measure 6 encoders").click()
        page.get_by_text("Measure 6 encoders on pairs.csv").first.wait_for()
        for name in MORE:
            bars.get_by_text(name, exact=True).wait_for(timeout=240_000)
        expect(page.get_by_role("button", name=re.compile("^Measure"))).to_have_count(0)
        assert_no_error(page)

        page.reload()
        bars.get_by_text("minilm", exact=True).wait_for()
        add_encoders(page, MORE)
        for name in MORE:  # measured before, so it is there without a click
            bars.get_by_text(name, exact=True).wait_for()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download both tables (CSV)").click()
        with open(download.value.path(), encoding="utf-8-sig", newline="") as lines:
            rows = {row["encoder"]: float(row["Spearman cosine"]) for row in csv.DictReader(lines)}
        assert set(MORE) < set(rows)
        assert rows["bert-mini:cls"] < rows["bert-mini"] < rows["sbert-mini"]
        assert_no_error(page)


def test_a_file_of_ones_own_is_refused_or_found_again(page, app):
    page.goto(f"{app}/Benchmark?pairs=A+file")
    page.get_by_text("Graded pairs").first.wait_for()
    upload(page, "equal.csv", b"sentence1,sentence2,score\na b,c d,3\ne f,g h,3\ni j,k l,3\n")
    page.get_by_text("so there is no order to compare").wait_for()
    assert page.get_by_test_id("stException").count() == 0
    page.goto(f"{app}/Benchmark?tab=Other+tasks&task=Triplets")
    page.get_by_text("Is a sentence nearer to one that belongs with it").wait_for()
    assert_no_error(page)
