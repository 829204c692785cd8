"""Raw text for pretraining: files of lines, a WordPiece vocabulary, and batches of tokens.

    files -> lines -> tokens in one flat array on disk -> batches of sequences of like length

Letters: N sequences, M tokens of all of them, B sequences in a batch, T tokens of the longest.
"""

import gzip
import json
import lzma
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import WordPieceTrainer
from transformers import BertTokenizer

from sbert_core.errors import FileError
from sbert_core.protocols import Progress, no_progress

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_CONTINUES = "##"  # how a piece begins that goes on with a word
_MIN_PIECES = 4  # a shorter line has next to no context to guess from
_MIN_SEQUENCES = 20  # of which a tenth are held out
_TOKENISE_LINES = 4_096
_SORT_WINDOW = 64  # batches among which sequences are sorted by length


def read_lines(paths: Sequence[Path]) -> Iterator[str]:
    """Yield the lines of text files that are not blank; .gz and .xz are unpacked on the way.

    Args:
        paths: UTF-8 files with a sentence or paragraph per line. A file named twice counts
            twice.

    Raises:
        FileError: A file is missing, damaged or not UTF-8.
    """
    for path in paths:
        opener: Any = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
        try:
            with opener(path, "rt", encoding="utf-8") as stream:
                yield from (line for raw in stream if (line := raw.strip()))
        except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
            raise FileError(f"{path} cannot be read as lines of text: {error}") from error


def train_vocabulary(lines: Iterator[str], size: int) -> Tokenizer:
    """Learn WordPiece from text, lower-cased and without accents, as BERT's uncased models.

    Args:
        lines: The text.
        size: Tokens at most, special ones included. Larger keeps more words whole; smaller
            makes the table of vectors, most of a small model, smaller.

    Returns:
        A tokenizer that puts [CLS] and [SEP] around a text.
    """
    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]", max_input_chars_per_word=64))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.decoder = WordPieceDecoder(prefix=_CONTINUES)
    trainer = WordPieceTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL_TOKENS),
        continuing_subword_prefix=_CONTINUES,
        limit_alphabet=500,
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    ends = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    return tokenizer


def save_vocabulary(tokenizer: Tokenizer, max_length: int, folder: Path) -> None:
    """Write a tokenizer as transformers reads it."""
    as_read: Any = BertTokenizer
    as_read(
        tokenizer_object=tokenizer, model_max_length=max_length, do_lower_case=True
    ).save_pretrained(folder)


def continuing_tokens(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    """Tell for each token whether it goes on with the word before it: bool (V,)."""
    flags = np.zeros(tokenizer.get_vocab_size(), dtype=bool)
    for token, number in tokenizer.get_vocab().items():
        flags[number] = token.startswith(_CONTINUES)
    return flags


@dataclass(frozen=True)
class TokenStore:
    """Sequences of tokens, end to end, without [CLS] and [SEP].

    Attributes:
        tokens: uint16 (M,), mapped from disk.
        starts: int64 (N + 1,): sequence i is `tokens[starts[i]:starts[i + 1]]`.
    """

    tokens: NDArray[np.uint16]
    starts: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each sequence: int64 (N,)."""
        return np.diff(self.starts)

    @classmethod
    def open(cls, folder: Path) -> "TokenStore | None":
        """Open what `build` wrote, or return None if there is nothing whole."""
        if not (folder / "done.json").is_file():
            return None
        return cls(np.load(folder / "tokens.npy", mmap_mode="r"), np.load(folder / "starts.npy"))

    @classmethod
    def build(
        cls,
        lines: Iterator[str],
        tokenizer: Tokenizer,
        max_pieces: int,
        folder: Path,
        progress: Progress = no_progress,
    ) -> "TokenStore":
        """Tokenise lines; a line longer than `max_pieces` becomes several sequences.

        Args:
            lines: The text.
            tokenizer: With fewer than 65,536 tokens.
            max_pieces: Tokens in a sequence at most, [CLS] and [SEP] not counted.
            folder: Where the arrays are kept.
            progress: Called with lines done.

        Raises:
            FileError: There are fewer than 20 lines of at least four tokens.
        """
        folder.mkdir(parents=True, exist_ok=True)
        parts: list[NDArray[np.uint16]] = []
        lengths: list[int] = []
        done = 0
        while chunk := list(islice(lines, _TOKENISE_LINES)):
            for encoding in tokenizer.encode_batch_fast(chunk, add_special_tokens=False):
                ids = np.array(encoding.ids, dtype=np.uint16)
                for start in range(0, len(ids), max_pieces):
                    piece = ids[start : start + max_pieces]
                    if len(piece) >= _MIN_PIECES:
                        parts.append(piece)
                        lengths.append(len(piece))
            done += len(chunk)
            progress(done, 0, "splitting into tokens")
        if len(parts) < _MIN_SEQUENCES:
            raise FileError(
                f"The files hold {len(parts)} lines of at least {_MIN_PIECES} tokens; give at "
                f"least {_MIN_SEQUENCES} to learn from."
            )
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        np.save(folder / "tokens.npy", np.concatenate(parts))
        np.save(folder / "starts.npy", starts)
        (folder / "done.json").write_text(json.dumps({"sequences": len(lengths)}))
        store = cls.open(folder)
        assert store is not None
        return store


def epoch_batches(
    lengths: NDArray[np.int64], token_budget: int, seed: int, epoch: int
) -> list[NDArray[np.int64]]:
    """Put every sequence into one batch, with others of like length, in an order of chance.

    Args:
        lengths: int64 (N,), tokens of each sequence, [CLS] and [SEP] counted.
        token_budget: Tokens in a batch at most, padding included: B * T.
        seed: With `epoch`, decides the order: the same batches come again after a restart.
        epoch: Passes already made.

    Returns:
        The places of each batch's sequences, each integer (B,).
    """
    rng = np.random.default_rng((seed, epoch))
    order = rng.permutation(len(lengths))
    window = max(1, _SORT_WINDOW * token_budget // max(1, int(lengths.mean())))
    batches: list[NDArray[np.int64]] = []
    for first in range(0, len(order), window):
        part = order[first : first + window]
        part = part[np.argsort(lengths[part], kind="stable")]
        start = 0
        while start < len(part):
            # The longest of a batch comes last, so its size is found from below.
            widths = lengths[part[start:]] * np.arange(1, len(part) - start + 1)
            stop = start + max(1, int(np.searchsorted(widths, token_budget, side="right")))
            batches.append(part[start:stop])
            start = stop
    return [batches[place] for place in rng.permutation(len(batches))]


def padded_batch(
    store: TokenStore, places: NDArray[np.int64], cls_id: int, sep_id: int, pad_id: int
) -> NDArray[np.int64]:
    """Lay sequences side by side between [CLS] and [SEP]: int64 (B, T)."""
    lengths = store.starts[places + 1] - store.starts[places]
    batch = np.full((len(places), int(lengths.max()) + 2), pad_id, dtype=np.int64)
    batch[:, 0] = cls_id
    for row, place, length in zip(batch, places, lengths, strict=True):
        row[1 : length + 1] = store.tokens[store.starts[place] : store.starts[place + 1]]
        row[length + 1] = sep_id
    return batch
