"""Texts from outside become short and inert, and stay the same text."""

from html import unescape

import pytest

from sbert_core.charts.wording import card, label, shortened

HOSTILE = ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "a & b < c > d"]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_becomes_text(text):
    for shown in (card(text), label(text, 100)):
        assert "<" not in shown.replace("<br>", "")
        assert ">" not in shown.replace("<br>", "")
        assert unescape(shown) == text


def test_the_texts_own_line_breaks_stay_text():
    assert card("a<br>b") == "a&lt;br&gt;b"


def test_quotes_are_left_as_typed_because_plotly_shows_them_so():
    assert card("""it's "fine" """) == """it's "fine\""""


def test_white_space_and_nul_become_single_spaces():
    assert label(" one\n\ttwo\0three  ") == "one two three"


def test_a_short_text_is_not_touched():
    assert shortened("exactly ten", 11) == "exactly ten"


def test_a_long_text_ends_at_a_word():
    assert shortened("where is the card that I ordered", 20) == "where is the card…"


def test_a_long_word_is_cut_at_the_limit():
    assert shortened("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("text", ["word " * 100, "x" * 500, "a" + " " + "y" * 300])
def test_cards_keep_to_their_limits(text):
    lines = card(text, limit=120, line=48).split("<br>")
    assert max(map(len, lines)) <= 48
    assert sum(map(len, lines)) <= 120


def test_escaping_does_not_eat_into_the_limit():
    assert unescape(card("&" * 40, limit=48, line=48)) == "&" * 40


def test_lines_of_a_card_join_to_its_text():
    text = "My top up was reverted twice and nobody at support could tell me the reason for it"
    assert card(text, limit=120).replace("<br>", " ") == text


@pytest.mark.parametrize("text", ["", "   ", "\0"])
def test_nothing_stays_nothing(text):
    assert card(text) == ""
