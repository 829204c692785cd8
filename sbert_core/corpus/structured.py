"""JSON and JSON Lines to a table."""

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from sbert_core.errors import FileError

from .cells import plain_cell
from .cutting import EXCERPT, split_lines
from .headers import default_names, has_header
from .report import RawTable, ReaderLimits, UnparsedLine, check_cells, check_columns

# Keys under which exports put their rows.
_ROW_KEYS = ("data", "rows", "items", "records", "examples", "results", "texts", "sentences")
_LINES = (".jsonl", ".ndjson", ".jsonlines")
_HEADER_SAMPLE = 200
_TRIED_LINES = 20


def read_json(
    text: str, extension: str, wanted: Sequence[str | None], limits: ReaderLimits
) -> RawTable | None:
    """Read JSON or JSON Lines.

    Args:
        text: The whole file.
        extension: Its extension: a file not called JSON may merely begin with a bracket.
        wanted: Text and label column named by the user, None where to be guessed.
        limits: `max_cells` and `max_columns` are checked.

    Returns:
        The table, or None when the content is not JSON and does not claim to be.

    Raises:
        FileError: The file claims to be JSON and is not, or holds no list of rows.
    """
    claims = extension == ".json" or extension in _LINES
    if not claims and not text.lstrip().startswith(("{", "[")):
        return None
    unparsed: list[UnparsedLine] = []
    if extension in _LINES or _is_json_lines(text):
        values = _parse_lines(text, unparsed)
    else:
        try:
            values = _rows_of(_parse(text))
        except ValueError as error:
            if not claims:
                return None
            raise FileError(f"The file is not valid JSON: {error}.") from error
    if not claims and len(unparsed) > len(values):
        return None
    if not any(value not in ({}, [], None) for value in values):
        raise FileError("The JSON holds no rows; a list of objects or of strings is needed.")
    try:
        table = table_from_values(values, wanted, limits)
    except RecursionError as error:
        raise FileError("The JSON is nested too deeply; flatten it.") from error
    table.unparsed = unparsed
    return table


def _parse(text: str) -> Any:
    """Parse one JSON value; nesting too deep for the parser is a mistake in the file as well."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} in line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _is_json_lines(text: str) -> bool:
    """Tell whether the first lines are JSON values each, more than one of them."""
    lines = [line for line in text[: 1 << 20].split("\n", _TRIED_LINES) if line.strip()]
    if len(lines) < 2:
        return False
    try:
        return isinstance(_parse(lines[0]), dict | list) and lines[0].strip() not in ("[", "{")
    except ValueError:
        return False


def _parse_lines(text: str, unparsed: list[UnparsedLine]) -> list[Any]:
    """Parse one JSON value a line; what is none is left out and reported."""
    values: list[Any] = []
    for number, line in enumerate(split_lines(text), start=1):
        if not line.strip():
            continue
        try:
            values.append(_parse(line))
        except ValueError:
            excerpt = line[:EXCERPT].strip()
            unparsed.append(UnparsedLine(number, excerpt, "not valid JSON; the line was left out"))
    return values


def _rows_of(value: Any) -> list[Any]:
    """Find the rows in a JSON document: a list, an object of columns, or a list inside."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return [value]
    rows: Any = value.get("data")
    if isinstance(value.get("columns"), list) and _holds(rows, list):  # pandas, orient="split"
        return [dict(zip(map(str, value["columns"]), row, strict=False)) for row in rows]
    lists = {key: item for key, item in value.items() if isinstance(item, list)}
    for key, items in lists.items():
        if _holds(items, dict) or (len(lists) == 1 and key in _ROW_KEYS):
            return items
    if lists:
        return _rows_of_lists(lists)
    return _rows_of_objects(value) if _holds([*value.values()], dict) else [value]


def _holds(items: Any, kind: type) -> bool:
    """Tell whether a value is a list with only items of one type."""
    return isinstance(items, list) and bool(items) and all(isinstance(i, kind) for i in items)


def _rows_of_lists(columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """Turn {"text": ["a", "b"]} into rows; shorter columns end in None."""
    rows = zip_longest(*columns.values())
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _rows_of_objects(columns: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Turn {"text": {"0": "a", "1": "b"}} into rows, as pandas writes columns."""
    keys = dict.fromkeys(key for column in columns.values() for key in column)
    return [{name: column.get(key) for name, column in columns.items()} for key in keys]


def table_from_values(
    values: Sequence[Any], wanted: Sequence[str | None], limits: ReaderLimits
) -> RawTable:
    """Make a table of objects, strings or lists.

    Args:
        values: One per row; an object gives one cell per key, anything else one cell.
        wanted: Column names given by the user, for a list of lists whose first is a header.
        limits: `max_cells` and `max_columns` are checked.

    Raises:
        FileError: There are too many cells or columns.
    """
    if all(isinstance(value, list) for value in values):
        return table_from_rows([[plain_cell(c) for c in value] for value in values], wanted, limits)
    rows = [value if isinstance(value, dict) else {"text": value} for value in values]
    names = list(dict.fromkeys(key for row in rows for key in row))
    check_columns(len(names), limits)
    check_cells(len(rows) * len(names), limits)
    columns = [[plain_cell(row.get(name)) for row in rows] for name in names]
    return RawTable(names, columns, header=True, typed=True)


def table_from_rows(
    rows: list[list[Any]], wanted: Sequence[str | None], limits: ReaderLimits
) -> RawTable:
    """Make a table of rows of plain cells, the first of which may be a header.

    Args:
        rows: Cells as `plain_cell` gives them; rows may differ in length.
        wanted: Column names given by the user.
        limits: `max_cells` and `max_columns` are checked.

    Raises:
        FileError: There are too many cells or columns.
    """
    width = max(map(len, rows))
    check_columns(width, limits)
    check_cells(len(rows) * width, limits)
    squared = [[*row, *[None] * (width - len(row))] for row in rows]
    sample = [["" if c is None else str(c) for c in row] for row in squared[:_HEADER_SAMPLE]]
    header = has_header(sample, wanted)
    names = sample[0] if header else default_names(width)
    body = squared[1:] if header else squared
    columns = [list(column) for column in zip(*body, strict=True)] or [[] for _ in names]
    return RawTable(names, columns, header, typed=True)
