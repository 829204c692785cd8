"""The worker process of a workspace: `python -m sbert_core.worker --workspace FOLDER`.

Started by the app when there is a job to do; see `jobs.py` for how they talk.
"""

import argparse
import logging
import os
import sys
import threading
import time
from pathlib import Path

from filelock import Timeout

from .jobs import JobRunner, worker_lock

_IDLE_S = 0.2


def end_with_parent() -> None:
    """End this process when the one that started it is gone: its end of our stdin closes then."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def work(root: Path) -> None:
    """Hold the worker lock and run jobs until the parent ends; return if another worker lives."""
    try:
        # Two servers may race here: the loser has nothing to do, and must not load anything first.
        with worker_lock(root).acquire(timeout=0):
            from .lab import Lab

            lab = Lab(root)
            runner = JobRunner(root, lab.run_job)
            runner.tidy()
            while True:
                if not runner.step():
                    time.sleep(_IDLE_S)
    except Timeout:
        return


def main() -> None:
    """Entry point of the worker process."""
    parser = argparse.ArgumentParser(prog="python -m sbert_core.worker", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    end_with_parent()
    work(arguments.workspace)


if __name__ == "__main__":
    main()
