"""Few-shot accuracy over seeds: eight examples a class, tested on rows that were no examples.

    python -m benchmarks.classify FILE [--test FILE] [--label-column category] [--shots 8]

With --test, examples are drawn from FILE and all rows of the test file are scored; the head sees
none of them. Without, the rows of FILE that are no examples are scored; "spread" has seen their
texts, not their labels.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np


def main():
    """Print one JSON line, and a sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--label-column", default="category")
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--shots", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    vectors, labels = load(options.file, options)
    test = load(options.test, options) if options.test else None
    result = {"benchmark": "classify", "file": options.file.name, "shots": options.shots}
    for name, spread in (("plain", False), ("spread", True)):
        result[name] = over_seeds(vectors, labels, test, options, spread)
    print(json.dumps(result))
    print(
        f"{options.file.name}, {options.shots} examples a class, {options.seeds} seeds: "
        f"{result['plain']['mean']} % plain, {result['spread']['mean']} % with unlabelled rows.",
        file=sys.stderr,
    )


def load(path, options):
    """Return vectors float32 (N, D) and labels of a file."""
    from sbert_core.classification import words_of
    from sbert_core.corpus.reader import read_corpus
    from sbert_core.encoders.catalog import resolve
    from sbert_core.encoders.encoder import SentenceEncoder

    reading = read_corpus(path, label_column=options.label_column)
    vectors = SentenceEncoder.load(resolve(options.model)).encode(reading.texts)
    return vectors, words_of(reading.frame[options.label_column].tolist())


def over_seeds(vectors, labels, test, options, spread):
    """Learn and test once for each seed; accuracies in percent."""
    from sbert_core.analysis.classify import HeadConfig, classify_scores, draw_shots, fit_head

    accuracies, macro, seconds = [], [], []
    for seed in range(options.seeds):
        rows = draw_shots(labels, options.shots, seed)
        rest = np.setdiff1d(np.arange(len(labels)), rows)
        started = time.perf_counter()
        few = [labels[row] for row in rows]
        fitted = fit_head(vectors[rows], few, HeadConfig(seed, spread), vectors[rest])
        seconds.append(time.perf_counter() - started)
        tested, gold = test or (vectors[rest], [labels[row] for row in rest])
        found = fitted.head.predict(tested)[0]
        scores = classify_scores(gold, [fitted.head.classes[place] for place in found])
        accuracies.append(100 * scores.accuracy)
        macro.append(100 * scores.macro_f1)
    return {
        "mean": round(float(np.mean(accuracies)), 2),
        "sd": round(float(np.std(accuracies, ddof=1)), 2),
        "lowest": round(min(accuracies), 2),
        "macro_f1": round(float(np.mean(macro)), 2),
        "seconds": round(float(np.median(seconds)), 1),
    }


if __name__ == "__main__":
    main()
