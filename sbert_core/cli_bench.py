"""The command that times: `bench encode|cross|speed`."""

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cli_options import Answer, TerminalProgress, add_command, add_file, add_model, open_lab
from .errors import DataError

# Nothing heavy is imported up here: `--help` answers at once.
if TYPE_CHECKING:
    from .encoders.encoder import SentenceEncoder
    from .lab import Lab

DEFAULT_CROSS_ENCODER = "cross-mini"
_REFERENCES = ("sentence-transformers",)
_COMPARISON = Path(__file__).resolve().parent.parent / "benchmarks" / "encode.py"
_ROUNDS = 3
_WARM_UP = 20  # every so manieth text is encoded first, and does not count


def add_bench(commands: Any) -> None:
    """`bench`: how quick things are on this machine."""
    group = commands.add_parser("bench", help="time encoders on this machine")
    kinds = group.add_subparsers(dest="kind", required=True, metavar="KIND")
    _add_encode(kinds)
    _add_cross(kinds)
    _add_speed(kinds)


def _add_encode(kinds: Any) -> None:
    """`bench encode`: sentences per second."""
    parser = add_command(
        kinds, "encode", run_bench_encode, "sentences per second, also against a reference"
    )
    add_file(parser)
    add_model(parser)
    parser.add_argument(
        "--against", choices=_REFERENCES, help="take turns with it, and compare the vectors"
    )
    parser.add_argument(
        "--rounds", type=_positive, default=_ROUNDS, metavar="N", help="turns; the median counts"
    )


def run_bench_encode(options: argparse.Namespace) -> Answer:
    """Time the encoder on a file, in turn with the reference if one is named."""
    lab = open_lab(options)
    texts = lab.read(options.file, text_column=options.text_column).texts
    encoder = lab.encoder(options.model)
    answer: Answer = {"model": encoder.spec}
    if options.against:
        return answer | _compared(encoder, texts, options.rounds)
    progress = TerminalProgress("bench")
    encoder.encode(texts[::_WARM_UP])
    seconds = [_timed(lambda: encoder.encode(texts, progress)) for _ in range(options.rounds)]
    nothing = dict.fromkeys(("reference", "ratio", "cosine_fidelity_mean", "cosine_fidelity_min"))
    return answer | {
        "sentences": len(texts),
        "precision": encoder.precision,
        "ours": round(len(texts) / statistics.median(seconds), 1),
        **nothing,
    }


def _add_cross(kinds: Any) -> None:
    """`bench cross`: all pairs by both kinds of encoder."""
    parser = add_command(
        kinds, "cross", run_bench_cross, "all pairs of N sentences: cross-encoder and bi-encoder"
    )
    _add_optional_file(parser)
    add_model(parser)
    parser.add_argument("--cross", default=DEFAULT_CROSS_ENCODER, metavar="C", help="cross-encoder")
    parser.add_argument(
        "--sizes", type=_sizes, metavar="N,N", help="numbers of sentences (default: 100,1000,10000)"
    )


def run_bench_cross(options: argparse.Namespace) -> Answer:
    """Measure the bi-encoder; measure the cross-encoder on a sample and extrapolate."""
    from .evaluation.race import RACE_SIZES, race_sentences

    lab, sizes = open_lab(options), options.sizes or RACE_SIZES
    everyone = race_sentences(_texts(lab, options), max(sizes))
    progress = TerminalProgress("bench")
    found = lab.race.race_of(everyone, options.model, options.cross, progress, sizes)
    published = lab.race.PUBLISHED
    return {
        "model": found.model,
        "cross": found.cross,
        "precision": found.precision,
        "machine": found.machine,
        "pairs_per_second": found.pairs_per_second,
        "sizes": [
            {
                "sentences": lap.sentences,
                "pairs": lap.pairs,
                "bi_seconds": lap.bi_seconds,
                "encode_seconds": lap.encode_seconds,
                "compare_seconds": lap.compare_seconds,
                "cross_seconds": lap.cross_seconds,
                "cross_measured": lap.cross_measured,
                "ratio": lap.ratio,
                "arithmetic": found.arithmetic(lap),
            }
            for lap in found.laps
        ],
        "published": {
            "sentences": published.sentences,
            "bi_seconds": published.bi_seconds,
            "cross_seconds": published.cross_seconds,
            "source": published.source,
        },
        "note": found.note,
    }


