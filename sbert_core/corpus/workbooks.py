"""XLSX and Parquet to a table, through openpyxl and pyarrow."""

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sbert_core.errors import FileError

from .cells import is_blank, plain_cell
from .report import RawTable, ReaderLimits, check_cells, check_columns
from .structured import table_from_rows

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_ROWS = 1_048_576  # of a sheet in Excel; a row numbered higher is a trap
_INDEX_OF_PANDAS = re.compile(r"__index_level_\d+__")


def read_xlsx(data: bytes, wanted: Sequence[str | None], limits: ReaderLimits) -> RawTable:
    """Read the first sheet of a workbook that holds anything.

    Args:
        data: The workbook.
        wanted: Column names given by the user.
        limits: `max_cells` and `max_columns` are checked while reading.

    Raises:
        FileError: The workbook is damaged, empty, or too large.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        found = ((title, _sheet_rows(sheet, limits)) for title, sheet in sheets.items())
        title, rows = next((pair for pair in found if pair[1]), ("", []))
    except FileError:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged file makes it stumble over
        raise FileError(
            "The workbook is damaged; open it in a spreadsheet and save it again."
        ) from error
    if not rows:
        raise FileError("The workbook is empty: no sheet has a filled cell.")
    table = table_from_rows(rows, wanted, limits)
    if len(sheets) > 1:
        table.warnings.append(
            f"The workbook has {len(sheets)} sheets; '{title}' was read, the first with cells."
        )
    return table


def _sheet_rows(sheet: Any, limits: ReaderLimits) -> list[list[Any]]:
    """Read the filled part of a sheet: formatting makes sheets look longer than they are."""
    sheet.reset_dimensions()  # the stated size is often wrong
    rows: list[list[Any]] = []
    cells = 0
    for values in sheet.iter_rows(values_only=True, max_row=_MOST_ROWS):
        row = [plain_cell(value) for value in values]
        while row and is_blank(row[-1]):
            row.pop()
        cells += len(row)
        check_columns(len(row), limits)
        check_cells(cells, limits)
        if row or rows:
            rows.append(row)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def read_parquet(data: bytes, limits: ReaderLimits) -> RawTable:
    """Read a Parquet file; columns of vectors and the index pandas adds are left out.

    Args:
        data: The file.
        limits: `max_unpacked_bytes`, `max_cells` and `max_columns` are checked from the footer.

    Raises:
        FileError: The file is damaged or too large.
    """
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
        schema = file.schema_arrow
        check_columns(len(schema), limits)
        check_cells(file.metadata.num_rows * len(schema), limits)
        groups = map(file.metadata.row_group, range(file.metadata.num_row_groups))
        if sum(group.total_byte_size for group in groups) > limits.max_unpacked_bytes:
            raise FileError(
                f"The Parquet file unpacks to more than {limits.max_unpacked_bytes:,} bytes; "
                "split it into smaller files."
            )
        vectors = [field.name for field in schema if _is_vector(field.type)]
        names = [
            name
            for name in schema.names
            if name not in vectors and not _INDEX_OF_PANDAS.fullmatch(name)
        ]
        columns = [_cells(column) for column in file.read(names).columns]
    except FileError:
        raise
    except Exception as error:  # pyarrow, too, raises whatever damage makes it stumble over
        raise FileError("The Parquet file is damaged; write it again.") from error
    table = RawTable(names, columns, header=True, typed=True)
    if vectors:
        listed = ", ".join(f"'{name}'" for name in vectors)
        table.warnings.append(f"Columns of vectors were left out: {listed}.")
    return table


def _is_vector(kind: "pa.DataType") -> bool:
    """Tell whether a column holds lists of floating-point numbers."""
    import pyarrow as pa

    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in lists) and pa.types.is_floating(kind.value_type)


def _cells(column: "pa.ChunkedArray") -> list[Any]:
    """Turn an Arrow column into plain cells."""
    return [plain_cell(value) for value in column.to_pylist()]
