"""Parts that sum to the vector, gradients that are complete, layers that end where they should."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from sbert_core.encoders.attribution import (
    integrated_gradients,
    is_sum_of_tokens,
    layer_states,
    token_parts,
    tokenise,
)
from sbert_core.encoders.catalog import resolve
from sbert_core.encoders.checkpoint import load_model, save_checkpoint
from sbert_core.encoders.siamese import Dense, SentenceModel, TokenTable
from sbert_core.errors import ModelError

from .conftest import exact
from .tiny_models import HIDDEN, TEXTS

SUMS = ("mean", "mean_content", "mean_sqrt_len", "first_last", "max", "cls+mean", "mean+max")


def with_dense(checkpoint, folder, *layers, **settings):
    """Save a checkpoint again with Dense layers of (out, bias, activation)."""
    layout = resolve(str(checkpoint)).layout
    model = load_model(layout)
    torch.manual_seed(1)
    width = HIDDEN
    for out, bias, activation in layers:
        model.dense.append(Dense(nn.Linear(width, out, bias=bias), activation))
        width = out
    save_checkpoint(model, replace(layout, **settings), folder)
    return folder


def static_model(checkpoint, folder):
    """A table of token vectors with the tokenizer of a checkpoint."""
    layout = resolve(str(checkpoint)).layout
    torch.manual_seed(2)
    model = SentenceModel(TokenTable(torch.randn(500, 6)), ("mean",), normalised=True)
    save_checkpoint(model, replace(layout, architecture="static"), folder)
    return folder


def parts_and_vectors(encoder, texts):
    parts = token_parts(encoder, [tokenise(encoder, text) for text in texts])
    return parts, encoder.encode(texts)


def same_direction(values, vectors):
    sums = np.stack([value.sum(axis=0) for value in values])
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(
        sums / np.where(norms == 0, 1, norms),
        vectors / np.where(lengths == 0, 1, lengths),
        atol=1e-5,
    )


@pytest.mark.parametrize("kind", ["bert", "mpnet", "xlm-roberta"])
@pytest.mark.parametrize("pooling", SUMS)
def test_parts_sum_to_the_vector_of_every_text(checkpoints, kind, pooling):
    encoder = exact(f"{checkpoints[kind]}:{pooling}")
    parts, vectors = parts_and_vectors(encoder, TEXTS)
    same_direction([part.values for part in parts], vectors)
    for part, text, vector in zip(parts, TEXTS, vectors, strict=True):
        assert len(part.values) == len(tokenise(encoder, text).ids)
        np.testing.assert_allclose(part.vector, vector, atol=1e-5)


def test_only_the_words_have_parts_under_mean_content(checkpoints):
    encoder = exact(f"{checkpoints['bert']}:mean_content")
    (part,) = token_parts(encoder, [tokenise(encoder, "the cat")])
    assert not part.values[[0, -1]].any()
    assert part.values[1:-1].any(axis=1).all()


def test_linear_layers_keep_a_sum_a_sum_and_a_bias_is_a_part_of_its_own(checkpoints, tmp_path):
    layers = ((12, True, nn.Identity()), (9, True, nn.Identity()))
    folder = with_dense(checkpoints["bert"], tmp_path / "m", *layers, truncate_dim=7)
    encoder = exact(folder)
    assert encoder.dims == 7
    parts, vectors = parts_and_vectors(encoder, TEXTS)
    same_direction([part.values for part in parts], vectors)
    assert parts[0].extra == ("(bias)",)
    assert len(parts[0].values) == len(tokenise(encoder, TEXTS[0]).ids) + 1


def test_what_is_no_sum_is_known_and_refused(checkpoints, tmp_path):
    plain = resolve(str(checkpoints["bert"])).layout
    assert is_sum_of_tokens(plain)
    for pooling in ("cls", "pooler", "mean+pooler"):
        assert not is_sum_of_tokens(plain.with_pooling(pooling))
    bent = with_dense(checkpoints["bert"], tmp_path / "m", (8, True, nn.Tanh()))
    encoder = exact(bent)
    with pytest.raises(ValueError, match="no sum over tokens"):
        token_parts(encoder, [tokenise(encoder, "the cat")])


def test_a_table_of_token_vectors_is_a_sum_and_has_no_path(checkpoints, tmp_path):
    encoder = exact(static_model(checkpoints["bert"], tmp_path / "static"))
    parts, vectors = parts_and_vectors(encoder, ["the cat sat", "dog", ""])
    same_direction([part.values for part in parts], vectors)
    tokens = tokenise(encoder, "the cat sat")
    assert not tokens.special.any()
    assert layer_states(encoder, tokens).pooled.shape == (1, 6)
    with pytest.raises(ModelError, match="no layers"):
        integrated_gradients(encoder, tokens, vectors[1])


def test_tokens_know_their_place_in_the_text_as_it_was_typed(checkpoints):
    encoder = exact(checkpoints["bert"])
    text = "Naïve  CAT\ud800 sat"
    tokens = tokenise(encoder, text)
    spans = [text[start:end] for start, end in tokens.offsets[1:-1]]
    assert "CAT" in spans and "sat" in spans
    assert tokens.special.tolist() == [True, *[False] * (len(tokens.ids) - 2), True]
    assert not tokens.truncated
    np.testing.assert_array_equal(tokens.ids, encoder.tokenizer.rows([text]).ids[0])
    assert tokenise(encoder, "the cat " * 100).truncated


def test_a_prompt_is_no_part_of_the_sentence(checkpoints, tmp_path):
    folder = with_dense(checkpoints["bert"], tmp_path / "m", prompt="my dog: ")
    encoder = exact(folder)
    tokens = tokenise(encoder, "the cat")
    assert [p for p, s in zip(tokens.pieces, tokens.special, strict=True) if not s] == [
        "the",
        "cat",
    ]
    assert tokens.offsets[~tokens.special].tolist() == [[0, 3], [4, 7]]
    assert {"my", "dog"} <= {p for p, s in zip(tokens.pieces, tokens.special, strict=True) if s}


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "mpnet"])
@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_gradients_along_the_path_sum_to_what_the_path_gains(checkpoints, kind, pooling):
    encoder = exact(f"{checkpoints[kind]}:{pooling}")
    u, v = encoder.encode(["the cat sat on the mat", "my dog ran"]).astype(np.float64)
    cosine = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
    tokens = tokenise(encoder, "the cat sat on the mat")
    found = integrated_gradients(encoder, tokens, v.astype(np.float32), steps=48)
    assert found.values.sum() + found.baseline == pytest.approx(cosine, abs=2e-3)
    assert not found.values[tokens.special].any()
    assert found.values[~tokens.special].any()


def test_more_steps_make_the_integral_more_exact(checkpoints):
    encoder = exact(checkpoints["bert"])
    tokens = tokenise(encoder, "the cat sat on the mat")
    (v,) = encoder.encode(["my dog ran"])
    coarse, fine, finer = (
        integrated_gradients(encoder, tokens, v, steps).values for steps in (2, 32, 64)
    )
    assert np.abs(fine - finer).max() < np.abs(coarse - finer).max()
    np.testing.assert_allclose(fine, finer, atol=2e-3)


def test_layers_end_in_the_vector_that_pooling_gives(checkpoints):
    encoder = exact(checkpoints["bert"])
    states = layer_states(encoder, tokenise(encoder, "the cat sat"))
    assert states.pooled.shape == (4, HIDDEN)  # the embeddings and three layers
    np.testing.assert_allclose(states.pooled[-1], encoder.encode(["the cat sat"])[0], atol=1e-5)
    np.testing.assert_allclose(states.token_vectors.mean(axis=0), states.pooled[-1], atol=1e-5)


@pytest.mark.parametrize(("pooling", "kin"), [("first_last", "mean"), ("pooler", "cls")])
def test_a_pooling_that_needs_more_than_a_layer_is_compared_by_its_kin(checkpoints, pooling, kin):
    encoder = exact(f"{checkpoints['bert']}:{pooling}")
    assert layer_states(encoder, tokenise(encoder, "the cat")).pooling == kin
