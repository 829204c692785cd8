"""The commands that train: `train` moves an encoder's weights, `pretrain` makes a BERT."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cli_options import Answer, TerminalProgress, add_command, open_lab
from .errors import DataError, FileError
from .training.objective_settings import ABOUT, OBJECTIVES, Setting

# Nothing heavy is imported up here: `--help` answers at once.
if TYPE_CHECKING:
    from .evaluation.gain import Gain
    from .training_request import TrainConfig, TrainReport, TrainRequest

_YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def add_train(commands: Any) -> None:
    """`train`: an encoder, trained further."""
    about = "train an encoder further, and say whether it helped"
    parser = add_command(commands, "train", run_train, about)
    parser.add_argument("objective", choices=OBJECTIVES, metavar="OBJECTIVE", help=_objectives())
    parser.add_argument("file", metavar="FILE", help="CSV, TSV, JSONL, Parquet, or hf:org/name")
    parser.add_argument("--base", required=True, metavar="M", help="encoder to start from")
    _add_model_out(parser)
    parser.add_argument(
        "--dev", type=Path, metavar="F", help="graded pairs that choose the best step"
    )
    parser.add_argument("--test", type=Path, metavar="F", help="graded pairs for the verdict")
    parser.add_argument("--epochs", type=int, metavar="N", help="passes over the examples")
    parser.add_argument("--batch-size", type=int, metavar="N", help="examples in a step")
    parser.add_argument(
        "--lr", type=float, metavar="X", help="peak learning rate (default: by the base's width)"
    )
    parser.add_argument("--seed", type=int, metavar="S", help="same seed, same result")
    parser.add_argument("--max-steps", type=int, metavar="N", help="stop after so many steps")
    parser.add_argument("--teacher", default="", metavar="M", help="encoder, for distill only")
    parser.add_argument(
        "--column",
        type=_named,
        action="append",
        default=[],
        metavar="ROLE=NAME",
        help="which column is a, b, anchor, positive, negative, score, label or text; name all "
        "that count, or none to have them guessed",
    )
    parser.add_argument(
        "--set",
        type=_named,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the objective; a list with commas",
    )


def run_train(options: argparse.Namespace) -> Answer:
    """Train, or go on with a run that was stopped, and write the model."""
    from .training_desk import check_free

    out = options.out.resolve()
    check_free(out)
    _check_files([options.dev, options.test, *_local(options.file)])
    lab = open_lab(options)
    lab.resolve(options.base)
    request = _request(options, lab.training.learning_rate(options.base))
    _check_base(out, options.base)
    report = lab.training.run(request, TerminalProgress("train"))
    lab.training.export(request.run_id, out)
    return _train_answer(options.out, report)


def add_pretrain(commands: Any) -> None:
    """`pretrain`: a small BERT from raw text."""
    about = "make a small BERT from raw text, or train one further"
    parser = add_command(commands, "pretrain", run_pretrain, about)
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="lines of text, also .gz or .xz"
    )
    _add_model_out(parser)
    parser.add_argument("--minutes", type=float, metavar="N", help="time for this run")
    parser.add_argument("--vocabulary-size", type=int, metavar="N", help="tokens")
    parser.add_argument("--seed", type=int, metavar="S", help="same seed, same start")


def run_pretrain(options: argparse.Namespace) -> Answer:
    """Pretrain for some minutes; the same command goes on where the last one ended."""
    out = options.out.resolve()
    _check_pretrain_out(out)
    _check_files(options.files)
    from .training.pretrain import PretrainConfig, pretrain

    names = ("minutes", "vocabulary_size", "seed")
    config = PretrainConfig(**_given(options, names))
    made = pretrain(options.files, out, config, TerminalProgress("pretrain"))
    return asdict(made) | {"out": str(options.out)}


# --- the request --------------------------------------------------------------------------------


def _request(options: argparse.Namespace, learning_rate: float) -> "TrainRequest":
    """Put the options together."""
    from .training_request import TrainData, TrainRequest

    local = _local(options.file)
    place = str(local[0].resolve()) if local else options.file
    return TrainRequest(
        base=options.base,
        objective=options.objective,
        data=TrainData("file", place, dict(options.column)),
        config=_config(options, learning_rate),
        settings=_settings(options.objective, dict(options.set)),
        dev=str(options.dev.resolve()) if options.dev else "",
        test=str(options.test.resolve()) if options.test else "",
        teacher=options.teacher,
    )


def _config(options: argparse.Namespace, learning_rate: float) -> "TrainConfig":
    """Take what was given; the rest keeps its default."""
    from .training_request import TrainConfig

    given = _given(options, ("epochs", "batch_size", "seed", "max_steps"))
    rate = learning_rate if options.lr is None else options.lr
    return TrainConfig(**given, learning_rate=rate)


def _given(options: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the options that were named."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _settings(objective: str, words: Mapping[str, str]) -> dict[str, Any]:
    """Turn words into values of the types that the objective's settings have."""
    known = {setting.name: setting for setting in ABOUT[objective].settings}
    return {
        name: _typed(known[name], word) if name in known else word for name, word in words.items()
    }


