"""CSV and its relatives: cut text into rows of cells, and lose no line to a stray quote.

Python's csv module does the cutting, in its strict mode. Where it stops, the record that it
stopped in is read again by itself, line by line, so that one forgotten quote costs one line
and not the rest of the file.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from .report import UnparsedLine

EXCERPT = 80
_NO_DELIMITER = "\0"  # NUL is removed when text is decoded, so this one never occurs
_LONGEST_CELL = 2**31 - 1  # csv's own limit is 128 kB a cell; ours is the size of the file
_LONG_SPAN = 10  # lines in one record from which on a forgotten quote is suspected
_VERY_LONG_SPAN = 100  # ... and is reported even if nothing else speaks for it


@dataclass(frozen=True)
class Dialect:
    """How the cells of a file are separated and quoted.

    Attributes:
        delimiter: The character between cells; None when each line is one cell.
        quoted: Whether a cell may stand in quotes, a quote inside being doubled. If not, a quote
            is a character like any other.
        skip_space: Whether white space after a delimiter is no part of the cell.
    """

    delimiter: str | None
    quoted: bool = True
    skip_space: bool = False

    @property
    def glue(self) -> str:
        """What joins cells to the line that they were cut from."""
        return (self.delimiter or "") + (" " if self.skip_space else "")

    def options(self) -> dict[str, Any]:
        """Return the arguments for `csv.reader`."""
        delimiter = self.delimiter or _NO_DELIMITER
        return {"delimiter": delimiter, "skipinitialspace": self.skip_space}


@dataclass
class Records:
    """Rows cut from text, with what the cutting says about the dialect.

    Attributes:
        dialect: The dialect they were cut with.
        rows: Cells of each row; a blank line is an empty row.
        lines: Line number, from 1, at which each row begins.
        unparsed: Lines that broke the rules of the dialect.
        quoted_votes: Rows in which quotes are used as the dialect asks.
        plain_votes: Rows in which quotes can only be plain characters.
    """

    dialect: Dialect
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    unparsed: list[UnparsedLine] = field(default_factory=list)
    quoted_votes: int = 0
    plain_votes: int = 0

    def add(self, row: list[str], line: int) -> None:
        """Append one row that begins at a line, counted from 0."""
        self.rows.append(row)
        self.lines.append(line + 1)

    def shift(self, lines: int) -> None:
        """Count line numbers from the beginning of the file, `lines` before these."""
        self.lines = [line + lines for line in self.lines]
        self.unparsed = [replace(item, line=item.line + lines) for item in self.unparsed]

    def width(self) -> int:
        """Return the commonest number of cells in a row; the larger of two equally common."""
        counts = Counter(map(len, filter(None, self.rows)))
        return max(counts, key=lambda width: (counts[width], width), default=0)

    def regularity(self) -> float:
        """Return the share of rows that have the commonest width, in [0, 1]."""
        filled = [len(row) for row in self.rows if row]
        return filled.count(self.width()) / max(1, len(filled))


def split_lines(text: str) -> list[str]:
    """Cut text at line feeds, carriage returns and both together; each line keeps its end."""
    lines = list(io.StringIO(text, newline=""))
    while lines and not lines[-1].strip("\r\n"):
        lines.pop()
    return lines


def cut_rows(lines: list[str], dialect: Dialect) -> Records:
    """Cut all lines into rows with one dialect.

    Args:
        lines: As `split_lines` gives them.
        dialect: How to cut.
    """
    records = Records(dialect)
    if not dialect.quoted:
        for number, line in enumerate(lines):
            records.add(_plain_cells(line, dialect), number)
        return records
    # The limit belongs to the whole process; raising it to the same value again changes nothing.
    csv.field_size_limit(_LONGEST_CELL)
    start = 0
    while start < len(lines):
        start = _cut_until_broken(lines, start, records)
        if start < len(lines):
            _add_broken(lines[start], start, records)
            start += 1
    return records


def _plain_cells(line: str, dialect: Dialect) -> list[str]:
    """Cut one line at its delimiters and nothing else."""
    line = line.rstrip("\r\n")
    if not line:
        return []
    cells = line.split(dialect.delimiter) if dialect.delimiter else [line]
    return [cell.lstrip() for cell in cells] if dialect.skip_space else cells


def _cut_until_broken(lines: list[str], start: int, records: Records) -> int:
    """Add rows from line `start` on; return the line of the first broken record, or the end."""
    reader = csv.reader(_lines_from(lines, start), strict=True, **records.dialect.options())
    begin = start
    try:
        for row in reader:
            end = start + reader.line_num
            if end - begin >= _LONG_SPAN:
                if _swallowed(lines[begin:end], len(row), records.dialect):
                    return begin
                _note_long_span(lines, begin, end, records)
            _count_vote(lines, begin, end, row, records)
            records.add(row, begin)
            begin = end
    except csv.Error:
        return begin
    return len(lines)


def _lines_from(lines: list[str], start: int) -> Iterator[str]:
    """Iterate from a position without copying."""
    return map(lines.__getitem__, range(start, len(lines)))


def _count_vote(lines: list[str], begin: int, end: int, row: list[str], records: Records) -> None:
    """Note whether a record with quotes follows the dialect or only happens not to break it."""
    if end - begin == 1 and '"' not in lines[begin]:
        return
    doubled = any('""' in line for line in lines[begin:end])
    if not doubled and any('"' in cell for cell in row):
        records.plain_votes += 1  # a writer that quotes would have doubled this one
    else:
        records.quoted_votes += 1


def _swallowed(span: list[str], width: int, dialect: Dialect) -> bool:
    """Tell whether a cell over many lines is rather many rows behind one forgotten quote."""
    plain = Dialect(dialect.delimiter, quoted=False)
    return width > 1 and all(len(_plain_cells(line, plain)) == width for line in span)


def _note_long_span(lines: list[str], begin: int, end: int, records: Records) -> None:
    """Report a cell so long that a quote may be missing, though nothing else says so."""
    if end - begin >= _VERY_LONG_SPAN:
        action = f"read as one cell over {end - begin:,} lines; look for a missing quote"
        excerpt = lines[begin][:EXCERPT].rstrip("\r\n")
        records.unparsed.append(UnparsedLine(begin + 1, excerpt, action))


def _add_broken(line: str, number: int, records: Records) -> None:
    """Read one line of a broken record by itself, the way that gives the usual width."""
    dialect = records.dialect
    plain = _plain_cells(line, dialect)
    lenient = next(csv.reader([line.rstrip("\r\n")], **dialect.options()), [])
    usual = len(records.rows[0]) if records.rows else len(plain)
    row = lenient if len(lenient) == usual != len(plain) else plain
    records.add(row, number)
    records.plain_votes += 1
    action = "a quote is missing or stray; the line was read by itself, its quotes kept as text"
    records.unparsed.append(UnparsedLine(number + 1, line[:EXCERPT].rstrip("\r\n"), action))
