"""All pairs of N sentences: what they cost a bi-encoder, and what they cost a cross-encoder.

Source of the question and of the published figures: Reimers & Gurevych 2019, "Sentence-BERT"
(arXiv 1908.10084), section 1: finding the most similar pair among 10,000 sentences takes
n(n-1)/2 = 49,995,000 passes of BERT, about 65 hours on a V100 GPU, where SBERT takes about 5
seconds for the vectors.

A bi-encoder reads each sentence once and compares vectors; that is measured here in whole. A
cross-encoder reads every pair; that is measured on a sample, and extrapolated in plain sight.

Letters: N sentences, D dimensions, P pairs.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import DataError
from sbert_core.protocols import Encoder, Progress, no_progress

# Judges pairs: (first, second), progress -> float32 (P,).
PairJudge = Callable[[Sequence[tuple[str, str]], Progress], NDArray[np.float32]]

RACE_SIZES = (100, 1_000, 10_000)
# Section 1 of the paper: sentences, seconds by BERT reading pairs, seconds by SBERT.
PUBLISHED_SENTENCES, PUBLISHED_CROSS_S, PUBLISHED_BI_S = 10_000, 65 * 3600.0, 5.0
PUBLISHED_NOTE = "Reimers & Gurevych 2019, section 1: BERT-base on a V100 GPU"

_BLOCK_ROWS = 256  # rows of the similarity matrix held at once: 10 MB for 10,000 sentences
_FIRST_PAIRS, _MOST_PAIRS = 64, 2_048  # in one call of the cross-encoder


@dataclass(frozen=True)
class RaceSentences:
    """The sentences of a race.

    Attributes:
        texts: N sentences, no two the same.
        origin: int32 (N,), which distinct sentence of the corpus each one is.
        distinct: Distinct sentences of the corpus that take part.
    """

    texts: list[str]
    origin: NDArray[np.int32]
    distinct: int

    @property
    def note(self) -> str:
        """One sentence on repetition, or ""."""
        if self.distinct == len(self.texts):
            return ""
        return (
            f"The corpus has {self.distinct:,} distinct sentences; from then on they come again "
            "with a number at the end, so that each is read anew. A sentence and its repetition "
            "do not count as a pair when the most similar one is sought."
        )


@dataclass(frozen=True)
class Lap:
    """One size of the race.

    Attributes:
        sentences: N.
        encode_seconds: Bi-encoder: time to read all N, in seconds; measured.
        compare_seconds: Bi-encoder: time for all pairs of vectors, in seconds; measured.
        first: One sentence of the most similar pair that the bi-encoder found.
        second: The other one.
        cosine: Their cosine in [-1, 1].
        cross_seconds: Cross-encoder: time for all pairs, in seconds.
        cross_measured: True if it read all of them, False if the time is extrapolated.
    """

    sentences: int
    encode_seconds: float
    compare_seconds: float
    first: str
    second: str
    cosine: float
    cross_seconds: float
    cross_measured: bool

    @property
    def pairs(self) -> int:
        """n(n-1)/2."""
        return pair_count(self.sentences)

    @property
    def bi_seconds(self) -> float:
        """Reading and comparing together, in seconds."""
        return self.encode_seconds + self.compare_seconds

    @property
    def ratio(self) -> float:
        """How many times as long the cross-encoder takes."""
        return self.cross_seconds / self.bi_seconds


@dataclass(frozen=True)
class RaceResult:
    """A whole race on this machine.

    Attributes:
        model: Encoder string of the bi-encoder.
        cross: Name of the cross-encoder.
        precision: What the bi-encoder's layers compute in; the cross-encoder's are fp32.
        machine: Processor and threads, in words.
        sample_pairs: Pairs that the cross-encoder read to find its speed.
        sample_seconds: Seconds that took.
        laps: One for each size, ascending.
        note: On repeated sentences, or "".
    """

    model: str
    cross: str
    precision: str
    machine: str
    sample_pairs: int
    sample_seconds: float
    laps: tuple[Lap, ...]
    note: str = ""

    @property
    def pairs_per_second(self) -> float:
        """Speed of the cross-encoder on the sample."""
        return self.sample_pairs / self.sample_seconds

    def arithmetic(self, lap: Lap) -> str:
        """Say how the cross-encoder's time for a size came about."""
        pairs = f"{lap.sentences:,} sentences: n(n−1)/2 = {lap.pairs:,} pairs"
        if lap.cross_measured:
            return f"{pairs}, all of them read: {in_words(lap.cross_seconds)}, measured"
        return (
            f"{pairs} / {self.pairs_per_second:,.0f} pairs per second = "
            f"{in_words(lap.cross_seconds)}, extrapolated"
        )

    @staticmethod
    def in_words(seconds: float) -> str:
        """Say a time of this race in words."""
        return in_words(seconds)

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "RaceResult":
        """The other way round."""
        return cls(**{**stored, "laps": tuple(Lap(**lap) for lap in stored["laps"])})


