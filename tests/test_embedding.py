"""Embedding a corpus: each distinct text once, in row order, and never a finished shard twice."""

import hashlib

import numpy as np
import pytest

from sbert_core import embedding
from sbert_core.embedding import SHARD_TEXTS, embed_texts, estimate_embedding
from sbert_core.encoders.catalog import resolve
from sbert_core.errors import Cancelled
from sbert_core.protocols import no_progress


class CountingEncoder:
    """Gives each text a vector of its own and remembers what it was asked for."""

    def __init__(self):
        self.seen = []

    def encode(self, texts, progress=no_progress):
        self.seen.extend(texts)
        progress(len(texts), len(texts))
        return np.stack([vector_of(text) for text in texts])


def vector_of(text):
    digest = hashlib.sha256(text.encode()).digest()
    return np.frombuffer(digest, dtype=np.uint8).astype(np.float32)


@pytest.fixture(scope="module")
def resolved():
    return resolve("minilm")


def texts_of(count):
    return [f"sentence number {i} " + "word " * (i % 23) for i in range(count)]


def test_vectors_come_back_in_row_order_and_duplicates_are_encoded_once(resolved, tmp_path):
    encoder = CountingEncoder()
    texts = [*texts_of(700), *texts_of(40), "alone"]
    run = embed_texts(texts, resolved, lambda: encoder, tmp_path, no_progress)
    assert (run.vectors == np.stack([vector_of(text) for text in texts])).all()
    assert sorted(encoder.seen) == sorted(set(texts))


def test_a_cancelled_run_resumes_without_encoding_a_finished_shard_again(resolved, tmp_path):
    texts = texts_of(3 * SHARD_TEXTS)
    first = CountingEncoder()

    def stop_in_the_second_shard(done, total, message=""):
        if done > SHARD_TEXTS:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        embed_texts(texts, resolved, lambda: first, tmp_path, stop_in_the_second_shard)
    second = CountingEncoder()
    run = embed_texts(texts, resolved, lambda: second, tmp_path, no_progress)
    assert run.shards_resumed == 1
    assert len(second.seen) == 2 * SHARD_TEXTS
    assert not set(second.seen) & set(first.seen[:SHARD_TEXTS])
    assert (run.vectors == np.stack([vector_of(text) for text in texts])).all()


def test_shards_of_other_texts_are_not_taken_for_ours(resolved, tmp_path):
    embed_texts(texts_of(600), resolved, CountingEncoder, tmp_path, no_progress)
    other = [text + "!" for text in texts_of(600)]
    run = embed_texts(other, resolved, CountingEncoder, tmp_path, no_progress)
    assert (run.vectors == np.stack([vector_of(text) for text in other])).all()


def test_a_broken_shard_is_encoded_again(resolved, tmp_path):
    texts = texts_of(600)
    embed_texts(texts, resolved, CountingEncoder, tmp_path, no_progress)
    broken = max(tmp_path.glob("*.npy"))
    broken.write_bytes(b"not an array")
    run = embed_texts(texts, resolved, CountingEncoder, tmp_path, no_progress)
    assert (run.vectors == np.stack([vector_of(text) for text in texts])).all()


def test_progress_never_goes_back_and_ends_at_the_number_of_distinct_texts(resolved, tmp_path):
    seen = []
    texts = [*texts_of(1100), *texts_of(10)]
    embed_texts(texts, resolved, CountingEncoder, tmp_path, lambda d, t, m="": seen.append((d, t)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (1100, 1100)


def test_the_estimate_counts_cut_rows_and_uses_a_measured_rate(resolved):
    texts = ["short one", "word " * 400, "word " * 400]
    estimate = estimate_embedding(texts, resolved, tokens_per_second=100.0)
    assert (estimate.rows, estimate.distinct, estimate.truncated) == (3, 2, 2)
    assert estimate.tokens_longest == 402
    # [CLS] short one [SEP], and one long text cut at 256, at 100 tokens a second.
    assert estimate.seconds == pytest.approx((4 + 256) / 100)
    assert estimate.disk_bytes == 3 * 384 * 4
    assert estimate.measured


def test_without_a_measurement_the_guess_is_within_reason(resolved):
    estimate = estimate_embedding(texts_of(1000), resolved, None)
    assert not estimate.measured
    assert 0.05 < estimate.seconds < 300
    assert embedding.SHARD_TEXTS > 1
