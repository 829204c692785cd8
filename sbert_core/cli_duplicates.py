"""The command that finds duplicates: all pairs of rows above a threshold, in groups."""

import argparse
import time
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
from .errors import DataError

# Nothing heavy is imported up here: `--help` answers at once.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .duplicate_pairs import Duplicates
    from .lab import Lab

MOST_PAIRS = 100_000
_THRESHOLD = 0.8
_KEEP = ("longest", "first", "central")


def add_duplicates(commands: Any) -> None:
    """`duplicates`: pairs of rows that say the same."""
    about = "find pairs of sentences that say the same"
    parser = add_command(commands, "duplicates", run_duplicates, about)
    add_file(parser)
    add_model(parser)
    parser.add_argument(
        "--threshold",
        type=float,
        default=_THRESHOLD,
        metavar="T",
        help=f"least cosine of a pair, in [-1, 1] (default: {_THRESHOLD})",
    )
    parser.add_argument(
        "--rerank",
        metavar="CROSS",
        help="let a cross-encoder look again, and leave out the pairs that it doubts",
    )
    add_out(parser, "F.csv or F.parquet: the pairs with both texts and their kind")
    parser.add_argument(
        "--keep-one", type=Path, metavar="F", help="F.csv or F.parquet: the rows without duplicates"
    )
    parser.add_argument(
        "--keep",
        choices=_KEEP,
        default="longest",
        help="which row of a group --keep-one keeps (default: longest)",
    )


def run_duplicates(options: argparse.Namespace) -> Answer:
    """Find the pairs, and write what was asked for."""
    from .duplicates_desk import FLOOR, check_threshold
    from .exports import write_table

    started = time.perf_counter()
    check_threshold(options.threshold)
    _check_files(options)
    lab = open_lab(options)
    if options.rerank:
        lab.cross_encoder(options.rerank)  # better refused before the work than after
    corpus = lab.open_file(options.file, text_column=options.text_column)
    progress = TerminalProgress("duplicates")
    # One search serves every threshold above its floor.
    floor = min(FLOOR, options.threshold)
    found = lab.duplicates.find(corpus.corpus_id, options.model, floor, progress)
    doubted = None
    if options.rerank:
        lab.duplicates.look_again(found, options.threshold, options.rerank, progress)
        doubted = lab.duplicates.doubted(found, options.rerank)
    if options.out:
        table = lab.duplicates.pair_table(found, options.threshold, options.rerank, doubted)
        write_table(table, options.out)
    if options.keep_one:
        kept = lab.duplicates.keep_one(found, options.threshold, options.keep, doubted)
        write_table(kept, options.keep_one)
    answer = _answer(lab, found, options.threshold, doubted)
    return answer | {"seconds": time.perf_counter() - started}


def _answer(
    lab: "Lab", found: "Duplicates", threshold: float, doubted: "NDArray[np.bool_] | None"
) -> Answer:
    """Give the promised fields, and those that say what the pairs are."""
    pairs = found.row_pairs(threshold, MOST_PAIRS, doubted)
    groups = found.groups_at(threshold, doubted)
    rows = zip(pairs.a.tolist(), pairs.b.tolist(), pairs.cosines.tolist(), strict=True)
    return {
        "pairs": [{"row_a": a, "row_b": b, "cosine": cosine} for a, b, cosine in rows],
        "pairs_in_all": pairs.total,
        "groups": [group.tolist() for group in groups],
        "threshold": threshold,
        "rows": found.rows,
        "model": found.run.encoder,
        "equal_texts": found.copies,
        "trivial_copies": len(found.places_at(threshold, trivial=True, doubted=doubted)),
        "paraphrases": len(found.places_at(threshold, trivial=False, doubted=doubted)),
        "left_out": 0 if doubted is None else int(doubted[: found.pairs.count_at(threshold)].sum()),
        "note": _note(found, threshold, pairs.total),
    }


def _note(found: "Duplicates", threshold: float, total: int) -> str:
    """Say what is not listed."""
    notes = []
    if threshold < found.pairs.complete_from and found.note:
        notes.append(found.note)
    if total > MOST_PAIRS:
        notes.append(
            f"The strongest {MOST_PAIRS:,} of {total:,} pairs are listed, every copy of a text "
            "with every other; --out has each pair of different texts once."
        )
    return " ".join(notes)


def as_duplicates_text(answer: Answer) -> str:
    """Write the answer for a terminal: the figures, and the strongest pairs."""
    lines = [
        f"{answer['rows']:,} rows: {answer['pairs_in_all']:,} pairs with a cosine of "
        f"{answer['threshold']:g} or more, in {len(answer['groups']):,} groups (joined directly "
        "or through others)",
        f"{answer['paraphrases']:,} pairs of texts are paraphrases, {answer['trivial_copies']:,} "
        "differ only in case, punctuation, spacing, word order or numbers; "
        f"{answer['equal_texts']:,} rows repeat an earlier text",
    ]
    if answer["left_out"]:
        lines.append(f"{answer['left_out']:,} pairs were left out by the second look")
    if answer["note"]:
        lines.append(answer["note"])
    shown = answer["pairs"][:20]
    if shown:
        lines += ["", "row_a  row_b  cosine"]
        lines += [f"{p['row_a']:>5}  {p['row_b']:>5}  {p['cosine']:.4f}" for p in shown]
    if len(answer["pairs"]) > len(shown):
        lines.append("… --out F.csv has them all, with their texts")
    return "\n".join(lines)


def _check_files(options: argparse.Namespace) -> None:
    """Refuse output files before the work is done.

    Raises:
        DataError: Their ending is unknown, or both are one file.
        FileError: A folder does not exist.
    """
    suffixes = (".csv", ".parquet")
    check_out(options.out, suffixes)
    try:
        check_out(options.keep_one, suffixes)
    except DataError as error:
        raise DataError(str(error).replace("--out", "--keep-one")) from error
    if options.out and options.keep_one and options.out.resolve() == options.keep_one.resolve():
        raise DataError("--out and --keep-one name one file. Give each its own.")
