"""Speed of an encoder: sentences per second, and how much of the machine's arithmetic that uses.

A transformer is matrix products. Counting them gives the floating-point operations (FLOP) of one
token, counted as in Kaplan et al. 2020 (arXiv 2001.08361), table 1, with both products of the
attention and no mask:

    24 L D^2  +  4 L T D

12 D^2 weights in each of L layers (4 D^2 in the attention, 8 D^2 in a feed-forward part of the
usual width 4 D), each one multiplication and one addition; and for each of the T tokens of its
sentence that a token attends to, D products for the score and D for the sum. Divided by what the
machine shows in a plain matrix product of the same precision, that is the share of its peak.

Letters: L layers, D hidden size, T tokens of a sentence, B sentences in a batch.
"""

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sbert_core.protocols import Progress, no_progress

FORMULA = "24·L·D² + 4·L·T·D"  # operations per token
# Tokens of a sentence, special tokens included; sentences in a batch.
LENGTHS, BATCHES = (8, 16, 32, 64, 128), (1, 8, 32, 128)
MOST_TOKENS = 8_192  # in a batch: half a second of a small encoder on two slow cores

_CELL_S = 0.15  # time for one cell once it is warm
_PEAK_SIZE, _PEAK_S = 1_024, 0.4


@dataclass(frozen=True)
class SpeedCell:
    """One shape of batch.

    Attributes:
        precision: "fp32" or "bf16".
        length: Tokens of each sentence T.
        batch: Sentences in the batch B.
        sentences_per_second: Measured, of the network alone.
        share: Of the machine's matrix-product peak, fraction of 1; None for a static encoder.
    """

    precision: str
    length: int
    batch: int
    sentences_per_second: float
    share: float | None


@dataclass(frozen=True)
class PathSpeed:
    """The whole way from texts to vectors, on the corpus itself.

    Attributes:
        runtime: What computes: "torch".
        precision: "fp32" or "bf16".
        sentences: Sentences encoded, no two the same.
        seconds: What that took.
        share: Of the peak of this precision, fraction of 1; None for a static encoder.
    """

    runtime: str
    precision: str
    sentences: int
    seconds: float
    share: float | None

    @property
    def sentences_per_second(self) -> float:
        """Speed in sentences per second."""
        return self.sentences / self.seconds


@dataclass(frozen=True)
class SpeedResult:
    """How quick an encoder is on this machine.

    Attributes:
        model: Encoder string.
        machine: Processor and threads, in words.
        layers: L; 0 for a static encoder.
        hidden_size: D.
        mean_tokens: Mean tokens of the corpus's sentences, special tokens included.
        peaks: Precision to the peak of a plain matrix product, in GFLOP per second.
        paths: The whole way, one for each precision.
        cells: The network alone, one for each shape of batch that there was time for.
        left_out: Shapes for which the time box had no room.
        note: One sentence on precisions that this machine lacks, or "".
    """

    model: str
    machine: str
    layers: int
    hidden_size: int
    mean_tokens: float
    peaks: dict[str, float]
    paths: tuple[PathSpeed, ...]
    cells: tuple[SpeedCell, ...]
    left_out: int = 0
    note: str = ""

    @property
    def formula(self) -> str:
        """How the operations of a token are counted."""
        return FORMULA

    @property
    def flops_per_token(self) -> float:
        """Operations of a token in a sentence of mean length; 0 for a static encoder."""
        return flops_per_token(self.layers, self.hidden_size, self.mean_tokens)

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "SpeedResult":
        """The other way round."""
        return cls(
            **{
                **stored,
                "paths": tuple(PathSpeed(**path) for path in stored["paths"]),
                "cells": tuple(SpeedCell(**cell) for cell in stored["cells"]),
            }
        )


def flops_per_token(layers: int, hidden_size: int, tokens: float) -> float:
    """Floating-point operations of one token in a sentence of `tokens` tokens.

    Args:
        layers: L; 0 for a static encoder, which has none.
        hidden_size: D.
        tokens: T, may be a mean.
    """
    return 24 * layers * hidden_size**2 + 4 * layers * tokens * hidden_size


