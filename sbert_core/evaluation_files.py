"""Files to measure encoders on: what is in them, checked, and in one form.

    sts       two sentences and a score            pairs    two sentences, the same or not
    nli       premise, hypothesis and a label      triplet  anchor, positive, negative
    retrieval documents, queries, and which document is relevant to which query

Graded pairs and triplets are read by the readers of training data, so that a file is good for both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .errors import DataError, FileError, SBERTLabError
from .training.example_columns import find_columns
from .training.example_conversions import refusal
from .training.example_files import read_examples
from .training.example_tables import Table, number, read_table
from .training.examples import counted

SentenceKind = Literal["sts", "nli", "pairs", "triplet"]
SENTENCE_KINDS: tuple[SentenceKind, ...] = ("sts", "nli", "pairs", "triplet")

# What the readers of training data call a file of this kind.
_OBJECTIVES: Mapping[str, str] = {
    "sts": "sts",
    "nli": "nli",
    "pairs": "contrastive",
    "triplet": "triplet",
}

_DOCUMENT_ID = ("doc_id", "_id", "id", "docid", "document_id", "docno", "pid", "passage_id")
_DOCUMENT = ("text", "contents", "content", "passage", "document", "body", "abstract")
_QUERY_ID = ("query_id", "_id", "id", "qid", "query-id", "topic")
_QUERY = ("text", "query", "question", "title")
_QREL_QUERY = ("query_id", "query-id", "qid", "topic", "query")
_QREL_DOCUMENT = ("doc_id", "corpus-id", "corpus_id", "docid", "docno", "document_id", "pid")
_QREL_GRADE = ("relevance", "score", "grade", "rel", "label", "relevant")
_RETRIEVAL_FILES: Mapping[str, str] = {
    "documents": "doc_id\ttext\n12\tHow to return a parcel.",
    "queries": "query_id\ttext\n7\tsend something back",
    "judgements": "query_id\tdoc_id\trelevance\n7\t12\t1",
}


@dataclass(frozen=True)
class SentenceFile:
    """Pairs or triplets of N rows.

    Attributes:
        columns: One tuple of N texts per role: (a, b), or (anchor, positive, negative).
        scores: sts: float64 (N,), what people think, on the file's own scale; else empty.
        labels: nli: N names of labels; pairs: "same" or "different"; else empty.
        notes: Sentences for a person about what was read, dropped and converted.
    """

    columns: tuple[tuple[str, ...], ...]
    scores: NDArray[np.float64]
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text_pairs(self) -> list[tuple[str, str]]:
        """The pairs; of a triplet, the anchor with each of the others."""
        first, *others = self.columns
        return [pair for other in others for pair in zip(first, other, strict=True)]


@dataclass(frozen=True)
class Collection:
    """Documents, queries, and what people judged relevant.

    Attributes:
        document_ids: N ids; documents without text are left out, as nothing can find them.
        documents: N texts, the title in front where it is not there already.
        query_ids: Q ids, those with a judgement.
        queries: Q texts.
        qrels: Query id to document id to grade, of these queries.
        notes: Sentences for a person about what was left out.
    """

    document_ids: tuple[str, ...]
    documents: tuple[str, ...]
    query_ids: tuple[str, ...]
    queries: tuple[str, ...]
    qrels: Mapping[str, Mapping[str, int]]
    notes: tuple[str, ...] = ()


def read_sentences(
    path: Path, kind: SentenceKind, columns: Mapping[str, str] | None = None
) -> SentenceFile:
    """Read a file of one of the kinds in this module's table.

    An NLI file is also one of pairs (entailment is the same, contradiction different, neutral
    left out) and of triplets (premise, entailment, contradiction).

    Args:
        path: CSV, TSV, TXT, JSON Lines or Parquet, also as .gz.
        kind: What to take from it.
        columns: Role ("a", "b", "anchor", "positive", "negative", "score", "label") to the name
            of a column; None guesses.

    Raises:
        FileError: The file cannot be read, or nothing tells which column is what.
        DataError: It does not fit; the sentence shows two lines that do.
    """
    if kind not in _OBJECTIVES:
        raise DataError(f"kind={kind!r} should be one of {', '.join(SENTENCE_KINDS)}.")
    try:
        if kind == "sts":
            return _read_scored(path, columns)
        examples = read_examples(path, _OBJECTIVES[kind], columns)
    except SBERTLabError as error:
        raise _worded(error, path, kind) from error
    names = examples.label_names
    notes = tuple(_in_our_words(note) for note in examples.found)
    labels = () if examples.labels is None else tuple(names[place] for place in examples.labels)
    return SentenceFile(examples.columns, np.zeros(0), labels, notes)


def read_collection(documents: Path, queries: Path, qrels: Path) -> Collection:
    """Read what a search is measured on.

    Args:
        documents: Columns doc_id and text, and perhaps title.
        queries: Columns query_id and text.
        qrels: Columns query_id, doc_id and relevance (a whole number, 1 or more is relevant), or
            the four columns of TREC without a header.

    Raises:
        FileError: A file cannot be read, lacks a column, or has an id twice.
        DataError: The judgements name documents that there are not, or none of the queries.
    """
    ids, texts = _documents(documents)
    asked = _queries(queries)
    judged = _qrels(qrels)
    known = set(ids)
    unknown = sorted({doc for grades in judged.values() for doc in grades if doc not in known})
    if unknown:
        raise DataError(
            f"{qrels.name} judges {counted(len(unknown), 'document')} that {documents.name} does "
            f"not have, such as {unknown[0]!r}. Give the documents that were judged."
        )
    used = {query: text for query, text in asked.items() if query in judged}
    if not used:
        raise DataError(
            f"{qrels.name} judges none of the queries in {queries.name}: it has ids such as "
            f"{next(iter(judged))!r}, the queries have {next(iter(asked))!r}."
        )
    filled = [place for place, text in enumerate(texts) if text]
    if not filled:
        raise FileError(f"{documents.name} has no document with text.")
    return Collection(
        tuple(ids[place] for place in filled),
        tuple(texts[place] for place in filled),
        tuple(used),
        tuple(used.values()),
        {query: judged[query] for query in used},
        _left_out(len(ids) - len(filled), len(asked) - len(used), len(judged) - len(used)),
    )


# --- pairs ------------------------------------------------------------------------------------


def _read_scored(path: Path, columns: Mapping[str, str] | None) -> SentenceFile:
    """Read sentence pairs with people's scores, on the scale they are on."""
    table = read_table(path)
    found = find_columns(table, path.name, "sts", columns)
    if found.kind not in ("scored_pairs", "labelled_pairs") or found.value is None:
        raise FileError(
            refusal("sts", f"{path.name} has no column with a score for each pair of sentences.")
        )
    first, second = (table.column(name) for name in found.texts)
    values = table.column(found.value)
    whole = [place for place in range(len(table)) if first[place] and second[place]]
    read = [number(values[place]) for place in whole]
    if None in read:
        place = whole[read.index(None)]
        raise FileError(
            refusal(
                "sts",
                f"{path.name} has {values[place][:40]!r} under {found.value!r} in row "
                f"{place + 1:,} (the header not counted), which is not a number.",
            )
        )
    notes = [*table.found, *([found.how] if found.how else [])]
    if len(whole) < len(table):
        notes.append(f"{counted(len(table) - len(whole), 'row')} without text left out.")
    return SentenceFile(
        (tuple(first[place] for place in whole), tuple(second[place] for place in whole)),
        np.array(read, dtype=np.float64),
        notes=tuple(notes),
    )


