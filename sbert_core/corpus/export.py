"""Tables for other programs: CSV that a spreadsheet opens safely, and Parquet that is exact."""

import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# A spreadsheet runs a cell that begins so, also behind white space; the full-width forms too.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"[\s\u200b\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")

_NO_TEXT = "biufM"  # NumPy's letters for truth values, numbers and dates


def to_csv(frame: "pd.DataFrame") -> bytes:
    r"""Write a table as CSV for spreadsheets.

    Texts and names that a spreadsheet would run as a formula get an apostrophe in front, which
    spreadsheets take as "this is text". Numbers stay as they are.

    Args:
        frame: Any table; its index is not written.

    Returns:
        UTF-8 with byte order mark (without it Excel misreads accents), lines ending in \r\n.
    """
    safe = frame.copy(deep=False)
    safe.columns = [_as_text(name) for name in frame.columns]
    for position, dtype in enumerate(frame.dtypes):
        if dtype.kind not in _NO_TEXT:
            safe.isetitem(position, [_as_text(cell) for cell in frame.iloc[:, position]])
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _as_text(cell: Any) -> Any:
    """Put an apostrophe before a text that begins like a formula."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def to_parquet(frame: "pd.DataFrame") -> bytes:
    """Write a table as Parquet, cells unchanged.

    Args:
        frame: Any table; its index is not written.
    """
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()
