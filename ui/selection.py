"""What a person has picked on a map, as row numbers."""

from collections.abc import Mapping
from typing import Any


def selected_rows(event: Mapping[str, Any] | None) -> list[int]:
    """Return the rows that a chart selection holds, sorted, each once.

    Points carry their row number in `customdata`: a point's own index counts within its trace
    and says nothing about the row.

    Args:
        event: What `st.plotly_chart(on_select=…)` returns, or None.
    """
    if not event:
        return []
    points = (event.get("selection") or {}).get("points") or []
    return sorted({row for row in map(_row_of, points) if row is not None})


def _row_of(point: Mapping[str, Any]) -> int | None:
    """The row of one point; None for marks that are not rows, such as a placed sentence."""
    data = point.get("customdata")
    if isinstance(data, list | tuple):
        data = data[0] if data else None
    return int(data) if isinstance(data, int | float) and data >= 0 else None
