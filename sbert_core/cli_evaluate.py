"""The command that measures: `evaluate sts|nli|pairs|triplet|retrieval|clusters`."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cli_options import (
    DEFAULT_ENCODER,
    Answer,
    TerminalProgress,
    add_command,
    add_file,
    add_model,
    open_lab,
)
from .errors import FileError

# Nothing heavy is imported up here: `--help` answers at once.
if TYPE_CHECKING:
    from .lab import Lab

_ABOUT = {
    "sts": ("sentence pairs with graded similarity", "sentence1, sentence2, score"),
    "nli": (
        "premise and hypothesis: a classifier on both vectors, cross-validated",
        "premise, hypothesis, label",
    ),
    "pairs": ("pairs that mean the same or not", "sentence1, sentence2, label"),
    "triplet": (
        "is the right sentence the nearer one?",
        "anchor, positive, negative; or an NLI file",
    ),
}


def add_evaluate(commands: Any) -> None:
    """`evaluate`: score encoders against human judgement."""
    group = commands.add_parser("evaluate", help="measure encoders on graded or labelled data")
    kinds = group.add_subparsers(dest="kind", required=True, metavar="KIND")
    for kind, (about, columns) in _ABOUT.items():
        parser = add_command(kinds, kind, run_evaluate_sentences, about)
        parser.add_argument("file", type=Path, metavar="FILE", help=columns)
        add_model(parser, several=True)
    _add_retrieval(kinds)
    _add_clusters(kinds)


def run_evaluate_sentences(options: argparse.Namespace) -> Answer:
    """Measure encoders on a file of pairs or triplets."""
    kind, file = options.kind, options.file
    _check_files([file])
    lab, models = _opened(options)
    measure: Callable[..., Any] = getattr(lab.evaluation, kind)
    progress = TerminalProgress("evaluate")
    results = []
    for model in models:
        scores = asdict(measure(file, model, progress=progress))
        found = lab.evaluation.contamination(file, model, kind)
        seen = {"pair_share": found.pair_share, "sentence_share": found.sentence_share}
        results.append({"model": model} | scores | {"contamination": seen})
    return {"kind": kind, "results": results, "notes": _notes(lab, models, file, kind)}


def _add_retrieval(kinds: Any) -> None:
    """`evaluate retrieval`: a search, measured."""
    parser = add_command(
        kinds, "retrieval", run_evaluate_retrieval, "does a search put relevant documents first?"
    )
    parser.add_argument("documents", type=Path, metavar="DOCS", help="doc_id, text, perhaps title")
    parser.add_argument("queries", type=Path, metavar="QUERIES", help="query_id, text")
    parser.add_argument("qrels", type=Path, metavar="QRELS", help="query_id, doc_id, relevance")
    parser.add_argument(
        "--mode",
        choices=("semantic", "keyword", "hybrid"),
        default="semantic",
        help="how to search",
    )
    parser.add_argument(
        "--rerank", metavar="CROSS", help="cross-encoder that orders the first 100 anew"
    )
    add_model(parser, several=True)


def run_evaluate_retrieval(options: argparse.Namespace) -> Answer:
    """Measure a search under each encoder."""
    files = (options.documents, options.queries, options.qrels)
    _check_files(files)
    lab, models = _opened(options)
    progress = TerminalProgress("evaluate")
    results = []
    for model in models:
        scores = lab.evaluation.retrieval(files, model, options.mode, options.rerank, progress)
        shown = {"model": model, "mode": options.mode, "rerank": options.rerank}
        results.append(shown | asdict(scores))
    notes = list(lab.evaluation.collection(*files).notes)
    return {"kind": "retrieval", "results": results, "notes": notes}


def _add_clusters(kinds: Any) -> None:
    """`evaluate clusters`: labels against groups and neighbours."""
    parser = add_command(
        kinds, "clusters", run_evaluate_clusters, "do sentences of one label lie together?"
    )
    add_file(parser)
    parser.add_argument("--label-column", required=True, metavar="L", help="column with the labels")
    add_model(parser, several=True)


def run_evaluate_clusters(options: argparse.Namespace) -> Answer:
    """Compare groups and neighbours with labels under each encoder."""
    lab, models = _opened(options)
    column = options.label_column
    corpus = lab.open_file(options.file, text_column=options.text_column, label_column=column)
    progress = TerminalProgress("evaluate")
    results = [
        {"model": model}
        | asdict(lab.evaluation.clusters(corpus.corpus_id, column, model, progress=progress))
        for model in models
    ]
    return {"kind": "clusters", "results": results, "notes": []}


# --- text ---------------------------------------------------------------------------------------

# What a terminal shows of each kind; --json has it all.
_COLUMNS = {
    "sts": ("pairs", "spearman_cosine", "pearson_cosine", "spearman_euclidean", "ci95"),
    "nli": ("pairs", "accuracy", "macro_f1", "majority", "folds"),
    "pairs": ("pairs", "ap", "best_f1", "threshold", "best_accuracy"),
    "triplet": ("triplets", "accuracy_cosine", "accuracy_euclidean", "mean_margin"),
    "retrieval": ("mode", "rerank", "queries", "ndcg_at_10", "mrr_at_10", "recall_at_100"),
    "clusters": ("rows", "labels", "v_measure", "ari", "knn_accuracy"),
}
_READING = {
    "sts": "Correlations times 100; ci95 is the interval of the first.",
    "nli": "Shares of 1: a logistic classifier on both vectors judges pairs of premises that it "
    "has not seen. Always saying the commonest label gets the share under majority.",
    "pairs": "Shares of 1; the threshold is a cosine, chosen on these very pairs.",
    "triplet": "Shares of 1: a coin gets 0.5. The margin is a difference of cosines.",
    "retrieval": "Shares of 1, means over the queries that have a relevant document.",
    "clusters": "V-measure and share of rows whose 10 nearest vote for their label: 1 is perfect; "
    "the adjusted Rand index of a random grouping is near 0.",
}


def evaluation_text(answer: Answer) -> str:
    """Write the answer of `evaluate` for a terminal."""
    from .cli_text import table

    kind = answer["kind"]
    columns = [
        name for name in _COLUMNS[kind] if any(row[name] is not None for row in answer["results"])
    ]
    lines = [table(answer["results"], ["model", *columns]), "", _READING[kind]]
    return "\n".join([*lines, *(f"Note: {note}" for note in answer["notes"])])


# --- private ------------------------------------------------------------------------------------


def _opened(options: argparse.Namespace) -> "tuple[Lab, list[str]]":
    """Open the workspace and find every encoder, before anything is computed."""
    lab = open_lab(options)
    models = options.model or [DEFAULT_ENCODER]
    for model in models:
        lab.resolve(model)
    return lab, models


def _check_files(files: Sequence[Path]) -> None:
    """Refuse a missing file before anything is loaded.

    Raises:
        FileError: It is not there, or is a folder.
    """
    for path in files:
        if not path.is_file():
            raise FileError(f"There is no file {path}.")


def _notes(lab: "Lab", models: Sequence[str], file: Path, kind: Any) -> list[str]:
    """Say what was left out of a file, and what is known of contamination."""
    notes = list(lab.evaluation.notes(file, kind))
    for model in models:
        notes.append(f"{model}: {lab.evaluation.contamination(file, model, kind).sentence}")
    return notes
