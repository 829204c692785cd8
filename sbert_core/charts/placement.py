"""Where the names of groups go on a map: in the densest part of each group, none upon another.

Pure geometry on arrays; knows nothing of Plotly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_GRID = 24
# Pixels of empty map beyond the outermost points.
_RIM = 20.0
# Where a name may move when its place is taken, in label widths and heights.
_SHIFTS = (
    (0.0, 0.0),
    (0.0, 1.05),
    (0.0, -1.05),
    (0.55, 0.6),
    (-0.55, 0.6),
    (0.55, -0.6),
    (-0.55, -0.6),
)


@dataclass(frozen=True)
class Frame:
    """The part of the screen a map fills.

    Attributes:
        width: Pixels; an estimate, because the page decides.
        height: Pixels.
        low: Lower corner in map units, (2,).
        high: Upper corner in map units, (2,).
    """

    width: float
    height: float
    low: NDArray[np.floating]
    high: NDArray[np.floating]

    def pixels(self, point: NDArray[np.floating]) -> tuple[float, float]:
        """Return a place in pixels right and up; one scale, because a map keeps its proportions."""
        span = np.maximum(self.high - self.low, 1e-9)
        scale = min(self.width / span[0], self.height / span[1])
        x, y = (float(value) for value in (point - self.low) * scale)
        return x, y

    def inward(self, x: float, width: float) -> float:
        """Return how far a name of this width, centred at x, must move not to be cut off."""
        inner = max(width / 2 - _RIM, 0.0)
        edge = self.pixels(self.high)[0]
        return min(max(x, inner), max(edge - inner, inner)) - x


@dataclass(frozen=True)
class Box:
    """A rectangle on the screen, in pixels; y grows upwards."""

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> "Box":
        """Return the box of this size whose centre is (x, y)."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share more than an edge."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top


@dataclass(frozen=True)
class Spot:
    """Name `index` fits when moved by `shift` pixels (right, up) from its centre."""

    index: int
    shift: tuple[float, float]


def dense_centres(
    coordinates: NDArray[np.floating], labels: NDArray[np.integer], groups: Sequence[int]
) -> NDArray[np.float64]:
    """Return for each group a point where many of its members are.

    A mean can fall into a hole, and a median between two islands. So: count the members in the
    cells of a coarse grid, find the cell that has most of them in and around it, and return the
    median of those.

    Args:
        coordinates: float array (N, d), d = 2 or 3.
        labels: int array (N,).
        groups: G labels to find a centre for, each with at least one member.

    Returns:
        float64 array (G, d).
    """
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    steps = np.maximum(high - low, 1e-9) / (_GRID - 1e-3)
    cells = np.floor((coordinates - low) / steps).astype(np.int64)  # (N, d), values in [0, _GRID)
    centres = np.empty((len(groups), coordinates.shape[1]))
    for place, group in enumerate(groups):
        members = np.flatnonzero(labels == group)
        dense = _densest(cells[members])
        centres[place] = np.median(coordinates[members[dense]], axis=0)
    return centres


def _densest(cells: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Mark the members within one cell of the occupied cell with most members around it."""
    dims = cells.shape[1]
    grid = np.zeros((_GRID + 2,) * dims, dtype=np.int64)  # an empty rim on every side
    np.add.at(grid, tuple(cells.T + 1), 1)
    windows = np.lib.stride_tricks.sliding_window_view(grid, (3,) * dims)
    around = windows.sum(axis=tuple(range(dims, 2 * dims)))  # (_GRID,) * d
    occupied = grid[(slice(1, -1),) * dims] > 0
    best = np.unravel_index(np.argmax(around * occupied), around.shape)
    return np.abs(cells - np.array(best)).max(axis=1) <= 1


def place_names(
    centres: NDArray[np.floating],
    extents: Sequence[tuple[float, float]],
    frame: Frame,
    taken: Sequence[Box] = (),
) -> list[Spot]:
    """Find a place for as many names as fit, the first ones first.

    A name whose place is taken moves by about its own size; when every such place is taken too it
    is left out (the hover card and the legend still tell it).

    Args:
        centres: float array (G, 2), map units, the most important first.
        extents: Width and height of each name in pixels, G of them.
        frame: The screen area.
        taken: Boxes that no name may cover.
    """
    boxes = list(taken)
    spots = []
    for index, (centre, (width, height)) in enumerate(zip(centres, extents, strict=True)):
        x, y = frame.pixels(centre)
        for right, up in _SHIFTS:
            across = right * width
            across += frame.inward(x + across, width)
            box = Box.around(x + across, y + up * height, width, height)
            if not any(box.overlaps(other) for other in boxes):
                boxes.append(box)
                spots.append(Spot(index, (across, up * height)))
                break
    return spots
