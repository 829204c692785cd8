"""The labelled examples of the recipes, without whatever the models are judged by."""

from pathlib import Path

import numpy as np

from sbert_core.training.example_files import read_examples
from sbert_core.training.examples import Examples, without_overlap

from .sources import is_non_commercial, read_rows

NLI_FILES = ("snli-dev.tsv.gz", "snli-test.tsv.gz", "cad-train.tsv.gz")


def nli_pairs(data: Path) -> Examples:
    """Premise, hypothesis and one of three labels."""
    parts = [read_examples(data / "nli" / name, "nli") for name in NLI_FILES]
    labels = [part.labels for part in parts if part.labels is not None]
    columns = tuple(
        tuple(text for part in parts for text in part.columns[role]) for role in range(2)
    )
    joined = Examples("labelled_pairs", columns, np.concatenate(labels), parts[0].label_names)
    return _judged_apart(joined, data)


def sts_pairs(data: Path, non_commercial: bool = False) -> Examples:
    """Scored pairs of stsb-train.

    Args:
        data: The data folder.
        non_commercial: Whether to keep MSRpar and MSRvid, to measure what leaving them out costs.
    """
    path = data / "sts" / "stsb-train.tsv"
    examples = read_examples(path, "sts")
    rows = read_rows(path)
    assert len(rows) == len(examples), "a row of stsb-train was dropped"
    free = [place for place, row in enumerate(rows) if non_commercial or not is_non_commercial(row)]
    return _judged_apart(examples.take(free), data)


def _judged_apart(examples: Examples, data: Path) -> Examples:
    """Leave out pairs that occur in stsb-dev or stsb-test."""
    held = [
        (row["sentence1"], row["sentence2"])
        for part in ("dev", "test")
        for row in read_rows(data / "sts" / f"stsb-{part}.tsv")
    ]
    return without_overlap(examples, held)
