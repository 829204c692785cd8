"""Embedding a whole corpus: in shards that are never computed twice, and a forecast of the cost."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .corpus.shards import ShardStore
from .corpus.workspace import Workspace
from .encoders.batching import distinct_texts
from .encoders.catalog import ResolvedEncoder
from .encoders.token_lengths import count_truncated, token_lengths
from .hashing import content_key
from .protocols import Encoder, Progress
from .result_store import Results
from .results import EmbedEstimate, EmbedResult

# A second or two of work on a small laptop: what a kill can cost, and how finely progress shows.
SHARD_TEXTS = 512

# Of the matrix-product speed that this machine shows, an encoder reaches about this much.
_ENCODER_EFFICIENCY = 0.6


@dataclass(frozen=True)
class EmbeddingRun:
    """Vectors of a corpus and what they took.

    Attributes:
        vectors: float32 array of shape (N, D), in row order.
        truncated: Rows that were cut at the encoder's limit.
        tokens_encoded: Tokens read in this run (not those resumed from disk).
        seconds: Time spent encoding in this run.
        shards_resumed: Shards found on disk.
    """

    vectors: NDArray[np.float32]
    truncated: int
    tokens_encoded: int
    seconds: float
    shards_resumed: int


def embed_corpus(
    results: Results,
    corpus_id: str,
    resolved: ResolvedEncoder,
    load: Callable[[], Encoder],
    progress: Progress,
) -> EmbedResult:
    """Embed a corpus, unless that has been done; resumes what a kill or Cancel left.

    Args:
        results: The stored results of the workspace.
        corpus_id: A corpus of the workspace.
        resolved: Which encoder.
        load: Returns the loaded encoder; called only if something is left to encode.
        progress: Called with distinct texts done and in all.
    """
    started = time.perf_counter()
    workspace = results.workspace
    stored = results.find("embed", corpus_id, resolved, {})
    cached = stored is not None and workspace.has_vectors(corpus_id, resolved.key)
    if stored is None or not cached:
        folder = shard_folder(workspace.root, corpus_id) / resolved.key
        run = embed_texts(workspace.texts(corpus_id), resolved, load, folder, progress)
        outcome = {
            "truncated": run.truncated,
            "tokens": run.tokens_encoded,
            "encoding_seconds": run.seconds,
            "shards_resumed": run.shards_resumed,
        }
        stored = results.record("embed", corpus_id, resolved, {}, outcome, started)
        workspace.save_vectors(corpus_id, resolved.key, run.vectors, stored)
        shutil.rmtree(folder, ignore_errors=True)
    return EmbedResult(
        rows=workspace.corpus(corpus_id).rows,
        dims=resolved.dims,
        model=resolved.spec,
        truncated=stored.result["truncated"],
        cached=cached,
        seconds=time.perf_counter() - started,
    )


def shard_folder(root: Path, corpus_id: str) -> Path:
    """Where the unfinished vectors of a corpus wait, under the workspace folder."""
    return root / "shards" / corpus_id


def embed_texts(
    texts: Sequence[str],
    resolved: ResolvedEncoder,
    load: Callable[[], Encoder],
    folder: Path,
    progress: Progress,
) -> EmbeddingRun:
    """Encode every distinct text once, shard by shard, resuming from the shards on disk.

    Args:
        texts: N texts, N >= 1.
        resolved: Which encoder; its key names the vectors.
        load: Returns the loaded encoder; called only if something is left to encode.
        folder: Where the shards of this corpus and encoder live until they are stored.
        progress: Called with distinct texts done and in all.

    Returns:
        The vectors in the order of `texts`.

    Raises:
        Cancelled: From `progress`; finished shards stay on disk.
    """
    distinct = distinct_texts(texts)
    lengths = token_lengths(resolved, distinct.texts)
    # Texts of like length share a shard, so that batches inside it carry little padding.
    order = np.argsort(lengths, kind="stable")
    shards = [order[i : i + SHARD_TEXTS] for i in range(0, len(order), SHARD_TEXTS)]
    store = ShardStore(folder)
    store.open(
        {"encoder": resolved.key, "texts": content_key(distinct.texts), "shard": SHARD_TEXTS}
    )
    resumed, total = sum(store.has(i) for i in range(len(shards))), len(order)
    progress(0, total, "loading the encoder")
    encoder = load() if resumed < len(shards) else None

    started, done, tokens = time.perf_counter(), 0, 0
    for i, members in enumerate(shards):
        if encoder is not None and not store.has(i):
            batch = [distinct.texts[j] for j in members]
            store.save(i, encoder.encode(batch, _shifted(progress, done, total)))
            tokens += _tokens_read(lengths[members], resolved)
        done += len(members)
        progress(done, total, "encoding")
    seconds = time.perf_counter() - started

    vectors = _gather(store, shards, load, distinct.texts)
    truncated = count_truncated(resolved, lengths[distinct.place])
    return EmbeddingRun(vectors[distinct.place], truncated, tokens, seconds, resumed)


def estimate_embedding(
    texts: Sequence[str], resolved: ResolvedEncoder, tokens_per_second: float | None
) -> EmbedEstimate:
    """Forecast time, disk and truncation for encoding `texts`.

    Args:
        texts: N texts, N >= 1.
        resolved: Which encoder.
        tokens_per_second: Measured earlier on this machine, or None.
    """
    distinct = distinct_texts(texts)
    lengths = token_lengths(resolved, distinct.texts)
    tokens = _tokens_read(lengths, resolved)
    rate = tokens_per_second or _guess_tokens_per_second(resolved)
    return EmbedEstimate(
        rows=len(texts),
        distinct=len(distinct.texts),
        tokens_median=int(np.median(lengths[distinct.place])),
        tokens_longest=int(lengths.max()),
        max_length=resolved.max_length,
        truncated=count_truncated(resolved, lengths[distinct.place]),
        seconds=tokens / rate,
        measured=tokens_per_second is not None,
        disk_bytes=len(texts) * resolved.dims * 4,
    )


def _tokens_read(lengths: NDArray[np.int32], resolved: ResolvedEncoder) -> int:
    """Tokens that an encoder reads of texts with these lengths."""
    return int(np.minimum(lengths, resolved.max_length or lengths.max()).sum())


def _guess_tokens_per_second(resolved: ResolvedEncoder) -> float:
    """Time one matrix product and count the products of a transformer: 24 L D^2 per token.

    Each layer holds 12 D^2 weights (4 in attention, 8 in the feed-forward part), and each weight
    costs a multiplication and an addition.
    """
    a = np.ones((768, 768), dtype=np.float32)
    a @ a
    started = time.perf_counter()
    for _ in range(3):
        a @ a
    flops = 3 * 2 * 768**3 / (time.perf_counter() - started)
    per_token = 24 * max(resolved.info.layers, 1) * resolved.dims**2
    return _ENCODER_EFFICIENCY * flops / per_token


def _shifted(progress: Progress, offset: int, whole: int) -> Progress:
    """Report a shard's progress as part of the whole."""

    def report(done: int, total: int, message: str = "") -> None:
        progress(offset + done, whole, "encoding")

    return report


def _gather(
    store: ShardStore,
    shards: list[NDArray[np.int64]],
    load: Callable[[], Encoder],
    distinct: list[str],
) -> NDArray[np.float32]:
    """Read all shards into one array; a shard that turns out broken is encoded again."""
    vectors: NDArray[np.float32] | None = None
    for i, members in enumerate(shards):
        part = store.load(i)
        if part is None:
            part = np.asarray(load().encode([distinct[j] for j in members]), dtype=np.float32)
        if vectors is None:
            vectors = np.empty((len(distinct), part.shape[1]), dtype=np.float32)
        vectors[members] = part
    assert vectors is not None, "embed_texts is called with at least one text"
    return vectors


def measured_rate(workspace: Workspace, encoder_key: str) -> float | None:
    """Tokens per second of an encoder's newest run in this workspace, or None."""
    for info in workspace.corpora():
        for run in workspace.runs(info.corpus_id, "embed", encoder_key):
            # Short runs are mostly start-up and would mislead.
            if run.result.get("encoding_seconds", 0) > 1 and run.result["tokens"]:
                return float(run.result["tokens"] / run.result["encoding_seconds"])
    return None
