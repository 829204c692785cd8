"""The command that compares encoders: `compare` measures two to four of them on one file."""

import argparse
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .cli_options import (
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

# Nothing heavy is imported up here: `--help` answers at once.
if TYPE_CHECKING:
    import pandas as pd

    from .comparison import Comparison
    from .lab import Lab


def add_compare(commands: Any) -> None:
    """`compare`: encoders side by side on one file."""
    about = "compare two to four encoders on a file"
    parser = add_command(commands, "compare", run_compare, about)
    add_file(parser)
    add_model(parser, several=True)
    parser.add_argument("--label-column", metavar="L", help="labels to judge the encoders by")
    parser.add_argument("--k", type=int, metavar="N", help="groups (default: as many as labels)")
    parser.add_argument(
        "--neighbours", type=int, default=10, metavar="N", help="nearest sentences to look at"
    )
    add_seed(parser)
    add_out(parser, "F.csv or F.parquet: rows with the maps' places and the shared neighbours")


def run_compare(options: argparse.Namespace) -> Answer:
    """Embed, map and group a file under each encoder, and measure how far they agree."""
    from .comparison import CompareConfig
    from .comparison_desk import ComparisonDesk
    from .exports import write_table
    from .sample import ARGUMENT

    check_out(options.out, (".csv", ".parquet"))
    started = time.perf_counter()
    config = CompareConfig(
        label_column=options.label_column,
        k=options.k,
        neighbours=options.neighbours,
        seed=options.seed,
    )
    lab = open_lab(options)
    corpus = lab.open_file(
        options.file, text_column=options.text_column, label_column=options.label_column
    )
    desk, models = ComparisonDesk(lab), options.model or ARGUMENT
    found = desk.compare(corpus.corpus_id, models, config, TerminalProgress("compare"))
    if options.out:
        write_table(comparison_table(lab, found), options.out)
    return {
        "rows": corpus.rows,
        "distinct": found.distinct,
        "neighbours": found.neighbours,
        "chance_overlap": found.chance_overlap,
        "redrawn_overlap": found.redrawn_overlap,
        "k": found.k,
        "label_column": found.label_column,
        "label_baseline": found.label_baseline,
        "encoders": [asdict(figures) for figures in found.encoders],
        "agreement": [asdict(pair) for pair in found.agreement],
        "sentences": [found.headline, found.about_chance],
        "notes": list(found.notes),
        "seconds": time.perf_counter() - started,
    }


def comparison_table(lab: "Lab", found: "Comparison") -> "pd.DataFrame":
    """Return the user's columns with each encoder's map, groups and the shared neighbours."""
    frame = lab.table(found.run.corpus_id)
    for i, model in enumerate(found.models):
        frame[f"x ({model})"], frame[f"y ({model})"] = found.maps[i].T
        frame[f"group ({model})"] = found.groups[i]
    frame["shared_neighbours"] = found.mean_row_overlap()
    return frame


def compare_text(answer: Answer) -> str:
    """Write the answer for a terminal."""
    from .cli_text import table

    encoders = [
        {**figures, "MB": round(figures["disk_bytes"] / 1e6, 1)} for figures in answer["encoders"]
    ]
    columns = ["model", "random_pair_cosine", "random_pair_spread", "effective_rank"]
    columns += ["knn_label_accuracy", "silhouette", "v_measure", "ari"]
    columns += ["sentences_per_second", "parameters", "MB"]
    pairs = ["a", "b", "knn_overlap", "cka", "cka_shuffled", "rank_correlation", "map_overlap"]
    lines = [*answer["sentences"], *(f"Note: {note}" for note in answer["notes"])]
    return "\n".join(
        [
            table(
                encoders, [name for name in columns if any(e[name] is not None for e in encoders)]
            ),
            "",
            table(answer["agreement"], pairs),
            "",
            *(line for line in lines if line),
        ]
    )
