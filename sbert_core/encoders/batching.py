"""Batching: which texts go through the backbone together.

Three ideas make encoding fast without changing any result.

    duplicates     a text that occurs often is encoded once
    sorting        texts of like length share a batch, so that little of it is padding
                   ("smart batching": +89 % speed on a CPU in Reimers & Gurevych 2019, table 7)
    token budget   a batch holds about as many tokens whether its texts are short or long, so
                   that each batch takes about as long: progress is even and Cancel is felt soon

Letters: N texts, B texts in a batch, T tokens of the longest of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DistinctTexts:
    """The distinct texts of a list, and the way back.

    Attributes:
        texts: Each distinct text once, in order of first occurrence.
        place: Integer (N,): the i-th text of the list is `texts[place[i]]`.
    """

    texts: list[str]
    place: NDArray[np.intp]


def distinct_texts(texts: Sequence[str]) -> DistinctTexts:
    """Find the distinct texts; only exact duplicates count as the same."""
    first_seen: dict[str, int] = {}
    place = [first_seen.setdefault(text, len(first_seen)) for text in texts]
    return DistinctTexts(list(first_seen), np.array(place, dtype=np.intp))


def text_chunks(texts: Sequence[str], max_texts: int, max_characters: int) -> Iterator[slice]:
    """Cut a list into runs small enough for a tokenizer to finish in a moment.

    Args:
        texts: The texts.
        max_texts: Texts in a run at most.
        max_characters: Characters in a run at most; one longer text makes a run of its own.
    """
    start, characters = 0, 0
    for end, text in enumerate(texts):
        if end > start and (end - start == max_texts or characters + len(text) > max_characters):
            yield slice(start, end)
            start, characters = end, 0
        characters += len(text)
    if texts:
        yield slice(start, len(texts))


def token_budget_batches(lengths: NDArray[np.int32], budget: int) -> Iterator[NDArray[np.intp]]:
    """Group texts of like length so that no batch, padding included, exceeds a token budget.

    The longest go first: what would not fit into memory fails at once, and the time left that
    is estimated from the first batches only ever turns out too long.

    Args:
        lengths: int32 (N,), tokens of each text.
        budget: Tokens in a batch at most, B * T. Larger is faster up to a point, and makes
            batches that take longer each. A single text above it makes a batch of its own.

    Yields:
        Integer (B,), the places of a batch's texts; every place occurs in one batch.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        longest = max(1, int(lengths[order[start]]))
        stop = start + max(1, budget // longest)
        yield order[start:stop]
        start = stop


def pad_rows(rows: Sequence[NDArray[np.int32]], fill: int) -> NDArray[np.int64]:
    """Lay rows of unequal length side by side.

    Args:
        rows: B integer arrays.
        fill: What stands where a row has ended.

    Returns:
        int64 (B, T); T is at least 1, so that a batch of empty rows has a shape.
    """
    width = max(1, max(map(len, rows)))
    padded = np.full((len(rows), width), fill, dtype=np.int64)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded
