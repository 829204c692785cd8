"""Semantic textual similarity (STS): do an encoder's similarities rank pairs as people do?

People score pairs of sentences from 0 (nothing in common) to 5 (the same meaning). An encoder is
good if its similarities are in the same order, which is Spearman's rank correlation; the metric
of Reimers & Gurevych 2019, table 1, is Spearman times 100 of the cosine.

Everything but `read_scored_pairs` is a pure function of arrays. Letters: N pairs, D dimensions,
R resamples.
"""

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from sbert_core.errors import DataError, FileError

MIN_PAIRS = 3
_RESAMPLES = 1_000
_BLOCK_NUMBERS = 2_000_000  # numbers ranked at a time: 16 MB

# Names of the three columns in the data sets people have, best first.
_FIRST = ("sentence1", "sentence_1", "sentence_a", "text1", "text_a", "premise", "question1", "a")
_SECOND = (
    "sentence2",
    "sentence_2",
    "sentence_b",
    "text2",
    "text_b",
    "hypothesis",
    "question2",
    "b",
)
_SCORE = ("score", "similarity", "similarity_score", "relatedness_score", "gold", "label", "rating")


@dataclass(frozen=True)
class ScoredPairs:
    """Sentence pairs and what people think of them.

    Attributes:
        sentences1: N sentences.
        sentences2: N sentences.
        scores: float64 (N,), larger for more similar, on any scale.
    """

    sentences1: list[str]
    sentences2: list[str]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class StsScores:
    """Correlations of an encoder's similarities with people's scores, each times 100.

    Attributes:
        pairs: Number of pairs N.
        spearman_cosine: The metric that is usually quoted, in [-100, 100], as are the others.
        pearson_cosine: Linear correlation with the cosine.
        spearman_dot: With the dot product.
        pearson_dot: Likewise, linear.
        spearman_euclidean: With the negative Euclidean distance.
        pearson_euclidean: Likewise, linear.
        spearman_manhattan: With the negative Manhattan distance.
        pearson_manhattan: Likewise, linear.
        ci95: 95 % interval of `spearman_cosine` over resampled pairs (bootstrap percentiles).
    """

    pairs: int
    spearman_cosine: float
    pearson_cosine: float
    spearman_dot: float
    pearson_dot: float
    spearman_euclidean: float
    pearson_euclidean: float
    spearman_manhattan: float
    pearson_manhattan: float
    ci95: tuple[float, float]


def sts_scores(
    gold: ArrayLike, u: NDArray[np.float32], v: NDArray[np.float32], seed: int = 0
) -> StsScores:
    """Score an encoder on sentence pairs.

    Args:
        gold: N scores of people, larger for more similar, on any scale.
        u: float32 (N, D), embeddings of the first sentences.
        v: float32 (N, D), embeddings of the second sentences.
        seed: Seed of the resampling.

    Raises:
        DataError: There are fewer than 3 pairs, the shapes differ, or all scores are the same,
            so that there is no order to compare.
    """
    scores = np.asarray(gold, dtype=np.float64)
    if u.shape != v.shape or u.ndim != 2 or scores.shape != u.shape[:1]:
        raise DataError(
            f"gold {scores.shape}, u {u.shape} and v {v.shape} should have N rows each."
        )
    first, second = u.astype(np.float64), v.astype(np.float64)
    difference = first - second
    cosine = pairwise_cosine(first, second)
    dot = np.einsum("nd,nd->n", first, second)
    euclidean = -np.linalg.norm(difference, axis=1)
    manhattan = -np.abs(difference).sum(axis=1)
    return StsScores(
        pairs=len(scores),
        spearman_cosine=100 * spearman(scores, cosine),
        pearson_cosine=100 * pearson(scores, cosine),
        spearman_dot=100 * spearman(scores, dot),
        pearson_dot=100 * pearson(scores, dot),
        spearman_euclidean=100 * spearman(scores, euclidean),
        pearson_euclidean=100 * pearson(scores, euclidean),
        spearman_manhattan=100 * spearman(scores, manhattan),
        pearson_manhattan=100 * pearson(scores, manhattan),
        ci95=_spearman_interval(scores, cosine, seed),
    )


def spearman(gold: ArrayLike, predicted: ArrayLike) -> float:
    """Rank correlation in [-1, 1]; ties share their mean rank.

    Args:
        gold: N numbers.
        predicted: N numbers.

    Raises:
        DataError: Fewer than 3 pairs, or one side is constant or not finite.
    """
    gold, predicted = _checked(gold, predicted)
    return float(stats.spearmanr(gold, predicted).statistic)


