"""Which column holds the sentences, which the labels, and what the others are."""

from collections.abc import Callable, Sequence
from typing import Any

from .cells import is_address, is_date, is_number, sentence_credit, word_count
from .headers import LABEL_NAMES, TEXT_NAMES, name_parts
from .report import ColumnKind, ColumnSummary

_JUDGED_CELLS = 500  # spread evenly over the column
_MOSTLY = 0.9
_ENOUGH_DISTINCT = 0.2  # share of distinct cells below which texts begin to look like categories
_ENOUGH_FILLED = 0.5
_MOST_CATEGORIES = 200
_LONGEST_CATEGORY = 60  # characters
_LONGEST_CLASS_NUMBER = 2  # characters: classes are numbered 0, 1, 2 or -1, 0, 1; 2.5 is a score

# The choice between columns of sentences: longer ones say more, a telling name helps, and
# columns that are nearly as good as the best give way to the first of them (sentence1).
_LONG_TEXT = 120
_LENGTH_BONUS = 0.25
_NAME_BONUS = 0.1
_NEARLY = 0.95
_LABEL_KINDS: dict[ColumnKind, float] = {"category": 2.0, "number": 1.0, "text": 0.5}
_LABEL_NAME_BONUS = 2.0

_KIND_ORDER: tuple[ColumnKind, ...] = ("text", "category", "id", "date", "number", "empty")


def summarise(name: str, cells: Sequence[Any]) -> ColumnSummary:
    """Describe one column.

    Args:
        name: Its name.
        cells: str, int, float or None, white space counting as empty.
    """
    filled = [str(cell) for cell in cells if cell is not None and str(cell).strip()]
    if not filled:
        return ColumnSummary(name, 0, 0, 0.0, "empty", 0.0)
    distinct = len(set(filled))
    mean = sum(map(len, filled)) / len(filled)
    judged = filled[:: -(-len(filled) // _JUDGED_CELLS)]
    kind = _kind(name, judged, distinct / len(filled), distinct, mean)
    confidence = 0.0
    if kind in ("text", "category"):
        credit = sum(map(sentence_credit, judged)) / len(judged)
        confidence = credit * min(1.0, distinct / len(filled) / _ENOUGH_DISTINCT)
        confidence *= min(1.0, len(filled) / len(cells) / _ENOUGH_FILLED)
    return ColumnSummary(name, len(filled), distinct, round(mean, 2), kind, round(confidence, 4))


def _kind(
    name: str, cells: list[str], distinct_share: float, distinct: int, mean: float
) -> ColumnKind:
    """Say what the cells of a column are."""
    if all(map(is_number, cells)):
        return "id" if _is_numbering(name, cells, distinct_share) else "number"
    if _mostly(is_date, cells):
        return "date"
    if _mostly(is_address, cells):
        return "id"
    words = sum(map(word_count, cells)) / len(cells)
    repeated = distinct <= _MOST_CATEGORIES and distinct_share <= 0.5
    if repeated and mean <= _LONGEST_CATEGORY and (words < 3 or distinct_share < 0.05):
        return "category"
    if distinct_share >= _MOSTLY and _mostly(_is_code, cells):
        return "id"
    return "text"


def _is_numbering(name: str, cells: list[str], distinct_share: float) -> bool:
    """Tell whether numbers only count the rows or name them."""
    named = not name_parts(name).isdisjoint({"id", "uid", "index", "idx", "row"})
    return distinct_share == 1.0 and len(cells) > 1 and named


def _mostly(test: Callable[[str], bool], cells: list[str]) -> bool:
    """Tell whether a test holds for nearly all cells."""
    return sum(map(test, cells)) >= _MOSTLY * len(cells)


def _is_code(cell: str) -> bool:
    """Tell whether a cell is one token with more than letters in it: "a3f9", "INV-0042"."""
    return len(cell.split()) == 1 and not cell.strip(".!?,;:…'’\"").isalpha()


def choose_text(columns: Sequence[ColumnSummary]) -> int:
    """Return the index of the column that most likely holds the sentences.

    Args:
        columns: At least one summary.
    """
    scores = [_text_score(column) for column in columns]
    best = max(scores)
    if best > 0.0:
        return next(index for index, score in enumerate(scores) if score >= _NEARLY * best)
    ranks = [_KIND_ORDER.index(column.kind) for column in columns]
    return ranks.index(min(ranks))


def _text_score(column: ColumnSummary) -> float:
    """Weigh a column as the column of sentences, 0 if it cannot be."""
    long = min(column.mean_characters, _LONG_TEXT) / _LONG_TEXT
    named = not name_parts(column.name).isdisjoint(TEXT_NAMES)
    return column.confidence * (1.0 + _LENGTH_BONUS * long + _NAME_BONUS * named)


def choose_label(columns: Sequence[ColumnSummary], text: int) -> int | None:
    """Return the index of the column that most likely holds labels, or None.

    Args:
        columns: Summaries of all columns.
        text: Index of the text column, which is never chosen.
    """
    scores = [
        0.0 if index == text else _label_score(column) for index, column in enumerate(columns)
    ]
    best = max(scores)
    return scores.index(best) if best > 0.0 else None


def _label_score(column: ColumnSummary) -> float:
    """Weigh a column as the column of labels, 0 if it cannot be."""
    named = not name_parts(column.name).isdisjoint(LABEL_NAMES)
    repeated = 2 * column.distinct <= column.filled
    longest = _LONGEST_CLASS_NUMBER if column.kind == "number" else _LONGEST_CATEGORY
    if column.kind not in _LABEL_KINDS or not 2 <= column.distinct <= _MOST_CATEGORIES:
        return 0.0
    if column.mean_characters > longest or not (repeated or named):
        return 0.0
    return _LABEL_KINDS[column.kind] + _LABEL_NAME_BONUS * named
