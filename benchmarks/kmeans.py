"""K-means against scikit-learn's ten starts: the time, and the inertia it is paid with.

    python -m benchmarks.kmeans [VECTORS.npy | CORPUS...] [--rows 13000] [--k 77] [--rounds 3]

The two take turns in one process, each round with another seed.
"""

import argparse
import json
import statistics
import sys
import time

from benchmarks.vectors import add_source, load


def main():
    """Time both and print one JSON line, and a sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_source(parser)
    parser.add_argument("--k", type=int, default=77, help="number of clusters")
    parser.add_argument("--rounds", type=int, default=3, help="turns each; the median counts")
    options = parser.parse_args()
    result = compare(load(options), options.k, options.rounds)
    print(json.dumps({"benchmark": "kmeans"} | result))
    print(
        f"{result['rows']} rows, k = {result['k']}: {result['ours']} s against "
        f"{result['reference']} s, {result['ratio']} times as fast; inertia "
        f"{result['inertia_ratio']} of the reference's, at worst {result['inertia_ratio_worst']}.",
        file=sys.stderr,
    )


def compare(vectors, k, rounds):
    """Cluster on both sides, in turn.

    Args:
        vectors: float32 array of shape (N, D).
        k: Number of clusters.
        rounds: Turns each.

    Returns:
        Median seconds of both, their ratio, and our inertia relative to the reference's of the
        same round: the median and the worst.
    """
    from sklearn.cluster import KMeans

    from sbert_core.analysis.kmeans import k_means

    k_means(vectors[: 20 * k], k, seed=0)  # warm-up: imports and thread pools
    seconds, inertia = {"ours": [], "reference": []}, {"ours": [], "reference": []}
    for seed in range(rounds):
        fits = {
            "ours": lambda seed=seed: k_means(vectors, k, seed).inertia,
            "reference": lambda seed=seed: (
                KMeans(k, n_init=10, random_state=seed).fit(vectors).inertia_
            ),
        }
        for side, fit in fits.items():
            start = time.perf_counter()
            inertia[side].append(fit())
            seconds[side].append(time.perf_counter() - start)
    ours, theirs = (statistics.median(times) for times in seconds.values())
    ratios = [a / b for a, b in zip(*inertia.values(), strict=True)]
    return {
        "rows": len(vectors),
        "dims": vectors.shape[1],
        "k": k,
        "ours": round(ours, 2),
        "reference": round(theirs, 2),
        "ratio": round(theirs / ours, 1),
        "inertia_ratio": round(statistics.median(ratios), 4),
        "inertia_ratio_worst": round(max(ratios), 4),
    }


if __name__ == "__main__":
    main()
