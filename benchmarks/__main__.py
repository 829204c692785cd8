"""Every benchmark in turn, each in a process of its own: `make bench FILES="a.csv b.csv"`.

Prints each JSON line as it comes and keeps them all, with machine and versions, in
`benchmarks/results/`. Without files, the bundled sample is measured: quick, but too small to say
much.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from sbert_core.result_store import library_versions
from sbert_core.sample import MESSAGES

ROOT = Path(__file__).resolve().parent.parent
# Those of the second row take one file, those of the third make vectors of their own.
ON_ALL_FILES = ("encode", "projection", "kmeans")
ON_FIRST_FILE = ("start", "pipeline", "pages")
ON_GENERATED = ("search", "duplicates")


def main():
    """Run them and write one file of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=[MESSAGES])
    files = [str(file.resolve()) for file in parser.parse_args().files]
    results = [run(name, files) for name in ON_ALL_FILES]
    results += [run(name, files[:1]) for name in ON_FIRST_FILE]
    results += [run(name, []) for name in ON_GENERATED]
    report = {
        "machine": f"{processor()}, {os.cpu_count()} cores, {platform.system()}",
        "python": platform.python_version(),
        "versions": library_versions(),
        "results": [result for result in results if result],
    }
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    path = folder / time.strftime("%Y-%m-%d-%H%M%S.json")
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"kept in {path.relative_to(ROOT)}")
    return 0 if all(results) else 1


def run(name, files):
    """Run one benchmark; its last line of output is its result. None if it failed."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *files]
    found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if found.returncode:
        print(f"{name} failed with status {found.returncode}")
        return None
    line = found.stdout.strip().splitlines()[-1]
    print(line, flush=True)
    return json.loads(line)


def processor():
    """Name of the processor, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
