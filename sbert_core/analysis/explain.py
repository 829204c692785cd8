"""Why two sentences are similar: the cosine of their vectors as a sum over their words.

Three ways, from exact to approximate:

    tokens      Where a sentence vector is a sum of one part per token, u = sum_i p_i and
                v = sum_j q_j (mean pooling and its kin), the cosine is a sum over pairs of tokens,
                cos(u, v) = sum_i sum_j  p_i . q_j / (|u| |v|): nothing is left over.
    gradients   Integrated gradients (Sundararajan, Taly and Yan 2017, arXiv 1703.01365, section 3)
                along the straight path from a sentence of padding to this one. The values of one
                sentence sum to the cosine less that of the padding, by the completeness axiom;
                what the numerical integral misses is stated.
    words       Leave one word out and see how the cosine changes. Words that work together are
                counted twice or not at all, so much may be left over; it is stated.

Attention weights are not used: they say where a layer looked, not what moved the result, and very
different weights can give the same output (Jain and Wallace 2019, arXiv 1902.10186).

Letters: T tokens, W words, D dimensions; A and B the two sentences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .vectors import require
from .words import SentenceWords, Word

Method = Literal["tokens", "gradients", "words"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True)
class WordEffects:
    """What each word of one sentence adds to the cosine.

    Attributes:
        sentence: The sentence in words.
        values: float64 (W,), in units of cosine; below 0 where a word makes the pair less alike.
        baseline: The cosine that is there without the words, in [-1, 1]: that of a sentence of
            padding (gradients) or of the empty sentence (words) with the other sentence.
        residual: Cosine less baseline less the sum of `values`: what no word accounts for.
    """

    sentence: SentenceWords
    values: NDArray[np.float64]
    baseline: float
    residual: float

    def strongest(self, count: int) -> list[tuple[str, float]]:
        """The words of the sentence that matter most either way, strongest first."""
        order = np.argsort(-np.abs(self.values), kind="stable")
        own = [i for i in order if not self.sentence.words[i].special]
        return [(self.sentence.words[i].text, float(self.values[i])) for i in own[:count]]


@dataclass(frozen=True)
class PairExplanation:
    """Why two sentences are as similar as an encoder says.

    Attributes:
        model: The encoder.
        pooling: How it pools, such as "mean".
        method: One of `METHODS`.
        cosine: Of the two sentence vectors, in [-1, 1].
        a: The words of the first sentence.
        b: The words of the second one.
        contributions: float64 (W_A, W_B), of each pair of words, in units of cosine; the sum of
            all is `cosine`. None unless the method is "tokens".
    """

    model: str
    pooling: str
    method: Method
    cosine: float
    a: WordEffects
    b: WordEffects
    contributions: NDArray[np.float64] | None = None

    @property
    def special_share(self) -> float | None:
        """Part of the cosine that pairs with an added token make, in units of cosine."""
        if self.contributions is None:
            return None
        own = ~np.logical_or.outer(self.a.sentence.special, self.b.sentence.special)  # (W_A, W_B)
        return float(self.contributions.sum() - self.contributions[own].sum())

    @property
    def largest(self) -> float:
        """The largest amount of any word, for a scale of colours that both sentences share."""
        amounts = np.abs(np.concatenate([self.a.values, self.b.values]))
        return float(amounts.max(initial=0.0))

    def top_pairs(self, count: int) -> list[tuple[str, str, float]]:
        """The pairs of words that add most, largest first; added tokens are left out.

        A word that occurs several times counts once, with all it adds; case makes no difference.
        """
        if self.contributions is None:
            return []
        sums: dict[tuple[str, str], float] = {}
        shown: dict[tuple[str, str], tuple[str, str]] = {}
        for word, row in zip(self.a.sentence.words, self.contributions, strict=True):
            for other, value in zip(self.b.sentence.words, row.tolist(), strict=True):
                if word.special or other.special:
                    continue
                key = (word.text.casefold(), other.text.casefold())
                shown.setdefault(key, (word.text, other.text))
                sums[key] = sums.get(key, 0.0) + value
        ranked = sorted(sums, key=lambda key: -sums[key])[:count]
        return [(*shown[key], sums[key]) for key in ranked if sums[key] > 0]

    def folded(self, most: int) -> "FoldedMatrix":
        """Keep the strongest words of each sentence and sum up the rest.

        Args:
            most: Words kept of each sentence beside the added tokens, at least 1.

        Returns:
            A matrix with the same sum.

        Raises:
            ValueError: The method has no pairs of words.
        """
        require(most >= 1, f"most={most} should be at least 1.")
        if self.contributions is None:
            raise ValueError(f"An explanation by {self.method!r} has no word pairs.")
        values, rows, rest_rows = _fold_rows(self.contributions, self.a.sentence, most)
        turned, columns, rest_columns = _fold_rows(values.T, self.b.sentence, most)
        return FoldedMatrix(turned.T, rows, columns, rest_rows, rest_columns)


@dataclass(frozen=True)
class FoldedMatrix:
    """A word-by-word matrix small enough to look at; its sum is that of the whole one.

    Attributes:
        values: float64 (rows, columns).
        rows: The words of the first sentence that stay, in order; a row for the rest is not one.
        columns: The same for the second sentence.
        rest_rows: How many words one more row at the end sums up; 0 if there is no such row.
        rest_columns: The same for the columns.
    """

    values: NDArray[np.float64]
    rows: tuple[Word, ...]
    columns: tuple[Word, ...]
    rest_rows: int
    rest_columns: int


def pair_contributions(
    parts_a: NDArray[np.floating], parts_b: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Split the cosine of two sums of vectors into their pairs of summands.

    Args:
        parts_a: Float (T_A, D), parts that sum to the first sentence's vector.
        parts_b: Float (T_B, D), parts that sum to the second one's.

    Returns:
        float64 (T_A, T_B), summing to the cosine; all 0 where a sentence's vector is zero, whose
        cosine is taken to be 0.
    """
    p, q = parts_a.astype(np.float64), parts_b.astype(np.float64)
    require(p.shape[1] == q.shape[1], f"Parts have {p.shape[1]} and {q.shape[1]} dimensions.")
    lengths = np.linalg.norm(p.sum(axis=0)) * np.linalg.norm(q.sum(axis=0))
    products: NDArray[np.float64] = p @ q.T  # (T_A, T_B)
    return products / lengths if lengths > 0 else np.zeros_like(products)


