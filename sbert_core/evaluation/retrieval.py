"""Retrieval: does a search put the documents first that people judged relevant?

Everything is a function of ranked document ids and judgements, so that a semantic, a keyword and
a re-ranked list are measured alike. Nothing here knows an encoder or a file.

The definitions are those of trec_eval: gains are linear in the grade, a document without a
judgement counts as not relevant, and so does a grade below 0. Letters: Q queries, N documents,
D dimensions, K places of a list.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import DataError

# Query id -> document id -> grade: 1 or more is relevant, larger is more so.
Qrels = Mapping[str, Mapping[str, int]]

# How many documents of a list count: a first page, and all that somebody might re-rank.
PAGE, DEEP = 10, 100
_BLOCK_NUMBERS = 8_000_000  # similarities at a time: 32 MB


@dataclass(frozen=True)
class RetrievalScores:
    """How good a search is, as means over the queries that have a relevant document.

    Attributes:
        queries: Number of those queries.
        ndcg_at_10: Normalised discounted cumulative gain of the first 10, fraction in [0, 1]:
            1 if no better order is possible (Järvelin & Kekäläinen 2002).
        mrr_at_10: Mean of 1 / place of the first relevant document, 0 if it is not among the
            first 10, fraction in [0, 1].
        recall_at_100: Share of the relevant documents that are among the first 100, fraction in
            [0, 1].
        skipped: Queries left out because no document was judged relevant.
    """

    queries: int
    ndcg_at_10: float
    mrr_at_10: float
    recall_at_100: float
    skipped: int = 0


@dataclass(frozen=True)
class QueryScores:
    """The same for one query.

    Attributes:
        query_id: The query.
        ndcg_at_10: Fraction in [0, 1].
        mrr_at_10: Fraction in [0, 1].
        recall_at_100: Fraction in [0, 1].
    """

    query_id: str
    ndcg_at_10: float
    mrr_at_10: float
    recall_at_100: float


def retrieval_scores(ranked: Mapping[str, Sequence[str]], qrels: Qrels) -> RetrievalScores:
    """Measure ranked lists against judgements.

    Args:
        ranked: Query id to document ids, best first, none twice. A judged query that is missing
            found nothing, and counts as 0.
        qrels: Query id to document id to grade.

    Raises:
        DataError: No query has a relevant document, or a list has a document twice.
    """
    scores = query_scores(ranked, qrels)
    return RetrievalScores(
        queries=len(scores),
        ndcg_at_10=float(np.mean([score.ndcg_at_10 for score in scores])),
        mrr_at_10=float(np.mean([score.mrr_at_10 for score in scores])),
        recall_at_100=float(np.mean([score.recall_at_100 for score in scores])),
        skipped=len(qrels) - len(scores),
    )


def query_scores(ranked: Mapping[str, Sequence[str]], qrels: Qrels) -> list[QueryScores]:
    """Measure each query that has a relevant document, in the order of the judgements.

    Raises:
        DataError: As `retrieval_scores`.
    """
    scores = []
    for query, grades in qrels.items():
        if not any(grade > 0 for grade in grades.values()):
            continue
        found = ranked.get(query, ())
        if len(set(found)) < len(found):
            raise DataError(f"The list of query {query!r} has a document twice.")
        scores.append(
            QueryScores(
                query,
                ndcg_at_k(found, grades, PAGE),
                reciprocal_rank_at_k(found, grades, PAGE),
                recall_at_k(found, grades, DEEP),
            )
        )
    if not scores:
        raise DataError(
            "No query has a document judged relevant (a grade of 1 or more), so there is nothing "
            "to find."
        )
    return scores


def ndcg_at_k(found: Sequence[str], grades: Mapping[str, int], k: int = PAGE) -> float:
    """Discounted cumulative gain of the first k, divided by that of the best possible order.

    The gain of a document is its grade over log2(1 + its place), places from 1.

    Args:
        found: Document ids, best first.
        grades: Document id to grade; at least one is above 0.
        k: Places that count.

    Returns:
        Fraction in [0, 1].
    """
    gains = [max(0, grades.get(document, 0)) for document in found[:k]]
    best = sorted((max(0, grade) for grade in grades.values()), reverse=True)[:k]
    return _discounted(gains) / _discounted(best)


def reciprocal_rank_at_k(found: Sequence[str], grades: Mapping[str, int], k: int = PAGE) -> float:
    """Return 1 / place of the first relevant document; 0 if it is not among the first k."""
    places = (
        place
        for place, document in enumerate(found[:k], start=1)
        if grades.get(document, 0) > 0
    )  # fmt: skip
    first = next(places, None)
    return 0.0 if first is None else 1 / first


def recall_at_k(found: Sequence[str], grades: Mapping[str, int], k: int = DEEP) -> float:
    """Return the share of the relevant documents that are among the first k, in [0, 1]."""
    relevant = {document for document, grade in grades.items() if grade > 0}
    return len(relevant.intersection(found[:k])) / len(relevant)


def rank_rows(
    queries: NDArray[np.float32], documents: NDArray[np.float32], k: int = DEEP
) -> NDArray[np.int64]:
    """Rank documents by cosine; equal ones in the order of their rows.

    Args:
        queries: float32 (Q, D), embeddings.
        documents: float32 (N, D), embeddings. A zero row has cosine 0 with everything.
        k: Length of a list.

    Returns:
        int64 (Q, min(k, N)), rows of `documents`, best first.

    Raises:
        DataError: The dimensions differ, or there is no document.
    """
    if queries.ndim != 2 or documents.ndim != 2 or queries.shape[1] != documents.shape[1]:
        raise DataError(f"queries {queries.shape} and documents {documents.shape} do not fit.")
    if not len(documents):
        raise DataError("There is no document to find.")
    wanted, offered = _unit_rows(queries), _unit_rows(documents)
    k = min(k, len(offered))
    ranked = np.empty((len(wanted), k), dtype=np.int64)
    block = max(1, _BLOCK_NUMBERS // len(offered))
    for start in range(0, len(wanted), block):
        similarities = wanted[start : start + block] @ offered.T  # (B, N)
        ranked[start : start + block] = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
    return ranked


def _discounted(gains: Sequence[int]) -> float:
    """Add up gains, each over log2(1 + place)."""
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


def _unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to length 1; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    units: NDArray[np.float32] = (vectors / lengths).astype(np.float32, copy=False)
    return units