def _in_our_words(sentence: str) -> str:
    """Name no training objective where none is meant."""
    return sentence.replace("contrastive", "this evaluation")


def _worded(error: SBERTLabError, path: Path, kind: SentenceKind) -> SBERTLabError:
    """Say what is wrong in the words of an evaluation, with two lines of a file that fits."""
    sentence = _in_our_words(str(error))
    if path.is_file() and "begins like this" not in sentence:
        sentence = refusal(_OBJECTIVES[kind], sentence)
    return type(error)(sentence)


# --- retrieval --------------------------------------------------------------------------------


def _documents(path: Path) -> tuple[list[str], list[str]]:
    """Read ids and texts; a text that does not begin with its title gets it in front."""
    table = _table(path, "documents")
    identity, text = _named(table, path, "documents", (_DOCUMENT_ID, _DOCUMENT))
    texts = table.column(text)
    title = next((name for name in table.names if name.casefold() == "title"), None)
    if title is not None and title != text:
        heads = table.column(title)
        texts = [
            body if body.startswith(head) else f"{head} {body}".strip()
            for head, body in zip(heads, texts, strict=True)
        ]
    return _distinct(table.column(identity), path, identity), texts


def _queries(path: Path) -> dict[str, str]:
    """Read queries by id."""
    table = _table(path, "queries")
    identity, text = _named(table, path, "queries", (_QUERY_ID, _QUERY))
    ids = _distinct(table.column(identity), path, identity)
    blank = [query for query, words in zip(ids, table.column(text), strict=True) if not words]
    if blank:
        raise FileError(f"{path.name} has no text for the query {blank[0]!r}.")
    return dict(zip(ids, table.column(text), strict=True))


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read judgements: query id to document id to grade."""
    table = _table(path, "judgements")
    if table.names == ("text",):  # TREC's own files have spaces between
        table = _split(table)
    if table.names[0] == "column 1" and len(table.names) in (3, 4):  # TREC's files have no header
        query, document, grade = table.names[0], table.names[-2], table.names[-1]
    else:
        roles = (_QREL_QUERY, _QREL_DOCUMENT, _QREL_GRADE)
        query, document, grade = _named(table, path, "judgements", roles)
    judged: dict[str, dict[str, int]] = {}
    rows = zip(table.column(query), table.column(document), table.column(grade), strict=True)
    for place, (asked, found, written) in enumerate(rows, start=1):
        value = number(written)
        if value is None or value % 1:
            raise FileError(
                f"{path.name} has {written[:40]!r} under {grade!r} in row {place:,}, and a "
                f"relevance is a whole number. {_fits('judgements')}"
            )
        judged.setdefault(asked, {})[found] = int(value)
    return judged


def _split(table: Table) -> Table:
    """Cut lines at spaces, where each has the four cells of TREC."""
    rows = [line.split() for line in table.columns[0]]
    if {len(row) for row in rows} != {4}:
        return table
    columns = tuple(list(cells) for cells in zip(*rows, strict=True))
    return Table(tuple(f"column {place}" for place in range(1, 5)), columns)


def _table(path: Path, what: str) -> Table:
    """Read a file of the collection."""
    try:
        return read_table(path)
    except FileError as error:
        raise FileError(f"{error} {_fits(what)}" if path.is_file() else str(error)) from error


def _named(
    table: Table, path: Path, what: str, roles: Sequence[tuple[str, ...]]
) -> tuple[str, ...]:
    """Find columns by the names that such files have."""
    lower = {name.casefold(): name for name in table.names}
    found: list[str] = []
    for known in roles:
        free = (lower[name] for name in known if name in lower and lower[name] not in found)
        column = next(free, None)
        if column is None:
            raise FileError(
                f"{path.name} has the columns {', '.join(table.names)}, and none is called "
                f"{known[0]}. {_fits(what)}"
            )
        found.append(column)
    return tuple(found)


def _distinct(ids: list[str], path: Path, column: str) -> list[str]:
    """Refuse ids that are blank or occur twice."""
    seen: set[str] = set()
    for place, identity in enumerate(ids, start=1):
        if not identity:
            raise FileError(f"{path.name} has no {column} in row {place:,}.")
        if identity in seen:
            raise FileError(f"{path.name} has the {column} {identity!r} twice.")
        seen.add(identity)
    return ids


def _fits(what: str) -> str:
    """Show two lines of a file that fits."""
    return f"A file of {what} that fits begins like this:\n{_RETRIEVAL_FILES[what]}"


def _left_out(blank: int, not_judged: int, not_asked: int) -> tuple[str, ...]:
    """Say what was left out."""
    told = (
        (blank, "Documents without text, which nothing can find: {:,}."),
        (not_judged, "Queries left out for lack of judgements: {:,}."),
        (not_asked, "Judged queries that are not in the file of queries: {:,}."),
    )
    return tuple(sentence.format(many) for many, sentence in told if many)
