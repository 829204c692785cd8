"""Zero-shot: sort rows under names that a person types, without a single example.

    N  rows      D  dimensions      K  labels

The encoder embeds each name, put into a sentence such as "This text is about refunds.", and every
row goes to the name with the largest cosine (Yin, Hay & Roth 2019, "Benchmarking Zero-shot Text
Classification", compare this with entailment models).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .vectors import require, unit_rows

SLOT = "{}"
TEMPLATE = "This text is about {}."
MOST_LABELS = 500
_BLOCK_ROWS = 8192


@dataclass(frozen=True)
class ZeroShotScores:
    """Where each row belongs, and how clearly.

    Attributes:
        labels: int32 array of shape (N,), the best label of each row, in [0, K).
        scores: float32 array of shape (N,), cosine to the best label, in [-1, 1].
        margins: float32 array of shape (N,), that cosine minus the second best, in [0, 2]: near 0
            is a row that could as well be the other.
    """

    labels: NDArray[np.int32]
    scores: NDArray[np.float32]
    margins: NDArray[np.float32]


def label_names(names: Sequence[str]) -> tuple[str, ...]:
    """Check the names of labels and trim them.

    Args:
        names: As typed.

    Returns:
        The names without surrounding space, in their order.

    Raises:
        DataError: A name is empty, two are the same, or there are fewer than two or too many.
    """
    found = tuple(" ".join(name.split()) for name in names)
    require(all(found), "A label has no name: give each label at least one character.")
    require(
        len(found) >= 2,
        f"There {'is 1 label' if found else 'are no labels'}: give at least two to choose between.",
    )
    require(
        len(found) <= MOST_LABELS,
        f"There are {len(found):,} labels, and at most {MOST_LABELS} can be told apart: take fewer "
        "or broader ones.",
    )
    seen: set[str] = set()
    for name in found:
        require(
            name.casefold() not in seen,
            f"The label “{name}” is there twice: name each label once.",
        )
        seen.add(name.casefold())
    return found


def prompts(names: Sequence[str], template: str = TEMPLATE) -> list[str]:
    """Put each name into the template.

    Args:
        names: Names of labels.
        template: A sentence with `{}` where the name goes; "" or blank takes the bare names.

    Raises:
        DataError: The template has no place for the name.
    """
    if not template.strip():
        return list(names)
    require(
        SLOT in template,
        f"The template “{template.strip()}” has no {SLOT}: write {SLOT} where the label goes, or "
        "leave the template empty.",
    )
    return [template.strip().replace(SLOT, name) for name in names]


def zero_shot(
    embeddings: NDArray[np.floating], label_vectors: NDArray[np.floating]
) -> ZeroShotScores:
    """Give every row the label with the largest cosine; of equal ones, the first.

    Args:
        embeddings: Matrix of shape (N, D).
        label_vectors: Matrix of shape (K, D), K >= 2: the embedded names.

    Raises:
        DataError: A matrix is malformed, or K is less than 2.
    """
    rows, targets = unit_rows(embeddings), unit_rows(label_vectors, "label_vectors")
    require(len(targets) >= 2, f"{len(targets)} label should be at least 2.")
    found = ZeroShotScores(
        np.empty(len(rows), np.int32),
        np.empty(len(rows), np.float32),
        np.empty(len(rows), np.float32),
    )
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        cosines = np.clip(rows[block] @ targets.T, -1.0, 1.0)  # (B, K)
        best = cosines.argmax(axis=1)
        two = -np.partition(-cosines, 1, axis=1)[:, :2]  # (B, 2), largest first
        found.labels[block] = best
        found.scores[block] = two[:, 0]
        found.margins[block] = two[:, 0] - two[:, 1]
    return found


def least_certain(margins: NDArray[np.floating], count: int) -> NDArray[np.int64]:
    """Return the rows with the smallest margins, the smallest first: int64 (min(count, N),)."""
    return np.argsort(margins, kind="stable")[:count]