def pair_count(sentences: int) -> int:
    """Unordered pairs of different sentences: n(n-1)/2."""
    return sentences * (sentences - 1) // 2


def in_words(seconds: float) -> str:
    """Say a time in words, from microseconds to years, to about three figures."""
    for limit, unit, digits in ((1.0, "ms", 1000.0), (99.5, "s", 1.0)):
        if seconds < limit:
            return f"{_three_figures(seconds * digits)} {unit}"
    if seconds < 90 * 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    minutes = round(seconds / 60)
    if minutes < 100 * 60:
        return f"{minutes // 60} hours {minutes % 60} min"
    days = seconds / 86_400
    return f"{days:.1f} days" if days < 1000 else f"{days / 365.25:,.1f} years"


def race_sentences(texts: Sequence[str], count: int) -> RaceSentences:
    """Take `count` different sentences of a corpus; where it has too few, vary them by a number.

    An encoder reads equal texts once, so plain repetition would make it look quicker than it is.

    Args:
        texts: The corpus.
        count: How many are wanted.

    Raises:
        DataError: The corpus has fewer than two distinct sentences that are not blank.
    """
    distinct = list(dict.fromkeys(text for text in texts if text.strip()))[:count]
    if len(distinct) < 2:
        raise DataError("A race needs at least two different sentences; this corpus has fewer.")
    taken = set(distinct)
    chosen, origin = list(distinct), list(range(len(distinct)))
    turn = 1
    while len(chosen) < count:
        turn += 1
        for place, text in enumerate(distinct[: count - len(chosen)]):
            varied = f"{text} {turn}"
            while varied in taken:  # the corpus itself may number its sentences
                varied += f" {turn}"
            taken.add(varied)
            chosen.append(varied)
            origin.append(place)
    return RaceSentences(chosen, np.array(origin, dtype=np.int32), len(distinct))


