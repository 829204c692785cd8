"""Make the shipped weights: `python -m training_recipes MODEL --data DIR [--work DIR]`."""

import argparse
import logging
import sys
import time
from pathlib import Path

from . import recipes

_EVERY_S = 15.0


class _Progress:
    """One line on stderr now and then."""

    def __init__(self) -> None:
        self._printed = 0.0

    def __call__(self, done: int, total: int, message: str = "") -> None:
        if time.monotonic() - self._printed > _EVERY_S:
            self._printed = time.monotonic()
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {message} {done:,} of {total:,}\n")


def main() -> None:
    """Read the command line and follow one recipe."""
    made = {
        "bert-mini": recipes.bert_mini,
        "sbert-mini-nli": recipes.sbert_mini_nli,
        "sbert-mini": recipes.sbert_mini,
        "cross-mini": recipes.cross_mini,
    }
    parser = argparse.ArgumentParser(prog="python -m training_recipes", description=__doc__)
    parser.add_argument("model", choices=made)
    parser.add_argument("--data", type=Path, required=True, help="folder with pretrain/ nli/ sts/")
    parser.add_argument("--work", type=Path, default=Path(".weights"), help="checkpoints go here")
    parser.add_argument("--minutes", type=float, default=60.0, help="of pretraining")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    more = {"minutes": options.minutes} if options.model == "bert-mini" else {}
    options.work.mkdir(parents=True, exist_ok=True)
    folder = made[options.model](options.data, options.work, _Progress(), **more)
    sys.stderr.write(f"{folder}\n")


if __name__ == "__main__":
    main()
