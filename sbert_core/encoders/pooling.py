"""Pooling: how the vectors of a sentence's tokens become the one vector of the sentence.

This is the design choice the Sentence-BERT paper is about (Reimers & Gurevych 2019,
arXiv 1908.10084, sections 3 and 6): over the same backbone, `mean` beats `cls` beats `max`
once the network has been trained, and the order is not the same before training.

Letters: B sentences in the batch, T tokens of the longest one, D dimensions.
Every function takes `token_embeddings` float (B, T, D) and a mask (B, T), 1 where a token
counts and 0 elsewhere, and gives float (B, D). A row in which no token counts gives the zero
vector, never NaN. Padding may be on either side and may hold anything, NaN included.

Only methods of the tensors are used, so that this file imports no torch and the command line
can list the modes in a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from torch import Tensor

PoolingMode = Literal["cls", "mean", "mean_content", "max", "mean_sqrt_len", "first_last", "pooler"]

POOLING_MODES: tuple[str, ...] = get_args(PoolingMode)

# One sentence per mode, shown as help text beside the choice.
POOLING_MEANINGS: dict[str, str] = {
    "cls": "the vector of the first token, [CLS]",
    "mean": "the mean over all real tokens, [CLS] and [SEP] included: what most models were "
    "trained with",
    "mean_content": "the mean over the words only, without [CLS] and [SEP]",
    "max": "the largest value of each dimension over all real tokens",
    "mean_sqrt_len": "the sum over all real tokens divided by the square root of their number",
    "first_last": "the mean of the first and the last layer, then over all real tokens",
    "pooler": "the [CLS] vector after the backbone's own dense layer and tanh",
}


@dataclass(frozen=True)
class TokenStates:
    """What a backbone says about a batch, as far as any pooling mode needs it.

    Attributes:
        token_embeddings: Float (B, T, D), the last layer.
        attention_mask: Integer (B, T), 1 for a real token, 0 for padding.
        special_tokens_mask: Integer (B, T), 1 for [CLS], [SEP] and the like; for `mean_content`.
        first_layer: Float (B, T, D), the output of the first layer; for `first_last`.
        pooler_output: Float (B, D); for `pooler`.
    """

    token_embeddings: Tensor
    attention_mask: Tensor
    special_tokens_mask: Tensor | None = None
    first_layer: Tensor | None = None
    pooler_output: Tensor | None = None


def cls_pooling(token_embeddings: Tensor, attention_mask: Tensor) -> Tensor:
    """Take the first real token of each row, wherever padding puts it."""
    B, _, D = token_embeddings.shape
    first = attention_mask.int().argmax(dim=1)  # (B,) argmax finds the first of equal maxima
    rows = token_embeddings.gather(1, first.view(B, 1, 1).expand(B, 1, D)).squeeze(1)  # (B, D)
    return _zero_where_masked(rows, attention_mask)


def mean_pooling(token_embeddings: Tensor, attention_mask: Tensor) -> Tensor:
    """Average the real tokens: sum_t m_t x_t / sum_t m_t."""
    return _masked_sum(token_embeddings, attention_mask) / _token_count(attention_mask)


def mean_sqrt_len_pooling(token_embeddings: Tensor, attention_mask: Tensor) -> Tensor:
    """Sum the real tokens over the root of their number: sum_t m_t x_t / sqrt(sum_t m_t)."""
    return _masked_sum(token_embeddings, attention_mask) / _token_count(attention_mask).sqrt()


def max_pooling(token_embeddings: Tensor, attention_mask: Tensor) -> Tensor:
    """Take each dimension's largest value over the real tokens."""
    hidden = attention_mask.unsqueeze(-1) == 0  # (B, T, 1)
    rows = token_embeddings.masked_fill(hidden, float("-inf")).amax(dim=1)  # (B, D)
    return _zero_where_masked(rows, attention_mask)


def is_pooling(name: str) -> bool:
    """Tell whether a word names a pooling: one mode, or several joined by "+"."""
    return all(mode in POOLING_MODES for mode in name.split("+"))


def pool(states: TokenStates, mode: PoolingMode) -> Tensor:
    """Pool a batch by one mode.

    Args:
        states: What the backbone said.
        mode: One of `POOLING_MODES`.

    Returns:
        Float (B, D), one row per sentence; zero where a row has no token that counts.

    Raises:
        ValueError: `states` lacks what the mode needs.
    """
    embeddings, mask = states.token_embeddings, states.attention_mask
    if mode == "mean_content":
        special = _needed(states.special_tokens_mask, "special_tokens_mask", mode)
        return mean_pooling(embeddings, mask * (1 - special))
    if mode == "first_last":
        # SimCSE's `avg_first_last` (Gao et al. 2021, arXiv 2104.08821): best for untrained BERT.
        first_layer = _needed(states.first_layer, "first_layer", mode)
        return mean_pooling((first_layer + embeddings) / 2, mask)
    if mode == "pooler":
        output = _needed(states.pooler_output, "pooler_output", mode)
        return _zero_where_masked(output, mask)
    return _MASKED_POOLINGS[mode](embeddings, mask)


_MASKED_POOLINGS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cls": cls_pooling,
    "mean": mean_pooling,
    "max": max_pooling,
    "mean_sqrt_len": mean_sqrt_len_pooling,
}


def _masked_sum(token_embeddings: Tensor, mask: Tensor) -> Tensor:
    """Sum the tokens that count; filling rather than multiplying, because NaN * 0 is NaN."""
    return token_embeddings.masked_fill(mask.unsqueeze(-1) == 0, 0.0).sum(dim=1)  # (B, D)


def _token_count(mask: Tensor) -> Tensor:
    """Count the tokens of each row, at least 1 so that an empty row divides to zero."""
    return mask.sum(dim=1, keepdim=True).clamp(min=1)  # (B, 1)


def _zero_where_masked(rows: Tensor, mask: Tensor) -> Tensor:
    """Give the zero vector to rows in which no token counts."""
    return rows.masked_fill(mask.sum(dim=1, keepdim=True) == 0, 0.0)  # (B, D)


def _needed(value: Tensor | None, name: str, mode: str) -> Tensor:
    """Insist on an optional part of the states."""
    if value is None:
        raise ValueError(f"Pooling {mode!r} needs {name}.")
    return value
