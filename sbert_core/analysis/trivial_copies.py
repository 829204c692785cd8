"""Copies that a computer can see without understanding: the same words in another dress.

Sentence encoders give such pairs the highest cosines, so that they crowd out what one looks for,
real paraphrases. Here each pair is told by the first of these steps after which its texts agree:

    identical      as they stand
    spacing        runs of white space, and characters that only look different (Unicode NFKC)
    capitals       upper and lower case
    punctuation    marks and accents aside letters; an emoji or a currency sign is not one
    word order     the same words, each as often, in another order
    numbers        digits; such texts may well mean different things, and are worth a look
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal

Kind = Literal["identical", "spacing", "capitals", "punctuation", "word order", "numbers"]
KINDS: tuple[Kind, ...] = (
    "identical",
    "spacing",
    "capitals",
    "punctuation",
    "word order",
    "numbers",
)

_NUMBER = re.compile(r"\d+(?:[.,:/'’-]\d+)*")
_STANDS_FOR_A_NUMBER = "0"


def trivial_kind(a: str, b: str) -> Kind | None:
    """Say in what trivial way two texts are copies, or None if they are not.

    Args:
        a: A text.
        b: Another text.

    Returns:
        The first kind of the list above; None for texts whose words differ.
    """
    if a == b:
        return "identical"
    steps: list[tuple[Kind, Callable[[str], Sequence[str]]]] = [
        ("spacing", lambda text: _spaced(text).split()),
        ("capitals", lambda text: _spaced(text).casefold().split()),
        ("punctuation", words),
        ("word order", lambda text: sorted(words(text))),
        ("numbers", lambda text: sorted(words(_NUMBER.sub(_STANDS_FOR_A_NUMBER, _spaced(text))))),
    ]
    return next((kind for kind, of in steps if list(of(a)) == list(of(b))), None)


def words(text: str) -> list[str]:
    """Split a text into its words without case and punctuation: "Don't!" gives "dont"."""
    kept = "".join(_bare(character) for character in _spaced(text).casefold())
    return kept.split()


def _spaced(text: str) -> str:
    """Bring look-alike characters to one form."""
    return unicodedata.normalize("NFKC", text)


def _bare(character: str) -> str:
    """Drop an apostrophe, put a space for other punctuation, leave the rest."""
    if character in "'’":
        return ""
    return " " if unicodedata.category(character).startswith(("P", "Sk")) else character
