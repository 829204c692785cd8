"""Judged searches: three files of a user, or the one that the bundled pairs make."""

from dataclasses import dataclass, replace
from pathlib import Path

from .errors import DataError, WorkspaceError
from .evaluation.rerank import JudgedSearch
from .evaluation.sts import read_scored_pairs
from .evaluation_files import read_collection
from .hashing import content_key
from .sample import PAIRS

MOST_QUERIES = 50  # of a judged search, unless asked for all
ALIKE = 4.0  # a bundled pair graded so, of 5, is a query and its answer
BUNDLED_SEARCH = "Bundled pairs"


@dataclass(frozen=True)
class SearchFiles:
    """A judged search on disk; all empty for the bundled one.

    Attributes:
        docs: Path of the documents.
        queries: Path of the queries.
        qrels: Path of the judgements.
        most_queries: Queries measured at most, taken evenly; None for all.
    """

    docs: str = ""
    queries: str = ""
    qrels: str = ""
    most_queries: int | None = MOST_QUERIES

    def __post_init__(self) -> None:
        """Check that there are three files or none."""
        if 0 < sum(map(bool, self.paths)) < 3:
            raise DataError(
                "A judged search is three files: documents, queries, and judgements of which "
                "document answers which query. Give all three, or none for the bundled pairs."
            )
        if self.most_queries is not None and self.most_queries < 1:
            raise DataError(f"most_queries={self.most_queries} should be at least 1.")

    @property
    def paths(self) -> tuple[str, str, str]:
        """The three paths."""
        return self.docs, self.queries, self.qrels

    @property
    def name(self) -> str:
        """What a person calls it."""
        return Path(self.docs).name if self.docs else BUNDLED_SEARCH


def read_search(files: SearchFiles) -> JudgedSearch:
    """Read a judged search, or make the bundled one.

    Raises:
        FileError: A file cannot be read.
        DataError: The files do not fit each other.
    """
    if files.docs:
        found = read_collection(*map(Path, files.paths))
        search = JudgedSearch.of(
            dict(zip(found.document_ids, found.documents, strict=True)),
            dict(zip(found.query_ids, found.queries, strict=True)),
            found.qrels,
        )
        return replace(search, note=joined(*found.notes, search.note))
    return bundled_search()


def bundled_search() -> JudgedSearch:
    """Make a search of the bundled graded pairs: find the paraphrase among all second sentences.

    The first sentence of a pair graded 4 or more of 5 is a query, the second its one answer.
    """
    pairs = read_scored_pairs(PAIRS)
    documents = {str(place): text for place, text in enumerate(pairs.sentences2)}
    alike = [place for place, score in enumerate(pairs.scores) if score >= ALIKE]
    queries = {str(place): pairs.sentences1[place] for place in alike}
    return JudgedSearch.of(documents, queries, {str(place): {str(place): 1} for place in alike})


def joined(*sentences: str) -> str:
    """Several sentences as one text."""
    return " ".join(sentence for sentence in sentences if sentence)


def digest(path: Path) -> str:
    """Name a file by its content.

    Raises:
        WorkspaceError: It is gone.
    """
    try:
        return content_key(path.read_bytes())
    except OSError as error:
        raise WorkspaceError(f"{path.name} cannot be read any more. Upload it again.") from error
