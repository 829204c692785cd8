"""How a search is done: vectors and indexes at hand, candidates, fusion, and re-ranking."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .analysis.neighbours import Neighbours
from .analysis.search import fuse, top_k
from .analysis.vectors import unit_rows
from .corpus.keyword_index import KeywordIndex
from .corpus.vector_index import IndexInfo, VectorIndex
from .encoders.token_lengths import count_truncated, token_lengths
from .errors import DataError
from .hashing import content_key
from .protocols import Progress, no_progress
from .search_request import SearchHit, SearchRequest, SearchResult

if TYPE_CHECKING:
    from .lab import Lab

# Each list that is fused goes down to this place.
FUSED = 100
# What a cross-encoder reads again: more cost time and bring little.
RERANKED = 50

_MATRICES = 2  # unit vectors of so many corpora stay in memory
_QUERIES = 2_000  # vectors of so many queries do


@dataclass(frozen=True, eq=False)
class Asked:
    """Queries on their way through a search.

    Attributes:
        corpus_id: Where to search.
        texts: Q queries.
        vectors: float32 array of shape (Q, D) of length 1; None where only words count.
        request: How.
        model: Encoder string.
        allowed: bool array of shape (N,), the rows that pass the filter; None for all.
        index: The approximate index to ask; None to compare all rows.
        own: The row that the one query is, which is no hit; None for a typed query.
    """

    corpus_id: str
    texts: Sequence[str]
    vectors: NDArray[np.float32] | None
    request: SearchRequest
    model: str
    allowed: NDArray[np.bool_] | None
    index: tuple[VectorIndex, IndexInfo] | None = None
    own: int | None = None


class Searcher:
    """Searches, and keeps in memory what the next search needs again.

    Args:
        lab: The Lab.
        folder: Where indexes lie, one folder per corpus.
    """

    def __init__(self, lab: "Lab", folder: Path) -> None:
        self._lab, self.folder = lab, folder
        self._guard = threading.RLock()  # a page's threads share these
        self._matrices: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()
        self._encoded: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._words: dict[str, KeywordIndex] = {}
        self._cells: dict[tuple[str, str], VectorIndex] = {}

    # --- at hand ----------------------------------------------------------------------------

    def matrix(
        self, corpus_id: str, model: str, progress: Progress = no_progress
    ) -> NDArray[np.float32]:
        """Return the vectors of a corpus at length 1: float32 (N, D); embeds it if need be."""
        key = (corpus_id, self._lab.resolve(model).key)
        with self._guard:
            if key not in self._matrices:
                self._matrices[key] = at_length_one(self._lab.vectors(corpus_id, model, progress))
            self._matrices.move_to_end(key)
            while len(self._matrices) > _MATRICES:
                self._matrices.popitem(last=False)
            return self._matrices[key]

    def query_vectors(
        self, queries: Sequence[str], model: str, progress: Progress = no_progress
    ) -> NDArray[np.float32]:
        """Return the vectors of queries at length 1: float32 (Q, D)."""
        encoder_key = self._lab.resolve(model).key
        keys = [content_key(encoder_key, query) for query in queries]
        with self._guard:
            known = {key: self._encoded[key] for key in keys if key in self._encoded}
        new = {key: query for key, query in zip(keys, queries, strict=True) if key not in known}
        if new:
            vectors = self._lab.encoder(model).encode(list(new.values()), progress)
            known |= dict(zip(new, unit_rows(vectors, "queries"), strict=True))
        with self._guard:
            self._encoded.update(known)
            while len(self._encoded) > _QUERIES:
                self._encoded.popitem(last=False)
        return np.stack([known[key] for key in keys])

    def keyword_index(self, corpus_id: str, progress: Progress = no_progress) -> KeywordIndex:
        """Return the keyword index of a corpus, building it first: a second for 100,000 rows."""
        with self._guard:
            index = self._words.get(corpus_id) or KeywordIndex(self.folder / corpus_id / "keyword")
            if not index.exists():
                index.folder.parent.mkdir(parents=True, exist_ok=True)
                index.build(self._lab.texts(corpus_id), progress)
            self._words[corpus_id] = index
            return index

    def vector_index(self, corpus_id: str, model: str) -> VectorIndex:
        """Return the approximate index of a corpus, which may not be built yet."""
        key = (corpus_id, self._lab.resolve(model).key)
        with self._guard:
            if key not in self._cells:
                self._cells[key] = VectorIndex(self.folder / corpus_id / f"vectors-{key[1]}")
            return self._cells[key]

    def forget(self, corpus_id: str) -> None:
        """Let go of everything of a corpus."""
        with self._guard:
            self._words.pop(corpus_id, None)
            for cells in [key for key in self._cells if key[0] == corpus_id]:
                del self._cells[cells]
            for matrix in [key for key in self._matrices if key[0] == corpus_id]:
                del self._matrices[matrix]

    # --- searching --------------------------------------------------------------------------

    def answer(
        self, asked: Asked, embedding: float = 0.0, progress: Progress = no_progress
    ) -> list[SearchResult]:
        """Find candidates, fuse them if both ways are asked, and re-rank them if that is asked.

        Args:
            asked: The queries.
            embedding: Milliseconds that the vectors took, for each query.
            progress: Told how far it is.
        """
        request, results = asked.request, []
        found, searching = self._candidates(asked, progress)
        texts = self._texts(asked.corpus_id, found)
        notes = self._notes(asked)
        for number, (query, hits) in enumerate(zip(asked.texts, found, strict=True)):
            hits = [replace(hit, text=texts[hit.row]) for hit in hits]
            started = time.perf_counter()
            if request.rerank:
                progress(number, len(asked.texts), "reading the candidates again")
                hits = self._rerank(query, hits, request.rerank)
            reranking = milliseconds(started) if request.rerank else 0.0
            results.append(
                SearchResult(
                    query=query,
                    request=request,
                    model="" if request.mode == "keyword" else asked.model,
                    engine=engine_of(asked),
                    hits=tuple(hits[: request.k]),
                    embedding=embedding,
                    searching=searching,
                    reranking=reranking,
                    note=" ".join(filter(None, [notes[number], _why_none(hits, request)])),
                )
            )
        return results

    def judge(
        self, query: str, texts: Sequence[str], cross: str, progress: Progress = no_progress
    ) -> NDArray[np.float32]:
        """Judge texts with a query by a cross-encoder: float32 (N,) in [0, 1].

        Raises:
            ModelError: It is not at hand.
            DataError: It tells labels apart and gives no score.
        """
        judge = self._lab.cross_encoder(cross)
        scores = judge.predict([(query, text) for text in texts], progress)
        if scores.ndim != 1:
            raise DataError(f"{cross} tells labels apart and gives no score. Choose another.")
        return scores

    def _candidates(self, asked: Asked, progress: Progress) -> tuple[list[list[SearchHit]], float]:
        """Find candidates for each query; also the milliseconds that took, for each."""
        request = asked.request
        depth = max(request.k, RERANKED if request.rerank else 1)
        if request.mode == "hybrid":
            depth = max(depth, FUSED)
        index = None
        if request.mode != "semantic":
            index = self.keyword_index(asked.corpus_id, progress)  # before the clock starts
        started = time.perf_counter()
        meant = self._by_meaning(asked, depth, progress) if request.mode != "keyword" else None
        worded = _by_words(index, asked, depth, progress) if index else None
        if meant is not None and worded is not None:
            found = [_fused(*both) for both in zip(meant, worded, strict=True)]
        else:
            found = meant if meant is not None else worded or []
        return found, milliseconds(started) / len(asked.texts)

    def _by_meaning(self, asked: Asked, depth: int, progress: Progress) -> list[list[SearchHit]]:
        """Compare vectors: all rows, or what the index picks."""
        assert asked.vectors is not None
        depth += asked.own is not None  # a row finds itself, too, and is taken out
        if asked.index is not None:
            index, info = asked.index
            near = Neighbours(*index.search(asked.vectors, min(depth, info.rows), info.probes))
        else:
            rows = self.matrix(asked.corpus_id, asked.model)
            near = top_k(rows, asked.vectors, depth, asked.allowed, progress)
        return [
            [
                SearchHit(int(row), "", float(cosine), cosine=float(cosine), semantic_rank=rank)
                for rank, (row, cosine) in enumerate(_others(rows, cosines, asked.own), start=1)
            ]
            for rows, cosines in zip(near.indices, near.similarities, strict=True)
        ]

    def _rerank(self, query: str, hits: list[SearchHit], cross: str) -> list[SearchHit]:
        """Put hits into the order of the cross-encoder."""
        judged = [
            replace(hit, score=float(score), judged=float(score))
            for hit, score in zip(
                hits, self.judge(query, [hit.text for hit in hits], cross), strict=True
            )
        ]
        return sorted(judged, key=lambda hit: -hit.score)  # stable: of equals the former order

    def _texts(self, corpus_id: str, found: Sequence[Sequence[SearchHit]]) -> dict[int, str]:
        """Read the texts of all hits at once."""
        rows = sorted({hit.row for hits in found for hit in hits})
        return dict(zip(rows, self._lab.texts(corpus_id, rows), strict=True)) if rows else {}

    def _notes(self, asked: Asked) -> list[str]:
        """Say for each query whether the encoder reads only its beginning."""
        if asked.vectors is None or asked.own is not None:
            return [""] * len(asked.texts)
        resolved = self._lab.resolve(asked.model)
        # A token has one character at least: most queries need no counting.
        limit = resolved.max_length
        return [
            f"This query is longer than {asked.model} reads: the meaning of its first {limit} "
            "word pieces was searched for."
            if limit is not None
            and len(query) > limit - 2
            and count_truncated(resolved, token_lengths(resolved, [query]))
            else ""
            for query in asked.texts
        ]


def _by_words(
    index: KeywordIndex, asked: Asked, depth: int, progress: Progress
) -> list[list[SearchHit]]:
    """Rank the rows that share a word with each query."""
    found = []
    depth += asked.own is not None
    for number, query in enumerate(asked.texts):
        progress(number, len(asked.texts), "searching for words")
        near = _others(*index.search(query, depth, asked.allowed), asked.own)
        found.append(
            [
                SearchHit(int(row), "", float(score), bm25=float(score), keyword_rank=rank)
                for rank, (row, score) in enumerate(near, start=1)
            ]
        )
    return found


def _others(
    rows: NDArray[np.integer], scores: NDArray[np.float32], own: int | None
) -> list[tuple[int, float]]:
    """Pair rows with scores, without the query's own row and without what is not there."""
    return [(row, score) for row, score in zip(rows, scores, strict=True) if row not in (own, -1)]


