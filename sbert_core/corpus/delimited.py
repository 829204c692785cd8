"""From the text of a CSV, TSV or TXT file to a table: delimiter, quoting, header, ragged rows."""

import re
from collections.abc import Sequence

from sbert_core.errors import FileError

from .cells import is_blank, is_number
from .cutting import EXCERPT, Dialect, Records, cut_rows, split_lines
from .guessing import choose_text, summarise
from .headers import default_names, has_header, is_known_name, looks_like_name
from .report import RawTable, ReaderLimits, UnparsedLine, check_cells, check_columns

DELIMITERS = ("\t", ";", "|", ",")  # of equally good ones the first wins
SAMPLE_ROWS = 1_000

_SAMPLE_CHARACTERS = 1 << 19
_REGULAR = 0.9  # share of rows of one width from which on a delimiter is believed without a header
_AS_WIDE = 0.7  # with a header of known names: share of rows at least as wide as it
_PROSE = 0.6  # share of cells that begin with a space: commas of prose, not of a table
_LINES_OF_TEXT = (".txt", ".text")
_SEPARATOR_HINT = re.compile(r"sep=([^\w\s\"]|\t)[\r\n]+")  # Excel's, on a line before the header
_ESCAPED_QUOTE = re.compile(r'(?<!\\)((?:\\\\)*)\\"')


def read_delimited(
    text: str, extension: str, wanted: Sequence[str | None], limits: ReaderLimits
) -> RawTable:
    """Read delimited text, or one text a line where there is no delimiter.

    Args:
        text: The whole file.
        extension: Its extension, a hint only: a quote in a .txt of single lines is plain.
        wanted: Text and label column named by the user, None where to be guessed.
        limits: `max_cells` and `max_columns` are checked.

    Raises:
        FileError: The file has too many cells or columns.
    """
    line_ends = text.count("\n") + text.count("\r") - text.count("\r\n")
    check_cells(line_ends, limits)  # before any list is made of them
    lines = split_lines(text)
    stated = _SEPARATOR_HINT.match(text)
    start = lines.index(stated.group()) + 1 if stated else 0
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start == len(lines):
        raise FileError("The file is empty but for the line that names its separator.")
    delimiter, skip_space = _find_delimiter(lines[start:], extension)
    if stated:
        delimiter, skip_space = stated.group(1), False
    check_cells(line_ends + text.count(delimiter or "\0"), limits)
    records = _cut(lines[start:], delimiter, skip_space, extension)
    records.shift(start)
    check_columns(max(map(len, records.rows)), limits)
    table = _table(records, wanted)
    if not table.header and extension not in _LINES_OF_TEXT:
        table.warnings.append("No row of column names was found; the first row was read as data.")
    return table


def _find_delimiter(lines: list[str], extension: str) -> tuple[str | None, bool]:
    """Find the delimiter, None if there is none, and whether a space follows it."""
    sample = _sample(lines)
    joined = "".join(sample)
    best, best_score = Dialect(None), 0.0
    for delimiter in DELIMITERS:
        if delimiter not in joined:
            continue
        quotings = (True, False) if '"' in joined else (False,)
        spaces = (False, True) if f'{delimiter} "' in joined else (False,)
        for dialect in (Dialect(delimiter, q, s) for q in quotings for s in spaces):
            score = _score(cut_rows(sample, dialect), extension)
            if score > best_score:
                best, best_score = dialect, score
    return best.delimiter, best.skip_space


def _sample(lines: list[str]) -> list[str]:
    """Take the first lines, enough to judge by."""
    size = 0
    for number, line in enumerate(lines[:SAMPLE_ROWS]):
        size += len(line)
        if size > _SAMPLE_CHARACTERS:
            return lines[: number + 1]
    return lines[:SAMPLE_ROWS]


def _score(records: Records, extension: str) -> float:
    """Say how well a delimiter explains a sample: 0 not at all, 1 all rows are of one width."""
    rows = [row for row in records.rows if row]
    first, usual = rows[0], records.width()
    if len(first) < 2 or usual < 2:
        return 0.0
    named = any(map(is_known_name, first)) and all(_may_be_name(cell) for cell in first)
    regular = records.regularity() if usual - 1 <= len(first) <= usual else 0.0
    as_wide = sum(len(row) >= len(first) for row in rows) / len(rows)
    tabbed = records.dialect.delimiter == "\t"
    if not named and not tabbed and (_is_prose(rows) or extension in _LINES_OF_TEXT):
        return 0.0
    believed = regular >= _REGULAR or (named and as_wide >= _AS_WIDE)
    broken = records.plain_votes / len(rows)
    return max(regular, 0.5 * as_wide) - 0.5 * broken if believed else 0.0