def closest_pair(
    vectors: NDArray[np.floating],
    origin: NDArray[np.int32] | None = None,
    progress: Progress = no_progress,
) -> tuple[int, int, float]:
    """Find the most similar pair by comparing all pairs, in blocks of one matrix product.

    Args:
        vectors: Matrix (N, D), N >= 2.
        origin: int (N,); pairs of equal origin do not count. None lets all pairs count.
        progress: Told how many rows have been compared; raises `Cancelled` to stop.

    Returns:
        Two row numbers, the smaller first, and their cosine in [-1, 1].

    Raises:
        DataError: There is no pair that counts.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = np.asarray(vectors, np.float32) / np.where(lengths > 0, lengths, 1)  # (N, D)
    best = (-1, -1, -np.inf)
    for start in range(0, len(rows), _BLOCK_ROWS):
        progress(start, len(rows), "comparing all pairs of vectors")
        block = slice(start, start + _BLOCK_ROWS)
        similarities = rows[block] @ rows[start:].T  # (B, N - start): each pair once
        similarities[np.tril_indices(len(similarities))] = -np.inf
        if origin is not None:
            similarities[origin[block, None] == origin[None, start:]] = -np.inf
        i, j = divmod(int(similarities.argmax()), similarities.shape[1])
        if similarities[i, j] > best[2]:
            best = (start + i, start + j, float(similarities[i, j]))
    if best[0] < 0:
        raise DataError("There is no pair of different sentences to compare.")
    return best[0], best[1], min(1.0, max(-1.0, best[2]))


def random_pairs(count: int, texts: Sequence[str], seed: int = 0) -> list[tuple[str, str]]:
    """Draw `count` pairs of different sentences, evenly over all pairs, with replacement."""
    random = np.random.default_rng(seed)
    first = random.integers(0, len(texts), count)
    second = (first + random.integers(1, len(texts), count)) % len(texts)
    return [(texts[i], texts[j]) for i, j in zip(first, second, strict=True)]


def time_sample(
    judge: PairJudge,
    texts: Sequence[str],
    seconds: float,
    progress: Progress = no_progress,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[int, float]:
    """Let a cross-encoder read random pairs for some seconds.

    Calls grow from 64 to 2,048 pairs, for pairs of like length share a batch and the more there
    are, the less padding: as it would be with all pairs. A first call to warm up does not count.

    Args:
        judge: The cross-encoder's `predict`.
        texts: Sentences to draw pairs from, at least two.
        seconds: Ends after so many; a call that has begun is finished.
        progress: Told tenths of a second done and in all; raises `Cancelled` to stop.
        clock: Seconds that pass.

    Returns:
        Pairs read and the seconds they took.
    """
    warm_up = clock()
    judge(random_pairs(_FIRST_PAIRS, texts), no_progress)
    per_pair = max(1e-9, (clock() - warm_up) / _FIRST_PAIRS)
    spent, read, size, turn = 0.0, 0, _FIRST_PAIRS, 0
    whole = max(1, round(10 * seconds))
    while spent < seconds:
        progress(min(whole, round(10 * spent)), whole, "reading a sample of pairs")
        turn += 1
        # The last call is about as long as what is left, so that the time box is kept.
        fits = int((seconds - spent) / per_pair) + 1
        pairs = random_pairs(max(8, min(size, fits)), texts, seed=turn)
        began = clock()
        judge(pairs, no_progress)
        took = max(1e-9, clock() - began)
        spent, read, per_pair = spent + took, read + len(pairs), took / len(pairs)
        size = min(_MOST_PAIRS, 2 * size)
    return read, spent


def time_all_pairs(
    judge: PairJudge,
    texts: Sequence[str],
    progress: Progress = no_progress,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Let a cross-encoder read all pairs; seconds."""
    began = clock()
    total, done = pair_count(len(texts)), 0
    for pairs in _chunks(texts):
        progress(done, total, "reading all pairs")
        judge(pairs, no_progress)
        done += len(pairs)
    return clock() - began


def time_bi_encoder(
    encoder: Encoder,
    sentences: RaceSentences,
    progress: Progress = no_progress,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float, tuple[int, int, float]]:
    """Read N sentences and compare all pairs of vectors.

    Returns:
        Seconds to read, seconds to compare, and the most similar pair as from `closest_pair`.
    """
    began = clock()
    vectors = encoder.encode(sentences.texts, progress)  # (N, D)
    read = clock()
    repeated = sentences.distinct < len(sentences.texts)
    found = closest_pair(vectors, sentences.origin if repeated else None, progress)
    return read - began, clock() - read, found


def _chunks(texts: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    """All pairs, some thousand at a time."""
    pairs: list[tuple[str, str]] = []
    for i, first in enumerate(texts):
        pairs.extend((first, second) for second in texts[i + 1 :])
        if len(pairs) >= _MOST_PAIRS:
            yield pairs
            pairs = []
    if pairs:
        yield pairs


def _three_figures(number: float) -> str:
    """A number below 1,000 with three figures, or fewer where that is plain."""
    if number >= 99.5:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 9.95 else f"{number:.2f}"
