"""How long a command takes from a fresh process: `--help`, and `inspect` of a file.

python -m benchmarks.start FILE.csv
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path


def main():
    """Time both five times and print one JSON line of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    file = str(parser.parse_args().file)
    seconds = {"help": timed("--help"), "inspect": timed("inspect", file, "--json")}
    print(json.dumps({"benchmark": "start", "file": Path(file).name, "seconds": seconds}))


def timed(*words):
    """Median seconds of a command, over five fresh processes."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        command = [sys.executable, "-m", "sbert_core", *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return round(statistics.median(times), 3)


if __name__ == "__main__":
    main()
