"""Re-ranking: a bi-encoder finds candidates, a cross-encoder puts them into a better order.

Source: Nogueira & Cho 2019, "Passage Re-ranking with BERT" (arXiv 1901.04085). The more candidates
are read together with the query, the better the order may get, and the longer a query waits: both
are measured here. `retrieval.py` says what nDCG@10 is.

Letters: Q queries, N documents, D dimensions, K candidates.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import DataError
from sbert_core.protocols import Encoder, Progress, no_progress

from .race import PairJudge
from .retrieval import Qrels, ndcg_at_k, rank_rows

DEPTHS = (0, 10, 20, 50, 100)


@dataclass(frozen=True)
class Move:
    """A document in two rankings of the same candidates.

    Attributes:
        row: Its row, from 0.
        text: Its text.
        cosine: The bi-encoder's similarity to the query, in [-1, 1].
        score: The cross-encoder's judgement of query and document, in [0, 1].
        before: Its place under the bi-encoder, from 1.
        after: Its place under the cross-encoder, from 1.
    """

    row: int
    text: str
    cosine: float
    score: float
    before: int
    after: int

    @property
    def climbed(self) -> int:
        """Places won; negative for places lost."""
        return self.before - self.after


@dataclass(frozen=True)
class Reranking:
    """One query, ranked by both.

    Attributes:
        query: The query.
        model: Encoder string of the bi-encoder.
        cross: Name of the cross-encoder.
        moves: The K candidates in the order of the bi-encoder.
        rows: Rows that the bi-encoder searched.
        bi_milliseconds: Reading the query and comparing it with all rows.
        cross_milliseconds: Reading K pairs.
        note: One sentence where fewer candidates were read than wanted, or "".
    """

    query: str
    model: str
    cross: str
    moves: tuple[Move, ...]
    rows: int
    bi_milliseconds: float
    cross_milliseconds: float
    note: str = ""

    @property
    def reranked(self) -> list[Move]:
        """The candidates in the order of the cross-encoder."""
        return sorted(self.moves, key=lambda move: move.after)


@dataclass(frozen=True)
class DepthScore:
    """How good and how slow a search is when so many candidates are re-ranked.

    Attributes:
        depth: Candidates that the cross-encoder reads for a query; 0 is the bi-encoder alone.
        ndcg_at_10: Mean over the queries, fraction in [0, 1].
        milliseconds: Mean time that one query waits.
    """

    depth: int
    ndcg_at_10: float
    milliseconds: float


@dataclass(frozen=True)
class RerankCurve:
    """Quality against the number of re-ranked candidates.

    Attributes:
        model: Encoder string of the bi-encoder.
        cross: Name of the cross-encoder.
        data: What was searched, in words.
        machine: Processor and threads, in words.
        documents: N.
        queries: Queries measured.
        queries_in_all: Queries with a relevant document among the documents.
        depths: One for each depth, ascending; depths above N are left out.
        note: One sentence on judgements that could not count, or "".
    """

    model: str
    cross: str
    data: str
    machine: str
    documents: int
    queries: int
    queries_in_all: int
    depths: tuple[DepthScore, ...]
    note: str = ""

    @property
    def best(self) -> DepthScore:
        """The depth of highest quality; of equals the quickest."""
        return max(self.depths, key=lambda score: (round(score.ndcg_at_10, 6), -score.depth))

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "RerankCurve":
        """The other way round."""
        return cls(**{**stored, "depths": tuple(DepthScore(**score) for score in stored["depths"])})


@dataclass(frozen=True)
class JudgedSearch:
    """Documents, queries, and which documents answer which query.

    Attributes:
        documents: Document id to text.
        queries: Query id to text.
        qrels: Query id to document id to grade; 1 or more is relevant.
        note: One sentence on what did not fit together, or "".
    """

    documents: Mapping[str, str]
    queries: Mapping[str, str]
    qrels: Qrels
    note: str = ""

    @classmethod
    def of(
        cls, documents: Mapping[str, str], queries: Mapping[str, str], qrels: Qrels
    ) -> "JudgedSearch":
        """Keep the judgements that name a known query and a known document.

        A relevant document that is not there could never be found, so every search would look
        worse than it is; a query without a relevant document has no quality.

        Raises:
            DataError: No query is left.
        """
        kept: dict[str, dict[str, int]] = {}
        lost = 0
        for query, grades in qrels.items():
            known = {doc: grade for doc, grade in grades.items() if doc in documents}
            lost += len(grades) - len(known) if query in queries else len(grades)
            if query in queries and any(grade > 0 for grade in known.values()):
                kept[query] = known
        if not kept:
            raise DataError(
                "No judgement with a grade of 1 or more names a query and a document that are "
                "there. The ids in the three files should be the same."
            )
        note = f"Judgements that name no known query or document: {lost:,}." if lost else ""
        return cls(documents, {query: queries[query] for query in kept}, kept, note)


def ranks_of(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Places from 1, the highest score first; equal scores keep their order."""
    places = np.empty(len(scores), dtype=np.int64)
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return places


