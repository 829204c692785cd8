"""Search: exact top-k, the approximate index against it, and nDCG of each mode on Cranfield.

    python -m benchmarks.search [--rows 1000000] [--cranfield FOLDER] [--model minilm] [--rerank C]

Without --cranfield only the speeds are measured; --rows 0 leaves the index out. The vectors are
generated: a thousand topics on the unit sphere, queries near rows. The exact side is
this project's own blocked product, in the same batch of 100 queries.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sbert_core.analysis.neighbours import Neighbours
from sbert_core.analysis.search import recall, top_k
from sbert_core.corpus.vector_index import VectorIndex
from sbert_core.search_index import build_index

DIMS = 384
EXACT_ROWS = 100_000
BATCH = 100
TOPICS = 1_000
MODES = ("semantic", "keyword", "hybrid")


def main():
    """Measure and print one JSON line, and sentences on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the indexed matrix")
    parser.add_argument("--cranfield", type=Path, help="folder with docs, queries and qrels")
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--rerank", default="cross-mini")
    options = parser.parse_args()
    result = {"load": round(os.getloadavg()[0], 1), "exact_100k_ms": exact_speed()}
    say(f"exact, {EXACT_ROWS:,} rows: {result['exact_100k_ms']} ms a query")
    if options.rows:
        result |= index_speed(options.rows)
        say(f"index: {result}")
    if options.cranfield:
        result["cranfield_ndcg_at_10"] = cranfield(options.cranfield, options.model, options.rerank)
    print(json.dumps({"benchmark": "search"} | result))


def exact_speed():
    """Milliseconds a query in a batch of 100, the best of three."""
    rows = clustered(EXACT_ROWS)
    queries = near(rows, BATCH)
    return round(1000 * best(lambda: top_k(rows, queries, 10)) / BATCH, 3)


def index_speed(count):
    """Build an index of `count` generated rows, and compare it with exact search."""
    rows = clustered(count)
    queries = near(rows, BATCH)
    with tempfile.TemporaryDirectory() as folder:
        index = VectorIndex(Path(folder) / "index")
        build_index(index, rows, lambda done, total, message="": None)
        info = index.info()
        found = Neighbours(*index.search(queries, 10, info.probes))
        approximate = best(lambda: index.search(queries, 10, info.probes))
    truth = top_k(rows, queries, 10)
    exact = best(lambda: top_k(rows, queries, 10), times=1)
    return {
        "rows": count,
        "cells": info.cells,
        "probes": info.probes,
        "build_seconds": round(info.seconds, 1),
        "recall_at_10": round(recall(found, truth), 4),
        "exact_ms": round(1000 * exact / BATCH, 2),
        "index_ms": round(1000 * approximate / BATCH, 2),
        "ratio": round(exact / approximate, 1),
    }


def cranfield(folder, model, rerank):
    """nDCG@10 of each mode, and of the hybrid one re-ranked, on the Cranfield collection."""
    from sbert_core.evaluation.retrieval import retrieval_scores
    from sbert_core.evaluation_files import read_collection
    from sbert_core.lab import Lab

    names = [folder / f"cranfield-{part}.tsv.gz" for part in ("docs", "queries", "qrels")]
    found = read_collection(*names)
    scores = {}
    with tempfile.TemporaryDirectory() as home:
        desk = Lab(Path(home)).search
        for mode, judge in [*((mode, None) for mode in MODES), ("hybrid", rerank)]:
            ranked = desk.rank(found.documents, found.queries, mode, model, 100, judge)
            lists = {
                query: [found.document_ids[row] for row in rows]
                for query, rows in zip(found.query_ids, ranked, strict=True)
            }
            name = f"{mode}, re-ranked by {judge}" if judge else mode
            scores[name] = round(retrieval_scores(lists, found.qrels).ndcg_at_10, 4)
            say(f"Cranfield, {name}: {scores[name]}")
    return scores


def clustered(count):
    """Rows of length 1 around a thousand topics: float32 (count, 384).

    As in the spaces of sentence encoders, some directions vary more than others: the variance
    falls with 1 / (1 + i / 16).
    """
    rng = np.random.default_rng(0)
    spread = (1 / np.sqrt(1 + np.arange(DIMS) / 16)).astype(np.float32)
    spread /= np.sqrt((spread**2).mean())
    topics = rng.standard_normal((TOPICS, DIMS), dtype=np.float32) * spread
    rows = np.empty((count, DIMS), np.float32)
    for start in range(0, count, 50_000):
        part = rows[start : start + 50_000]
        rng.standard_normal(out=part, dtype=np.float32)
        part *= 0.7 * spread
        part += topics[rng.integers(0, TOPICS, len(part))]
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return rows


def near(rows, count):
    """Queries near rows: float32 (count, 384)."""
    rng = np.random.default_rng(1)
    queries = rows[rng.choice(len(rows), count, replace=False)]
    queries = queries + 0.02 * rng.standard_normal(queries.shape, dtype=np.float32)
    return queries / np.linalg.norm(queries, axis=1, keepdims=True)


def best(work, times=3):
    """Seconds of the fastest of a few runs."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def say(sentence):
    """Tell the person who waits."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
