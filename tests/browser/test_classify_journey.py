"""Classify as a new user does it: names, labels with the keyboard, a refresh, a head."""

from pathlib import Path

from playwright.sync_api import expect

from .running import running_app
from .test_journeys import assert_no_error


def test_names_then_labels_with_keys_then_a_head(page, tmp_path):
    with running_app(tmp_path / "fresh") as (app, _):
        page.goto(f"{app}/Classify")
        page.get_by_role("button", name="Take the 12 values").click()
        page.get_by_text("Agree with").wait_for()

        page.get_by_text("From examples").click()
        page.get_by_text("Labels given by hand").click()
        page.get_by_label("Add classes").fill("hotel, food")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="hotel (0)").wait_for()
        page.locator("h1").click()  # keys count where no box has the cursor
        for place, key in enumerate("1212"):
            page.keyboard.press(key)
            page.get_by_role("button", name=f"Done with {place + 1} label").wait_for()
        page.reload()
        page.get_by_text("From examples").click()
        page.get_by_text("Labels given by hand").click()
        page.get_by_role("button", name="hotel (2)").wait_for()

        page.get_by_role("button", name="Learn and sort").click()
        page.get_by_text("What went where").wait_for(timeout=180_000)
        with page.expect_download() as download:
            page.get_by_role("button", name="Save the head").click()
        head = Path(download.value.path()).read_bytes()
        page.get_by_text("With a saved head").click()
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
            {"name": "h.safetensors", "mimeType": "application/octet-stream", "buffer": head}
        )
        page.get_by_text("learnt on vectors of minilm from 4 examples").wait_for()
        expect(page.get_by_role("button", name="Labels as CSV")).to_be_visible()
        assert_no_error(page)