def _may_be_name(cell: str) -> bool:
    """Tell whether a cell of the first row could be a name; an empty one stands for an index."""
    return is_blank(cell) or looks_like_name(cell.strip())


def _is_prose(rows: list[list[str]]) -> bool:
    """Tell whether the delimiter is rather punctuation: a space follows it."""
    later = [cell for row in rows for cell in row[1:] if cell and not is_number(cell)]
    spaced = sum(cell.startswith(" ") for cell in later)
    return bool(later) and spaced >= _PROSE * len(later)


def _cut(lines: list[str], delimiter: str | None, skip_space: bool, extension: str) -> Records:
    """Cut the whole file, with the quoting that breaks the fewest rows."""
    plain = Dialect(delimiter, quoted=False, skip_space=skip_space)
    if delimiter is None and extension in _LINES_OF_TEXT:
        return cut_rows(lines, plain)
    quotes = Dialect(delimiter, skip_space=skip_space)
    quoted = cut_rows(lines, quotes)
    if not quoted.plain_votes:
        return quoted
    if any('\\"' in line for line in lines):
        doubled = [_ESCAPED_QUOTE.sub(r'\1""', line) for line in lines]
        escaped = cut_rows(doubled, quotes)
        if not escaped.unparsed and escaped.regularity() >= quoted.regularity():
            return escaped
    as_plain = cut_rows(lines, plain)
    enough = as_plain.regularity() >= quoted.regularity()
    return as_plain if enough and quoted.plain_votes > quoted.quoted_votes else quoted


def _table(records: Records, wanted: Sequence[str | None]) -> RawTable:
    """Separate the header, bring all rows to one width, and turn rows into columns."""
    sample = [row for row in records.rows[:SAMPLE_ROWS] if row]
    header = has_header(sample, wanted)
    width = records.width()
    names = default_names(width)
    if header:
        names = _fit_names(records.rows.pop(0), sample[1:])
        records.lines.pop(0)
    columns = _columns(records, names, wanted[0])
    return RawTable(names, columns, header, None, records.dialect.delimiter, records.unparsed)


def _fit_names(names: list[str], below: list[list[str]]) -> list[str]:
    """Fit a header to rows that are all one cell wider: a trailing delimiter, or row names."""
    if not below or {len(row) for row in below} != {len(names) + 1}:
        return names
    if all(is_blank(row[-1]) for row in below):
        return [*names, ""]
    if all(is_number(row[0]) for row in below):
        return ["row", *names]  # as R writes tables
    return names


def _columns(records: Records, names: list[str], text_column: str | None) -> list[list[str | None]]:
    """Bring all rows to one width and turn them into columns."""
    width = len(names)
    ragged = [index for index, row in enumerate(records.rows) if len(row) != width]
    rows: list[Sequence[str | None]] = [*records.rows]
    if ragged:
        fitting = [row for row in records.rows[:SAMPLE_ROWS] if len(row) == width]
        text_index = _text_index(names, fitting, text_column)
        listed = {item.line for item in records.unparsed}
    for index in ragged:
        row, line = records.rows[index], records.lines[index]
        rows[index], action = _square(row, width, text_index, records.dialect.glue)
        if action and line not in listed:
            excerpt = records.dialect.glue.join(row)[:EXCERPT]
            records.unparsed.append(UnparsedLine(line, excerpt, action))
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]


def _text_index(names: list[str], rows: list[list[str]], wanted: str | None) -> int:
    """Find the column that surplus cells most likely belong to."""
    if wanted in names:
        return names.index(wanted)
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return choose_text([summarise(name, list(c)) for name, c in zip(names, columns, strict=True)])


def _square(
    row: list[str], width: int, text_index: int, glue: str
) -> tuple[list[str | None], str | None]:
    """Bring one row to a width; say what was done if anything."""
    surplus = len(row) - width
    if all(map(is_blank, row)):
        return [None] * width, None
    if len(row) == 1 < width:
        alone: list[str | None] = [None] * width
        alone[text_index] = row[0]
        return alone, f"1 cell for {width} columns; it was read as the text"
    if surplus <= 0:
        action = f"{len(row)} cells for {width} columns; the others were left empty"
        return [*row, *[None] * -surplus], action if surplus else None
    if all(map(is_blank, row[width:])):
        return [*row[:width]], None
    end = text_index + surplus + 1
    whole = glue.join(row[text_index:end])
    action = f"{len(row)} cells for {width} columns; the surplus was put back into the text"
    return [*row[:text_index], whole, *row[end:]], action
