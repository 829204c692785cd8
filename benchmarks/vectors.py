"""Vectors to measure on: stored ones, those of a corpus, or made-up ones."""

from pathlib import Path

import numpy as np


def add_source(parser):
    """Add the arguments that say where the vectors come from."""
    parser.add_argument(
        "files", nargs="*", type=Path, help="a .npy matrix, or corpora to encode; none: made up"
    )
    parser.add_argument("--model", default="minilm", help="encoder for corpora")
    parser.add_argument("--rows", type=int, default=13_000, help="rows to make up")


def load(options):
    """Return the vectors that the arguments ask for: float32 of shape (N, D), rows of length 1."""
    if not options.files:
        return made_up(options.rows)
    if options.files[0].suffix == ".npy":
        return np.load(options.files[0]).astype(np.float32)
    from sbert_core.corpus.reader import read_corpus
    from sbert_core.encoders.catalog import resolve
    from sbert_core.encoders.encoder import SentenceEncoder

    texts = [text for file in options.files for text in read_corpus(file).texts]
    return SentenceEncoder.load(resolve(options.model)).encode(texts)


def made_up(rows, dims=384, groups=80, spread=0.035, seed=0):
    """Make unit vectors around random directions, about as spread out as those of sentences."""
    random = np.random.default_rng(seed)
    directions = random.normal(size=(groups, dims))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    vectors = directions[random.integers(groups, size=rows)]
    vectors = vectors + spread * random.normal(size=vectors.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
