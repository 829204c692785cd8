"""Held-out examples as graded pairs, so that every objective has a Spearman to watch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import DataError

from .example_conversions import label_meanings
from .examples import Examples

_NEITHER = 0.5


def graded_pairs(examples: Examples) -> tuple[list[str], list[str], NDArray[np.float64]]:
    """Turn examples into pairs with a grade.

    Scored pairs have theirs. A label counts by how much it says "the same". Of pairs and
    triplets, what belongs together has 1; what does not has 0: the negative of a triplet, or the
    positive of the next pair.

    Returns:
        N first sentences, N second sentences, and float64 (N,) in [0, 1].

    Raises:
        DataError: They are single sentences, or their labels do not say which are the same.
    """
    if examples.kind == "sentences":
        raise DataError("Sentences without scores cannot say how good an encoder is.")
    first, second = (list(column) for column in examples.columns[:2])
    if examples.kind == "scored_pairs":
        assert examples.labels is not None
        return first, second, examples.labels.astype(np.float64)
    if examples.kind == "labelled_pairs":
        return first, second, label_sameness(examples.label_names)[examples.labels]
    other = list(examples.columns[2]) if len(examples.columns) == 3 else second[1:] + second[:1]
    return first * 2, second + other, np.repeat([1.0, 0.0], len(first))


def label_sameness(names: Sequence[str]) -> NDArray[np.float64]:
    """Say how much each label means "the same": float64 (L,) in [0, 1].

    Entailment, "same", "1" and the like have 1, contradiction, "different" and "0" have 0, and
    neutral 0.5.

    Raises:
        DataError: The names do not say which it is.
    """
    same, different = label_meanings(names, "nli")
    sameness = np.full(len(names), _NEITHER)
    sameness[same], sameness[different] = 1.0, 0.0
    return sameness
