"""The command that searches a file: by meaning, by words, or by both."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cli_options import (
    Answer,
    TerminalProgress,
    add_command,
    add_file,
    add_model,
    add_out,
    check_out,
    open_lab,
)
from .errors import DataError, FileError

# Nothing heavy is imported up here: `--help` answers at once.
if TYPE_CHECKING:
    from .lab import Lab
    from .search_request import SearchResult

_MODES = ("semantic", "keyword", "hybrid")
_ENGINES = ("auto", "exact", "approximate")


def add_search(commands: Any) -> None:
    """`search`: the rows that answer a query."""
    about = "search a file by meaning, by words, or by both"
    parser = add_command(commands, "search", run_search, about)
    add_file(parser)
    parser.add_argument("query", nargs="?", metavar="QUERY", help="what to look for")
    add_model(parser)
    parser.add_argument("--k", type=int, default=10, metavar="N", help="hits (default: 10)")
    parser.add_argument(
        "--mode",
        choices=_MODES,
        default="semantic",
        help="semantic: by meaning; keyword: by words in common (BM25); hybrid: both, merged by "
        "rank (default: semantic)",
    )
    parser.add_argument(
        "--rerank", default="", metavar="CROSS", help="cross-encoder that reads the first 50 again"
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="search only such rows; may be given several times",
    )
    parser.add_argument(
        "--queries", type=Path, metavar="FILE", help="many queries: one a line, or a table"
    )
    parser.add_argument(
        "--engine",
        choices=_ENGINES,
        default="auto",
        help="compare all rows, or ask an index, which is built if need be (default: auto)",
    )
    add_out(parser, "F.csv or F.parquet: all hits with the columns of the file")


def run_search(options: argparse.Namespace) -> Answer:
    """Search a file for one query, or for a file of them."""
    from .exports import write_table
    from .search_request import SearchRequest, parse_where

    check_out(options.out, (".csv", ".parquet"))
    where = parse_where(options.where)
    request = SearchRequest(options.mode, options.k, where, options.rerank, options.engine)
    lab = open_lab(options)
    queries = _queries(options, lab)
    corpus = lab.open_file(options.file, text_column=options.text_column)
    progress = TerminalProgress("search")
    if request.mode != "keyword":
        lab.embed(corpus.corpus_id, options.model, progress)
        engine = lab.search.engine(corpus.corpus_id, options.model, request)
        wanted = request.engine == "approximate" or (
            request.engine == "auto" and not engine.instant
        )
        if wanted and engine.info is None and not request.where:
            lab.search.build_index(corpus.corpus_id, options.model, progress)
    found = lab.search.search_many(corpus.corpus_id, queries, request, options.model, progress)
    if options.out:
        write_table(lab.search.table(corpus.corpus_id, found), options.out)
    if options.queries:
        return {"rows": corpus.rows, "results": [_answer(result) for result in found]}
    return {"rows": corpus.rows, **_answer(found[0])}


def _queries(options: argparse.Namespace, lab: "Lab") -> Sequence[str]:
    """Take the query, or read the file of queries.

    Raises:
        DataError: Both are given, or neither.
        FileError: The file cannot be read.
    """
    if (options.query is None) == (options.queries is None):
        raise DataError("Give either a QUERY or --queries FILE.")
    if options.query is not None:
        return [options.query]
    if options.queries.suffix.lower() != ".txt":
        return lab.read(options.queries).texts
    try:
        lines: list[str] = options.queries.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(
            f"{options.queries} cannot be read as UTF-8 text ({error}). Save it as UTF-8."
        ) from error
    return lines


def _answer(result: "SearchResult") -> Answer:
    """The answer to one query as JSON values."""
    return {
        "query": result.query,
        "mode": result.request.mode,
        "model": result.model,
        "engine": result.engine,
        "hits": [asdict(hit) for hit in result.hits],
        "milliseconds": result.milliseconds,
        "milliseconds_embedding": result.embedding,
        "milliseconds_searching": result.searching,
        "milliseconds_reranking": result.reranking,
        "note": result.note,
    }


def search_as_text(answer: Answer) -> str:
    """Write hits for a terminal, one table for each query."""
    from .cli_text import table

    parts = []
    for result in answer.get("results", [answer]):
        lines = [f"{result['query']}  ({result['milliseconds']:.1f} ms)"]
        if result["note"]:
            lines.append(result["note"])
        if result["hits"]:
            lines.append(table(result["hits"], ["row", "score", "text"]))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)