def _typed(setting: Setting, word: str) -> Any:
    """Read a word; one that does not fit stays a word, and is refused with what is allowed."""
    if isinstance(setting.default, tuple):
        return [part.strip() for part in word.split(",")]
    if isinstance(setting.default, bool):
        return _YES_OR_NO.get(word.lower(), word)
    if isinstance(setting.default, str):
        return word
    try:
        return float(word) if "." in word or "e" in word.lower() else int(word)
    except ValueError:
        return word


# --- the answer ---------------------------------------------------------------------------------


def _train_answer(out: Path, report: "TrainReport") -> Answer:
    """Give the promised fields."""
    judged = report.test or report.dev
    verdict = report.verdict
    if report.base_kept:
        verdict += f" What was trained is in {out} all the same; the base is the better encoder."
    return {
        "out": str(out),
        "steps": report.steps,
        **_before_after("dev", report.dev),
        **_before_after("test", report.test),
        "gain": judged.gain,
        "gain_ci95": [judged.low, judged.high],
        "base_kept": report.base_kept,
        "verdict": verdict,
        "examples": report.examples,
        "found": list(report.found),
        "seconds": report.seconds,
    }


def _before_after(part: str, gain: "Gain | None") -> Answer:
    """Give two fields; None where there are no such pairs."""
    return {
        f"{part}_spearman_before": gain.before if gain else None,
        f"{part}_spearman_after": gain.after if gain else None,
    }


# --- options and checks -------------------------------------------------------------------------


def _add_model_out(parser: argparse.ArgumentParser) -> None:
    """`--out`, a model folder."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model folder")


def _objectives() -> str:
    """List the objectives with what they are for."""
    # argparse takes a percent sign for one of its own.
    lines = (f"{name} ({ABOUT[name].title})" for name in OBJECTIVES)
    return ", ".join(lines).replace("%", "%%")


def _named(word: str) -> tuple[str, str]:
    """Read NAME=VALUE."""
    name, equals, value = word.partition("=")
    if not (name.strip() and equals and value.strip()):
        raise argparse.ArgumentTypeError(f"{word!r} should be NAME=VALUE")
    return name.strip(), value.strip()


def _local(file: str) -> list[Path]:
    """Return the path of a data file; nothing for a data set of the hub."""
    return [] if file.startswith("hf:") else [Path(file)]


def _check_files(files: "list[Path | None] | list[Path]") -> None:
    """Refuse a missing file before anything is loaded.

    Raises:
        FileError: It is not there, or is a folder.
    """
    for path in files:
        if path is not None and not path.is_file():
            raise FileError(f"There is no file {path}.")


def _check_base(out: Path, base: str) -> None:
    """Refuse to write over what is being trained: the same command could not be run again.

    Raises:
        DataError: They are one folder.
    """
    from .encoders.catalog import parse_spec

    folder = Path(parse_spec(base).model).expanduser()
    if folder.is_dir() and folder.resolve() == out:
        raise DataError(f"--out {out} is the base itself. Choose another folder.")


def _check_pretrain_out(out: Path) -> None:
    """Refuse a folder that holds something else than an earlier pretraining.

    Raises:
        FileError: It is a file, or has other files in it.
    """
    if out.exists() and not out.is_dir():
        raise FileError(f"--out {out} is a file; choose a new folder for the model.")
    if out.is_dir() and any(out.iterdir()) and not (out / "pretraining").is_dir():
        raise FileError(f"--out {out} holds other files; choose a new folder for the model.")
