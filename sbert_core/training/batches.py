"""Batches for training: examples in tokens, those of like length together.

Letters: N examples, R roles (columns) of an example, B examples in a batch, T tokens of the
longest text of a column.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from sbert_core.encoders.batching import pad_rows
from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.encoders.tokenizer import SentenceTokenizer, TokenRows

from .examples import Examples
from .objective_base import Batch, Tokens

_SORT_WINDOW = 16  # batches at most among which examples are sorted by length
_LEAST_WINDOWS = 4  # with one alone, every epoch would have the same batches


class Batches(Protocol):
    """What the trainer asks of its examples."""

    lengths: NDArray[np.int32]  # (N,), tokens of each example, for sorting
    sentences: int  # texts in an example

    def batch(self, places: NDArray[np.intp], device: torch.device) -> Batch:
        """Put some examples together."""


class SiameseBatches:
    """Examples whose texts each go through the encoder alone.

    Args:
        tokenizer: The encoder's.
        examples: The examples.
        targets: float32 (N, D_teacher), the teacher's vectors, for `distill` only.
    """

    def __init__(
        self,
        tokenizer: SentenceTokenizer,
        examples: Examples,
        targets: NDArray[np.float32] | None = None,
    ) -> None:
        self._columns = [tokenizer.rows(column) for column in examples.columns]
        self._pad_id = tokenizer.pad_id
        self._labels = examples.labels if targets is None else targets
        self._text_ids = _text_ids(examples.columns)
        self.sentences = len(self._columns)
        self.lengths = np.sum([_lengths(column) for column in self._columns], axis=0, dtype="int32")

    def batch(self, places: NDArray[np.intp], device: torch.device) -> Batch:
        """Put some examples together: columns of (B, T), T of each column its own."""
        columns = tuple(
            padded_tokens(column, places, self._pad_id, device) for column in self._columns
        )
        labels = None
        if self._labels is not None:
            labels = torch.from_numpy(np.asarray(self._labels[places])).to(device)
        return Batch(columns, labels, torch.from_numpy(self._text_ids[places]).to(device))


class PairBatches:
    """Examples whose two texts go through a cross-encoder together.

    Args:
        encoder: The cross-encoder, for its tokenizer.
        examples: Scored or labelled pairs.
    """

    sentences = 2

    def __init__(self, encoder: CrossEncoder, examples: Examples) -> None:
        first, second = examples.columns
        self._rows = encoder.rows(list(zip(first, second, strict=True)))
        self._pad_id = encoder.pad_id
        self._labels = examples.labels
        self.lengths = np.fromiter(map(len, self._rows.ids), "int32", count=len(examples))

    def batch(self, places: NDArray[np.intp], device: torch.device) -> Batch:
        """Put some examples together: one column (B, T) of whole pairs."""
        rows = TokenRows(self._rows.ids, self._rows.special)
        tokens = padded_tokens(rows, places, self._pad_id, device)
        types = pad_rows([self._rows.types[place] for place in places], 0)
        tokens = replace(tokens, token_type_ids=torch.from_numpy(types).to(device))
        labels = None
        if self._labels is not None:
            labels = torch.from_numpy(np.asarray(self._labels[places])).to(device)
        return Batch((tokens,), labels, torch.from_numpy(places[:, None]).to(device))


def padded_tokens(
    rows: TokenRows, places: NDArray[np.intp], pad_id: int, device: torch.device
) -> Tokens:
    """Lay tokenised texts side by side: three tensors int64 (B, T)."""
    ids = [rows.ids[place] for place in places]
    special = [rows.special[place] for place in places]
    real = [np.ones_like(row) for row in ids]
    return Tokens(
        *(
            torch.from_numpy(pad_rows(part, fill)).to(device)
            for part, fill in ((ids, pad_id), (real, 0), (special, 0))
        )
    )


def bucketed_batches(
    lengths: NDArray[np.int32], batch_size: int, seed: int, epoch: int
) -> list[NDArray[np.intp]]:
    """Put every example into one batch, with others of like length, in an order of chance.

    Sorting happens inside windows of several batches: little padding, and yet other company in
    every epoch ("smart batching", Reimers & Gurevych 2019, section 7).

    Args:
        lengths: int32 (N,), tokens of each example.
        batch_size: Examples in a batch, B; the last batch of the epoch may be smaller.
        seed: With `epoch`, decides the order: the same batches come again after a restart.
        epoch: Passes already made.

    Returns:
        The places of each batch's examples, each integer (B,).
    """
    rng = np.random.default_rng((seed, epoch))
    order = rng.permutation(len(lengths))
    each = min(_SORT_WINDOW, len(order) // (_LEAST_WINDOWS * batch_size))
    window = max(1, each) * batch_size
    batches: list[NDArray[np.intp]] = []
    for first in range(0, len(order), window):
        part = order[first : first + window]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += [part[start : start + batch_size] for start in range(0, len(part), batch_size)]
    return [batches[place] for place in rng.permutation(len(batches))]


def _lengths(rows: TokenRows) -> NDArray[np.int32]:
    """Tokens of each text of a column: int32 (N,)."""
    return np.fromiter(map(len, rows.ids), dtype=np.int32, count=len(rows.ids))


def _text_ids(columns: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """Number the texts so that equal ones have equal numbers: int64 (N, R)."""
    numbers: dict[str, int] = {}
    return np.array(
        [[numbers.setdefault(text, len(numbers)) for text in column] for column in columns],
        dtype=np.int64,
    ).T
