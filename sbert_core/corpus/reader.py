"""Any file that a person has, read into rows of texts with a report of what was found.

    path or bytes -> opening   what kind is it, is it within limits
                  -> decoding  which encoding
                  -> delimited / structured / workbooks   cells, names, lines that do not fit
                  -> guessing  which column holds the sentences, which the labels
                  -> Reading   a frame and a report

Nothing is dropped or changed without a word in the report.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sbert_core.errors import FileError

from .cells import is_blank, to_number
from .decoding import decode
from .delimited import read_delimited
from .guessing import choose_label, choose_text, summarise
from .headers import unique_names
from .opening import OpenedFile, open_source
from .report import ColumnSummary, RawTable, ReaderLimits, Reading, ReadReport, UnparsedLine
from .structured import read_json
from .workbooks import read_parquet, read_xlsx

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ColumnSummary", "ReadReport", "ReaderLimits", "Reading", "UnparsedLine", "read_corpus"]

_UNSURE = 0.5  # confidence below which the guess is called one
_RIVAL = 0.9  # confidence of another column, relative to the chosen one, to be named beside it
_EXACT_FLOAT = 2**53  # beyond, float64 skips integers


def read_corpus(
    source: Path | bytes,
    *,
    name: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    limits: ReaderLimits | None = None,
) -> Reading:
    """Read CSV, TSV, TXT, JSON, JSON Lines (also gzipped), XLSX or Parquet.

    What a file is, its encoding, delimiter, quoting and header are found from its content; its
    extension is a hint at most.

    Args:
        source: A file, or the content of one.
        name: File name to show in report and errors; defaults to that of the path.
        text_column: Column of sentences; guessed when None.
        label_column: Column of labels; guessed when None.
        limits: How large a file may be; `ReaderLimits()` when None.

    Returns:
        The rows that have a text, and the report.

    Raises:
        FileError: The file cannot be read as a corpus, or has no such column.
    """
    limits = limits or ReaderLimits()
    opened = open_source(source, name, limits)
    table = _raw_table(opened, (text_column, label_column), limits)
    if not table.columns or not table.columns[0]:
        raise FileError(f"'{opened.name}' has column names ({_listed(table.names)}) but no rows.")
    names = unique_names(table.names, table.warnings)
    summaries = [summarise(n, cells) for n, cells in zip(names, table.columns, strict=True)]
    if not any(column.filled for column in summaries):
        raise FileError(f"'{opened.name}' has rows but every cell in them is empty.")
    text = _position(text_column, names)
    label = _position(label_column, names)
    if text is not None and text == label:
        raise FileError(f"'{text_column}' cannot be both the text and the label column.")
    if text is None:
        text = choose_text(summaries)
        table.warnings += _doubts(summaries, text)
    if label is None:
        label = choose_label(summaries, text)
    return _reading(opened.name, table, summaries, text, label, limits)


def _raw_table(opened: OpenedFile, wanted: Sequence[str | None], limits: ReaderLimits) -> RawTable:
    """Read the cells of a file of any kind."""
    if opened.kind == "xlsx":
        return read_xlsx(opened.data, wanted, limits)
    if opened.kind == "parquet":
        return read_parquet(opened.data, limits)
    decoded = decode(opened.data, opened.name)
    if not decoded.text.strip():
        raise FileError(f"'{opened.name}' is empty; choose a file with at least one text.")
    start = decoded.text.lstrip()[:15].lower()
    if start.startswith(("<!doctype html", "<html", "<?xml")):
        raise FileError(f"'{opened.name}' is a web page or XML, not a table; export it as CSV.")
    table = read_json(decoded.text, opened.extension, wanted, limits)
    table = table or read_delimited(decoded.text, opened.extension, wanted, limits)
    table.encoding = decoded.encoding
    table.unparsed = sorted([*decoded.unparsed, *table.unparsed], key=lambda line: line.line)
    if table.unparsed:
        table.warnings.append(
            f"{len(table.unparsed):,} lines did not fit; what was done with each is listed."
        )
    table.warnings[:0] = decoded.warnings
    return table


def _listed(names: Sequence[str]) -> str:
    """Write column names into a sentence."""
    return ", ".join(names)


def _position(wanted: str | None, names: list[str]) -> int | None:
    """Find a column that the user named."""
    if wanted is None:
        return None
    if wanted in names:
        return names.index(wanted)
    raise FileError(f"There is no column '{wanted}'; the columns are: {_listed(names)}.")


def _doubts(columns: list[ColumnSummary], text: int) -> list[str]:
    """Say when the guess of the text column is unsure, or another would do as well."""
    chosen = columns[text]
    if chosen.confidence == 0.0:
        return [f"No column looks like sentences; '{chosen.name}' was taken as the text."]
    rivals = [
        f"'{column.name}'"
        for column in columns
        if column is not chosen and column.confidence >= _RIVAL * chosen.confidence
    ]
    if rivals:
        return [f"'{chosen.name}' was taken as the text; {', '.join(rivals)} would do as well."]
    if chosen.confidence < _UNSURE:
        return [f"'{chosen.name}' was taken as the text, but few of its cells look like sentences."]
    return []


def _reading(
    file_name: str,
    table: RawTable,
    summaries: list[ColumnSummary],
    text: int,
    label: int | None,
    limits: ReaderLimits,
) -> Reading:
    """Drop rows without a text and put frame and report together."""
    kept = [row for row, cell in enumerate(table.columns[text]) if not is_blank(cell)]
    if not kept:
        raise FileError(f"Every cell of the column '{summaries[text].name}' is empty.")
    frame = _frame(table, [column.name for column in summaries], text, kept)
    rows_in_file = len(table.columns[text])
    report = ReadReport(
        file_name=file_name,
        rows=len(kept),
        rows_in_file=rows_in_file,
        dropped_empty=rows_in_file - len(kept),
        duplicates=len(kept) - frame.iloc[:, text].nunique(),
        encoding=table.encoding,
        delimiter=table.delimiter,
        header=table.header,
        text_column=summaries[text].name,
        text_column_confidence=summaries[text].confidence,
        label_column=None if label is None else summaries[label].name,
        columns=tuple(summaries),
        unparsed=tuple(table.unparsed[: limits.max_listed_lines]),
        unparsed_total=len(table.unparsed),
        warnings=tuple(table.warnings),
    )
    return Reading(frame, report)


def _frame(table: RawTable, names: list[str], text: int, kept: list[int]) -> "pd.DataFrame":
    """Make a frame of the rows that are kept."""
    import pandas as pd

    columns = {}
    for index, (name, cells) in enumerate(zip(names, table.columns, strict=True)):
        chosen = [cells[row] for row in kept]
        numbers = None if index == text else _numbers(chosen, table.typed)
        if numbers is None:
            strings = [None if is_blank(cell) else str(cell) for cell in chosen]
            columns[name] = pd.Series(strings, dtype=object)
        else:
            columns[name] = pd.Series(numbers)
    return pd.DataFrame(columns)


def _numbers(cells: list[Any], typed: bool) -> np.ndarray | None:
    """Return a column as int64 or float64, or None when it is not all numbers or would lose."""
    numbers: list[int | float | None] = []
    for cell in cells:
        number = to_number(cell) if isinstance(cell, str) and not typed else cell
        if is_blank(number):
            number = None
        if isinstance(number, str) or (number is None and not is_blank(cell)):
            return None
        numbers.append(number)
    filled = [number for number in numbers if number is not None]
    if not filled:
        return None
    if len(filled) == len(numbers) and all(isinstance(number, int) for number in filled):
        return np.array(filled, np.int64) if max(map(abs, filled)) < 2**63 else None
    if any(isinstance(number, int) and abs(number) > _EXACT_FLOAT for number in filled):
        return None
    return np.array([math.nan if number is None else number for number in numbers], np.float64)
