"""From texts to token numbers, by the Rust tokenizers of Hugging Face; imports no torch."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.normalizers import Lowercase
from tokenizers.normalizers import Sequence as NormalizerSequence

from sbert_core.errors import ModelError

# Half of a surrogate pair is a legal character of a Python string but not of a text.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class TokenRows:
    """Tokenised texts, not yet padded.

    Attributes:
        ids: N arrays int32 (T_i,), the numbers of each text's tokens.
        special: N arrays int32 (T_i,), 1 where the token is [CLS], [SEP] or the like.
    """

    ids: list[NDArray[np.int32]]
    special: list[NDArray[np.int32]]


class SentenceTokenizer:
    """Splits sentences as one encoder wants them: its prompt, case, special tokens and length.

    Args:
        backend: The Rust tokenizer; its padding and truncation are set here.
        pad_id: The number that stands for padding.
        max_length: Tokens kept of a text, special tokens included; None keeps all.
        add_special_tokens: Whether [CLS] and [SEP] are put around a text.
        prompt: Put before every text.
    """

    def __init__(
        self,
        backend: Tokenizer,
        pad_id: int,
        max_length: int | None,
        add_special_tokens: bool = True,
        prompt: str = "",
    ) -> None:
        self.backend = backend
        self.pad_id = pad_id
        self.add_special_tokens = add_special_tokens
        self.prompt = prompt
        # Set once and never again: an encoder may be used by several threads. Shipped files often
        # pad to 128 tokens, which would undo the sorting by length.
        backend.no_padding()
        backend.no_truncation()
        if max_length is not None:
            backend.enable_truncation(max_length)

    def rows(self, texts: Sequence[str]) -> TokenRows:
        """Tokenise texts."""
        encodings = self.backend.encode_batch_fast(
            [self.prompt + well_formed(text) for text in texts],
            add_special_tokens=self.add_special_tokens,
        )
        return TokenRows(
            ids=[np.array(encoding.ids, dtype=np.int32) for encoding in encodings],
            special=[
                np.array(encoding.special_tokens_mask, dtype=np.int32) for encoding in encodings
            ],
        )


def well_formed(text: str) -> str:
    """Replace halves of surrogate pairs, which no tokenizer accepts, by the replacement sign."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def lower_cased(backend: Tokenizer) -> Tokenizer:
    """Make a tokenizer lower-case texts before its own rules; for the setting `do_lower_case`."""
    present = [] if backend.normalizer is None else [backend.normalizer]
    backend.normalizer = NormalizerSequence([Lowercase(), *present])
    return backend


def read_backend(path: Path) -> Tokenizer:
    """Read a tokenizer.json.

    Raises:
        ModelError: The file is damaged.
    """
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust side raises bare Exception
        raise ModelError(f"{path} is damaged: it does not describe a tokenizer.") from error
