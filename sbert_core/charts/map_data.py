"""What a map is drawn from: plain arrays and texts, checked here once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .palette import MAX_STYLES


@dataclass(frozen=True, eq=False)
class Groups:
    """Colour by group: clusters, a label column, or any column with few different values.

    Attributes:
        labels: int array (N,), values in [0, K); -1 for a row without a group.
        names: K names, as the user wrote them; they are shortened and escaped when drawn.
        title: What the groups are, such as "Groups of similar sentences".
        rest: What to call the rows without a group.
    """

    labels: NDArray[np.integer]
    names: Sequence[str]
    title: str = "Groups"
    rest: str = "no group"

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        if labels.size and not -1 <= labels.min() <= labels.max() < len(self.names):
            found = f"labels from {labels.min()} to {labels.max()}"
            raise ValueError(f"{found} should lie in [-1, {len(self.names)}).")

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Members of each group: int64 (K,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.names))

    @property
    def styled(self) -> NDArray[np.int64]:
        """The groups that get a look of their own, ascending: the largest `MAX_STYLES` of them.

        A group's place in this array is the number of its style; up to `MAX_STYLES` groups that
        is the group's own number, so colours stay when the map changes.
        """
        return np.sort(np.argsort(-self.sizes, kind="stable")[:MAX_STYLES])


@dataclass(frozen=True, eq=False)
class Values:
    """Colour by a number per row.

    Attributes:
        numbers: float array (N,); NaN and infinity are drawn in grey.
        title: What the numbers are, with their unit.
    """

    numbers: NDArray[np.floating]
    title: str


Colouring: TypeAlias = Groups | Values


@dataclass(frozen=True, eq=False)
class MapData:
    """One point per sentence.

    Attributes:
        coordinates: float32 array (N, 2) or (N, 3), N >= 1.
        rows: int array (N,): row ids that come back with a selection.
        texts: N sentences, as the user wrote them; they are shortened and escaped when drawn.
        colouring: Groups, values, or None for one colour.
    """

    coordinates: NDArray[np.float32]
    rows: NDArray[np.integer]
    texts: Sequence[str]
    colouring: Colouring | None = None

    def __post_init__(self) -> None:
        shape = self.coordinates.shape
        if len(shape) != 2 or shape[0] < 1 or shape[1] not in (2, 3):
            raise ValueError(f"coordinates have shape {shape}; they should be (N, 2) or (N, 3).")
        lengths = {"rows": len(self.rows), "texts": len(self.texts)}
        if isinstance(self.colouring, Groups):
            lengths["labels"] = len(self.colouring.labels)
        elif isinstance(self.colouring, Values):
            lengths["numbers"] = len(self.colouring.numbers)
        for name, length in lengths.items():
            if length != shape[0]:
                raise ValueError(f"{name} has {length} items; there are {shape[0]} points.")

    @property
    def dims(self) -> int:
        """2 or 3."""
        return int(self.coordinates.shape[1])


@dataclass(frozen=True, eq=False)
class PlacedSentence:
    """A sentence typed by the user, at its place on an existing map.

    Attributes:
        text: As typed.
        position: Map coordinates, (2,) or (3,) like the map.
    """

    text: str
    position: NDArray[np.floating]