def pearson(gold: ArrayLike, predicted: ArrayLike) -> float:
    """Linear correlation in [-1, 1].

    Args:
        gold: N numbers.
        predicted: N numbers.

    Raises:
        DataError: Fewer than 3 pairs, or one side is constant or not finite.
    """
    gold, predicted = _checked(gold, predicted)
    return float(stats.pearsonr(gold, predicted).statistic)


def read_scored_pairs(path: Path) -> ScoredPairs:
    r"""Read sentence pairs with scores: TSV (no quoting), CSV or JSON Lines, also as .gz.

    Args:
        path: A file with a header, or keys, that name two sentences and a score.

    Raises:
        FileError: The file cannot be read, has no such columns, or a score is not a number.
    """
    rows = list(_records(path))
    if not rows:
        raise FileError(f"{path.name} has no rows.")
    first, second, score = _columns(path, list(rows[0]))
    try:
        scores = np.array([float(row[score]) for row in rows])
        return ScoredPairs(
            [str(row[first]) for row in rows], [str(row[second]) for row in rows], scores
        )
    except (TypeError, ValueError, KeyError) as error:
        raise FileError(f"{path.name} has a row without a number under {score!r}.") from error


def _records(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a file by column name."""
    kind = Path(path.name.removesuffix(".gz")).suffix.lower()
    if kind not in (".tsv", ".csv", ".jsonl"):
        raise FileError(f"{path.name} should be a .tsv, .csv or .jsonl file of scored pairs.")
    opener = gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            if kind == ".jsonl":
                yield from (json.loads(line) for line in stream if line.strip())
            elif kind == ".tsv":
                # A tab-separated file has no quoting: a quotation mark is part of the sentence.
                yield from csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            else:
                yield from csv.DictReader(stream)
    except (OSError, ValueError, EOFError, csv.Error) as error:
        raise FileError(f"{path.name} cannot be read as scored pairs: {error}") from error


def _columns(path: Path, names: Sequence[str]) -> tuple[str, str, str]:
    """Find the two sentences and the score among the columns."""
    lower = {str(name).strip().lower(): name for name in names}
    found = tuple(
        next((lower[name] for name in known if name in lower), None)
        for known in (_FIRST, _SECOND, _SCORE)
    )
    first, second, score = found
    if first is None or second is None or score is None:
        raise FileError(
            f"{path.name} has the columns {', '.join(map(str, names))}; needed are sentence1, "
            "sentence2 and score."
        )
    return first, second, score


def _checked(
    gold: ArrayLike, predicted: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Refuse what has no correlation."""
    gold, predicted = np.asarray(gold, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if gold.shape != predicted.shape or gold.ndim != 1 or len(gold) < MIN_PAIRS:
        raise DataError(f"A correlation needs at least {MIN_PAIRS} pairs, not {len(gold)}.")
    for name, values in (("gold scores", gold), ("similarities", predicted)):
        if not np.isfinite(values).all():
            raise DataError(f"Some {name} are not numbers, so there is no correlation.")
        if np.ptp(values) == 0:
            raise DataError(f"All {name} are the same, so there is no order to compare.")
    return gold, predicted


def pairwise_cosine(u: NDArray[np.floating], v: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compare corresponding rows.

    Args:
        u: Embeddings (N, D).
        v: Embeddings (N, D).

    Returns:
        float64 (N,), cosines in [-1, 1]; 0 where a vector is zero.
    """
    u, v = u.astype(np.float64), v.astype(np.float64)
    lengths = np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1)
    dots = np.einsum("nd,nd->n", u, v)
    return np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)


def _spearman_interval(
    gold: NDArray[np.float64], predicted: NDArray[np.float64], seed: int
) -> tuple[float, float]:
    """Bootstrap Spearman times 100: draw N pairs with replacement, R times (Efron 1979)."""
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK_NUMBERS // len(gold))
    values: list[NDArray[np.float64]] = []
    for start in range(0, _RESAMPLES, block):
        rows = min(block, _RESAMPLES - start)
        drawn = rng.integers(0, len(gold), size=(rows, len(gold)))  # (rows, N)
        values.append(row_rank_correlations(gold[drawn], predicted[drawn]))
    low, high = np.nanpercentile(100 * np.concatenate(values), [2.5, 97.5])
    return float(low), float(high)


def row_rank_correlations(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spearman of corresponding rows.

    Args:
        x: float64 (R, N).
        y: float64 (R, N).

    Returns:
        float64 (R,) in [-1, 1]; NaN where a row is constant. Ties share their mean rank.
    """
    return _row_correlations(stats.rankdata(x, axis=1), stats.rankdata(y, axis=1))


def _row_correlations(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear correlation of corresponding rows; NaN where a resample is constant."""
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    products = np.einsum("rn,rn->r", x, y)
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return np.divide(products, lengths, out=np.full_like(products, np.nan), where=lengths > 0)