def _add_speed(kinds: Any) -> None:
    """`bench speed`: batches of several shapes, and the share of the machine's peak."""
    parser = add_command(
        kinds, "speed", run_bench_speed, "speed by batch, length and precision; share of the peak"
    )
    _add_optional_file(parser)
    add_model(parser)


def run_bench_speed(options: argparse.Namespace) -> Answer:
    """Time an encoder on batches of several shapes and on the file itself; about 20 seconds."""
    lab = open_lab(options)
    texts = _texts(lab, options)
    found = lab.race.speed_of(texts, options.model, TerminalProgress("bench"))
    paths = [
        {
            "runtime": path.runtime,
            "precision": path.precision,
            "sentences_per_second": path.sentences_per_second,
            "share_of_peak": path.share,
        }
        for path in found.paths
    ]
    stored = found.to_dict()
    kept = ("model", "machine", "mean_tokens", "peaks", "cells", "left_out", "note")
    return {"paths": paths} | {name: stored[name] for name in kept}


# --- shared -------------------------------------------------------------------------------------


def _add_optional_file(parser: argparse.ArgumentParser) -> None:
    """FILE, which may be left out for the bundled sample."""
    parser.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help="sentences (default: the bundled sample)"
    )
    parser.add_argument("--text-column", metavar="C", help="column to read (default: guessed)")


def _texts(lab: "Lab", options: argparse.Namespace) -> list[str]:
    """The sentences of the file, or of the bundled sample; nothing is stored."""
    if options.file is None:
        from .sample import MESSAGES

        return list(lab.read(MESSAGES, text_column="text").texts)
    return list(lab.read(options.file, text_column=options.text_column).texts)


def _compared(encoder: "SentenceEncoder", texts: Sequence[str], rounds: int) -> Answer:
    """Take turns with sentence-transformers, which pools as the folder says.

    Raises:
        DataError: The encoder pools otherwise, or the reference is not at hand.
    """
    from .encoders.layout import read_layout

    folder = encoder.resolved.folder
    own = read_layout(folder).pooling_name
    if encoder.pooling != own:
        raise DataError(
            f"sentence-transformers would pool {folder.name} by {own}, not by {encoder.pooling}: "
            "leave the pooling out."
        )
    compare = _comparison()
    try:
        found: Answer = compare(list(texts), str(folder), "auto", rounds)
    except ImportError as error:
        raise DataError(
            "The reference is not installed here: pip install sentence-transformers, or leave out "
            "--against."
        ) from error
    return found


def _comparison() -> Callable[..., Answer]:
    """Load the project's own comparison, which stands beside the core: that knows no reference.

    Raises:
        DataError: Only the core was installed.
    """
    spec = importlib.util.spec_from_file_location("sbert_lab_encode_benchmark", _COMPARISON)
    if spec is None or spec.loader is None or not _COMPARISON.is_file():
        raise DataError(
            "The comparison is in the folder benchmarks/ of the project, which is not beside this "
            "installation. Run the command from a copy of the project, or leave out --against."
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    compare: Callable[..., Answer] = module.compare
    return compare


def _timed(run: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    run()
    return max(1e-9, time.perf_counter() - began)


def _positive(word: str) -> int:
    """Read a whole number of at least 1."""
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number of at least 1")
    return int(word)


def _sizes(word: str) -> tuple[int, ...]:
    """Read `--sizes`: whole numbers of at least 2, with commas between."""
    try:
        sizes = tuple(int(part) for part in word.split(","))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 2:
        raise argparse.ArgumentTypeError(f"{word!r} is not like 100,1000: numbers from 2 up")
    return sizes
