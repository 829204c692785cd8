"""What the commands share: common options, the check of --out, and progress on stderr."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import DataError, FileError

# Nothing heavy is imported up here: `--help` answers at once.
if TYPE_CHECKING:
    from .lab import Lab

Answer = dict[str, Any]

DEFAULT_ENCODER = "minilm"


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], Answer], about: str
) -> argparse.ArgumentParser:
    """Add one command with the options that all have."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument(
        "--workspace", type=Path, metavar="DIR", help="where corpora and results are kept"
    )
    return parser


def add_file(parser: argparse.ArgumentParser) -> None:
    """FILE and its text column."""
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV, TSV, TXT, JSON, XLSX, …")
    parser.add_argument("--text-column", metavar="C", help="column to read (default: guessed)")


def add_model(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """`--model`, once or several times."""
    about = "encoder ID[:POOLING]" + ("; may be given several times" if several else "")
    if several:
        parser.add_argument("--model", action="append", metavar="M", help=about)
    else:
        parser.add_argument("--model", default=DEFAULT_ENCODER, metavar="M", help=about)


def add_seed(parser: argparse.ArgumentParser) -> None:
    """`--seed`."""
    parser.add_argument("--seed", type=int, default=42, metavar="S", help="same seed, same result")


def add_out(parser: argparse.ArgumentParser, about: str) -> None:
    """`--out`."""
    parser.add_argument("--out", type=Path, metavar="F", help=about)


def check_out(path: Path | None, suffixes: Sequence[str]) -> None:
    """Refuse an output file before the work is done, not after.

    Raises:
        DataError: The ending is not one of `suffixes`.
        FileError: The folder does not exist.
    """
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        raise DataError(f"--out {path} should end in {' or '.join(suffixes)}.")
    if not path.resolve().parent.is_dir():
        raise FileError(f"The folder of --out {path} does not exist. Create it first.")


def open_lab(options: argparse.Namespace) -> "Lab":
    """Open the workspace that the options name."""
    from .lab import Lab

    return Lab(options.workspace)


class TerminalProgress:
    """Progress on stderr: a line that overwrites itself on a terminal, else one every 10 s."""

    def __init__(self, action: str) -> None:
        self._action = action
        self._terminal = sys.stderr.isatty()
        self._printed = 0.0
        self._line = ""

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """Say how far it is, but not too often; a total of 0 is one that nobody knows."""
        now = time.monotonic()
        last = 0 < total <= done
        first = total == done == 0
        if now - self._printed < (0.25 if self._terminal else 10) and not last and not first:
            return
        self._printed = now
        line = f"{self._action}: {message}"
        if total or done:
            line += f" {done:,} of {total:,}" if total else f" {done:,}"
        if line == self._line:
            return
        self._line = line
        if self._terminal:
            line = "\r\x1b[K" + line
        sys.stderr.write(line if self._terminal and not last else line + "\n")
        sys.stderr.flush()
