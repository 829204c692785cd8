"""Between a user's columns (pandas) and the columns of a table (Arrow), without loss.

Strings, numbers, truth values, dates and missing cells come back as they went in.
Whatever a table cannot hold as it is (mixed types, lists, numbers beyond 64 bits)
becomes text.
"""

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# dtypes that both sides know; every other column is looked at cell by cell
_KEPT_DTYPE = re.compile(
    r"str|string|bool(ean)?|[uU]?[iI]nt\d+|[fF]loat(16|32|64)|datetime64\[.+\]"
)
_KEPT_OBJECTS = ("string", "boolean", "integer", "floating", "datetime")


def to_arrow(values: "pd.Series") -> tuple["pa.Array", str]:
    """Turn one user column into an Arrow array.

    Args:
        values: A column of any dtype, shape (N,).

    Returns:
        The array, and the dtype that `to_series` needs to bring the column back. In an
        object column, NaN, NaT and pd.NA come back as None.
    """
    import pyarrow as pa

    dtype = str(values.dtype)
    if not _KEPT_DTYPE.fullmatch(dtype):
        return _objects_to_arrow(values), "object"
    array = pa.array(values)
    if dtype in ("str", "string"):
        array = array.cast(pa.string())
    return _whole(array), dtype


def to_series(column: "pa.ChunkedArray", dtype: str) -> "pd.Series":
    """Bring back a user column from what `to_arrow` made of it."""
    import pandas as pd

    if dtype == "object":
        return pd.Series(column.to_pylist(), dtype=object)
    return column.to_pandas(integer_object_nulls=True).astype(dtype)


def fingerprint(array: "pa.Array") -> list[object]:
    """Reduce an array of `to_arrow` to parts for `content_key`: type, missing cells, values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts: list[object] = [str(array.type), pc.is_valid(array).to_numpy(zero_copy_only=False)]
    if pa.types.is_string(array.type):
        texts = array.fill_null("")
        # Lengths and one long string hash much faster than 100,000 strings one by one.
        return [*parts, pc.binary_length(texts).to_numpy(), "".join(texts.to_pylist())]
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.int64())
    elif pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    return [*parts, array.fill_null(0).to_numpy()]


def array_to_arrow(array: NDArray[Any]) -> "pa.Array":
    """Turn an array of shape (N,) or (N, D) into a column of numbers or of D-vectors."""
    import pyarrow as pa

    if array.ndim == 1:
        return pa.array(array)
    flat = pa.array(np.ascontiguousarray(array).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, array.shape[1])


def arrow_to_array(column: "pa.ChunkedArray") -> NDArray[Any]:
    """Bring back the array of `array_to_arrow`, read-only, without a copy where possible."""
    import pyarrow as pa

    array: NDArray[Any]
    if pa.types.is_fixed_size_list(column.type):
        flat = [chunk.flatten().to_numpy() for chunk in column.chunks]
        joined = flat[0] if len(flat) == 1 else np.concatenate(flat)
        array = joined.reshape(-1, column.type.list_size)  # (N, D)
    else:
        array = column.to_numpy()
    array.setflags(write=False)
    return array


def _objects_to_arrow(values: "pd.Series") -> "pa.Array":
    """Keep objects of one simple type as that type, and turn the rest into text."""
    import pandas as pd
    import pyarrow as pa

    cells = [None if _is_missing(cell) else cell for cell in values.astype(object)]
    if pd.api.types.infer_dtype(cells, skipna=True) in _KEPT_OBJECTS:
        try:
            array = pa.array(cells)
        except (pa.ArrowException, OverflowError, UnicodeEncodeError):
            array = None  # a number beyond 64 bits, or half of a surrogate pair
        # Equality catches what Arrow would change silently, such as mixed time zones.
        if array is not None and array.to_pylist() == cells:
            return _whole(array)
    return _whole(pa.array([_as_text(cell) for cell in cells], pa.string()))


def _is_missing(cell: object) -> bool:
    """Tell a missing cell from a value; lists and other odd objects are values."""
    import pandas as pd

    if isinstance(cell, float | np.floating):
        return bool(np.isnan(cell))
    return cell is None or cell is pd.NA or cell is pd.NaT


def _as_text(cell: object) -> str | None:
    """Write a value as valid Unicode text."""
    if cell is None:
        return None
    return str(cell).encode("utf-8", "replace").decode("utf-8")


def _whole(array: "pa.Array | pa.ChunkedArray") -> "pa.Array":
    """Give an array in one piece."""
    import pyarrow as pa

    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
