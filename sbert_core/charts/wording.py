"""User text on its way into a picture: short, on few lines, and inert.

Plotly reads a little HTML in every text it draws, so each string from outside passes through here.
"""

from html import escape

LINE_CHARS = 48
CARD_CHARS = 120


def inert(text: str) -> str:
    """Escape `&`, `<` and `>`; quotes stay, because Plotly shows `&quot;` as it is written."""
    return escape(text, quote=False)


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters on one line, cut at a word where one ends nearby."""
    line = " ".join(str(text)[: 4 * limit].replace("\0", " ").split())
    if len(line) <= limit:
        return line
    space = line.rfind(" ", limit - 12, limit)
    return line[: space if space > 0 else limit - 1] + "…"


def label(text: str, limit: int = 32) -> str:
    """Return one short, escaped line for a legend, an axis or a name on the map."""
    return inert(shortened(text, limit))


def card(text: str, limit: int = CARD_CHARS, line: int = LINE_CHARS) -> str:
    """Return an escaped hover text: at most `limit` characters, `<br>` about every `line`."""
    return "<br>".join(inert(part) for part in _lines(shortened(text, limit), line))


def _lines(text: str, width: int) -> list[str]:
    """Break at spaces, and inside a word only when it would leave a line half empty.

    textwrap does the same with more care, at 40 times the cost for the cards of a large map.
    """
    lines = []
    while len(text) > width:
        space = text.rfind(" ", width // 2, width + 1)
        cut = space if space > 0 else width
        lines.append(text[:cut])
        text = text[cut:].lstrip()
    return [*lines, text]
