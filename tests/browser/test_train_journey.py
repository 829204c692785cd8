"""Training as a new user does it: start, watch, refresh, read the verdict, use what came of it."""

import re
import zipfile

from playwright.sync_api import expect

from .running import running_app
from .test_journeys import assert_no_error

VERDICT = re.compile("Training helped|No clear difference|Training hurt")


def test_train_watch_refresh_adopt(page, tmp_path):
    with running_app(tmp_path / "fresh") as (app, _):
        page.goto(f"{app}/Train")
        page.get_by_text("450 examples found").wait_for()
        page.get_by_text("Advanced", exact=True).click()
        page.get_by_role("spinbutton", name="Steps at most").fill("20")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Start training").click()
        # The curves grow while it runs; a refresh in between loses nothing.
        page.get_by_role("button", name="Cancel").wait_for()
        page.get_by_text("of 20").first.wait_for(timeout=180_000)
        page.reload()
        page.get_by_text("Loss and agreement with the dev pairs").wait_for()
        page.get_by_text(VERDICT).first.wait_for(timeout=240_000)
        assert "run=" in page.url
        expect(page.locator(".js-plotly-plot")).to_have_count(3)  # curves, map, signs
        page.get_by_text("The pairs that moved most").wait_for()

        with page.expect_download() as download:
            page.get_by_role("button", name="Download (zip)").click()
        names = zipfile.ZipFile(download.value.path()).namelist()
        assert {"modules.json", "model.safetensors"} <= {name.split("/")[-1] for name in names}

        page.get_by_role("textbox", name="Name of the new encoder").fill("journey-sbert")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Make it available").click()
        page.get_by_text("journey-sbert is chosen now").wait_for()
        assert_no_error(page)
        page.get_by_role("link", name="Sentence pair", exact=True).click()
        page.get_by_label("First sentence").wait_for()
        sidebar = page.get_by_test_id("stSidebar")
        expect(sidebar.get_by_role("combobox", name="Encoder")).to_have_value("journey-sbert")
        assert_no_error(page)


def test_a_run_is_cancelled_and_goes_on(page, tmp_path):
    with running_app(tmp_path / "fresh") as (app, _):
        page.goto(f"{app}/Train")
        page.get_by_text("450 examples found").wait_for()
        page.get_by_role("spinbutton", name="Epochs").fill("200")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Start training").click()
        page.get_by_text("training, step").wait_for(timeout=180_000)
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("This run was cancelled").wait_for(timeout=10_000)
        page.get_by_role("button", name=re.compile("Go on after|Start it again")).click()
        page.get_by_text("training, step").wait_for(timeout=180_000)
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("This run was cancelled").wait_for(timeout=10_000)
        assert_no_error(page)
