"""Tables of texts from files: CSV, TSV, JSON Lines and Parquet, also as .gz.

A tab-separated file has no quoting: a quotation mark is part of the sentence. Nothing is
guessed about values: "null", "NA" and "007" are texts.
"""

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any, TextIO

from sbert_core.errors import FileError

FILE_KINDS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet")
# The original STS Benchmark (sts-train.csv): no header, no quoting, at times more columns.
# https://ixa2.si.ehu.eus/stswiki/index.php/STSbenchmark
_STS_BENCHMARK = ("genre", "filename", "year", "id", "score", "sentence1", "sentence2")
_SYNTAX_TREES = "_parse"  # two thirds of SNLI and MultiNLI, and of no use here
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Table:
    """Columns of texts.

    Attributes:
        names: Distinct names of the columns.
        columns: A list of texts per name, all of one length, trimmed; "" where there is nothing.
        found: Sentences for a person about what is odd in the file.
    """

    names: tuple[str, ...]
    columns: tuple[list[str], ...]
    found: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.columns[0]) if self.columns else 0

    def column(self, name: str) -> list[str]:
        """Give a column by name."""
        return self.columns[self.names.index(name)]


def read_table(path: Path) -> Table:
    """Read a file of rows.

    A file without a header is known by its first row: it has a number in it, or consists of
    sentences, or is the original STS Benchmark. Its columns are called "column 1", "column 2"
    and so on. A .txt file without tabs is a sentence per line, a column called "text". Columns
    with syntax trees (SNLI, MultiNLI) are passed over.

    Args:
        path: A .csv, .tsv, .txt (tab-separated), .jsonl or .parquet file, also with .gz behind;
            UTF-8, with or without byte order mark.

    Raises:
        FileError: The file is missing, damaged, empty, of another kind, or has two columns of
            one name.
    """
    name = path.name.lower()
    kind = Path(name.removesuffix(".gz")).suffix
    if kind not in FILE_KINDS:
        raise FileError(f"{path.name} should be a {', '.join(FILE_KINDS)} file, also as .gz.")
    opener = gzip.open if name.endswith(".gz") else open
    try:
        if kind == ".parquet":
            with opener(path, "rb") as stream:
                table = _parquet(io.BytesIO(stream.read()) if opener is gzip.open else stream)
        else:
            # Lines end at \n alone, so that a stray \r stays in its sentence.
            with opener(path, "rt", encoding="utf-8-sig", newline="\n") as text:
                table = _json_lines(text) if "js" in kind else _delimited(text, kind)
    except UnicodeDecodeError as error:
        raise FileError(f"{path.name} is not text in UTF-8: save it as UTF-8 first.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(f"{path.name} cannot be read: {reason}.") from error
    except (ValueError, EOFError, csv.Error, zlib.error) as error:
        raise FileError(f"{path.name} is damaged: {_one_line(error)}.") from error
    _check(table, path.name)
    return table


def number(text: str) -> float | None:
    """Read a finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def joined(tables: Sequence[Table]) -> Table:
    """Put tables with the same columns below each other."""
    first = tables[0]
    rows = [[cell for table in tables for cell in table.column(name)] for name in first.names]
    return Table(first.names, tuple(rows), tuple(chain(*(table.found for table in tables))))


def _check(table: Table, name: str) -> None:
    """Refuse a table that cannot be addressed by column, or has nothing in it."""
    if not table.names:
        raise FileError(f"{name} is empty.")
    twice = [column for column in table.names if table.names.count(column) > 1]
    if twice:
        raise FileError(f"{name} has two columns called {twice[0]!r}: rename one of them.")
    if not len(table):
        raise FileError(f"{name} has a header ({', '.join(table.names)}) but no rows.")


def _one_line(error: Exception) -> str:
    """Give the beginning of a message, since Arrow's go on for lines."""
    return (str(error).splitlines() or ["it ends too early"])[0].rstrip(".")


def _delimited(stream: TextIO, kind: str) -> Table:
    """Read rows of cells; the first line tells what is between them."""
    first = next((line for line in stream if line.strip()), None)
    if first is None:
        return Table((), ())
    if "\0" in first:
        raise ValueError("it holds bytes that are no text")
    lines = chain([first], stream)
    if kind == ".txt" and "\t" not in first:
        return Table(("text",), ([text for line in lines if (text := line.strip())],))
    if kind == ".csv" and "\t" not in first:
        semicolons = ";" in first and "," not in first
        rows = csv.reader(lines, delimiter=";" if semicolons else ",", strict=True)
        return _from_rows(rows)
    return _from_rows(line.rstrip("\r\n").split("\t") for line in lines)


def _from_rows(rows: Iterable[Sequence[str]]) -> Table:
    """Collect the columns of rows, the first of which may be a header."""
    rows = iter(rows)
    first = [cell.strip() for cell in next(rows)]
    names = _names_without_header(first)
    found: list[str] = []
    longer = 0
    if names is None:
        names = [cell or f"column {place}" for place, cell in enumerate(first, start=1)]
    else:
        rows = chain([first], rows)
        found.append(f"The file has no header; its columns were called {', '.join(names)}.")
    wanted = [place for place, name in enumerate(names) if not name.endswith(_SYNTAX_TREES)]
    columns: list[list[str]] = [[] for _ in wanted]
    for row in rows:
        if not any(row):
            continue
        longer += len(row) > len(names)
        for place, column in zip(wanted, columns, strict=True):
            column.append(row[place].strip() if place < len(row) else "")
    if longer and not found:
        cells = "row has" if longer == 1 else "rows have"
        found.append(f"{longer:,} {cells} more cells than the header: the last ones were left out.")
    return Table(tuple(names[place] for place in wanted), tuple(columns), tuple(found))


def _names_without_header(first: Sequence[str]) -> list[str] | None:
    """Name the columns of a file without a header; None if its first row is a header."""
    numbers = [number(cell) for cell in first]
    filled = [cell for cell in first if cell]
    if filled == [str(place) for place in range(len(filled))]:
        return None  # the names pandas gives to columns without names
    if (
        len(first) >= len(_STS_BENCHMARK)
        and first[0].startswith("main-")
        and numbers[4] is not None
    ):
        return list(_STS_BENCHMARK)
    sentences = bool(filled) and all(re.search(r"[.!?。！？]$", cell) for cell in filled)
    long = any(len(cell) > _LONGEST_NAME for cell in filled)
    if sentences or long or any(value is not None for value in numbers):
        return [f"column {place}" for place in range(1, len(first) + 1)]
    return None


def _json_lines(stream: TextIO) -> Table:
    """Read an object, or a list of texts, per line."""
    return _from_records(_json_records(stream))


def _json_records(stream: TextIO) -> Iterator[Mapping[str, Any]]:
    """Yield the lines as mappings."""
    for place, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {place} is not JSON") from error
        if isinstance(value, list):
            value = {f"column {cell}": text for cell, text in enumerate(value, start=1)}
        if not isinstance(value, dict):
            raise ValueError(f'line {place} is not an object like {{"text": "..."}}')
        yield value


def _from_records(records: Iterable[Mapping[str, Any]]) -> Table:
    """Collect the columns of mappings that may lack a key."""
    columns: dict[str, list[str]] = {}
    rows = 0
    for record in records:
        for key, value in record.items():
            if key.endswith(_SYNTAX_TREES):
                continue
            column = columns.setdefault(key, [])
            column.extend([""] * (rows - len(column)))
            column.append(_cell(value))
        rows += 1
    for column in columns.values():
        column.extend([""] * (rows - len(column)))
    return Table(tuple(name.strip() for name in columns), tuple(columns.values()))


def _cell(value: Any) -> str:
    """Write a value as text; lists and objects, which are no text, as nothing."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(int(value))
    return str(value) if isinstance(value, int | float | Decimal) else ""


def _parquet(stream: Any) -> Table:
    """Read a Parquet file; numbers that stand for labels become their names."""
    # It takes a tenth of a second to import, which files of text need not wait for.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Arrow's reading threads abort a process that ends a moment after, one time in twenty.
        read = pq.read_table(stream, use_threads=False, pre_buffer=False)
    except pa.ArrowException as error:
        raise ValueError(_one_line(error)) from error
    labels = _label_features(read.schema.metadata)
    columns = []
    for name in read.column_names:
        values = read[name].to_pylist()
        if name in labels:
            values = [_label(value, labels[name]) for value in values]
        columns.append([_cell(value) for value in values])
    return Table(tuple(read.column_names), tuple(columns))


def _label_features(metadata: Mapping[bytes, bytes] | None) -> dict[str, list[str]]:
    """Find the names of labels that the datasets library keeps beside its columns."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        return {
            name: list(feature["names"])
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _label(value: Any, names: Sequence[str]) -> str:
    """Give the name of a label; "-" for -1, which stands for none."""
    known = isinstance(value, int) and 0 <= value < len(names)
    return names[value] if known else "-"
