"""The first 2-D map in a fresh process against umap-learn's own, imports and compilation included.

    python -m benchmarks.projection [VECTORS.npy | CORPUS...] [--rows 13000]

Each side is a process of its own that loads the vectors, draws the map and saves it; its whole
life is timed. Both maps are then measured alike.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.vectors import add_source, load

SIDES = {
    "ours": """
from sbert_core.analysis.projection import ProjectionConfig, project
drawn = project(vectors, ProjectionConfig()).coordinates
""",
    "reference": """
from umap import UMAP
drawn = UMAP(metric="cosine", random_state=42).fit_transform(vectors)
""",
}


def main():
    """Time both and print one JSON line, and a sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_source(parser)
    vectors = load(parser.parse_args())
    result = compare(vectors)
    print(json.dumps({"benchmark": "projection"} | result))
    print(
        f"{result['rows']} rows: {result['ours']} s against {result['reference']} s, "
        f"{result['ratio']} times as fast; trustworthiness {result['trustworthiness']} against "
        f"{result['trustworthiness_reference']}.",
        file=sys.stderr,
    )


def compare(vectors):
    """Draw the map on both sides.

    Args:
        vectors: float32 array of shape (N, D).

    Returns:
        Seconds of both, their ratio, and the trustworthiness and kNN overlap of both maps.
    """
    from sbert_core.analysis.map_trust import map_trust

    with tempfile.TemporaryDirectory() as folder:
        seconds, maps = {}, {}
        np.save(Path(folder) / "vectors.npy", vectors)
        for side in SIDES:
            seconds[side], maps[side] = draw(side, Path(folder))
    trust = {side: map_trust(vectors, drawn) for side, drawn in maps.items()}
    ours, theirs = trust["ours"], trust["reference"]
    return {
        "rows": len(vectors),
        "dims": vectors.shape[1],
        "ours": round(seconds["ours"], 2),
        "reference": round(seconds["reference"], 2),
        "ratio": round(seconds["reference"] / seconds["ours"], 2),
        "trustworthiness": round(ours.trustworthiness, 4),
        "trustworthiness_reference": round(theirs.trustworthiness, 4),
        "knn_overlap": round(ours.knn_overlap, 4),
        "knn_overlap_reference": round(theirs.knn_overlap, 4),
    }


def draw(side, folder):
    """Draw the map of one side in a fresh process; return its seconds and the coordinates."""
    program = (
        "import sys, numpy as np\n"
        "vectors = np.load(sys.argv[1])\n"
        f"{SIDES[side]}\n"
        "np.save(sys.argv[2], drawn)\n"
    )
    target = folder / f"{side}.npy"
    start = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-c", program, str(folder / "vectors.npy")]
    subprocess.run([*command, str(target)], check=True)
    return time.perf_counter() - start, np.load(target)


if __name__ == "__main__":
    main()
