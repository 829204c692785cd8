"""Every pooling mode against numbers worked out by hand, with padding on either side."""

import pytest
import torch

from sbert_core.encoders.pooling import (
    POOLING_MEANINGS,
    POOLING_MODES,
    TokenStates,
    is_pooling,
    pool,
)

NAN, INF = float("nan"), float("inf")

# B = 4 rows, T = 4 tokens, D = 2: full, padded on the right, padded on the left, one token.
# Padding holds what a backbone may leave there.
TOKENS = torch.tensor(
    [
        [[1.0, 2.0], [3.0, -4.0], [5.0, 6.0], [7.0, 8.0]],
        [[1.0, -2.0], [3.0, -4.0], [9.0, 9.0], [NAN, INF]],
        [[NAN, -INF], [9.0, 9.0], [-1.0, 2.0], [-3.0, 4.0]],
        [[-2.0, 5.0], [9.0, 9.0], [9.0, 9.0], [9.0, 9.0]],
    ]
)
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0]])
# First and last real token are special; in the last row the only one is.
SPECIAL = torch.tensor([[1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]])

EXPECTED = {
    "cls": [[1, 2], [1, -2], [-1, 2], [-2, 5]],
    "mean": [[4, 3], [2, -3], [-2, 3], [-2, 5]],
    "mean_content": [[4, 1], [3, -4], [-3, 4], [0, 0]],
    "max": [[7, 8], [3, -2], [-1, 4], [-2, 5]],
    "mean_sqrt_len": [
        [8, 6],
        [4 / 2**0.5, -6 / 2**0.5],
        [-4 / 2**0.5, 6 / 2**0.5],
        [-2, 5],
    ],
    "first_last": [[3, 2.5], [1.5, -2.5], [-1.5, 2.5], [-1.5, 4]],
    "pooler": [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 0.8]],
}
# The first layer's vectors: 2 in every first dimension's mean, chosen so that the answer is plain.
FIRST_LAYER = torch.tensor(
    [
        [[2.0, 2.0]] * 4,
        [[1.0, -2.0], [1.0, -2.0], [9.0, 9.0], [NAN, INF]],
        [[NAN, -INF], [9.0, 9.0], [-1.0, 2.0], [-1.0, 2.0]],
        [[-1.0, 3.0], [9.0, 9.0], [9.0, 9.0], [9.0, 9.0]],
    ]
)


def states(rows=slice(None), mask=None):
    return TokenStates(
        token_embeddings=TOKENS[rows],
        attention_mask=MASK[rows] if mask is None else mask,
        special_tokens_mask=SPECIAL[rows],
        first_layer=FIRST_LAYER[rows],
        pooler_output=torch.tensor(EXPECTED["pooler"])[rows],
    )


@pytest.mark.parametrize("mode", POOLING_MODES)
def test_each_mode_gives_the_value_worked_out_by_hand(mode):
    torch.testing.assert_close(pool(states(), mode), torch.tensor(EXPECTED[mode]).float())


@pytest.mark.parametrize("mode", POOLING_MODES)
def test_a_row_alone_pools_as_it_does_in_a_batch(mode):
    together = pool(states(), mode)
    alone = torch.cat([pool(states(slice(i, i + 1)), mode) for i in range(4)])
    torch.testing.assert_close(alone, together, rtol=0, atol=0)


@pytest.mark.parametrize("mode", POOLING_MODES)
def test_a_fully_masked_row_gives_the_zero_vector(mode):
    mask = MASK.clone()
    mask[0] = 0
    pooled = pool(states(mask=mask), mode)
    assert torch.equal(pooled[0], torch.zeros(2))
    torch.testing.assert_close(pooled[1:], torch.tensor(EXPECTED[mode]).float()[1:])


def test_mean_is_differentiable_and_sends_no_gradient_into_padding():
    tokens = TOKENS.nan_to_num(0.0, 0.0, 0.0).requires_grad_()
    pool(TokenStates(tokens, MASK), "mean").sum().backward()
    torch.testing.assert_close(tokens.grad[1, :, 0], torch.tensor([0.5, 0.5, 0.0, 0.0]))


@pytest.mark.parametrize("mode", ["mean_content", "first_last", "pooler"])
def test_a_mode_says_what_it_lacks(mode):
    with pytest.raises(ValueError, match=mode):
        pool(TokenStates(TOKENS, MASK), mode)


def test_every_mode_is_explained():
    assert set(POOLING_MEANINGS) == set(POOLING_MODES)


@pytest.mark.parametrize(
    ("name", "answer"),
    [("cls", True), ("cls+mean", True), ("clss", False), ("cls+", False), ("", False)],
)
def test_which_words_name_a_pooling(name, answer):
    assert is_pooling(name) is answer
