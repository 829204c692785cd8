"""Hashes of what the shipped encoders learnt from: `python -m training_recipes.fingerprints`.

They let a test file be compared with the training data where that data is not at hand. A hash of
32 bits does not give a sentence back.
"""

import argparse
import sys
from pathlib import Path

from sbert_core.contamination import FINGERPRINTS, write_fingerprints
from sbert_core.training.example_files import read_examples
from sbert_core.training.examples import Examples

from .examples import nli_pairs, sts_pairs

_SNLI = ("snli-dev.tsv.gz", "snli-test.tsv.gz")  # what bert-mini read, too


def main() -> None:
    """Write the prints of the labelled data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with nli/ and sts/")
    data = parser.parse_args().data
    snli = [pair for name in _SNLI for pair in _pairs(read_examples(data / "nli" / name, "nli"))]
    sets = {"snli": snli, "nli": _pairs(nli_pairs(data)), "sts": _pairs(sts_pairs(data))}
    write_fingerprints(sets, FINGERPRINTS)
    sizes = ", ".join(f"{name} {len(pairs):,} pairs" for name, pairs in sets.items())
    sys.stderr.write(f"{FINGERPRINTS}: {sizes}\n")


def _pairs(examples: Examples) -> list[tuple[str, str]]:
    """Take the two sentences of each example."""
    first, second = examples.columns
    return list(zip(first, second, strict=True))


if __name__ == "__main__":
    main()
