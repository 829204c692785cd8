"""Copies in another dress are told apart from texts whose words differ."""

import pytest

from sbert_core.analysis.trivial_copies import trivial_kind, words


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("My card", "My card", "identical"),
        ("My  card ", "My card", "spacing"),
        ("ﬁne", "fine", "spacing"),
        ("My card", "my CARD", "capitals"),
        ("Don't go!", "dont go", "punctuation"),
        ("card my lost", "my lost card", "word order"),
        ("Flight 12:30 to Bonn", "flight 7 to Bonn.", "numbers"),
        ("I lost my card", "I found my card", None),
        ("very very good", "very good", None),
        ("costs 5 €", "costs 5 $", None),
        ("great 😀", "great 😡", None),
        ("12", "13", "numbers"),
    ],
)
def test_the_first_step_after_which_texts_agree(a, b, kind):
    assert trivial_kind(a, b) == trivial_kind(b, a) == kind


def test_words_are_bare():
    assert words("Don't — stop, NOW!") == ["dont", "stop", "now"]
