"""Tinted sentences: readable on every tint, whole, and inert."""

import re
from html import unescape

import numpy as np
import pytest

from sbert_core.charts.palette import MODES, THEMES
from sbert_core.charts.tinted_text import MAX_NUMBERED, TintedWord, signed, tint, tinted_text

from .colour_science import contrast, linear_rgb


def shown(html):
    """What a reader sees, numbers left out."""
    html = re.sub(r'<span style="display:block[^>]*>[^<]*</span>', "", html)
    return unescape(re.sub(r"<[^>]+>", "", html))


def words_of(text, value=0.1):
    found = re.finditer(r"\S+", text)
    return [TintedWord(match.start(), match.end(), value) for match in found]


@pytest.mark.parametrize("mode", MODES)
def test_text_is_readable_on_every_tint(mode):
    for value in np.linspace(-1, 1, 41):
        background, ink = tint(float(value), 1.0, mode)
        assert contrast(ink, background) >= 4.5, value


@pytest.mark.parametrize("mode", MODES)
def test_what_adds_is_blue_and_what_takes_away_orange(mode):
    (more, _), (less, _), (none, _) = (tint(value, 2.0, mode) for value in (2.0, -2.0, 0.0))
    red, _, blue = linear_rgb([more])[0]
    assert blue > red
    red, _, blue = linear_rgb([less])[0]
    assert red > blue
    assert none == dict(THEMES[mode].diverging)[0.5]
    assert tint(1.0, 0.0, mode)[0] == none


def test_the_sentence_stays_as_it_was_typed():
    text = "Don't  panic, it's <b>late</b> & dark"
    assert shown(tinted_text(text, words_of(text), 1.0)) == " ".join(text.split())


def test_markup_in_a_sentence_is_text():
    text = '<img src=x onerror=alert(1)> "quoted"'
    for words in (words_of(text), words_of(text)[:1]):
        html = tinted_text(text, words, 1.0)
        assert "<img" not in html
        assert "&lt;img" in html
    assert "<i>" not in tinted_text("a", [TintedWord(-1, -1, 0.1, "<i>")], 1.0)


def test_what_was_not_read_is_grey_and_short():
    text = "read " + "unread " * 1000
    html = tinted_text(text, words_of(text)[:1], 1.0)
    assert 'title="not read"' in html
    assert len(html) < 2000


def test_added_tokens_stand_behind_the_sentence():
    words = [TintedWord(-1, -1, 0.2, "[CLS]"), *words_of("the cat")]
    assert shown(tinted_text("the cat", words, 1.0)) == "the catadded by the encoder: [CLS]"


@pytest.mark.parametrize(("count", "numbered"), [(MAX_NUMBERED, True), (MAX_NUMBERED + 1, False)])
def test_a_long_sentence_keeps_its_numbers_for_the_pointer(count, numbered):
    text = "word " * count
    html = tinted_text(text, words_of(text, -0.1), 1.0)
    assert ('title="−0.100"' in html) is not numbered
    assert ("underline" in html) is not numbered


@pytest.mark.parametrize(
    ("value", "text"), [(0.0412, "+0.041"), (-0.5, "−0.500"), (0.0001, "0.000"), (-0.0001, "0.000")]
)
def test_numbers_carry_their_sign(value, text):
    assert signed(value) == text
