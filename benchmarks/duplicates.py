"""Duplicates: mining all pairs against sentence-transformers' paraphrase mining, and its memory.

    python -m benchmarks.duplicates [--rows 50000] [--memory-rows 200000] [--repeats 3]

Both mine the same generated vectors alternately in one process: a thousand topics on the unit
sphere, and near copies of a tenth of the rows. The reference looks at its nearest neighbours of
each row, so it is given room for more of them than any row has above the threshold.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

from sbert_core.analysis.duplicates import mine_pairs

DIMS = 384
THRESHOLD = 0.8
TOPICS = 1_000
BLOCK = 5_000


def main():
    """Measure and print one JSON line, and sentences on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--memory-rows", type=int, default=200_000, help="0 leaves it out")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only-memory", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only_memory:
        print(json.dumps(memory(options.memory_rows)))
        return
    result = {"load": round(os.getloadavg()[0], 1), "rows": options.rows}
    result |= race(generated(options.rows), options.repeats)
    if options.memory_rows:
        result["memory"] = in_another_process(options.memory_rows)
    print(json.dumps({"benchmark": "duplicates"} | result))


def race(rows, repeats):
    """Seconds of both, their ratio, and whether a pair is missing; medians of alternate runs."""
    import torch
    from sentence_transformers.util import paraphrase_mining_embeddings

    tensor = torch.from_numpy(rows)
    ours, theirs = [], []
    for turn in range(repeats):
        seconds, found = timed(lambda: mine_pairs(rows, THRESHOLD))
        ours.append(seconds)
        seconds, listed = timed(
            lambda: paraphrase_mining_embeddings(tensor, max_pairs=5_000_000, top_k=100)
        )
        theirs.append(seconds)
        say(f"turn {turn + 1}: {ours[-1]:.1f} s against {theirs[-1]:.1f} s")
    pairs = set(zip(found.a.tolist(), found.b.tolist(), strict=True))
    # A cosine within rounding of the threshold may fall on either side of it.
    expected = {(min(a, b), max(a, b)) for score, a, b in listed if score >= THRESHOLD + 1e-5}
    ratios = [theirs[i] / ours[i] for i in range(repeats)]
    return {
        "seconds": round(statistics.median(ours), 2),
        "paraphrase_mining_seconds": round(statistics.median(theirs), 2),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_spread": [round(min(ratios), 2), round(max(ratios), 2)],
        "pairs": len(pairs),
        "missed": len(expected - pairs),
    }


def memory(count):
    """Peak resident memory of mining, in MB, with and without the vectors."""
    rows = generated(count)
    before = peak_mb()
    seconds, found = timed(lambda: mine_pairs(rows, THRESHOLD))
    return {
        "rows": count,
        "pairs": len(found),
        "seconds": round(seconds, 1),
        "peak_mb": peak_mb(),
        "peak_mb_before": before,
    }


def in_another_process(count):
    """Measure memory where nothing else has used any."""
    command = [sys.executable, "-m", "benchmarks.duplicates", "--only-memory"]
    done = subprocess.run(
        [*command, "--memory-rows", str(count)], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def generated(count):
    """Unit vectors around topics, the last tenth near copies of the first: float32 (count, 384)."""
    rng = np.random.default_rng(0)
    topics = rng.standard_normal((TOPICS, DIMS), dtype=np.float32)
    rows = np.empty((count, DIMS), np.float32)
    first_copy = count - count // 10
    for start in range(0, count, BLOCK):  # in blocks: the memory measured is not to be ours
        stop = min(start + BLOCK, count)
        noise = rng.standard_normal((stop - start, DIMS), dtype=np.float32)
        rows[start:stop] = topics[rng.integers(TOPICS, size=stop - start)] + 1.2 * noise
        copies = max(start, first_copy)
        if copies < stop:
            original = rows[copies - first_copy : stop - first_copy]
            rows[copies:stop] = original + 0.4 * noise[copies - start :]
    for start in range(0, count, BLOCK):
        block = rows[start : start + BLOCK]
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return rows


def timed(work):
    """Seconds and the result."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def peak_mb():
    """Most memory that this process has used."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def say(text):
    """Tell a person, not the reader of the JSON."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
