"""Batches: every example once, no more padding than needed, and text ids that tell equal texts."""

import numpy as np
import pytest
import torch

from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.training.batches import PairBatches, SiameseBatches, bucketed_batches
from sbert_core.training.examples import Examples

CPU = torch.device("cpu")
FIRST = ("the cat", "the dog ran on the mat", "is", "the cat")
SECOND = ("the dog ran on the mat", "my card", "the cat", "the cat sat")
SCORED = Examples("scored_pairs", (FIRST, SECOND), np.array([0, 0.5, 1, 0.25], dtype=np.float32))


@pytest.mark.parametrize("size", [1, 7, 8, 1000])
@pytest.mark.parametrize("count", [1, 16, 300])
def test_every_example_is_in_one_batch(count, size):
    lengths = np.random.default_rng(0).integers(1, 50, count).astype(np.int32)
    batches = bucketed_batches(lengths, size, seed=1, epoch=0)
    assert sorted(np.concatenate(batches).tolist()) == list(range(count))
    assert len(batches) == -(-count // size)  # what the number of steps rests on
    assert sorted(map(len, batches))[1:] == [size] * (len(batches) - 1)


def test_a_batch_holds_texts_of_like_length_but_not_in_order_of_length():
    lengths = np.random.default_rng(0).integers(1, 100, 640).astype(np.int32)
    batches = bucketed_batches(lengths, 8, seed=0, epoch=0)
    padded = sum(len(batch) * int(lengths[batch].max()) for batch in batches)
    assert padded < 1.1 * lengths.sum()
    longest = np.array([lengths[batch].max() for batch in batches])
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.4


def test_the_order_depends_on_seed_and_epoch_alone():
    lengths = np.random.default_rng(0).integers(1, 50, 100).astype(np.int32)

    def order(seed, epoch):
        return np.concatenate(bucketed_batches(lengths, 8, seed, epoch)).tolist()

    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(*pair)) for pair in ((1, 2), (1, 3), (2, 2), (2, 1))}) == 4
    # Other company, too, or in-batch negatives would be the same in every epoch.
    together = [
        {frozenset(batch.tolist()) for batch in bucketed_batches(lengths, 8, 1, epoch)}
        for epoch in (0, 1)
    ]
    assert len(together[0] & together[1]) < 3


def test_columns_are_padded_each_to_its_own_longest(encoder):
    batches = SiameseBatches(encoder.tokenizer, SCORED)
    batch = batches.batch(np.array([1, 0]), CPU)
    assert (batches.sentences, len(batch.columns)) == (2, 2)
    for column, texts in zip(batch.columns, (FIRST, SECOND), strict=True):
        rows = encoder.tokenizer.rows([texts[1], texts[0]])
        longest = max(map(len, rows.ids))
        assert column.input_ids.shape == (2, longest)
        for place, (ids, special) in enumerate(zip(rows.ids, rows.special, strict=True)):
            assert column.input_ids[place, : len(ids)].tolist() == ids.tolist()
            assert column.special_tokens_mask[place, : len(ids)].tolist() == special.tolist()
            assert column.attention_mask[place].tolist() == [1] * len(ids) + [0] * (
                longest - len(ids)
            )
            assert set(column.input_ids[place, len(ids) :].tolist()) <= {encoder.tokenizer.pad_id}
    assert batch.labels.tolist() == [0.5, 0.0]
    assert batch.labels.dtype == torch.float32


def test_lengths_are_those_of_all_texts_of_an_example(encoder):
    batches = SiameseBatches(encoder.tokenizer, SCORED)
    expected = [
        len(encoder.tokenizer.rows([a]).ids[0]) + len(encoder.tokenizer.rows([b]).ids[0])
        for a, b in zip(FIRST, SECOND, strict=True)
    ]
    assert batches.lengths.tolist() == expected


def test_equal_texts_have_equal_numbers_over_all_columns(encoder):
    batches = SiameseBatches(encoder.tokenizer, SCORED)
    ids = batches.batch(np.arange(4), CPU).text_ids
    texts = np.array([FIRST, SECOND]).T
    assert ids.shape == (4, 2)
    flat, names = ids.reshape(-1).tolist(), texts.reshape(-1).tolist()
    for number, text in zip(flat, names, strict=True):
        for other, name in zip(flat, names, strict=True):
            assert (number == other) == (text == name)


def test_a_teachers_vectors_stand_in_for_labels(encoder):
    targets = np.arange(12, dtype=np.float32).reshape(4, 3)
    examples = Examples("sentences", (FIRST,))
    batch = SiameseBatches(encoder.tokenizer, examples, targets).batch(np.array([2, 0]), CPU)
    assert batch.labels.tolist() == [[6, 7, 8], [0, 1, 2]]
    assert SiameseBatches(encoder.tokenizer, examples).batch(np.array([1]), CPU).labels is None


def test_a_pair_goes_through_the_cross_encoder_as_one_row(tiny_bert):
    model = CrossEncoder.start(tiny_bert, 1)
    batch = PairBatches(model, SCORED).batch(np.array([3, 1]), CPU)
    (tokens,) = batch.columns
    rows = model.rows([(FIRST[3], SECOND[3]), (FIRST[1], SECOND[1])])
    for place, (ids, types) in enumerate(zip(rows.ids, rows.types, strict=True)):
        assert tokens.input_ids[place, : len(ids)].tolist() == ids.tolist()
        assert tokens.token_type_ids[place, : len(ids)].tolist() == types.tolist()
        assert tokens.attention_mask[place].sum() == len(ids)
    assert tokens.token_type_ids.max() == 1
    assert batch.labels.tolist() == [0.25, 0.5]
