"""From a column of any kind to the colours of a map."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sbert_core.charts.map_data import Colouring, Groups, Values

# More categories than this cannot be told apart; the rarer ones share a colour.
MOST_CATEGORIES = 60
# A column of numbers with this few different values reads better as categories (1 to 5 stars).
FEW_NUMBERS = 12


def colouring_of(values: Sequence[Any], title: str) -> Colouring:
    """Choose how a column colours points: a scale for numbers, else one colour per value.

    Args:
        values: One value per row; None, NaN and blanks are rows without a value.
        title: Name of the column.
    """
    import pandas as pd

    column = pd.Series(values)
    if pd.api.types.is_bool_dtype(column):
        column = column.map({True: "yes", False: "no"})
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > FEW_NUMBERS:
        return Values(column.to_numpy(dtype=np.float32, na_value=np.nan), title)
    words = column.map(_in_words)
    counts = words[words != ""].value_counts(sort=True)
    names = counts.index[:MOST_CATEGORIES].tolist()
    number = {name: i for i, name in enumerate(names)}
    other = len(names)
    labels = [number.get(word, other) if word else -1 for word in words]
    if len(counts) > len(names):
        names.append(f"{len(counts) - other:,} rarer values")
    return Groups(np.array(labels, dtype=np.int32), names, title)


def _in_words(value: Any) -> str:
    """A cell as the name of a category; "" where there is none."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
