"""The labelled examples of the recipes, without whatever the models are judged by."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sbert_core.training.example_files import read_examples
from sbert_core.training.examples import Examples, without_overlap

from .sources import is_non_commercial, read_rows

_ANCHOR_BLOCK = 512
_FARTHEST = 400  # neighbours at most so far out
_COPY = 0.98  # closer than this, two sentences differ by a comma
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


def silver_pairs(
    sentences: Examples, vectors: NDArray[np.float32], anchors: int = 100_000, seed: int = 0
) -> Examples:
    """Pair sentences and let the teacher grade them: cosine, cut to [0, 1].

    Two sentences drawn at random have nothing to do with each other, so an anchor is paired with
    its nearest neighbour, with one of those further out, and with one much further out.

    Args:
        sentences: N sentences.
        vectors: float32 (N, D), the teacher's.
        anchors: Sentences that are paired, M; all of them if there are fewer.
        seed: Decides which sentences and which neighbours.

    Returns:
        About 3 M scored pairs, those closer than a copy left out.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(sentences))[:anchors]
    unit = torch.from_numpy(vectors[drawn])
    unit = torch.nn.functional.normalize(unit, dim=1)
    coarse = unit.to(torch.bfloat16)  # enough to say who is near; the grades are exact
    texts = sentences.columns[0]
    first: list[str] = []
    second: list[str] = []
    grades: list[float] = []
    for start in range(0, len(unit), _ANCHOR_BLOCK):
        block = coarse[start : start + _ANCHOR_BLOCK]
        near = (block @ coarse.T).topk(_FARTHEST + 1, dim=1).indices.numpy()  # itself among them
        for row, others in enumerate(near, start=start):
            others = others[others != row]
            ranks = (0, rng.integers(1, 20), rng.integers(20, _FARTHEST - 1))
            for other in others[list(ranks)]:
                cosine = float(unit[row] @ unit[other])
                if cosine < _COPY:
                    first.append(texts[drawn[row]])
                    second.append(texts[drawn[other]])
                    grades.append(min(max(cosine, 0.0), 1.0))
    columns = (tuple(first), tuple(second))
    return Examples("scored_pairs", columns, np.array(grades, dtype=np.float32))


def _judged_apart(examples: Examples, data: Path) -> Examples:
    """Leave out pairs that occur in stsb-dev or stsb-test."""
    held = [
        (row["sentence1"], row["sentence2"])
        for part in ("dev", "test")
        for row in read_rows(data / "sts" / f"stsb-{part}.tsv")
    ]
    return without_overlap(examples, held)
