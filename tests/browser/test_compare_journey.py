"""Comparing as a person does it: pick in one map and see it in all, read, morph, compare a file."""

import csv

import pytest
from playwright.sync_api import expect

from .test_journeys import assert_no_error, open_on_sample, some_messages, upload

PANELS = 4

# How many points of each map are lit, and whether the rows are the same in all.
LIT = """() => {
  const plot = document.getElementById("plot"), maps = {};
  for (const trace of plot._fullData) {
    const rows = trace.customdata, lit = trace.selectedpoints || [];
    const found = maps[trace.xaxis] = maps[trace.xaxis] || [];
    for (const place of lit) found.push(rows[place]);
  }
  return Object.values(maps).map((rows) => rows.sort((a, b) => a - b));
}"""
PANEL = """(i) => {
  const plot = document.getElementById("plot"), box = plot.getBoundingClientRect();
  const suffix = i ? String(i + 1) : "";
  const x = plot._fullLayout["xaxis" + suffix], y = plot._fullLayout["yaxis" + suffix];
  return [box.x + x._offset, box.y + y._offset, x._length, y._length];
}"""
FIRST_X = "() => Array.from(document.getElementById('plot')._fullData[0].x).slice(0, 20)"


@pytest.fixture
def compare(app, page):
    open_on_sample(page, app, "Compare_encoders")
    page.get_by_text("Do they agree?").wait_for()
    return page


def frame_of(page, number):
    """The frame of the linked maps (0) or of the morph (1), when it is drawn."""
    element = page.locator("iframe[title='ui.compare_maps.linked_maps']").nth(number)
    element.scroll_into_view_if_needed()
    frame = element.element_handle().content_frame()
    frame.locator("canvas").first.wait_for()
    frame.wait_for_function("() => document.getElementById('plot').data[0].text.length > 0")
    return element, frame


def draw_loop(page, element, frame, panel, corners):
    x, y, w, h = frame.evaluate(PANEL, panel)
    box = element.bounding_box()
    points = [(box["x"] + x + w * across, box["y"] + y + h * down) for across, down in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in [*points[1:], points[0]]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


def lit_rows(frame, other_than=()):
    """The rows that are lit, as soon as they are the same in every map."""
    frame.wait_for_function(
        f"""(before) => {{
          const maps = ({LIT})().map((rows) => rows.join());
          return maps.length === {PANELS} && maps[0] && maps[0] !== before
            && maps.every((rows) => rows === maps[0]);
        }}""",
        arg=",".join(map(str, other_than)),
    )
    return frame.evaluate(LIT)[0]


def test_a_loop_in_one_map_lights_up_the_same_sentences_in_all(compare):
    element, frame = frame_of(compare, 0)
    corner = [(0.55, 0.05), (0.98, 0.05), (0.98, 0.5), (0.55, 0.5)]
    draw_loop(compare, element, frame, PANELS - 1, corner)
    rows = lit_rows(frame)
    assert 20 < len(rows) < 600
    compare.get_by_text(f"{len(rows)} sentences picked").wait_for()
    with compare.expect_download() as download:
        compare.get_by_role("button", name="Export as CSV").click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as lines:
        assert len(list(csv.DictReader(lines))) == len(rows)
    # The morph beside it shows the same, and a loop in another map takes the place of the first.
    _, morph = frame_of(compare, 1)
    morph.wait_for_function(f"() => ({LIT})()[0].length === {len(rows)}")
    element.scroll_into_view_if_needed()
    draw_loop(compare, element, frame, 0, [(0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)])
    other = lit_rows(frame, other_than=rows)
    compare.get_by_text(f"{len(other)} sentences picked").wait_for()
    compare.keyboard.press("Escape")
    expect(compare.get_by_text("sentences picked")).to_have_count(0)
    assert_no_error(compare)


def test_a_group_is_picked_by_keyboard_and_one_sentence_shows_its_neighbours(compare):
    element, frame = frame_of(compare, 0)
    group = frame.get_by_role("button", name="trains")
    group.focus()
    group.press("Enter")
    assert len(lit_rows(frame)) == 60
    compare.get_by_text("60 sentences picked").wait_for()
    assert group.get_attribute("aria-pressed") == "true"
    spot = frame.evaluate(
        """() => {
          const plot = document.getElementById("plot"), box = plot.getBoundingClientRect();
          const trace = plot._fullData.find((one) => one.xaxis === "x4");
          const x = plot._fullLayout.xaxis4, y = plot._fullLayout.yaxis4;
          return [box.x + x._offset + x.d2p(trace.x[5]), box.y + y._offset + y.d2p(trace.y[5])];
        }"""
    )
    box = element.bounding_box()
    compare.mouse.move(box["x"] + spot[0], box["y"] + spot[1])
    expect(frame.locator(".ring")).to_have_count(PANELS - 1)
    compare.mouse.click(box["x"] + spot[0], box["y"] + spot[1])
    frame.get_by_text("1 picked").wait_for()
    assert len(lit_rows(frame)) == 1
    compare.get_by_text("Nearest under sbert-mini").first.wait_for()
    assert_no_error(compare)


def test_the_slider_turns_one_map_into_the_next(compare):
    _, frame = frame_of(compare, 1)
    slider = frame.get_by_role("slider")
    begin = frame.evaluate(FIRST_X)
    slider.focus()
    slider.press("End")
    frame.wait_for_function(f"() => ({FIRST_X})().join() !== '{','.join(map(str, begin))}'")
    assert slider.get_attribute("aria-valuetext") == "minilm"
    # Back by Play: with reduced motion it goes there at once.
    frame.get_by_role("button", name="Play").click()
    expect(slider).to_have_attribute("aria-valuetext", "minilm")
    frame.get_by_role("button", name="bert-mini:cls").click()
    frame.wait_for_function(f"() => ({FIRST_X})()[0] === {begin[0]}")
    assert_no_error(compare)


def test_a_file_of_ones_own_is_compared_by_a_job_that_survives_a_refresh(app, page):
    page.goto(f"{app}/Corpus")
    # No journey beside it uploads these rows: they share a workspace, and equal rows are known.
    upload(page, "own.csv", some_messages(66))
    page.get_by_role("button", name="Embed 66 sentences").click()
    page.get_by_text("kept on this machine").wait_for(timeout=180_000)
    page.get_by_role("link", name="Compare encoders").click()
    page.get_by_role("button", name="Compare 4 encoders").click()
    page.get_by_text("Compare 4 encoders on own.csv").first.wait_for()
    page.reload()
    page.get_by_text("Do they agree?").wait_for(timeout=240_000)
    _, frame = frame_of(page, 0)
    assert len(frame.evaluate(LIT)) == PANELS
    assert_no_error(page)
