"""What the workspace refuses, each with a sentence that says why."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import DataError

from .records import CorpusInfo

_OWN_NAME = re.compile(r"[A-Za-z0-9]\w*", re.ASCII)
_OWN_KEY = re.compile(r"[A-Za-z0-9]+")


def clean_name(name: str) -> str:
    """Make the name of a corpus valid Unicode without surrounding blanks."""
    clean = name.encode("utf-8", "replace").decode("utf-8").strip()
    if not clean:
        raise DataError("The name of a corpus cannot be blank.")
    return clean


def check_columns(
    columns: Sequence[str], rows: int, text_column: str, label_column: str | None
) -> None:
    """Refuse a frame that is no corpus."""
    if rows == 0:
        raise DataError("There are no rows with text: a corpus needs at least one.")
    if len(set(columns)) < len(columns):
        raise DataError("Two columns have the same name: rename one of them.")
    for column in (text_column, label_column):
        if column is not None and column not in columns:
            raise _no_column(column, columns)


def check_known(info: CorpusInfo, names: Sequence[str]) -> None:
    """Refuse names of columns that the corpus does not have."""
    for name in names:
        if name not in info.columns:
            raise _no_column(name, info.columns)


def _no_column(name: str, columns: Sequence[str]) -> DataError:
    """Say that a column is not there, and which ones are."""
    shown = ", ".join(columns[:10]) + (", ..." if len(columns) > 10 else "")
    return DataError(f"There is no column {name!r}: the columns are {shown}.")


def checked_rows(info: CorpusInfo, rows: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int64]:
    """Refuse row numbers that are not in [0, N)."""
    checked = np.asarray(rows, dtype=np.int64)
    if checked.size and not (0 <= checked.min() and checked.max() < info.rows):
        raise DataError(f"Row numbers of {info.name!r} go from 0 to {info.rows - 1}.")
    return checked


def check_rows(info: CorpusInfo, array: NDArray[Any]) -> None:
    """Refuse an array that does not have one entry per row."""
    if array.ndim not in (1, 2) or len(array) != info.rows:
        raise DataError(
            f"An array of shape {array.shape} does not fit the {info.rows} rows of {info.name!r}."
        )


def check_results(columns: Mapping[str, NDArray[Any]]) -> None:
    """Refuse names and types that are no result columns: our mistake, not a user's."""
    for name, array in columns.items():
        if not _OWN_NAME.fullmatch(name) or array.dtype.kind not in "biuf":
            raise ValueError(f"{name!r} ({array.dtype}) cannot be a result column.")


def checked_vectors(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Refuse what is no matrix of finite numbers."""
    if vectors.ndim != 2 or vectors.shape[1] == 0:
        raise DataError(f"Vectors need the shape (rows, dimensions), not {vectors.shape}.")
    with np.errstate(over="ignore"):  # what overflows becomes infinite and is refused
        values = np.ascontiguousarray(vectors, dtype=np.float32)
    broken = ~np.isfinite(values).all(axis=1)
    if broken.any():
        raise DataError(
            f"{broken.sum()} of {len(values)} vectors hold NaN or infinite numbers (the first in "
            f"row {np.argmax(broken)}): the encoder is broken for these texts, choose another one."
        )
    return values


def vector_column(encoder_key: str) -> str:
    """Name the vector column of an encoder."""
    if not _OWN_KEY.fullmatch(encoder_key):
        raise ValueError(f"{encoder_key!r} is no encoder key: letters and digits only.")
    return f"v_{encoder_key}"


def result_prefix(run_id: str) -> str:
    """Give what the result columns of a run begin with; no prefix begins another one."""
    if not _OWN_KEY.fullmatch(run_id):
        raise ValueError(f"{run_id!r} is no run id: letters and digits only.")
    return f"r_{run_id}_"