def reordered(candidates: Sequence[int], scores: NDArray[np.floating], depth: int) -> list[int]:
    """Put the first `depth` candidates into the order of their scores; the rest stay behind.

    Args:
        candidates: K rows, best first.
        scores: float (K,) or more than `depth` of them, the cross-encoder's judgements.
        depth: How many are re-ranked.
    """
    order = np.argsort(-scores[:depth], kind="stable")
    return [*(candidates[place] for place in order), *candidates[depth:]]


def rerank_depths(
    search: JudgedSearch,
    encoder: Encoder,
    judge: PairJudge,
    *,
    depths: Sequence[int] = DEPTHS,
    most_queries: int | None = None,
    progress: Progress = no_progress,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[DepthScore, ...]:
    """Measure quality and time for several depths of re-ranking.

    Each query is read and answered on its own, as a user's would be; the vectors of the documents
    are made once and beforehand, and their time does not count. A deeper level reads only the
    candidates that the one before has not read, and its time is that of both.

    Args:
        search: Documents, queries, judgements.
        encoder: The bi-encoder.
        judge: The cross-encoder's `predict`.
        depths: Candidates re-ranked; those above the number of documents are left out, but the
            number itself then takes their place.
        most_queries: Queries measured at most, taken evenly; None for all.
        progress: Told queries done and in all; raises `Cancelled` to stop.
        clock: Seconds that pass.

    Raises:
        DataError: There are no documents or queries.
    """
    ids, texts = list(search.documents), list(search.documents.values())
    levels = sorted({min(depth, len(ids)) for depth in depths})
    chosen = evenly(list(search.queries), most_queries)
    vectors = encoder.encode(texts, progress)  # (N, D)
    judge([(chosen[0], texts[0])], no_progress)  # the first call is slow and nobody's fault
    quality = np.zeros((len(chosen), len(levels)))
    seconds = np.zeros_like(quality)
    for place, query in enumerate(chosen):
        progress(place, len(chosen), "ranking queries by both")
        text = search.queries[query]
        began = clock()
        found = rank_rows(encoder.encode([text]), vectors, max(10, levels[-1]))[0].tolist()
        spent, scores = clock() - began, np.empty(0, np.float32)
        for column, depth in enumerate(levels):
            new = found[len(scores) : depth]
            if new:
                began = clock()
                read = judge([(text, texts[row]) for row in new], no_progress)
                spent += clock() - began
                scores = np.concatenate([scores, read])
            order = [ids[row] for row in reordered(found, scores, depth)]
            quality[place, column] = ndcg_at_k(order, search.qrels[query])
            seconds[place, column] = spent
    means = zip(levels, quality.mean(axis=0), 1000 * seconds.mean(axis=0), strict=True)
    return tuple(DepthScore(depth, float(ndcg), float(ms)) for depth, ndcg, ms in means)


def evenly(items: Sequence[str], most: int | None) -> list[str]:
    """Take at most so many items, spread evenly over all."""
    if most is None or len(items) <= most:
        return list(items)
    return [items[place] for place in np.linspace(0, len(items) - 1, most).astype(int)]
