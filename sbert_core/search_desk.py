"""The search desk of the Lab: by meaning, by words or by both, over any corpus of the workspace."""

import math
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .analysis.search import fuse, top_k
from .corpus.keyword_index import KeywordIndex
from .corpus.records import RunRecord
from .errors import DataError
from .jobs import Job, JobSpec
from .protocols import Progress, no_progress
from .search_index import build_index, measure_recall
from .search_request import (
    RecallMeasure,
    SearchEngine,
    SearchHit,
    SearchMode,
    SearchRequest,
    SearchResult,
    checked_queries,
)
from .searcher import FUSED, RERANKED, Asked, Searcher, milliseconds

if TYPE_CHECKING:
    import pandas as pd

    from .lab import Lab

# Numbers in the matrix up to which comparing all rows is instant, well under 100 ms for one query:
# 260,000 rows of 384 dimensions, 400 MB that two cores read in some 50 ms.
INSTANT_NUMBERS = 100_000_000
# A filter offers so many values of a column to choose from.
MOST_VALUES = 200


class SearchDesk:
    """Searches corpora and lists of texts, and keeps the indexes for it.

    Args:
        lab: The Lab. Indexes are in `search/<corpus_id>` of its workspace.
    """

    def __init__(self, lab: "Lab") -> None:
        self._lab = lab
        self.folder = lab.workspace.root / "search"
        self._searcher = Searcher(lab, self.folder)

    # --- searching --------------------------------------------------------------------------

    def search(
        self,
        corpus_id: str,
        query: str,
        request: SearchRequest | None = None,
        model: str = "minilm",
        progress: Progress = no_progress,
    ) -> SearchResult:
        """Search a corpus for one query; see `search_many`."""
        return self.search_many(corpus_id, [query], request, model, progress)[0]

    def search_many(
        self,
        corpus_id: str,
        queries: Sequence[str],
        request: SearchRequest | None = None,
        model: str = "minilm",
        progress: Progress = no_progress,
    ) -> list[SearchResult]:
        """Search a corpus for several queries at once, which costs less than one by one.

        Args:
            corpus_id: A corpus of the workspace; embedded first if a search by meaning needs it.
            queries: What to look for; blank ones are dropped.
            request: How.
            model: Encoder string; not looked at in keyword mode.
            progress: Told how far it is.

        Raises:
            DataError: No query is left, or a filter names no column or leaves no row.
            WorkspaceError: The corpus is not there (any more).
            ModelError: The encoder or the cross-encoder is not at hand.
            Cancelled: From `progress`.
        """
        request = request or SearchRequest()
        texts = checked_queries(queries)
        vectors, embedding = None, 0.0
        asked = self._asked(corpus_id, texts, vectors, request, model)
        if request.mode != "keyword":
            if asked.index is None:
                self._searcher.matrix(corpus_id, model, progress)  # before the clock starts
            self._lab.encoder(model)
            started = time.perf_counter()
            vectors = self._searcher.query_vectors(texts, model, progress)
            embedding = milliseconds(started) / len(texts)
        return self._searcher.answer(replace(asked, vectors=vectors), embedding, progress)

    def like(
        self,
        corpus_id: str,
        row: int,
        request: SearchRequest | None = None,
        model: str = "minilm",
    ) -> SearchResult:
        """Find more like a row of the corpus; the row itself is left out.

        Raises:
            DataError: There is no such row, or a filter leaves nothing.
        """
        request = request or SearchRequest()
        text = self._lab.texts(corpus_id, [row])[0]
        vectors = None
        if request.mode != "keyword":
            vectors = self._searcher.matrix(corpus_id, model)[[row]]
        asked = self._asked(corpus_id, [text], vectors, request, model)
        return self._searcher.answer(replace(asked, own=row))[0]

    def batch(
        self,
        corpus_id: str,
        queries: Sequence[str],
        request: SearchRequest,
        model: str,
        progress: Progress = no_progress,
    ) -> tuple[RunRecord, list[SearchResult]]:
        """Search for several queries once, and keep what was found with its run record.

        Raises:
            SBERTLabError: As `search_many`.
        """
        asked = checked_queries(queries)

        def compute() -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
            found = self.search_many(corpus_id, asked, request, model, progress)
            return {"results": [_stored(result) for result in found]}, {}

        run = self._lab.results.remember(
            "search",
            corpus_id,
            self._lab.resolve(model),
            self._parameters(asked, request),
            compute,
        )
        return run, self._read(run, asked, request)

    def stored_batch(
        self, corpus_id: str, queries: Sequence[str], request: SearchRequest, model: str
    ) -> tuple[RunRecord, list[SearchResult]] | None:
        """Return what `batch` would, if it is in the workspace; nothing is computed."""
        asked = checked_queries(queries)
        parameters = self._parameters(asked, request)
        run = self._lab.results.find("search", corpus_id, self._lab.resolve(model), parameters)
        return (run, self._read(run, asked, request)) if run else None

    def start_batch(
        self, corpus_id: str, queries: Sequence[str], request: SearchRequest, model: str
    ) -> Job:
        """Queue a long batch; the workspace keeps the result."""
        asked = checked_queries(queries)
        return self._lab.jobs.submit(
            JobSpec(
                kind="search",
                corpus_id=corpus_id,
                encoder=self._lab.resolve(model).spec,
                parameters=self._parameters(asked, request),
                title=f"Search {self._lab.corpus(corpus_id).name} for {len(asked):,} queries",
            )
        )

    def rank(
        self,
        doc_texts: Sequence[str],
        queries: Sequence[str],
        mode: SearchMode,
        model: str,
        k: int,
        rerank: str | None = None,
        progress: Progress = no_progress,
    ) -> list[list[int]]:
        """Rank texts that are no corpus: what an evaluation of retrieval needs.

        Args:
            doc_texts: N texts.
            queries: Q queries.
            mode: "semantic", "keyword" or "hybrid".
            model: Encoder string; not looked at in keyword mode.
            k: Texts for a query, at most.
            rerank: Name of a cross-encoder, or None.
            progress: Told how far it is.

        Returns:
            For each query the numbers of its best texts, best first, at most k.

        Raises:
            DataError: The mode is unknown, or there are no texts.
            ModelError: An encoder is not at hand.
        """
        SearchRequest(mode=mode)
        if not doc_texts:
            raise DataError("There are no documents to search in.")
        rankings: list[list[list[int]]] = []
        depth = max(k, FUSED if mode == "hybrid" else 1, RERANKED if rerank else 1)
        if mode != "keyword":
            rows = self._searcher.query_vectors(doc_texts, model, progress)
            asked = self._searcher.query_vectors(queries, model, progress)
            found = top_k(rows, asked, depth, None, progress)
            rankings.append(found.indices.tolist())
        if mode != "semantic":
            rankings.append(_keyword_ranks(doc_texts, queries, depth, progress))
        ranked = [
            lists[0] if len(lists) == 1 else [row for row, _ in fuse([ls[:FUSED] for ls in lists])]
            for lists in zip(*rankings, strict=True)
        ]
        if rerank:
            ranked = self._reorder(doc_texts, queries, ranked, rerank, progress)
        return [rows[:k] for rows in ranked]

    def rankers(self) -> dict[str, Callable[..., list[list[int]]]]:
        """List the ways to search besides the one by meaning, for an evaluation of retrieval."""

        def ranker(mode: SearchMode) -> Callable[..., list[list[int]]]:
            def ranked(
                documents: Sequence[str],
                queries: Sequence[str],
                model: str,
                k: int,
                progress: Progress = no_progress,
            ) -> list[list[int]]:
                return self.rank(documents, queries, mode, model, k, None, progress)

            return ranked

        return {"keyword": ranker("keyword"), "hybrid": ranker("hybrid")}

    # --- what the page shows beside hits ----------------------------------------------------

    def values(self, corpus_id: str, column: str) -> list[str]:
        """List the values of a column that a filter may ask for, the most frequent first."""
        frame = self._lab.workspace.frame(corpus_id, columns=[column])
        words = frame[column].map(in_words)
        counts = words[words != ""].value_counts()
        found: list[str] = counts.index[:MOST_VALUES].tolist()
        return found

    def table(self, corpus_id: str, results: Sequence[SearchResult]) -> "pd.DataFrame":
        """Return all hits as a table, one line a hit, with the user's own columns behind."""
        import pandas as pd

        lines = [
            {"query": result.query, "rank": rank}
            | {name: value for name, value in asdict(hit).items() if name != "text"}
            for result in results
            for rank, hit in enumerate(result.hits, start=1)
        ]
        names = ["query", "rank", "row", "score", "cosine", "bm25"]
        names += ["semantic_rank", "keyword_rank", "judged"]
        found = pd.DataFrame(lines, columns=names)
        own = self._lab.workspace.frame(corpus_id, rows=found["row"].tolist())
        own.index = found.index
        own.columns = [f"{name}_2" if name in names else name for name in map(str, own.columns)]
        ranks = {result.request.mode for result in results} - {"semantic", "keyword"}
        filled = [name for name in names if name in names[:4] or found[name].notna().any()]
        filled = [name for name in filled if ranks or not name.endswith("_rank")]
        return pd.concat([found[filled], own], axis=1)

    # --- the index --------------------------------------------------------------------------

    def engine(self, corpus_id: str, model: str, request: SearchRequest) -> SearchEngine:
        """Say how a search by meaning will go: all rows compared, or an index asked."""
        rows = self._lab.corpus(corpus_id).rows
        resolved = self._lab.resolve(model)
        instant = rows * (resolved.dims or 768) <= INSTANT_NUMBERS
        info = self._searcher.vector_index(corpus_id, model).info()
        if info is not None and info.rows != rows:
            info = None
        every = f"Exact: the query is compared with all {rows:,} rows."
        if request.where:
            few = "Exact: the query is compared with all rows that pass the filter."
            return SearchEngine("exact", instant, info, few)
        if request.engine == "exact" or (request.engine == "auto" and instant):
            return SearchEngine("exact", instant, info, every)
        if info is None:
            missing = f"{every} An index would be faster; there is none yet."
            return SearchEngine("exact", instant, None, missing)
        sentence = (
            f"Approximate: an index looks at the {info.probes:,} of {info.cells:,} regions nearest "
            f"to the query. For {info.sample:,} sample rows it found {info.recall:.3f} of the true "
            "first ten (1 is all of them)."
        )
        return SearchEngine("approximate", instant, info, sentence)

    def start_index(self, corpus_id: str, model: str, *, again: bool = True) -> Job:
        """Queue the build of an approximate index.

        Args:
            corpus_id: A corpus of the workspace.
            model: Encoder string.
            again: Whether to queue it anew if it has failed or been cancelled before.
        """
        spec = JobSpec(
            kind="index",
            corpus_id=corpus_id,
            encoder=self._lab.resolve(model).spec,
            title=f"Build a search index of {self._lab.corpus(corpus_id).name}",
        )
        earlier = self._lab.jobs.job(spec.job_id)
        if earlier and earlier.status in ("failed", "cancelled") and not again:
            return earlier
        return self._lab.jobs.submit(spec)

    def build_index(self, corpus_id: str, model: str, progress: Progress = no_progress) -> None:
        """Build the approximate index, choose how far it looks, and measure its recall.

        Raises:
            WorkspaceError: The disk is full or not writable.
            Cancelled: From `progress`.
        """
        rows = self._searcher.matrix(corpus_id, model, progress)
        build_index(self._searcher.vector_index(corpus_id, model), rows, progress)

    def recall(
        self, corpus_id: str, model: str, queries: Sequence[str], k: int = 10
    ) -> RecallMeasure:
        """Measure the index against the truth on the user's own queries.

        Raises:
            DataError: There is no index, or no query.
        """
        index = self._searcher.vector_index(corpus_id, model)
        if index.info() is None:
            raise DataError("There is no index to measure. Build it first.")
        asked = checked_queries(queries)
        vectors = self._searcher.query_vectors(asked, model)
        return measure_recall(index, self._searcher.matrix(corpus_id, model), vectors, k)

    def run_job(self, spec: JobSpec, progress: Progress) -> None:
        """Do a job of kind "index" or "search"."""
        if spec.kind == "index":
            self.build_index(spec.corpus_id, spec.encoder, progress)
        else:
            request = SearchRequest.from_dict(spec.parameters)
            queries = spec.parameters["queries"]
            self.batch(spec.corpus_id, queries, request, spec.encoder, progress)

    def forget(self, corpus_id: str) -> None:
        """Remove the indexes of a corpus that is deleted."""
        self._searcher.forget(corpus_id)
        shutil.rmtree(self.folder / corpus_id, ignore_errors=True)

    # --- private ----------------------------------------------------------------------------

    def _asked(
        self,
        corpus_id: str,
        texts: Sequence[str],
        vectors: NDArray[np.float32] | None,
        request: SearchRequest,
        model: str,
    ) -> Asked:
        """Put together what a search needs: the rows that pass the filter, and the index."""
        allowed = self._allowed(corpus_id, request.where)
        index = None
        if request.mode != "keyword":
            engine = self.engine(corpus_id, model, request)
            if engine.kind == "approximate" and engine.info is not None:
                index = (self._searcher.vector_index(corpus_id, model), engine.info)
        return Asked(corpus_id, texts, vectors, request, model, allowed, index)

    def _allowed(
        self, corpus_id: str, where: Sequence[tuple[str, str]]
    ) -> NDArray[np.bool_] | None:
        """Find the rows that pass the filters: bool (N,); None without filters."""
        if not where:
            self._lab.corpus(corpus_id)
            return None
        columns = list(dict.fromkeys(column for column, _ in where))
        frame = self._lab.workspace.frame(corpus_id, columns=columns)
        allowed = np.ones(len(frame), bool)
        for column in columns:
            wanted = {value.strip() for name, value in where if name == column}
            allowed &= frame[column].map(in_words).isin(wanted).to_numpy()
        if not allowed.any():
            asked = " and ".join(f"{column} = {value}" for column, value in where)
            raise DataError(
                f"No row of this corpus has {asked}, so there is nothing to search in. Choose "
                "another value."
            )
        return allowed

    def _reorder(
        self,
        doc_texts: Sequence[str],
        queries: Sequence[str],
        ranked: Sequence[Sequence[int]],
        cross: str,
        progress: Progress,
    ) -> list[list[int]]:
        """Put the first candidates of each query into the order of a cross-encoder."""
        found = []
        for number, (query, rows) in enumerate(zip(queries, ranked, strict=True)):
            progress(number, len(queries), "reading the candidates again")
            first = list(rows[:RERANKED])
            scores = self._searcher.judge(query, [doc_texts[row] for row in first], cross)
            order = np.argsort(-scores, kind="stable")
            found.append([*(first[place] for place in order), *rows[RERANKED:]])
        return found

    @staticmethod
    def _parameters(queries: Sequence[str], request: SearchRequest) -> dict[str, Any]:
        """All that a stored batch depends on besides corpus and encoder."""
        return {"queries": list(queries), **request.to_dict()}

    def _read(
        self, run: RunRecord, queries: Sequence[str], request: SearchRequest
    ) -> list[SearchResult]:
        """Turn a stored batch back into results."""
        stored = run.result["results"]
        rows = sorted({hit["row"] for result in stored for hit in result["hits"]})
        texts = dict(zip(rows, self._lab.texts(run.corpus_id, rows), strict=True)) if rows else {}
        return [
            SearchResult(
                query=query,
                request=request,
                hits=tuple(SearchHit(text=texts[hit["row"]], **hit) for hit in result["hits"]),
                **{name: value for name, value in result.items() if name != "hits"},
            )
            for query, result in zip(queries, stored, strict=True)
        ]


def _stored(result: SearchResult) -> dict[str, Any]:
    """A result as JSON values, without what the corpus and the request say already."""
    values = asdict(result)
    return {
        name: values[name]
        for name in ("model", "engine", "embedding", "searching", "reranking", "note")
    } | {"hits": [{n: v for n, v in hit.items() if n != "text"} for hit in values["hits"]]}


def _keyword_ranks(
    doc_texts: Sequence[str], queries: Sequence[str], k: int, progress: Progress
) -> list[list[int]]:
    """Rank texts by words in common with each query, by an index that is not kept."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        index = KeywordIndex(Path(folder) / "keyword")
        index.build(doc_texts, progress)
        ranked: list[list[int]] = []
        for number, query in enumerate(queries):
            progress(number, len(queries), "searching for words")
            ranked.append(index.search(query, k)[0].tolist())
    return ranked


def in_words(value: Any) -> str:
    """Write a cell as a person would type it into a filter; "" where there is none."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return str(int(value))
    return str(value).strip()
