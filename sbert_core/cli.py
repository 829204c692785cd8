"""The command line: the same `Lab` as the pages, with promised JSON fields.

Exit status: 0 done, 1 something the user can mend (one sentence on stderr), 2 bad usage.
Progress goes to stderr; with `--json`, stdout holds one JSON object and nothing else.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from . import __version__
from .cli_bench import add_bench
from .cli_classify import add_classify
from .cli_compare import add_compare
from .cli_duplicates import add_duplicates
from .cli_evaluate import add_evaluate
from .cli_explain import add_explain
from .cli_options import (
    DEFAULT_ENCODER,
    Answer,
    TerminalProgress,
    add_command,
    add_file,
    add_model,
    add_out,
    add_seed,
    check_out,
    open_lab,
)
from .cli_search import add_search
from .cli_train import add_pretrain, add_train
from .errors import SBERTLabError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Words of the command line; None for those of this process.

    Returns:
        The exit status: 0 or 1. Bad usage exits with 2 from argparse.
    """
    options = build_parser().parse_args(arguments)
    try:
        answer = options.run(options)
    except SBERTLabError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("Stopped. What was finished is kept; the same command resumes.")
    except BrokenPipeError:
        return 1
    if options.json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    else:
        from .cli_text import as_text

        sys.stdout.write(as_text(options.command, answer) + "\n")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Describe every command and option."""
    parser = argparse.ArgumentParser(
        prog="python -m sbert_core",
        description="See what sentences are about. An encoder is ID[:POOLING], for instance "
        "minilm, minilm:cls, hf:org/name or a folder.",
    )
    parser.add_argument("--version", action="version", version=f"sbert-lab {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_models, _add_inspect, _add_similarity, _add_embed):
        add(commands)
    for add in (_add_cluster, _add_map, add_evaluate, _add_sample):
        add(commands)
    for add in (add_compare, add_explain, add_search, add_duplicates, add_classify):
        add(commands)
    for add in (add_train, add_pretrain, add_bench):
        add(commands)
    return parser


# --- commands -------------------------------------------------------------------------------


def _add_models(commands: Any) -> None:
    """`models`: what encoders there are."""
    add_command(commands, "models", run_models, "list the encoders and which are at hand")


def run_models(options: argparse.Namespace) -> Answer:
    """List the encoders of the catalogue."""
    from .encoders.catalog import list_models

    return {"models": [asdict(info) for info in list_models()]}


def _add_inspect(commands: Any) -> None:
    """`inspect`: read a file and report."""
    parser = add_command(commands, "inspect", run_inspect, "say what is in a file; stores nothing")
    add_file(parser)
    parser.add_argument("--label-column", metavar="L", help="column with a label for each row")


def run_inspect(options: argparse.Namespace) -> Answer:
    """Read a file and report what was found; no torch, no workspace."""
    from .corpus.reader import read_corpus

    reading = read_corpus(
        options.file, text_column=options.text_column, label_column=options.label_column
    )
    return reading.report.to_dict()


def _add_similarity(commands: Any) -> None:
    """`similarity`: score two sentences."""
    parser = add_command(commands, "similarity", run_similarity, "score two sentences")
    parser.add_argument("a", metavar="A", help="a sentence")
    parser.add_argument("b", metavar="B", help="another sentence")
    add_model(parser, several=True)


def run_similarity(options: argparse.Namespace) -> Answer:
    """Score two sentences under each encoder."""
    scores = open_lab(options).similarity(options.a, options.b, options.model or [DEFAULT_ENCODER])
    return {"pairs": [asdict(score) for score in scores]}


def _add_embed(commands: Any) -> None:
    """`embed`: vectors for every row."""
    parser = add_command(commands, "embed", run_embed, "embed a file and keep the vectors")
    add_file(parser)
    add_model(parser)
    add_out(parser, "F.parquet, or F.csv: the rows with their vectors")


def run_embed(options: argparse.Namespace) -> Answer:
    """Embed a file, resuming what was begun."""
    from .exports import write_table

    check_out(options.out, (".parquet", ".csv"))
    lab = open_lab(options)
    corpus = lab.open_file(options.file, text_column=options.text_column)
    result = lab.embed(corpus.corpus_id, options.model, TerminalProgress("embed"))
    if options.out:
        write_table(lab.table(corpus.corpus_id, model=options.model), options.out)
    return asdict(result) | {"corpus_id": corpus.corpus_id}


def _add_cluster(commands: Any) -> None:
    """`cluster`: named groups of similar sentences."""
    parser = add_command(commands, "cluster", run_cluster, "find groups of similar sentences")
    add_file(parser)
    add_model(parser)
    parser.add_argument(
        "--k", type=_k, default=None, metavar="N|auto", help="how many groups (default: auto)"
    )
    parser.add_argument("--label-column", metavar="L", help="compare the groups with this column")
    add_seed(parser)
    add_out(parser, "F.csv or F.parquet: the rows with group number and name")


def run_cluster(options: argparse.Namespace) -> Answer:
    """Group a file and, with labels, compare."""
    from .exports import write_table
    from .lab import ClusterConfig

    check_out(options.out, (".csv", ".parquet"))
    started = time.perf_counter()
    lab = open_lab(options)
    corpus = lab.open_file(
        options.file, text_column=options.text_column, label_column=options.label_column
    )
    config = ClusterConfig(k=options.k, seed=options.seed)
    found = lab.cluster(corpus.corpus_id, options.model, config, TerminalProgress("cluster"))
    examples = lab.texts(corpus.corpus_id, found.central_rows)
    answer: Answer = {
        "rows": len(found.labels),
        "model": found.run.encoder,
        "k": found.k,
        "silhouette": found.silhouette,
        "clusters": [
            {"id": i, "size": found.sizes[i], "name": found.names[i], "example": examples[i]}
            for i in range(found.k)
        ],
        "note": found.note,
    }
    if found.k_choice:
        answer["k_choice"] = found.k_choice
    if options.label_column:
        agreement = lab.agreement(found, options.label_column)
        answer |= {"v_measure": agreement.v_measure, "ari": agreement.ari}
    if options.out:
        write_table(lab.table(corpus.corpus_id, clusters=found), options.out)
    return answer | {"seconds": time.perf_counter() - started}


def _add_map(commands: Any) -> None:
    """`map`: a picture of the corpus."""
    from .analysis.projection import PROJECTION_METHODS

    parser = add_command(commands, "map", run_map, "draw the corpus in 2-D or 3-D")
    add_file(parser)
    add_model(parser)
    parser.add_argument("--method", choices=PROJECTION_METHODS, default="umap")
    parser.add_argument("--dims", type=int, choices=(2, 3), default=2)
    add_seed(parser)
    add_out(parser, "F.csv or F.parquet: rows with x, y; F.html: the map as a page of its own")


def run_map(options: argparse.Namespace) -> Answer:
    """Draw a file and measure how far to trust the picture."""
    from .exports import write_table
    from .lab import ProjectionConfig

    check_out(options.out, (".csv", ".parquet", ".html"))
    started = time.perf_counter()
    lab = open_lab(options)
    corpus = lab.open_file(options.file, text_column=options.text_column)
    config = ProjectionConfig(method=options.method, dims=options.dims, seed=options.seed)
    drawn = lab.map(corpus.corpus_id, options.model, config, TerminalProgress("map"))
    if options.out and options.out.suffix.lower() == ".html":
        grouped = lab.cluster(corpus.corpus_id, options.model, progress=TerminalProgress("cluster"))
        options.out.write_text(lab.map_page(drawn, grouped), encoding="utf-8")
    elif options.out:
        write_table(lab.table(corpus.corpus_id, drawn=drawn), options.out)
    return {
        "rows": len(drawn.coordinates),
        "model": drawn.run.encoder,
        "method": drawn.method,
        "dims": drawn.coordinates.shape[1],
        "trustworthiness": drawn.trustworthiness,
        "knn_overlap": drawn.knn_overlap,
        "rows_measured": drawn.rows_measured,
        "note": drawn.note,
        "seconds": time.perf_counter() - started,
    }


def _add_sample(commands: Any) -> None:
    """`sample`: rebuild what the bundled sample ships with."""
    add_command(commands, "sample", run_sample, "rebuild the bundled sample's map and groups")


def run_sample(options: argparse.Namespace) -> Answer:
    """Recompute the results that are shipped with the bundled sample."""
    from .sample import rebuild

    return rebuild(TerminalProgress("sample"))


def _k(word: str) -> int | None:
    """Read `--k`: a number, or auto."""
    if word == "auto":
        return None
    try:
        return int(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is neither a number nor auto") from None


def _fail(sentence: str) -> int:
    """Say what is wrong on stderr."""
    sys.stderr.write(sentence + "\n")
    return 1
