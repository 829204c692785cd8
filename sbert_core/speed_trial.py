"""A speed trial of one encoder: the machine's peak, the network on batches, the whole way."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .encoders.catalog import ResolvedEncoder
from .encoders.token_lengths import token_lengths
from .evaluation.race import race_sentences
from .evaluation.speed import (
    LENGTHS,
    PathSpeed,
    SpeedCell,
    SpeedResult,
    busy_note,
    flops_of,
    flops_per_token,
    machine_in_words,
    matrix_peak,
    time_grid,
)
from .protocols import Progress

if TYPE_CHECKING:
    from .encoders.encoder import SentenceEncoder
    from .encoders.precision import Precision

# Of the time box, after the peaks: the rest is the grid of batch shapes.
_PATH_SHARE = 0.35
_PROBE, _MOST_SENTENCES = 64, 20_000


def measure_speed(
    resolved: ResolvedEncoder, texts: Sequence[str], seconds: float, progress: Progress
) -> SpeedResult:
    """Time an encoder in every precision that this machine has units for.

    Args:
        resolved: Which encoder; it is loaded anew for each precision.
        texts: The corpus.
        seconds: Time box of the whole, without loading.
        progress: Told what is done; raises `Cancelled` to stop.

    Raises:
        DataError: The corpus has fewer than two distinct sentences.
        ModelError: The encoder cannot be loaded.
    """
    import torch

    from .encoders.encoder import SentenceEncoder
    from .encoders.precision import has_native_bf16

    layout, busy = resolved.layout, busy_note()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    native = layout.layers > 0 and has_native_bf16(torch.device(device))
    precisions: tuple[Precision, ...] = ("fp32", "bf16") if native else ("fp32",)
    everyone = race_sentences(texts, _MOST_SENTENCES).texts
    lengths = _read_lengths(resolved, everyone)
    each = seconds / len(precisions)
    peaks: dict[str, float] = {}
    paths: list[PathSpeed] = []
    cells: list[SpeedCell] = []
    left_out = 0
    for precision in precisions:
        progress(0, 0, f"measuring the peak of {precision} matrix products")
        peaks[precision] = matrix_peak(precision, device, min(0.4, 0.1 * each))
        encoder = SentenceEncoder.load(resolved, device, precision)
        paths.append(
            _time_path(encoder, everyone, lengths, peaks[precision], _PATH_SHARE * each, progress)
        )
        timed, skipped = _time_shapes(
            encoder, everyone, peaks[precision], (0.9 - _PATH_SHARE) * each, progress
        )
        cells.extend(timed)
        left_out += skipped
    return SpeedResult(
        model=resolved.spec,
        machine=machine_in_words(device),
        layers=layout.layers,
        hidden_size=layout.hidden_size,
        mean_tokens=float(lengths.mean()),
        peaks=peaks,
        paths=tuple(paths),
        cells=tuple(cells),
        left_out=left_out,
        note=f"{_note(layout.layers, native)} {busy}".strip(),
    )


def _time_path(
    encoder: "SentenceEncoder",
    texts: list[str],
    lengths: NDArray[np.int32],
    peak: float,
    seconds: float,
    progress: Progress,
) -> PathSpeed:
    """Encode as many sentences of the corpus as fit into the time: splitting, batching and all."""
    progress(0, 0, f"encoding the corpus in {encoder.precision}")
    encoder.encode(texts[:_PROBE])
    began = time.perf_counter()
    encoder.encode(texts[:_PROBE])
    rate = len(texts[:_PROBE]) / max(1e-9, time.perf_counter() - began)
    # A tenth off, because the probe itself took its share.
    count = int(min(len(texts), max(_PROBE, 0.9 * seconds * rate)))
    began = time.perf_counter()
    encoder.encode(texts[:count], progress)
    took = max(1e-9, time.perf_counter() - began)
    layout = encoder.resolved.layout
    work = flops_of(layout.layers, layout.hidden_size, lengths[:count].tolist())
    share = work / took / (1e9 * peak) if work else None
    return PathSpeed("torch", encoder.precision, len(texts[:count]), took, share)


def _time_shapes(
    encoder: "SentenceEncoder",
    texts: list[str],
    peak: float,
    seconds: float,
    progress: Progress,
) -> tuple[list[SpeedCell], int]:
    """Time the network alone on batches of the corpus's own tokens."""
    import torch

    layout, device = encoder.resolved.layout, encoder.device
    tokens = np.concatenate(encoder.tokenizer.rows(texts[:2_000]).ids).astype(np.int64)
    lengths = [n for n in LENGTHS if n <= (layout.max_length or n)]

    @torch.inference_mode()
    def forward(batch: int, length: int) -> object:
        ids = torch.from_numpy(np.resize(tokens, (batch, length))).to(device)  # (B, T)
        mask = torch.ones_like(ids)
        return encoder.model(ids, mask, torch.zeros_like(ids)).cpu()  # waits for a GPU

    def share(tokens_per_second: float, length: int) -> float | None:
        work = flops_per_token(layout.layers, layout.hidden_size, length)
        return tokens_per_second * work / (1e9 * peak) if work else None

    return time_grid(
        forward, encoder.precision, share, lengths=lengths, seconds=seconds, progress=progress
    )


def _read_lengths(resolved: ResolvedEncoder, texts: Sequence[str]) -> NDArray[np.int32]:
    """Tokens that the encoder reads of each text."""
    lengths = token_lengths(resolved, texts)
    return np.minimum(lengths, resolved.max_length or int(lengths.max()))


def _note(layers: int, native: bool) -> str:
    """Say which precisions were not timed, and why."""
    if layers == 0:
        return (
            "This encoder is a table of token vectors: it has no matrix products, so there is no "
            "share of a peak, and no second precision."
        )
    if not native:
        return (
            "This processor has no units for bf16 matrix products, so only fp32 was timed; bf16 "
            "would be slower here."
        )
    return ""
