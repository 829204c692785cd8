"""The same vectors as sentence-transformers, from the same folders, in both directions."""

import json

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import (
    Dense,
    Normalize,
    Pooling,
    StaticEmbedding,
    Transformer,
)

from sbert_core.encoders.catalog import resolve

from . import tiny_models
from .conftest import exact
from .tiny_models import HIDDEN, TEXTS

TOLERANCE = 1e-5
SHARED_MODES = {
    "cls": "cls",
    "mean": "mean",
    "max": "max",
    "mean_sqrt_len": "mean_sqrt_len_tokens",
    "cls+mean": ("cls", "mean"),
    "mean+cls": ("mean", "cls"),
}


def reference(path):
    return SentenceTransformer(str(path), device="cpu", local_files_only=True)


def theirs(model, texts=TEXTS):
    return model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False)


def same(ours, other):
    assert ours.shape == other.shape
    np.testing.assert_allclose(ours, other, rtol=0, atol=TOLERANCE)


def built(checkpoint, *modules, **settings):
    backbone = Transformer(str(checkpoint))
    return SentenceTransformer(modules=[backbone, *modules], device="cpu", **settings)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "model"


@pytest.mark.parametrize("kind", tiny_models.KINDS)
def test_a_plain_checkpoint_with_mean_pooling(checkpoints, kind):
    same(exact(checkpoints[kind]).encode(TEXTS), theirs(reference(checkpoints[kind])))


@pytest.mark.parametrize("kind", tiny_models.KINDS)
@pytest.mark.parametrize("mode", SHARED_MODES)
def test_every_shared_pooling_on_every_backbone(checkpoints, kind, mode):
    model = built(checkpoints[kind], Pooling(HIDDEN, SHARED_MODES[mode]))
    same(exact(f"{checkpoints[kind]}:{mode}").encode(TEXTS), theirs(model))


@pytest.mark.parametrize("kind", tiny_models.KINDS)
@pytest.mark.parametrize("mode", SHARED_MODES)
def test_what_sentence_transformers_saves_we_load(checkpoints, folder, kind, mode):
    model = built(checkpoints[kind], Pooling(HIDDEN, SHARED_MODES[mode]), Normalize())
    model.save(str(folder), create_model_card=False)
    encoder = exact(folder)
    assert encoder.pooling == mode
    assert encoder.normalised
    same(encoder.encode(TEXTS), theirs(model))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *((kind, mode) for kind in tiny_models.KINDS for mode in SHARED_MODES),
        *((kind, "pooler") for kind in tiny_models.KINDS if kind != "distilbert"),
    ],
)
def test_what_we_save_sentence_transformers_loads(checkpoints, folder, kind, mode):
    encoder = exact(f"{checkpoints[kind]}:{mode}")
    encoder.save(folder)
    ours = encoder.encode(TEXTS)
    same(ours, theirs(reference(folder)))
    same(ours, exact(folder).encode(TEXTS))


@pytest.mark.parametrize("mode", ["mean_content", "first_last", "first_last+mean_content"])
def test_a_pooling_they_do_not_have_is_refused_by_name_not_misread(checkpoints, folder, mode):
    encoder = exact(f"{checkpoints['bert']}:{mode}")
    encoder.save(folder)
    assert exact(folder).pooling == mode
    same(encoder.encode(TEXTS), exact(folder).encode(TEXTS))
    with pytest.raises(ValueError, match=mode.split("+")[0]):
        reference(folder)


def test_dense_layers_and_normalisation_both_ways(checkpoints, folder, tmp_path):
    torch.manual_seed(1)
    layers = [
        Dense(HIDDEN, 20, activation_function=torch.nn.Tanh()),
        Dense(20, 8, bias=False, activation_function=torch.nn.Identity()),
    ]
    model = built(checkpoints["bert"], Pooling(HIDDEN, "cls"), *layers, Normalize())
    model.save(str(folder), create_model_card=False)
    encoder = exact(folder)
    assert (encoder.dims, encoder.pooling, encoder.normalised) == (8, "cls", True)
    same(encoder.encode(TEXTS), theirs(model))
    encoder.save(tmp_path / "again")
    same(theirs(reference(tmp_path / "again")), theirs(model))


def test_the_default_prompt_is_put_before_every_text(checkpoints, folder, tmp_path):
    prompts = {"search": "where is ", "other": "not "}
    model = built(
        checkpoints["bert"], Pooling(HIDDEN), prompts=prompts, default_prompt_name="search"
    )
    model.save(str(folder), create_model_card=False)
    encoder = exact(folder)
    same(encoder.encode(TEXTS), theirs(model))
    without = exact(checkpoints["bert"]).encode(TEXTS)
    assert np.abs(encoder.encode(TEXTS) - without).max() > 0.01
    encoder.save(tmp_path / "again")
    same(theirs(reference(tmp_path / "again")), theirs(model))


