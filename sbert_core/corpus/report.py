"""What reading a file gives: the rows, and a report of what was found, changed and left out."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sbert_core.errors import FileError

if TYPE_CHECKING:
    import pandas as pd

ColumnKind = Literal["text", "category", "number", "date", "id", "empty"]

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class ReaderLimits:
    """How much one file may ask of the machine. All limits are inclusive.

    Attributes:
        max_bytes: Largest file as it arrives, in bytes.
        max_unpacked_bytes: Largest content of a .gz, XLSX or Parquet file once unpacked, in bytes.
            A small file that unpacks to gigabytes is stopped here.
        max_cells: Most cells, rows times columns.
        max_columns: Most columns.
        max_listed_lines: Most entries of `ReadReport.unparsed`; the total is always reported.
    """

    max_bytes: int = 200 * MEGABYTE
    max_unpacked_bytes: int = 200 * MEGABYTE
    max_cells: int = 20_000_000
    max_columns: int = 1_000
    max_listed_lines: int = 100

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise ValueError(f"{name}={value} should be at least 1.")


@dataclass(frozen=True)
class ColumnSummary:
    """One column of the file at a glance.

    Attributes:
        name: The unique name the column has in the frame.
        filled: Cells that hold more than white space.
        distinct: Different values among the filled cells.
        mean_characters: Mean length of the filled cells, in characters.
        kind: What the cells look like; addresses of web pages count as "id".
        confidence: How much the column looks like sentences, a fraction in [0, 1].
    """

    name: str
    filled: int
    distinct: int
    mean_characters: float
    kind: ColumnKind
    confidence: float


@dataclass(frozen=True)
class UnparsedLine:
    """A line that did not fit the rest of the file.

    Attributes:
        line: Line number in the file, from 1 (row number in a workbook).
        excerpt: The beginning of the line.
        action: What was done with it, in plain words.
    """

    line: int
    excerpt: str
    action: str


@dataclass(frozen=True)
class ReadReport:
    """What was found in a file and what was done with it.

    Attributes:
        file_name: Name of the file as the user knows it.
        rows: Rows kept: those with a text.
        rows_in_file: Rows of data in the file, `rows + dropped_empty`.
        dropped_empty: Rows left out because their text is empty.
        duplicates: Rows kept whose text equals that of an earlier row, letter for letter.
        encoding: Python's name of the text encoding, or None for XLSX and Parquet.
        delimiter: The character between cells, or None where there is none.
        header: Whether the first row holds names (always true where names are part of the format).
        text_column: Name of the column of sentences.
        text_column_confidence: How much it looks like sentences, a fraction in [0, 1].
        label_column: Name of the column of labels, or None when none looks like it.
        columns: A summary of each column, over all rows of the file.
        unparsed: Lines that did not fit; at most `ReaderLimits.max_listed_lines` of them.
        unparsed_total: How many lines did not fit.
        warnings: What a person should know, each one plain sentence.
    """

    file_name: str
    rows: int
    rows_in_file: int
    dropped_empty: int
    duplicates: int
    encoding: str | None
    delimiter: str | None
    header: bool
    text_column: str
    text_column_confidence: float
    label_column: str | None
    columns: tuple[ColumnSummary, ...]
    unparsed: tuple[UnparsedLine, ...] = ()
    unparsed_total: int = 0
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as dictionaries and lists that `json.dumps` takes."""
        fields = asdict(self)
        fields["columns"] = list(fields["columns"])
        fields["unparsed"] = list(fields["unparsed"])
        fields["warnings"] = list(fields["warnings"])
        return fields


@dataclass
class Reading:
    """A file that was read.

    Attributes:
        frame: All columns of the user under unique names, N rows with index 0..N-1. Cells are
            str or, in wholly numeric columns other than the text column, int64 or float64;
            a missing cell is None (NaN among numbers). Texts are never missing.
        report: What was found and done.
    """

    frame: "pd.DataFrame"
    report: ReadReport

    @property
    def text_column(self) -> str:
        """Name of the column of sentences."""
        return self.report.text_column

    @property
    def label_column(self) -> str | None:
        """Name of the column of labels, or None."""
        return self.report.label_column

    @property
    def texts(self) -> list[str]:
        """The N sentences, in the order of the file."""
        return list(self.frame[self.text_column])


@dataclass
class RawTable:
    """Cells as a format gave them, before names are made unique and types are settled.

    Attributes:
        names: Column names as in the file; "" or None where there is none.
        columns: One list of cells per name, all of the same length.
        header: Whether the names come from the file.
        encoding: See `ReadReport`.
        delimiter: See `ReadReport`.
        unparsed: Lines that did not fit.
        warnings: What a person should know so far.
        typed: Whether the format itself tells numbers from text, so that the text "5" stays text.
    """

    names: list[str]
    columns: list[list[Any]]
    header: bool
    encoding: str | None = None
    delimiter: str | None = None
    unparsed: list[UnparsedLine] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    typed: bool = False


def check_cells(count: int, limits: ReaderLimits) -> None:
    """Refuse a table with more cells than the reader may hold."""
    if count > limits.max_cells:
        raise FileError(
            f"The file has more than {limits.max_cells:,} cells; "
            "split it or keep fewer of its columns."
        )


def check_columns(count: int, limits: ReaderLimits) -> None:
    """Refuse a table with more columns than the reader may hold."""
    if count > limits.max_columns:
        raise FileError(
            f"The file has {count:,} columns, more than the limit of {limits.max_columns:,}; "
            "keep the ones you need."
        )
