"""Which texts share a batch: nothing is lost, nothing exceeds the budget."""

import numpy as np
import pytest

from sbert_core.encoders.batching import (
    distinct_texts,
    pad_rows,
    text_chunks,
    token_budget_batches,
)


def test_distinct_texts_give_the_list_back():
    texts = ["b", "a", "b", "B", "a ", "b"]
    distinct = distinct_texts(texts)
    assert distinct.texts == ["b", "a", "B", "a "]
    assert [distinct.texts[place] for place in distinct.place] == texts


def test_no_texts_have_no_places():
    distinct = distinct_texts([])
    assert distinct.texts == []
    assert distinct.place.shape == (0,)
    assert distinct.place.dtype == np.intp


@pytest.mark.parametrize("budget", [1, 7, 64, 100_000])
def test_batches_hold_every_text_once_within_the_budget(budget):
    lengths = np.random.default_rng(3).integers(0, 40, size=500).astype(np.int32)
    batches = list(token_budget_batches(lengths, budget))
    assert sorted(np.concatenate(batches)) == list(range(500))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= budget


def test_the_longest_go_first_and_a_batch_is_as_full_as_it_may_be():
    batches = list(token_budget_batches(np.array([2, 9, 4, 4, 1], dtype=np.int32), budget=8))
    assert [batch.tolist() for batch in batches] == [[1], [2, 3], [0, 4]]


def test_no_lengths_make_no_batches():
    assert list(token_budget_batches(np.zeros(0, dtype=np.int32), 8)) == []


def test_chunks_are_cut_by_number_and_by_characters():
    texts = ["aaaa", "bb", "cc", "d" * 50, "e", "f", "g", "h"]
    chunks = [texts[chunk] for chunk in text_chunks(texts, max_texts=3, max_characters=8)]
    assert chunks == [["aaaa", "bb", "cc"], ["d" * 50], ["e", "f", "g"], ["h"]]
    assert list(text_chunks([], 3, 8)) == []


def test_rows_are_padded_on_the_right():
    rows = [np.array([5, 6], dtype=np.int32), np.zeros(0, dtype=np.int32)]
    assert pad_rows(rows, 9).tolist() == [[5, 6], [9, 9]]
    assert pad_rows(rows[1:], 9).tolist() == [[9]]