def _fused(meant: Sequence[SearchHit], worded: Sequence[SearchHit]) -> list[SearchHit]:
    """Merge the hits of both searches by reciprocal rank."""
    meaning, words = ({hit.row: hit for hit in hits[:FUSED]} for hits in (meant, worded))
    fused = []
    for row, score in fuse([list(meaning), list(words)]):
        by_meaning, by_word = meaning.get(row), words.get(row)
        fused.append(
            SearchHit(
                row,
                "",
                score,
                cosine=by_meaning.cosine if by_meaning else None,
                bm25=by_word.bm25 if by_word else None,
                semantic_rank=by_meaning.semantic_rank if by_meaning else None,
                keyword_rank=by_word.keyword_rank if by_word else None,
            )
        )
    return fused


def _why_none(hits: Sequence[SearchHit], request: SearchRequest) -> str:
    """Say why nothing was found; by meaning something always is."""
    if hits or request.mode != "keyword":
        return ""
    among = " among the rows that pass the filter" if request.where else ""
    return (
        f"No row{among} has a word of this query; very common words do not count. Search by "
        "meaning instead."
    )


def engine_of(asked: Asked) -> str:
    """Name how vectors are compared; "" where they are not."""
    if asked.vectors is None:
        return ""
    return "exact" if asked.index is None else "approximate"


def at_length_one(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to length 1; vectors that have it already are not copied."""
    squares = np.einsum("nd,nd->n", vectors, vectors)
    return vectors if np.allclose(squares, 1.0, rtol=0, atol=1e-5) else unit_rows(vectors)


def milliseconds(started: float) -> float:
    """Milliseconds since `started` (`time.perf_counter()`)."""
    return 1000 * (time.perf_counter() - started)
