"""How long texts are in an encoder's own tokens; imports no torch unless there is no way around."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .catalog import ResolvedEncoder
from .tokenizer import SentenceTokenizer, lower_cased, read_backend


def token_lengths(resolved: ResolvedEncoder, texts: Sequence[str]) -> NDArray[np.int32]:
    """Count the tokens of each text, before anything is cut.

    Args:
        resolved: The encoder whose tokenizer counts.
        texts: N texts.

    Returns:
        int32 (N,), special tokens such as [CLS] and [SEP] included; a text is cut where its
        length exceeds `resolved.max_length`.

    Raises:
        ModelError: The tokenizer cannot be read.
    """
    layout = resolved.layout
    tokenizer = SentenceTokenizer(
        _backend(layout.backbone, layout.lower_case),
        pad_id=0,
        max_length=None,
        add_special_tokens=layout.architecture == "transformer",
        prompt=layout.prompt,
    )
    return np.fromiter(map(len, tokenizer.rows(texts).ids), dtype=np.int32, count=len(texts))


def count_truncated(resolved: ResolvedEncoder, lengths: NDArray[np.int32]) -> int:
    """Count the texts that the encoder will cut, given their `token_lengths`."""
    return 0 if resolved.max_length is None else int((lengths > resolved.max_length).sum())


@lru_cache(maxsize=8)
def _backend(folder: Path, lower_case: bool) -> Tokenizer:
    """Read a folder's tokenizer once; only older folders have no tokenizer.json."""
    if (folder / "tokenizer.json").is_file():
        backend = read_backend(folder / "tokenizer.json")
    else:
        from .checkpoint import read_tokenizer

        backend = read_tokenizer(folder).backend_tokenizer
    return lower_cased(backend) if lower_case else backend
