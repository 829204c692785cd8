"""A sentence whose words are tinted by what they add, as a piece of HTML that is safe to show."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from .palette import THEMES, Mode
from .wording import shortened

# Up to this many words each has room for its number.
MAX_NUMBERED = 40
# The strongest tint: about the middle half of the diverging scale, on which text stays readable.
_DEEPEST = 0.23
_UNREAD_CHARS, _WORD_CHARS = 160, 60


@dataclass(frozen=True)
class TintedWord:
    """One word and its place in the text.

    Attributes:
        start: Its first character; -1 of a token that the encoder added.
        end: The character after its last one.
        value: What it adds.
        name: What to write for an added token.
    """

    start: int
    end: int
    value: float
    name: str = ""


def tint(value: float, largest: float, mode: Mode) -> tuple[str, str]:
    """Colour a word: blue where it adds, orange where it takes away, the page's own at 0.

    Args:
        value: What the word adds.
        largest: The amount that gets the strongest tint, at least 0.
        mode: "light" or "dark".

    Returns:
        Background and text colour as `#rrggbb`; their contrast is at least 4.5:1.
    """
    theme = THEMES[mode]
    share = max(-1.0, min(1.0, value / largest)) if largest > 0 else 0.0
    background = _at(theme.diverging, 0.5 + _DEEPEST * share)
    ink = max((theme.ink, theme.paper), key=lambda colour: _contrast(colour, background))
    return background, ink


def tinted_text(
    text: str, words: Sequence[TintedWord], largest: float, mode: Mode = "light"
) -> str:
    """Write a sentence with its words tinted, and what the encoder added behind it.

    Args:
        text: The sentence as it was typed; escaped here.
        words: Its words in order, and added tokens.
        largest: The amount that gets the strongest tint; give the same to both sentences.
        mode: "light" or "dark".
    """
    theme = THEMES[mode]
    own = [word for word in words if word.start >= 0]
    numbered = len(own) <= MAX_NUMBERED
    parts, place = [], 0
    for word in own:
        parts.append(_gap(text[place : word.start]))
        shown = shortened(text[word.start : word.end], _WORD_CHARS)
        parts.append(_box(shown, word.value, largest, mode, numbered))
        place = max(place, word.end)
    if rest := text[place:].strip():
        rest = escape(shortened(rest, _UNREAD_CHARS))
        parts.append(f' <span style="color:{theme.muted}" title="not read">{rest}</span>')
    added = [_box(word.name, word.value, largest, mode, True) for word in words if word.start < 0]
    if added:
        parts.append(
            f'<div style="color:{theme.muted};font-size:0.85em;margin-top:0.35em">'
            f"added by the encoder: {' '.join(added)}</div>"
        )
    return (
        '<div dir="auto" tabindex="0" style="line-height:1.5;max-height:17rem;overflow-y:auto;'
        f'overflow-wrap:anywhere">{"".join(parts)}</div>'
    )


def _box(shown: str, value: float, largest: float, mode: Mode, numbered: bool) -> str:
    """One word on its tint; its number stands below it, or appears under the pointer."""
    background, ink = tint(value, largest, mode)
    number = signed(value)
    style = f"background:{background};color:{ink};border-radius:4px;padding:1px 3px;"
    word = escape(shown)
    if not numbered:
        # Not by colour alone: what takes away is underlined, too.
        line = "text-decoration:underline dashed;" if value < 0 else ""
        return f'<span style="{style}{line}" title="{number}">{word}</span>'
    below = f'<span style="display:block;font-size:0.72em;line-height:1.15">{number}</span>'
    style += "display:inline-block;text-align:center;line-height:1.25;margin:1px;"
    return f'<span style="{style}">{word}{below}</span>'


def signed(value: float) -> str:
    """Write a part of a cosine: "+0.041", "−0.012", "0.000"."""
    number = f"{abs(value):.3f}"
    if float(number) == 0:
        return number
    return f"{'+' if value > 0 else '−'}{number}"


def _gap(between: str) -> str:
    """What stands between two words: a space if any space was there."""
    return " " if between and (between.isspace() or between[-1].isspace()) else ""


def _at(scale: Sequence[tuple[float, str]], place: float) -> str:
    """Mix the two colours of a scale between which a place in [0, 1] lies."""
    for (low, one), (high, two) in pairwise(scale):
        if place <= high:
            share = (place - low) / (high - low)
            mixed = (round(a + share * (b - a)) for a, b in zip(_rgb(one), _rgb(two), strict=True))
            return "#" + "".join(f"{channel:02x}" for channel in mixed)
    return scale[-1][1]


def _rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _contrast(one: str, two: str) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """WCAG 2 relative luminance in [0, 1]."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in _rgb(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