def of_word_pairs(
    model: str,
    pooling: str,
    cosine: float,
    sentences: tuple[SentenceWords, SentenceWords],
    parts: tuple[NDArray[np.floating], NDArray[np.floating]],
) -> PairExplanation:
    """Explain by "tokens": the parts of both sentences against each other, gathered into words.

    Args:
        model: The encoder.
        pooling: How it pools.
        cosine: What the encoder says, in [-1, 1].
        sentences: Both in words.
        parts: For each, float (T, D), one row per entry of its `word_of`.
    """
    of_tokens = pair_contributions(*parts)
    a, b = sentences
    by_row = _summed(of_tokens, a.word_of, len(a.words))  # (W_A, T_B)
    of_words = _summed(by_row.T, b.word_of, len(b.words)).T  # (W_A, W_B)
    rest = cosine - float(of_words.sum())
    return PairExplanation(
        model=model,
        pooling=pooling,
        method="tokens",
        cosine=cosine,
        a=WordEffects(a, of_words.sum(axis=1), 0.0, rest),
        b=WordEffects(b, of_words.sum(axis=0), 0.0, rest),
        contributions=of_words,
    )


def of_tokens_alone(
    sentence: SentenceWords, values: NDArray[np.floating], cosine: float, baseline: float
) -> WordEffects:
    """Gather one value per token into words and state what they leave over.

    Args:
        sentence: The sentence in words.
        values: Float (T,), in units of cosine.
        cosine: Of the pair, in [-1, 1].
        baseline: What it is without the words, in [-1, 1].
    """
    of_words = _summed(values.astype(np.float64), sentence.word_of, len(sentence.words))
    return WordEffects(sentence, of_words, baseline, cosine - baseline - float(of_words.sum()))


def of_words_left_out(
    sentence: SentenceWords, without: Sequence[float], whole: float, cosine: float, empty: float
) -> WordEffects:
    """Turn the cosines of a sentence without each of its words into what the words add.

    Args:
        sentence: The sentence in words.
        without: One cosine per word that is not an added token, in order: of the sentence
            without it, with the other sentence.
        whole: The cosine of the whole sentence, computed in the same way.
        cosine: The cosine to explain, in [-1, 1]; differs from `whole` by rounding only.
        empty: The cosine of the empty sentence with the other one.
    """
    values = np.zeros(len(sentence.words))
    values[~sentence.special] = whole - np.asarray(without, dtype=np.float64)
    return WordEffects(sentence, values, empty, cosine - empty - float(values.sum()))


def _summed(
    values: NDArray[np.float64], word_of: NDArray[np.intp], words: int
) -> NDArray[np.float64]:
    """Sum rows of tokens into rows of words: (T, ...) to (W, ...)."""
    gathered = np.zeros((words, *values.shape[1:]))
    np.add.at(gathered, word_of, values)
    return gathered


def _fold_rows(
    matrix: NDArray[np.float64], sentence: SentenceWords, most: int
) -> tuple[NDArray[np.float64], tuple[Word, ...], int]:
    """Keep added tokens and the rows with the largest amounts; sum up the others."""
    own = np.flatnonzero(~sentence.special)
    if len(own) <= most:
        return matrix, sentence.words, 0
    amounts = np.abs(matrix[own]).sum(axis=1)
    strongest = own[np.argsort(-amounts, kind="stable")[:most]]
    keep = np.sort(np.concatenate([strongest, np.flatnonzero(sentence.special)]))
    rest = np.setdiff1d(np.arange(len(matrix)), keep)
    values = np.vstack([matrix[keep], matrix[rest].sum(axis=0)])
    return values, tuple(sentence.words[i] for i in keep), len(rest)
