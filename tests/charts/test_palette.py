"""The palette keeps its promises: measured, not believed."""

from itertools import combinations, pairwise

import pytest

from sbert_core.charts.palette import (
    GLYPHS,
    MAX_STYLES,
    MODES,
    SYMBOLS,
    THEMES,
    group_style,
    sequential_scale,
    translucent,
)

from .colour_science import VISIONS, ciede2000, contrast, lab_seen_by


@pytest.mark.parametrize(
    ("one", "two", "difference"),
    [  # from the test data of Sharma, Wu and Dalal
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ],
)
def test_the_measure_itself_gives_published_differences(one, two, difference):
    assert ciede2000(one, two) == pytest.approx(difference, abs=1e-4)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize(("count", "floor"), [(10, 11.0), (12, 10.0)])
def test_hues_stay_apart_for_every_eye(mode, vision, count, floor):
    seen = lab_seen_by(THEMES[mode].categorical[:count], vision)
    assert min(ciede2000(a, b) for a, b in combinations(seen, 2)) >= floor


@pytest.mark.parametrize(("mode", "floor"), [("light", 2.5), ("dark", 3.8)])
def test_every_hue_stands_out_from_the_page(mode, floor):
    theme = THEMES[mode]
    assert min(contrast(colour, theme.paper) for colour in theme.categorical) >= floor


@pytest.mark.parametrize("mode", MODES)
def test_text_is_readable_on_page_and_hover_card(mode):
    theme = THEMES[mode]
    for surface in (theme.paper, theme.raised):
        assert contrast(theme.ink, surface) >= 7
        assert contrast(theme.muted, surface) >= 4.5
    assert contrast(theme.accent, theme.paper) >= 3


@pytest.mark.parametrize("mode", MODES)
def test_styles_are_unique_until_they_run_out(mode):
    styles = [group_style(index, mode) for index in range(MAX_STYLES)]
    assert MAX_STYLES >= 60
    assert len({(style.colour, style.symbol) for style in styles}) == MAX_STYLES
    assert len({(style.colour, style.glyph) for style in styles}) == MAX_STYLES
    assert group_style(MAX_STYLES, mode) == styles[0]


def test_a_group_keeps_its_symbol_when_the_mode_changes():
    assert len(SYMBOLS) == len(GLYPHS)
    for index in range(MAX_STYLES):
        assert group_style(index, "light").symbol == group_style(index, "dark").symbol


@pytest.mark.parametrize("mode", MODES)
def test_the_scale_for_numbers_rises_evenly_in_lightness(mode):
    scale = sequential_scale(mode)
    lightness = lab_seen_by([colour for _, colour in scale], "usual")[:, 0]
    steps = [after - before for before, after in pairwise(lightness)]
    assert (scale[0][0], scale[-1][0]) == (0.0, 1.0)
    assert min(steps) > 0
    assert max(steps) < 2 * min(steps)


@pytest.mark.parametrize("mode", MODES)
def test_a_cosine_of_zero_fades_and_both_ends_stand_out(mode):
    theme = THEMES[mode]
    colours = dict(theme.diverging)
    seen = {place: contrast(colour, theme.paper) for place, colour in colours.items()}
    assert seen[0.5] < 1.3
    positive = [seen[place] for place in sorted(seen) if place >= 0.5]
    negative = [seen[place] for place in sorted(seen) if place <= 0.5]
    assert positive == sorted(positive)
    assert negative == sorted(negative, reverse=True)
    assert min(seen[0.0], seen[1.0]) > 6


def test_translucent_keeps_the_colour():
    assert translucent("#0a10ff", 0.25) == "rgba(10,16,255,0.25)"