def flops_of(layers: int, hidden_size: int, lengths: Sequence[int]) -> float:
    """Operations of sentences with these lengths in tokens, without padding."""
    return sum(n * flops_per_token(layers, hidden_size, n) for n in lengths)


def machine_in_words(device: str = "cpu") -> str:
    """Name processor and threads, such as "Intel Xeon, 2 threads"; a GPU by its own name."""
    import torch

    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    threads = torch.get_num_threads()
    return f"{_processor()}, {threads} thread{'' if threads == 1 else 's'} of {os.cpu_count()}"


def busy_note() -> str:
    """Say that other work runs on this machine, where more runs than it has cores for; else ""."""
    if not hasattr(os, "getloadavg"):
        return ""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load <= cores + 0.5:
        return ""
    return (
        f"The machine was busy when this began (load {load:.1f} on {cores} cores), so the times "
        "are too long. Measure again when it is quiet."
    )


def matrix_peak(precision: str, device: str = "cpu", seconds: float = _PEAK_S) -> float:
    """Time a plain product of two square matrices; the best of several counts.

    Args:
        precision: "fp32" or "bf16".
        device: Where: "cpu" or "cuda".
        seconds: How long to try.

    Returns:
        GFLOP per second: 2 n^3 operations over the shortest time.
    """
    import torch

    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    size = 4 * _PEAK_SIZE if device.startswith("cuda") else _PEAK_SIZE
    a = torch.ones((size, size), dtype=dtype, device=device)
    best, began = float("inf"), time.perf_counter()
    while time.perf_counter() - began < seconds:
        start = time.perf_counter()
        product = a @ a
        product[0, 0].item()  # waits for a GPU to finish
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def time_grid(
    forward: Callable[[int, int], object],
    precision: str,
    share_of_peak: Callable[[float, int], float | None],
    *,
    lengths: Sequence[int] = LENGTHS,
    batches: Sequence[int] = BATCHES,
    seconds: float,
    progress: Progress = no_progress,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[list[SpeedCell], int]:
    """Time the network on batches of several shapes, within a time box.

    Args:
        forward: Runs one batch of B sentences of T tokens: `forward(B, T)`; returns when done.
        precision: What it computes in.
        share_of_peak: Tokens per second and T to the share of the peak, or None.
        lengths: T to try.
        batches: B to try; a shape of more than `MOST_TOKENS` tokens is not one of them.
        seconds: Time box; the shapes that do not fit into it are left out, the largest first.
        progress: Told tenths of a second done and in all; raises `Cancelled` to stop.
        clock: Seconds that pass.

    Returns:
        The cells, and how many shapes were left out.
    """
    shapes = [(b * t, t, b) for t in lengths for b in batches if b * t <= MOST_TOKENS]
    cells: list[SpeedCell] = []
    began, per_token = clock(), 0.0
    whole = max(1, round(10 * seconds))
    for tokens, length, batch in sorted(shapes):
        spent = clock() - began
        # Twice: a shape is run once to warm up, and at least once to be timed.
        if spent + 2 * tokens * per_token > seconds:
            continue
        progress(min(whole, round(10 * spent)), whole, f"timing {precision} batches")
        took = _best_time(lambda b=batch, t=length: forward(b, t), _CELL_S, clock)  # type: ignore[misc]
        per_token = took / tokens
        cells.append(
            SpeedCell(precision, length, batch, batch / took, share_of_peak(tokens / took, length))
        )
    return cells, len(shapes) - len(cells)


def _best_time(run: Callable[[], object], seconds: float, clock: Callable[[], float]) -> float:
    """Median time of one call, after one call to warm up."""
    run()
    times: list[float] = []
    while not times or (sum(times) < seconds and len(times) < 1000):
        start = clock()
        run()
        times.append(max(1e-9, clock() - start))
    return sorted(times)[len(times) // 2]


def _processor() -> str:
    """Name of the processor, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":")[1] for line in lines if line.startswith("model name"))
        return " ".join(name.split())
    except (OSError, StopIteration, IndexError):
        return platform.processor() or platform.machine()
