"""Masked-language modelling: which tokens BERT has to guess.

Source: Devlin et al. 2019, "BERT" (arXiv 1810.04805), section 3.1 and appendix A.1: 15 % of the
tokens are chosen; of those, 80 % become [MASK], 10 % a random token and 10 % stay as they are.
Whole words are chosen, as in the release of May 2019
(https://github.com/google-research/bert, "Whole Word Masking"): all pieces of a word or none,
or else the rest of the word gives the missing piece away.

Letters: B sequences, T tokens of the longest one, V tokens in the vocabulary.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

MASKED_SHARE = 0.15
_TO_MASK, _TO_RANDOM = 0.8, 0.1


@dataclass(frozen=True)
class Masked:
    """A batch with gaps.

    Attributes:
        input_ids: int64 (B, T), what the model reads.
        chosen: bool (B, T), where it has to guess.
        labels: int64 (number chosen,), the tokens that stood there, in row order.
    """

    input_ids: Tensor
    chosen: Tensor
    labels: Tensor


def mask_whole_words(
    input_ids: Tensor,
    continues_word: Tensor,
    special: Tensor,
    mask_id: int,
    generator: torch.Generator,
) -> Masked:
    """Choose whole words at random and hide them.

    Args:
        input_ids: int64 (B, T).
        continues_word: bool (V,), True for a token that goes on with the word before it ("##s").
        special: bool (V,), True for [CLS], [SEP], [PAD] and the like, which are never chosen.
        mask_id: The number of [MASK].
        generator: Where the chance comes from.

    Returns:
        The batch with its gaps; the arguments stay as they are.
    """
    shape = input_ids.shape
    # Words are numbered along each row; a word is chosen by the number drawn at its first place.
    word = (~continues_word[input_ids]).long().cumsum(dim=1)  # (B, T), from 1
    drawn = torch.rand((shape[0], shape[1] + 1), generator=generator)
    chosen = (drawn.gather(1, word) < MASKED_SHARE) & ~special[input_ids]  # (B, T)
    fate = torch.rand(shape, generator=generator)
    random_ids = torch.randint(len(special), shape, generator=generator)
    hidden = input_ids.masked_fill(chosen & (fate < _TO_MASK), mask_id)
    replaced = chosen & (fate >= _TO_MASK) & (fate < _TO_MASK + _TO_RANDOM)
    return Masked(torch.where(replaced, random_ids, hidden), chosen, input_ids[chosen])
