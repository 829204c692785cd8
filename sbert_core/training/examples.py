"""Training examples: what an objective learns from, split and drawn without leaks.

    sentences       (text,)                       nothing else is known
    pairs           (anchor, positive)            they mean the same
    scored_pairs    (a, b), a score in [0, 1]     how alike they are
    labelled_pairs  (a, b), a label               entailment, duplicate, ...
    triplets        (anchor, positive, negative)  the first is nearer than the second

Nothing here reads a file: that is `example_files`. Letters: N examples.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbert_core.errors import DataError

ExampleKind = Literal["sentences", "pairs", "scored_pairs", "labelled_pairs", "triplets"]

# What each objective learns from; the first kind is the natural one.
NEEDS: Mapping[str, tuple[ExampleKind, ...]] = {
    "nli": ("labelled_pairs",),
    "sts": ("scored_pairs",),
    "triplet": ("triplets",),
    "contrastive": ("labelled_pairs",),
    "mnrl": ("pairs", "triplets"),
    "simcse": ("sentences",),
    "distill": ("sentences",),
    "cross": ("scored_pairs", "labelled_pairs"),
}
KIND_WORDS: Mapping[ExampleKind, str] = {
    "sentences": "sentence",
    "pairs": "pair",
    "scored_pairs": "scored pair",
    "labelled_pairs": "labelled pair",
    "triplets": "triplet",
}
_ROLES: Mapping[ExampleKind, int] = {
    "sentences": 1,
    "pairs": 2,
    "scored_pairs": 2,
    "labelled_pairs": 2,
    "triplets": 3,
}
_ENOUGH = 0.5  # of the wanted size: a smaller dev set is no dev set


@dataclass(frozen=True, eq=False)
class Examples:
    """Training examples of one kind.

    Attributes:
        kind: What they are.
        columns: One tuple of N texts per role, in the order of the module's table.
        labels: scored_pairs: float32 (N,) in [0, 1]; labelled_pairs: int64 (N,), places in
            `label_names`; else None.
        label_names: Names of the labels of labelled_pairs, else ().
        found: Sentences for a person about what was read, dropped and converted.
    """

    kind: ExampleKind
    columns: tuple[tuple[str, ...], ...]
    labels: NDArray[Any] | None = None
    label_names: tuple[str, ...] = ()
    found: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that columns and labels belong together.

        Raises:
            DataError: They do not.
        """
        if self.kind not in _ROLES:
            raise DataError(f"kind={self.kind!r} should be one of {', '.join(_ROLES)}.")
        if len(self.columns) != _ROLES[self.kind] or len({len(c) for c in self.columns}) != 1:
            sizes = [len(column) for column in self.columns]
            raise DataError(
                f"{self.kind} should have {_ROLES[self.kind]} columns of one length, not {sizes}."
            )
        if (self.labels is not None) != (self.kind in ("scored_pairs", "labelled_pairs")):
            raise DataError(f"{self.kind} should have labels if scored or labelled, else none.")
        if self.labels is not None:
            self._check_labels(self.labels)

    def _check_labels(self, labels: NDArray[Any]) -> None:
        """Refuse labels of another type, length or range."""
        scored = self.kind == "scored_pairs"
        wanted = np.float32 if scored else np.int64
        top = 1 if scored else len(self.label_names) - 1
        if labels.shape != (len(self),) or labels.dtype != wanted:
            raise DataError(
                f"labels are {labels.dtype} {labels.shape} and should be {np.dtype(wanted)} "
                f"({len(self)},)."
            )
        if len(labels) and not (labels.min() >= 0 and labels.max() <= top):  # NaN fails, too
            raise DataError(f"labels of {self.kind} should be between 0 and {top}.")

    def __len__(self) -> int:
        """Count the examples, N."""
        return len(self.columns[0])

    def take(self, places: ArrayLike) -> "Examples":
        """Give some of the examples, in the order asked for.

        Args:
            places: Integers in [0, N), each as often as it is wanted.
        """
        chosen = np.asarray(places, dtype=np.int64).reshape(-1)
        columns = tuple(tuple(column[place] for place in chosen) for column in self.columns)
        labels = None if self.labels is None else self.labels[chosen]
        return replace(self, columns=columns, labels=labels)

    def saying(self, *found: str) -> "Examples":
        """Give the same examples with more to tell about them."""
        return replace(self, found=(*self.found, *found))


def needs(objective: str) -> tuple[ExampleKind, ...]:
    """Look up the kinds of examples that an objective learns from, the natural one first.

    Raises:
        DataError: There is no such objective.
    """
    if objective not in NEEDS:
        raise DataError(f"objective={objective!r} should be one of {', '.join(NEEDS)}.")
    return NEEDS[objective]


