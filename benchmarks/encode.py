"""Encoding speed against sentence-transformers with its defaults, in one process, turn about.

    python -m benchmarks.encode FILE... [--model minilm] [--rounds 3] [--every 1]

Both get the same list of texts and the same warm-up. Machines drift, so the two take turns and
the ratio is that of the medians.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from sbert_core.corpus.reader import read_corpus
from sbert_core.encoders.catalog import resolve
from sbert_core.encoders.encoder import SentenceEncoder


def main():
    """Time both and print one JSON line, and a sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--rounds", type=int, default=3, help="turns each; the median counts")
    parser.add_argument("--every", type=int, default=1, help="take every n-th text only")
    options = parser.parse_args()
    texts = [text for file in options.files for text in read_corpus(file).texts][:: options.every]
    result = compare(texts, options.model, options.precision, options.rounds)
    print(json.dumps({"benchmark": "encode", "model": options.model} | result))
    print(
        f"{result['sentences']} sentences: {result['ours']} a second against "
        f"{result['reference']}, {result['ratio']} times as fast; mean cosine "
        f"{result['cosine_fidelity_mean']}, smallest {result['cosine_fidelity_min']}.",
        file=sys.stderr,
    )


def compare(texts, model, precision, rounds):
    """Encode the texts with both, in turn.

    Args:
        texts: What to encode.
        model: An encoder spec whose folder sentence-transformers can read too.
        precision: As for `SentenceEncoder`.
        rounds: Turns each.

    Returns:
        Sentences per second of both, their ratio, and the cosines between their vectors.
    """
    from sentence_transformers import SentenceTransformer

    resolved = resolve(model)
    encoder = SentenceEncoder.load(resolved, precision=precision)
    reference = SentenceTransformer(str(resolved.folder), local_files_only=True)
    encoders = {"ours": encoder.encode, "reference": reference.encode}
    vectors = {name: encode(texts[::20]) for name, encode in encoders.items()}  # warm-up
    seconds = {name: [] for name in encoders}
    for _ in range(rounds):
        for name, encode in encoders.items():
            start = time.perf_counter()
            vectors[name] = encode(texts)
            seconds[name].append(time.perf_counter() - start)
    ours, theirs = (statistics.median(times) for times in seconds.values())
    cosines = fidelity(*vectors.values())
    return {
        "sentences": len(texts),
        "precision": encoder.precision,
        "ours": round(len(texts) / ours, 1),
        "reference": round(len(texts) / theirs, 1),
        "ratio": round(theirs / ours, 2),
        "cosine_fidelity_mean": round(float(cosines.mean()), 6),
        "cosine_fidelity_min": round(float(cosines.min()), 6),
    }


def fidelity(u, v):
    """Cosine of corresponding rows, in [-1, 1]."""
    u, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (u, v))
    return (u * v).sum(axis=1)


if __name__ == "__main__":
    main()
