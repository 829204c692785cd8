"""From a file to named groups and a map, in one fresh process: seconds and peak memory.

python -m benchmarks.pipeline FILE.csv [--text-column C]
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path


def main():
    """Run the whole way once in an empty workspace and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--text-column")
    options = parser.parse_args()
    started = time.perf_counter()
    from sbert_core.lab import Lab

    steps = {}
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder))
        corpus = lab.open_file(options.file, text_column=options.text_column)
        steps["read"] = time.perf_counter() - started
        for name, action in (("embed", lab.embed), ("map", lab.map), ("cluster", lab.cluster)):
            before = time.perf_counter()
            action(corpus.corpus_id)
            steps[name] = time.perf_counter() - before
    total = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        json.dumps(
            {
                "benchmark": "pipeline",
                "rows": corpus.rows,
                "seconds": round(total, 1),
                "steps": {name: round(seconds, 1) for name, seconds in steps.items()},
                "peak_gb": round(peak, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
