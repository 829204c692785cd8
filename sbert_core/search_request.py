"""What a search is asked, and what it answers: plain dataclasses, each saying its units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .corpus.vector_index import IndexInfo
from .errors import DataError

SearchMode = Literal["semantic", "keyword", "hybrid"]
SEARCH_MODES: tuple[SearchMode, ...] = get_args(SearchMode)
EngineChoice = Literal["auto", "exact", "approximate"]
ENGINE_CHOICES: tuple[EngineChoice, ...] = get_args(EngineChoice)

MOST_HITS = 1_000
MOST_QUERIES = 10_000


@dataclass(frozen=True)
class SearchRequest:
    """How to search.

    Attributes:
        mode: "semantic" by meaning, "keyword" by words in common, "hybrid" by both.
        k: Hits for a query, 1 to 1,000; fewer come back where there are fewer.
        where: (column, value) pairs that a hit must fulfil; of several values of one column any
            will do. A number may be written as in the file.
        rerank: Name of the cross-encoder that reads the first candidates together with the query
            and puts them into its own order; "" for none.
        engine: "auto" compares all rows as long as that is instant, and uses an index beyond.
    """

    mode: SearchMode = "semantic"
    k: int = 10
    where: tuple[tuple[str, str], ...] = ()
    rerank: str = ""
    engine: EngineChoice = "auto"

    def __post_init__(self) -> None:
        if self.mode not in SEARCH_MODES:
            raise DataError(f"mode={self.mode!r} should be one of {', '.join(SEARCH_MODES)}.")
        if not 1 <= self.k <= MOST_HITS:
            raise DataError(f"k={self.k} should be a number from 1 to {MOST_HITS:,}.")
        if self.engine not in ENGINE_CHOICES:
            raise DataError(f"engine={self.engine!r} should be one of {', '.join(ENGINE_CHOICES)}.")

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "mode": self.mode,
            "k": self.k,
            "where": [list(pair) for pair in self.where],
            "rerank": self.rerank,
            "engine": self.engine,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "SearchRequest":
        """Read what `to_dict` wrote; other keys are ignored."""
        where = tuple((str(column), str(value)) for column, value in stored["where"])
        return cls(stored["mode"], stored["k"], where, stored["rerank"], stored["engine"])


@dataclass(frozen=True)
class SearchHit:
    """A row that was found.

    Attributes:
        row: Row number in the corpus, from 0.
        text: Its text.
        score: What the hits are ordered by, descending: `cosine`, `bm25`, the fused score of a
            hybrid search (the sum of 1 / (60 + rank)), or `judged`.
        cosine: Cosine to the query in [-1, 1]; None if it was not found by meaning.
        bm25: BM25 score, 0 or more; None if it was not found by a word.
        semantic_rank: Place in the search by meaning, from 1; None if it has none.
        keyword_rank: Place in the search by words, from 1; None if it has none.
        judged: Judgement of the cross-encoder in [0, 1]; None without re-ranking.
    """

    row: int
    text: str
    score: float
    cosine: float | None = None
    bm25: float | None = None
    semantic_rank: int | None = None
    keyword_rank: int | None = None
    judged: float | None = None


@dataclass(frozen=True)
class SearchResult:
    """The answer to one query.

    Attributes:
        query: What was asked.
        request: How.
        model: Encoder string; "" if none was needed.
        engine: "exact" or "approximate" for a search by meaning, else "".
        hits: Best first.
        embedding: Milliseconds to turn the query into a vector; in a batch, its share.
        searching: Milliseconds to search; in a batch, its share.
        reranking: Milliseconds of the cross-encoder; in a batch, its share.
        note: One sentence on anything a reader should know, or "".
    """

    query: str
    request: SearchRequest
    model: str
    engine: str
    hits: tuple[SearchHit, ...]
    embedding: float
    searching: float
    reranking: float = 0.0
    note: str = ""

    @property
    def milliseconds(self) -> float:
        """All three together."""
        return self.embedding + self.searching + self.reranking


@dataclass(frozen=True)
class SearchEngine:
    """How a corpus is searched by meaning, and why.

    Attributes:
        kind: "exact" or "approximate".
        instant: Whether comparing all rows is instant, so that no index is needed.
        info: The index, if there is one.
        sentence: The choice in words.
    """

    kind: Literal["exact", "approximate"]
    instant: bool
    info: IndexInfo | None
    sentence: str


@dataclass(frozen=True)
class RecallMeasure:
    """How much of the truth an index finds for some queries.

    Attributes:
        queries: Queries it was measured on.
        k: Hits looked at for each.
        recall: Share of the true first k that were found, in [0, 1].
        exact: Milliseconds a query for comparing all rows.
        approximate: Milliseconds a query with the index.
    """

    queries: int
    k: int
    recall: float
    exact: float
    approximate: float


def parse_where(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Read filters of the form COLUMN=VALUE; the value may hold further signs of equality.

    Raises:
        DataError: There is no "=".
    """
    pairs = []
    for word in words:
        column, equals, value = word.partition("=")
        if not equals or not column.strip():
            raise DataError(f"--where {word} should be COLUMN=VALUE, such as --where topic=travel.")
        pairs.append((column.strip(), value.strip()))
    return tuple(pairs)


def checked_queries(queries: Sequence[str]) -> list[str]:
    """Strip queries and drop blank ones.

    Raises:
        DataError: None is left, or there are too many.
    """
    found = [query.strip() for query in queries if query.strip()]
    if not found:
        raise DataError("The query is empty. Type what you are looking for.")
    if len(found) > MOST_QUERIES:
        raise DataError(
            f"{len(found):,} queries are more than the {MOST_QUERIES:,} that fit one search. "
            "Split the file."
        )
    return found
