"""Examples from a labelled corpus: texts of one class are alike, of two classes they are not.

Letters: K classes, n texts of one class.
"""

import random
from collections.abc import Sequence
from math import isqrt
from typing import Literal

import numpy as np

from sbert_core.errors import DataError

from .examples import KIND_WORDS, Examples, counted

LabelledTextKind = Literal["pairs", "triplets", "labelled_pairs"]
LABELLED_TEXT_KINDS: tuple[LabelledTextKind, ...] = ("pairs", "triplets", "labelled_pairs")
_TRIES = 20


def examples_from_labels(
    texts: Sequence[str],
    labels: Sequence[object],
    kind: LabelledTextKind,
    max_examples: int = 10_000,
    seed: int = 0,
) -> Examples:
    """Build examples from a labelled corpus, as many of one class as of another.

    Args:
        texts: Texts; blank ones are passed over, and a text counts once in its class.
        labels: The class of each text; None, NaN and "" stand for no class.
        kind: "pairs" of one class, "triplets" with a negative of another class, or
            "labelled_pairs", as many of one class ("same") as of two ("different").
        max_examples: At most so many. A class with few texts gives fewer than its share, since
            no pair comes twice.
        seed: Decides which are drawn, and their order.

    Raises:
        DataError: Fewer than two classes, no class with two texts, texts and labels of unequal
            number, or another kind.
    """
    if kind not in LABELLED_TEXT_KINDS:
        raise DataError(f"kind={kind!r} should be one of {', '.join(LABELLED_TEXT_KINDS)}.")
    least = 2 if kind == "labelled_pairs" else 1
    if max_examples < least:
        raise DataError(f"max_examples={max_examples} should be {least} or more.")
    classes = _classes(texts, labels)
    rng = random.Random(seed)
    same = _pairs_of_one_class(classes, max_examples // least, rng)
    if kind == "triplets":
        triplets = [(a, b, _other(classes, name, (a, b), rng)) for name, a, b in same]
        rows = [(a, b, negative) for a, b, negative in triplets if negative is not None]
        if not rows:
            raise DataError("Every text occurs in all classes, so there are no negatives.")
        return _told(Examples("triplets", tuple(zip(*rows, strict=True))), classes)
    pairs = [(a, b) for _, a, b in same]
    if kind == "pairs":
        return _told(Examples("pairs", tuple(zip(*pairs, strict=True))), classes)
    different = _pairs_of_two_classes(classes, len(pairs), rng)
    marked = [(*pair, 1) for pair in pairs] + [(*pair, 0) for pair in different]
    rng.shuffle(marked)
    first, second, numbers = zip(*marked, strict=True)
    return _told(
        Examples(
            "labelled_pairs",
            (first, second),
            np.array(numbers, dtype=np.int64),
            ("different", "same"),
        ),
        classes,
    )


def _classes(texts: Sequence[str], labels: Sequence[object]) -> dict[str, list[str]]:
    """Sort the distinct texts by class; refuse what gives no pairs."""
    if len(texts) != len(labels):
        raise DataError(f"{len(texts)} texts and {len(labels)} labels should be equally many.")
    classes: dict[str, dict[str, None]] = {}
    for text, label in zip(texts, labels, strict=True):
        name = "" if label is None or label != label else str(label).strip()
        if name and text.strip():
            classes.setdefault(name, {})[text.strip()] = None
    if len(classes) < 2:
        raise DataError(
            f"The texts have {'only one class' if classes else 'no classes'}, and examples need "
            "two: choose another label column."
        )
    if all(len(members) < 2 for members in classes.values()):
        raise DataError(
            "Every class has one text only, so no two texts are alike: choose a label column "
            "whose values repeat."
        )
    return {name: list(members) for name, members in sorted(classes.items())}


def _told(examples: Examples, classes: dict[str, list[str]]) -> Examples:
    """Say what was built."""
    texts = counted(sum(map(len, classes.values())), "text")
    single = sum(len(members) == 1 for members in classes.values())
    told = examples.saying(
        f"Built {counted(len(examples), KIND_WORDS[examples.kind])} from {texts} in "
        f"{len(classes):,} classes."
    )
    if single:
        told = told.saying(f"{single:,} of the classes have one text only, so it has no partner.")
    return told


def _pairs_of_one_class(
    classes: dict[str, list[str]], most: int, rng: random.Random
) -> list[tuple[str, str, str]]:
    """Draw distinct pairs (class, a, b), as many from each class as it has, in random order."""
    usable = [name for name, members in classes.items() if len(members) > 1]
    rng.shuffle(usable)
    drawn: list[tuple[str, str, str]] = []
    for place, name in enumerate(usable):
        members = classes[name]
        possible = len(members) * (len(members) - 1) // 2
        share = most // len(usable) + (place < most % len(usable))
        for number in rng.sample(range(possible), min(share, possible)):
            ends = list(_pair(number))
            rng.shuffle(ends)
            drawn.append((name, members[ends[0]], members[ends[1]]))
    rng.shuffle(drawn)
    return drawn


def _pair(number: int) -> tuple[int, int]:
    """Give the pair i > j of which i * (i - 1) / 2 + j is the number."""
    larger = (1 + isqrt(1 + 8 * number)) // 2
    return larger, number - larger * (larger - 1) // 2


def _other(
    classes: dict[str, list[str]], name: str, not_these: tuple[str, ...], rng: random.Random
) -> str | None:
    """Draw a text of another class, every class alike; None if none is found."""
    others = [other for other in classes if other != name]
    for _ in range(_TRIES):
        text = rng.choice(classes[rng.choice(others)])
        if text not in not_these:
            return text
    return None


def _pairs_of_two_classes(
    classes: dict[str, list[str]], most: int, rng: random.Random
) -> list[tuple[str, str]]:
    """Draw distinct pairs of texts of two classes."""
    names = list(classes)
    drawn: dict[frozenset[str], tuple[str, str]] = {}
    for place in range(_TRIES * most):  # a pair may be drawn twice, and there may be too few
        name = names[place % len(names)]
        text = rng.choice(classes[name])
        other = _other(classes, name, (text,), rng)
        if other is not None:
            drawn.setdefault(frozenset((text, other)), (text, other))
        if len(drawn) == most:
            break
    return list(drawn.values())
