"""What a single cell is: a number, a date, an address, or something like a sentence."""

import json
import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

# Only numbers that come back as they were written, so no leading zero or plus sign ("007", "+49").
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]\d{1,3})?", re.ASCII)
_MOST_DIGITS = 15  # a float64 keeps 15 decimal digits
_LOOKS_NUMERIC = re.compile(r"[-+]?[\d.,\s%$€£¥()]*\d[\d.,\s%$€£¥()]*", re.ASCII)
_CLOCK = r"(?:[T ,]+\d{1,2}:\d{2}.*)?"
_DATE = re.compile(
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}([-/.])\d{{1,2}}\1\d{{2,4}}){_CLOCK}"
)
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?", re.IGNORECASE)
_MONTHS = frozenset(
    """jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july
    august september october november december""".split()
)
_DATE_WORDS = frozenset(
    """mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday
    st nd rd th am pm t z utc gmt pdt pst edt est cet cest of at""".split()
)
_ADDRESS = re.compile(r"(?:(?:https?|ftp)://|www\.|mailto:)\S+|[\w.+-]+@[\w-]+\.[\w.-]+")
_LONGEST_DATE = _LONGEST_NUMBER = 40
_LONGEST_ADDRESS = 2_000

# Scripts written without spaces: about two characters make a word.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
_CREDIT = (0.0, 0.2, 0.5, 0.8, 1.0)  # by number of words: 0, 1, 2, 3, at least 4
_LEAST_LETTERS = 0.4  # share of letters among the visible characters of a sentence
_SEEN_CHARACTERS = 1_000  # enough of a cell to judge it by


def is_blank(cell: object) -> bool:
    """Tell whether a cell holds nothing but white space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def is_number(cell: str) -> bool:
    """Tell whether a cell looks like a number, money or a percentage."""
    cell = cell.strip()
    if len(cell) > _LONGEST_NUMBER:
        return False
    return bool(_LOOKS_NUMERIC.fullmatch(cell) or _NUMBER.fullmatch(cell))


def is_date(cell: str) -> bool:
    """Tell whether a cell is a date or a time, in figures or with an English month or weekday."""
    cell = cell.strip()
    if len(cell) > _LONGEST_DATE or not any(map(str.isdigit, cell)):
        return False
    if _DATE.fullmatch(cell) or _TIME.fullmatch(cell):
        return True
    words = set(re.findall(r"[^\W\d_]+", cell.lower()))
    months = words.intersection(_MONTHS)
    return bool(months) and words <= months | _DATE_WORDS


def is_address(cell: str) -> bool:
    """Tell whether a cell is the address of a page or a mailbox."""
    cell = cell.strip()
    return len(cell) <= _LONGEST_ADDRESS and bool(_ADDRESS.fullmatch(cell))


def to_number(cell: str) -> int | float | None:
    """Return the number that a cell writes, or None when a number would lose part of it."""
    cell = cell.strip()
    if not _NUMBER.fullmatch(cell) or sum(map(str.isdigit, cell)) > _MOST_DIGITS:
        return None
    value = float(cell) if re.search(r"[.eE]", cell) else int(cell)
    return value if math.isfinite(value) else None


def word_count(cell: str) -> int:
    """Count the words of the beginning of a cell; two characters count as one in Chinese etc."""
    cell = cell[:_SEEN_CHARACTERS]
    unspaced = 0
    if not cell.isascii():
        unspaced = len(_UNSPACED.findall(cell))
        cell = _UNSPACED.sub(" ", cell)
    spaced = sum(any(map(str.isalpha, word)) for word in cell.split())
    return spaced + (unspaced + 1) // 2


def sentence_credit(cell: str) -> float:
    """Say how much a cell looks like a sentence, in [0, 1]: letters in at least four words."""
    seen = cell[:_SEEN_CHARACTERS].strip()
    if is_address(seen) or is_number(seen) or is_date(seen):
        return 0.0
    visible = "".join(seen.split())
    if sum(map(str.isalpha, visible)) < _LEAST_LETTERS * len(visible):
        return 0.0
    words = word_count(seen)
    if words == 1 and not visible.strip("'’.!?,;:…").isalpha():
        return 0.0  # codes such as "a3f9-77" and "card_arrival"
    return _CREDIT[min(words, len(_CREDIT) - 1)]


def plain_cell(value: Any) -> str | int | float | None:
    """Turn a value from JSON, XLSX or Parquet into text, a number, or None.

    Dates become ISO 8601, truth values "true" and "false", nested values JSON.
    """
    if value is None or (isinstance(value, int | float | str) and not isinstance(value, bool)):
        return _plain_scalar(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        midnight = value.time() == time(0) and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        number = to_number(str(value))
        return str(value) if number is None else number
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace").replace("\0", "")
    if isinstance(value, list | dict | tuple):
        return _plain_scalar(json.dumps(value, ensure_ascii=False, default=_plain_nested))
    return str(value)


def _plain_scalar(value: str | int | float | None) -> str | int | float | None:
    """Drop what no store can hold: NUL, halves of surrogate pairs, numbers that are none."""
    if isinstance(value, str):
        value = value.replace("\0", "")
        if not value.isascii():
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    elif isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _plain_nested(value: Any) -> str | int | float | None:
    """Write values inside nested ones that JSON does not know."""
    return plain_cell(value) if not isinstance(value, bytes) else f"{len(value)} bytes"
