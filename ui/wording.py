"""Words for a page: users' text made safe for Markdown, and numbers as a person says them."""

import re

# Everything by which Markdown could make a link, a picture or a formula of a user's text.
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|<>$~^=-])")


def plain(text: str) -> str:
    """Escape a user's text, so that Markdown shows it as it is and fetches nothing."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def shorten(text: str, characters: int) -> str:
    """Cut a text at so many characters, and show that it was cut."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


def counted(number: int, noun: str) -> str:
    """Say a number of things: "1 sentence", "3,080 sentences"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """Say a time as a person would: "8 s", "3 min", "2 h 10 min"."""
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def size(in_bytes: int) -> str:
    """Say a size as a person would: "4.7 MB"."""
    return f"{in_bytes / 1e6:.1f} MB" if in_bytes < 1e9 else f"{in_bytes / 1e9:.1f} GB"
