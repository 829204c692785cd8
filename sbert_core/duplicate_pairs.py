"""What a search for duplicates found, and how it is kept beside the workspace's tables.

Equal texts are put together before anything is compared, so a pair here is a pair of different
texts, each named by its first row. A threshold only filters: nothing is computed again.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .analysis.duplicates import PairList, group_rows
from .analysis.trivial_copies import KINDS, trivial_kind
from .corpus.records import RunRecord
from .errors import WorkspaceError

KEEP = ("longest", "first", "central")

# Place in KINDS of each pair; this for a pair whose words differ.
REAL = -1


@dataclass(frozen=True)
class RowPairs:
    """Pairs of rows, those with equal text among them.

    Attributes:
        a: int64 array of shape (P,), the earlier row of each pair.
        b: int64 array of shape (P,), the later row.
        cosines: float32 array of shape (P,), descending, in [-1, 1]; 1 for equal texts.
        total: How many there are; more than P where only the strongest are listed.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    cosines: NDArray[np.float32]
    total: int


@dataclass(frozen=True)
class Duplicates:
    """All pairs of different texts of a corpus above a floor, under one encoder.

    Attributes:
        run: The run record that repeats it.
        pairs: The pairs, by the first row of each text, strongest first.
        kinds: int8 array of shape (P,): place in `KINDS` of a trivial copy, `REAL` for others.
        place: int32 array of shape (N,): which distinct text each row has.
        first: int32 array of shape (U,): the first row of each distinct text.
    """

    run: RunRecord
    pairs: PairList
    kinds: NDArray[np.int8]
    place: NDArray[np.int32]
    first: NDArray[np.int32]

    @property
    def rows(self) -> int:
        """Rows of the corpus, N."""
        return len(self.place)

    @property
    def floor(self) -> float:
        """Least cosine that was asked for, in [-1, 1]."""
        return float(self.run.parameters["floor"])

    @property
    def copies(self) -> int:
        """Rows whose text stands in an earlier row already."""
        return len(self.place) - len(self.first)

    @property
    def note(self) -> str:
        """One sentence if pairs above the floor had to be left out, else ""."""
        if not self.pairs.capped:
            return ""
        limit = self.run.parameters["max_pairs"]
        if self.pairs.complete_from > 1:
            return f"More than {limit:,} pairs have a cosine of 1.00; the first {limit:,} are kept."
        return (
            f"More than {limit:,} pairs have a cosine of {self.floor:.2f} or more. The strongest "
            f"{limit:,} are kept; they reach down to {self.pairs.complete_from:.3f}."
        )

    def places_at(
        self,
        threshold: float,
        *,
        trivial: bool | None = None,
        doubted: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.intp]:
        """Find the pairs at or above a threshold, as places in `pairs`, strongest first.

        Args:
            threshold: Least cosine.
            trivial: True for trivial copies only, False for the others only, None for both.
            doubted: bool array of shape (P,): pairs to leave out.
        """
        count = self.pairs.count_at(threshold)
        wanted = np.ones(count, bool)
        if trivial is not None:
            wanted &= (self.kinds[:count] != REAL) == trivial
        if doubted is not None:
            wanted &= ~doubted[:count]
        return np.flatnonzero(wanted)

    def groups_at(
        self, threshold: float, doubted: NDArray[np.bool_] | None = None
    ) -> list[NDArray[np.int64]]:
        """Group rows that are joined by pairs above a threshold, directly or through others.

        Rows with equal text are always together.

        Returns:
            Row numbers of each group of two or more, ascending; the largest group first.
        """
        places = self.places_at(threshold, doubted=doubted)
        rows = np.arange(len(self.place), dtype=np.int64)
        own = self.first[self.place]
        copied = own != rows
        a = np.concatenate([self.pairs.a[places], own[copied]])
        b = np.concatenate([self.pairs.b[places], rows[copied]])
        return group_rows(a, b, len(rows))

    def row_pairs(
        self, threshold: float, limit: int, doubted: NDArray[np.bool_] | None = None
    ) -> RowPairs:
        """List every pair of rows above a threshold, also those of copies, strongest first.

        Args:
            threshold: Least cosine.
            limit: Most pairs to list.
            doubted: bool array of shape (P,): pairs to leave out.
        """
        places = self.places_at(threshold, doubted=doubted)
        sizes = self.text_sizes()
        across = sizes[self.place[self.pairs.a[places]]] * sizes[self.place[self.pairs.b[places]]]
        total = int((sizes * (sizes - 1) // 2).sum() + across.sum())
        order = np.argsort(self.place, kind="stable")
        members = np.split(order, np.cumsum(sizes)[:-1])
        copies = _within(members, limit)
        missing = limit - len(copies[0])
        places = places[: int(np.searchsorted(np.cumsum(across), missing)) + 1]
        others = _across(self, places, members, limit)
        a, b = (np.concatenate([copies[i], others[i]]) for i in (0, 1))
        cosines = np.concatenate([copies[2], others[2]])
        # Strongest first; of equals the earliest rows.
        chosen = np.lexsort((b, a, -cosines))[:limit]
        return RowPairs(a[chosen], b[chosen], cosines[chosen].astype(np.float32), total)

    def text_sizes(self) -> NDArray[np.int64]:
        """Count the rows of each distinct text: int64 (U,)."""
        return np.bincount(self.place, minlength=len(self.first)).astype(np.int64)


_Three = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]


def _within(members: Sequence[NDArray[np.int64]], limit: int) -> _Three:
    """Pairs of rows with equal text, by their first row; `limit` of them at most."""
    a: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    b: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    left = limit
    for rows in members:
        for i in range(len(rows) - 1):
            if left <= 0:
                break
            later = rows[i + 1 : i + 1 + left]
            a.append(np.full(len(later), rows[i]))
            b.append(later)
            left -= len(later)
    first, second = np.concatenate(a), np.concatenate(b)
    return first, second, np.ones(len(first), np.float32)


def _across(
    found: Duplicates, places: NDArray[np.intp], members: Sequence[NDArray[np.int64]], limit: int
) -> _Three:
    """Pairs of rows of different texts: every copy of one with every copy of the other.

    Of any two texts at most `limit` pairs: with 20,000 copies each they have 400 million.
    """
    left, right = found.place[found.pairs.a[places]], found.place[found.pairs.b[places]]
    none = np.empty(0, np.int64)
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = [(none, none)]
    for u, v in zip(left.tolist(), right.tolist(), strict=True):
        parts.append(_product(members[u], members[v], limit))
    counts = np.array([len(a) for a, _ in parts[1:]], np.int64)
    a, b = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    return a, b, np.repeat(found.pairs.cosines[places], counts)


def _product(
    u: NDArray[np.int64], v: NDArray[np.int64], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first `limit` pairs of a row in `u` and one in `v`, by the earlier row of each pair."""
    if len(u) * len(v) <= limit:
        i, j = (rows.ravel() for rows in np.meshgrid(u, v, indexing="ij"))
        return np.minimum(i, j), np.maximum(i, j)
    a: list[NDArray[np.int64]] = []
    b: list[NDArray[np.int64]] = []
    partners = dict.fromkeys(u.tolist(), v) | dict.fromkeys(v.tolist(), u)
    left = limit
    for row in sorted(partners):
        others = partners[row]
        later = others[np.searchsorted(others, row) :][:left]
        a.append(np.full(len(later), row))
        b.append(later)
        left -= len(later)
        if left == 0:
            break
    return np.concatenate(a), np.concatenate(b)


def kinds_of(pairs: PairList, texts: Sequence[str]) -> NDArray[np.int8]:
    """Say of each pair whether it is a trivial copy, and of what kind."""
    number: Mapping[str, int] = {kind: i for i, kind in enumerate(KINDS)}
    return np.fromiter(
        (
            REAL if (kind := trivial_kind(texts[a], texts[b])) is None else number[kind]
            for a, b in zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)
        ),
        dtype=np.int8,
        count=len(pairs),
    )


def distinct_texts(texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Find the texts that differ.

    Returns:
        Which distinct text each row has, int32 (N,), and the first row of each, int32 (U,).
    """
    seen: dict[str, int] = {}
    place = np.array([seen.setdefault(text, len(seen)) for text in texts], np.int32)
    first = np.full(len(seen), len(texts), np.int32)
    np.minimum.at(first, place, np.arange(len(texts), dtype=np.int32))
    return place, first


# --- files ------------------------------------------------------------------------------------


def write_arrays(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays to one file, which appears whole or not at all.

    Raises:
        WorkspaceError: The disk is full, or the folder cannot be written.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise WorkspaceError(
            f"The pairs cannot be kept in {path.parent} ({error.strerror}). Free some space."
        ) from error


def read_duplicates(path: Path, run: RunRecord) -> Duplicates | None:
    """Read what was kept of a run; None if its file is gone."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as stored:
        pairs = PairList(
            stored["a"],
            stored["b"],
            stored["cosines"],
            run.result["complete_from"],
            run.result["capped"],
        )
        return Duplicates(run, pairs, stored["kinds"], stored["place"], stored["first"])
