"""Words of a sentence, as a reader would count them, and which word each token belongs to.

An encoder reads tokens: pieces of words, and marks of its own such as [CLS]. A reader sees words.
The two meet in the tokenizer's offsets: from which character to which a token was made of.

Letters: T tokens, W words.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ZERO_WIDTH_JOINER = "\u200d"
# Between two letters these belong to the word ("don't", "well-known"), and between digits "3.5".
_IN_WORDS, _IN_NUMBERS = "'’-", ".,"
# Scripts written without spaces: each character is a word unless a token joins several.
_SPACELESS = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF)),  # Thai and Lao, Burmese, Khmer
    *((0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF)),  # kana, CJK extension A
    *((0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9D)),  # CJK, compatibility, half-width kana
    (0x20000, 0x3FFFF),  # further CJK
)


@dataclass(frozen=True)
class Word:
    """One word of a sentence, or a token that the encoder adds to it.

    Attributes:
        text: As it was typed; of an added token, its name, such as "[CLS]".
        start: Its first character in the sentence; -1 of an added token.
        end: The character after its last one; -1 of an added token.
    """

    text: str
    start: int = -1
    end: int = -1

    @property
    def special(self) -> bool:
        """Whether the encoder added it."""
        return self.start < 0


@dataclass(frozen=True)
class SentenceWords:
    """A sentence in words, as far as an encoder reads it.

    Attributes:
        text: The sentence as it was typed.
        words: W words in order, added tokens where they stand.
        word_of: Integer (T,), the place in `words` of each token's word.
        truncated: Whether the encoder read only its beginning.
    """

    text: str
    words: tuple[Word, ...]
    word_of: NDArray[np.intp]
    truncated: bool = False

    @property
    def special(self) -> NDArray[np.bool_]:
        """Bool (W,): which words the encoder added."""
        return np.array([word.special for word in self.words], dtype=bool)

    @property
    def names(self) -> list[str]:
        """What each word says: W strings."""
        return [word.text for word in self.words]

    def with_added(self, names: Sequence[str]) -> "SentenceWords":
        """The same with more tokens that the encoder adds, each a word of its own, at the end."""
        places = np.arange(len(self.words), len(self.words) + len(names), dtype=np.intp)
        return SentenceWords(
            self.text,
            (*self.words, *map(Word, names)),
            np.concatenate([self.word_of, places]),
            self.truncated,
        )

    @property
    def read(self) -> str:
        """The part of the sentence that the encoder reads: to its last word, or all of it."""
        if not self.truncated:
            return self.text
        return self.text[: max((word.end for word in self.words), default=0)]

    def without(self, place: int) -> str:
        """What is read without one of its words; spaces that this leaves double become one.

        Only of the part that is read: what was cut off must not move up into the gap.
        """
        word, text = self.words[place], self.read
        before, after = text[: word.start], text[word.end :]
        if before[-1:].isspace() or not before:
            after = after.lstrip()
        return before + after


def split_words(text: str) -> list[tuple[int, int]]:
    """Find the words of a text: start and end of each, in order; punctuation marks are words too.

    Letters and digits with their accents make a word; an apostrophe or hyphen inside does not end
    it. In scripts without spaces each character is one. An emoji with its modifiers is one.
    """
    spans: list[list[int]] = []
    kind_before, joined = "gap", False
    for place, character in enumerate(text):
        kind = _kind(character)
        attached = kind == "mark" or joined
        joined = character == _ZERO_WIDTH_JOINER and bool(spans)
        if attached and kind_before != "gap":
            spans[-1][1] = place + 1
            continue
        if kind == "sign" and kind_before == "word" and _inside(text, place):
            kind = "word"
        if kind == "word" and kind_before == "word":
            spans[-1][1] = place + 1
        elif kind not in ("gap", "mark"):
            spans.append([place, place + 1])
        kind_before = "gap" if kind == "mark" else kind
    return [(start, end) for start, end in spans]


def sentence_words(
    text: str,
    pieces: Sequence[str],
    offsets: NDArray[np.integer],
    special: NDArray[np.bool_],
    *,
    truncated: bool = False,
) -> SentenceWords:
    """Gather tokens into words.

    A token that reaches over several words, such as the unknown token of a row of emoji, joins
    them into one. A token that stands for no word, such as a bare space, goes with the word
    before it.

    Args:
        text: The sentence.
        pieces: T names of tokens; shown of added ones only.
        offsets: Integer (T, 2), first character of each token and the one after its last.
        special: Bool (T,), which tokens the encoder added.
        truncated: Whether tokens were cut off.
    """
    spans = _joined(split_words(text), offsets[~special])
    starts = [start for start, _ in spans]
    words: list[Word] = []
    known: dict[int, int] = {}  # start of a word to its place
    word_of = np.empty(len(pieces), dtype=np.intp)
    last = -1
    for token, (piece, added) in enumerate(zip(pieces, special, strict=True)):
        if added:
            words.append(Word(piece))
            word_of[token] = len(words) - 1
            continue
        start, end = (int(edge) for edge in offsets[token])
        found = _word_at(spans, starts, start, end)
        if found is None and last >= 0:
            word_of[token] = last
            continue
        start, end = found or (start, end)
        if start not in known:
            known[start] = len(words)
            words.append(Word(text[start:end] or piece, start, end))
        word_of[token] = last = known[start]
    return SentenceWords(text, tuple(words), word_of, truncated)


def _kind(character: str) -> str:
    """Sort a character: "word", "single", "sign", "mark" (goes with what precedes) or "gap"."""
    code, category = ord(character), unicodedata.category(character)
    if category[0] == "M" or character == _ZERO_WIDTH_JOINER or 0x1F3FB <= code <= 0x1F3FF:
        return "mark"
    if category[0] in "ZC":
        return "gap"
    if any(low <= code <= high for low, high in _SPACELESS):
        return "single"
    return "word" if category[0] in "LN" or character == "_" else "sign"


def _inside(text: str, place: int) -> bool:
    """Tell whether a sign stands inside a word or a number."""
    after = text[place + 1 : place + 2]
    if text[place] in _IN_WORDS:
        return bool(after) and _kind(after) == "word"
    return text[place] in _IN_NUMBERS and after.isdigit() and text[place - 1].isdigit()


def _joined(spans: list[tuple[int, int]], offsets: NDArray[np.integer]) -> list[tuple[int, int]]:
    """Join words that one token reaches over."""
    merged: list[tuple[int, int]] = []
    edges = [(int(start), int(end)) for start, end in offsets]
    token = 0
    for start, end in spans:
        while token < len(edges) and edges[token][1] <= start:
            token += 1
        if merged and token < len(edges) and edges[token][0] < merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _word_at(
    spans: list[tuple[int, int]], starts: list[int], start: int, end: int
) -> tuple[int, int] | None:
    """Find the word that a token overlaps, or None."""
    for place in (bisect_right(starts, start) - 1, bisect_right(starts, start)):
        if 0 <= place < len(spans) and spans[place][0] < end and start < spans[place][1]:
            return spans[place]
    return None