def counted(number: int, thing: str) -> str:
    """Say how many: "1 pair", "5,749 pairs"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def same_text_key(text: str) -> str:
    """Reduce a text to its letters and digits, case folded, so that near copies are equal.

    A text that has neither letters nor digits stays as it is.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, folded)) or text


def split(
    examples: Examples, dev_fraction: float, test_fraction: float, seed: int
) -> tuple[Examples, Examples, Examples]:
    """Split into training, dev and test examples; the same seed gives the same split.

    Examples that share a sentence, also by way of others, stay on one side, or else the model
    would be tested on what it has learned. If so many hang together that no dev or test set
    of half the wanted size can be had, the split is plain chance, and `found` says so.

    Args:
        examples: N examples.
        dev_fraction: Share of the dev set, in [0, 1); above 0 it has at least one example.
        test_fraction: Likewise, of the test set.
        seed: Decides the split.

    Returns:
        Training, dev and test examples; with a fraction of 0 that part is empty.

    Raises:
        DataError: A fraction is out of range, or nothing would be left to train on.
    """
    if not (0 <= dev_fraction < 1 and 0 <= test_fraction < 1 and dev_fraction + test_fraction < 1):
        raise DataError(
            f"dev_fraction={dev_fraction} and test_fraction={test_fraction} should be 0 or more "
            "and add up to less than 1."
        )
    wanted = [max(1, round(f * len(examples))) if f else 0 for f in (dev_fraction, test_fraction)]
    if sum(wanted) >= len(examples):
        raise DataError(f"{counted(len(examples), 'example')} cannot be split: give more of them.")
    rng = np.random.default_rng(seed)
    sides = _sides_without_leaks(_groups(examples), wanted, rng)
    how = "no sentence is in two of them"
    if sides is None:
        how = (
            "so many examples hang together through shared sentences that they were split at "
            "random, and some sentences are in more than one part"
        )
        sides = np.zeros(len(examples), dtype=np.int64)
        order = rng.permutation(len(examples))
        sides[order[: wanted[0]]] = 1
        sides[order[wanted[0] : sum(wanted)]] = 2
    sizes = np.bincount(sides, minlength=3)
    said = f"Split into {sizes[0]:,} for training, {sizes[1]:,} for dev, {sizes[2]:,} for test: "
    told = examples.saying(f"{said}{how}.")
    train, dev, test = (told.take(np.flatnonzero(sides == side)) for side in range(3))
    return train, dev, test


def without_overlap(examples: Examples, held_out: Iterable[tuple[str, str]]) -> Examples:
    """Leave out the examples whose pair of sentences is one to be tested on.

    Pairs are compared in either order, without case, spaces and punctuation. Of a triplet,
    (anchor, positive) and (anchor, negative) are compared; single sentences are no pairs, so
    they all stay.

    Args:
        examples: N examples.
        held_out: Pairs of sentences.

    Returns:
        The other examples; `found` says how many were left out.
    """
    if examples.kind == "sentences":
        return examples.saying("Single sentences are no pairs: none was left out as held out.")
    held = {frozenset((same_text_key(a), same_text_key(b))) for a, b in held_out}
    anchors = [same_text_key(text) for text in examples.columns[0]]
    stay = np.ones(len(examples), dtype=bool)
    for column in examples.columns[1:]:
        for place, (anchor, text) in enumerate(zip(anchors, column, strict=True)):
            stay[place] &= frozenset((anchor, same_text_key(text))) not in held
    dropped = counted(int((~stay).sum()), "example")
    return examples.take(np.flatnonzero(stay)).saying(
        f"{dropped} left out because the pair is held out for testing."
    )


def _groups(examples: Examples) -> NDArray[np.int64]:
    """Number the examples so that those joined by a shared sentence have one number: (N,)."""
    parents: list[int] = []
    numbers: dict[str, int] = {}

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    firsts = []
    for texts in zip(*examples.columns, strict=True):
        places = []
        for text in texts:
            number = numbers.setdefault(same_text_key(text), len(parents))
            if number == len(parents):
                parents.append(number)
            places.append(number)
        for place in places[1:]:
            parents[root(place)] = root(places[0])
        firsts.append(places[0])
    roots = np.array([root(first) for first in firsts], dtype=np.int64)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def _sides_without_leaks(
    groups: NDArray[np.int64], wanted: Sequence[int], rng: np.random.Generator
) -> NDArray[np.int64] | None:
    """Fill dev (1) and test (2) with whole groups, the rest is 0: (N,); None if that fails."""
    sizes = np.bincount(groups)
    order = rng.permutation(len(sizes))
    sides = np.zeros(len(sizes), dtype=np.int64)
    for side, most in enumerate(wanted, start=1):
        filled = 0
        for group in order:
            if filled == most:
                break
            if sides[group] == 0 and filled + sizes[group] <= most:
                sides[group] = side
                filled += int(sizes[group])
        if filled < _ENOUGH * most:
            return None
    return sides[groups]