@pytest.mark.parametrize("written", ["max_seq_length", "model_max_length"])
def test_the_maximum_length_is_honoured_in_its_old_and_its_new_place(checkpoints, folder, written):
    model = built(checkpoints["roberta"], Pooling(HIDDEN))
    model.max_seq_length = 7
    model.save(str(folder), create_model_card=False)
    if written == "max_seq_length":
        (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 7}')
        config = json.loads((folder / "tokenizer_config.json").read_text())
        (folder / "tokenizer_config.json").write_text(json.dumps(config | {"model_max_length": 64}))
    encoder = exact(folder)
    assert encoder.max_length == 7
    same(encoder.encode(TEXTS), theirs(model))
    same(encoder.encode(TEXTS), theirs(reference(folder)))


def test_lower_casing_is_honoured(tmp_path, folder):
    tokenizer = tiny_models.cased_bert_tokenizer()
    checkpoint = tiny_models.write_checkpoint(tmp_path / "cased", tokenizer, tiny_models.bert_model)
    model = built(checkpoint, Pooling(HIDDEN))
    model.save(str(folder), create_model_card=False)
    shouting = ["THE CAT", "the cat"]
    assert np.abs(np.subtract(*exact(folder).encode(shouting))).max() > 0.01
    (folder / "sentence_bert_config.json").write_text(
        '{"max_seq_length": 64, "do_lower_case": true}'
    )
    encoder = exact(folder)
    assert np.abs(np.subtract(*encoder.encode(shouting))).max() == 0
    same(encoder.encode(TEXTS), theirs(reference(folder)))
    encoder.save(tmp_path / "again")
    same(theirs(reference(tmp_path / "again")), theirs(reference(folder)))


def test_dimensions_are_truncated_as_asked(checkpoints, folder):
    model = built(checkpoints["bert"], Pooling(HIDDEN), truncate_dim=10)
    model.save(str(folder), create_model_card=False)
    encoder = exact(folder)
    assert encoder.dims == 10
    same(encoder.encode(TEXTS), theirs(model))


@pytest.mark.parametrize("normalised", [False, True])
def test_a_static_model_both_ways(folder, tmp_path, normalised):
    weights = np.random.default_rng(0).normal(size=(200, 16)).astype(np.float32)
    static = StaticEmbedding(tiny_models.bert_tokenizer(), embedding_weights=weights)
    model = SentenceTransformer(modules=[static, *[Normalize()] * normalised], device="cpu")
    model.save(str(folder), create_model_card=False)
    encoder = exact(folder)
    assert (encoder.max_length, encoder.normalised) == (None, normalised)
    same(encoder.encode(TEXTS), theirs(model))
    assert not encoder.encode([""]).any()
    encoder.save(tmp_path / "again")
    same(theirs(reference(tmp_path / "again")), theirs(model))


def test_a_checkpoint_saved_as_a_masked_language_model(tmp_path):
    tokenizer = tiny_models.bert_tokenizer()
    folder = tiny_models.write_checkpoint(tmp_path / "mlm", tokenizer, tiny_models.masked_lm_model)
    same(exact(folder).encode(TEXTS), theirs(built(folder, Pooling(HIDDEN))))


def test_minilm(minilm):
    texts = [
        *TEXTS,
        "The weather is lovely today.",
        "It's so sunny outside!",
        "He drove to the stadium.",
        "word " * 400,
    ]
    encoder = exact("minilm")
    assert (encoder.dims, encoder.max_length, encoder.normalised) == (384, 256, True)
    same(encoder.encode(texts), theirs(reference(minilm.folder), texts))


def test_minilm_in_the_precision_chosen_for_this_machine_stays_faithful(minilm):
    from sbert_core.encoders.encoder import SentenceEncoder

    texts = [f"sentence {number} about the {word}" for number in range(8) for word in TEXTS]
    fast = SentenceEncoder.load(minilm).encode(texts)
    assert (fast * exact("minilm").encode(texts)).sum(axis=1).mean() >= 0.9999


def test_minilm_saved_and_loaded_by_both(minilm, folder):
    encoder = exact("minilm:max")
    encoder.save(folder)
    same(encoder.encode(TEXTS), theirs(reference(folder)))
    assert resolve(str(folder)).pooling == "max"
