"""Words for a page: nothing in a user's text may become a link, a picture or a formula."""

import pytest

from ui.wording import counted, duration, plain, shorten, size


@pytest.mark.parametrize(
    "hostile",
    [
        "![x](http://example.org/pixel.png)",
        "[click](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "$\\href{http://example.org}{x}$",
        "`code` **bold** _it_ ~~s~~ # h",
        "a\n\n# heading",
    ],
)
def test_every_mark_is_escaped_and_no_line_starts_anew(hostile):
    escaped = plain(hostile)
    assert "\n" not in escaped
    for i, sign in enumerate(escaped):
        if sign in "[]()<>`*_#$!":
            assert escaped[i - 1] == "\\"
    assert escaped.replace("\\", "") == " ".join(hostile.split()).replace("\\", "")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "under a second"), (8.4, "8 s"), (100, "2 min"), (7800, "2 h 10 min")],
)
def test_durations_read_as_a_person_says_them(seconds, words):
    assert duration(seconds) == words


def test_sizes_counts_and_cuts():
    assert (counted(1, "sentence"), counted(3080, "sentence")) == ("1 sentence", "3,080 sentences")
    assert (size(4_730_880), size(2_000_000_000)) == ("4.7 MB", "2.0 GB")
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abc", 4) == "abc"
