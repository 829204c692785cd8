"""Sentence pairs: their scores under an encoder, and the yardstick that says if that is much."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .analysis.similarity import pair_scores, random_pair_cosines
from .corpus.records import RunRecord
from .encoders.catalog import ResolvedEncoder
from .encoders.token_lengths import count_truncated, token_lengths
from .errors import DataError
from .protocols import Encoder
from .results import PairSimilarity, RandomPairs

# A yardstick of this many random pairs is steady to about one percentile point.
RANDOM_PAIRS = 4000
# Where a corpus has no vectors yet, so many rows are encoded for the yardstick: a second of work.
YARDSTICK_ROWS = 400


def filled(sentences: Sequence[str]) -> list[str]:
    """Return the sentences, or say which one is blank.

    Raises:
        DataError: A sentence is blank.
    """
    for number, sentence in enumerate(sentences, start=1):
        if not sentence.strip():
            raise DataError(f"Sentence {number} is blank. Type something to compare.")
    return list(sentences)


def score_pair(encoder: Encoder, resolved: ResolvedEncoder, a: str, b: str) -> PairSimilarity:
    """Score two sentences under a loaded encoder.

    Raises:
        DataError: A sentence is blank.
    """
    pair = filled([a, b])
    u, v = encoder.encode(pair)
    scores = pair_scores(u, v)
    return PairSimilarity(
        model=resolved.spec,
        cosine=scores.cosine,
        dot=scores.dot,
        euclidean=scores.euclidean,
        manhattan=scores.manhattan,
        truncated=count_truncated(resolved, token_lengths(resolved, pair)) > 0,
    )


def even_sample(rows: int, count: int) -> list[int]:
    """Return `count` row numbers spread evenly over `rows`."""
    chosen: list[int] = np.linspace(0, rows - 1, count).astype(int).tolist()
    return chosen


def compute_random_pairs(embeddings: NDArray[np.float32]) -> dict[str, Any]:
    """Draw the yardstick for one encoder: sorted cosines of random pairs, as JSON values."""
    cosines = random_pair_cosines(embeddings, RANDOM_PAIRS)
    # Four decimals are finer than any percentile needs, and keep the record short.
    return {"cosines": np.round(cosines, 4).astype(float).tolist(), "rows": len(embeddings)}


def read_random_pairs(run: RunRecord) -> RandomPairs:
    """Turn a stored yardstick back into a result."""
    return RandomPairs(
        model=run.encoder,
        cosines=np.array(run.result["cosines"], dtype=np.float32),
        rows=run.result["rows"],
        sampled=run.parameters["sampled"],
    )
