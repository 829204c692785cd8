"""What may be asked of an encoder: order, independence, odd texts, cancelling, refusals."""

import json
import logging

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from sbert_core.encoders import encoder as encoder_module
from sbert_core.encoders.catalog import resolve
from sbert_core.encoders.encoder import SentenceEncoder
from sbert_core.encoders.pooling import POOLING_MODES
from sbert_core.encoders.precision import has_native_bf16, mean_cosine
from sbert_core.errors import Cancelled, ModelError

from . import tiny_models
from .conftest import exact
from .tiny_models import HIDDEN, TEXTS, WORDS

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def encoder(checkpoints):
    return exact(checkpoints["bert"])


def random_texts(count, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, size=rng.integers(0, 40))) for _ in range(count)]


def copied(folder, target):
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def test_attributes_say_what_it_is(checkpoints):
    encoder = exact(f"{checkpoints['bert']}:cls")
    assert encoder.spec == f"{checkpoints['bert']}:cls"
    assert (encoder.dims, encoder.max_length, encoder.pooling) == (HIDDEN, 64, "cls")
    assert (encoder.normalised, encoder.precision) == (False, "fp32")


def test_vectors_are_float32_contiguous_and_in_order(encoder):
    texts = random_texts(70)
    embeddings = encoder.encode(texts)
    assert embeddings.dtype == np.float32
    assert embeddings.flags.c_contiguous
    shuffled = np.random.default_rng(1).permutation(70)
    again = encoder.encode([texts[place] for place in shuffled])
    np.testing.assert_allclose(again, embeddings[shuffled], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("mode", POOLING_MODES)
@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_a_vector_does_not_depend_on_batch_mates(checkpoints, monkeypatch, kind, mode):
    encoder = exact(f"{checkpoints[kind]}:{mode}")
    texts = [*random_texts(40), *TEXTS]
    together = encoder.encode(texts)
    for budget in (1, 200, 5_000):
        monkeypatch.setattr(encoder, "_batch_tokens", budget)
        np.testing.assert_allclose(encoder.encode(texts), together, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("kind", tiny_models.KINDS)
def test_padding_does_not_change_a_vector(checkpoints, kind):
    encoder = exact(checkpoints[kind])
    longer = np.concatenate([encoder.encode(["cat"]), encoder.encode(["dog"])])
    together = encoder._embed(
        encoder.tokenizer.rows(["cat", "dog", "the cat sat on " * 9]), [0, 1, 2]
    )
    np.testing.assert_allclose(together[:2], longer, rtol=0, atol=TOLERANCE)


def test_duplicates_are_encoded_once(encoder, monkeypatch):
    seen = []
    rows = encoder.tokenizer.rows
    monkeypatch.setattr(encoder.tokenizer, "rows", lambda texts: seen.extend(texts) or rows(texts))
    embeddings = encoder.encode(["cat", "dog", "cat", "Cat", "cat"])
    assert seen == ["cat", "dog", "Cat"]
    assert np.array_equal(embeddings[0], embeddings[4])
    assert not np.array_equal(embeddings[0], embeddings[1])


def test_no_texts(encoder):
    calls = []
    embeddings = encoder.encode([], lambda *call: calls.append(call))
    assert embeddings.shape == (0, HIDDEN)
    assert embeddings.dtype == np.float32
    assert calls[-1][:2] == (0, 0)


def test_one_string_is_not_a_list_of_texts(encoder):
    with pytest.raises(TypeError, match="list of strings"):
        encoder.encode("cat")


@pytest.mark.parametrize("mode", POOLING_MODES)
def test_odd_texts_have_finite_vectors(checkpoints, mode):
    odd = [
        "",
        " \t\n",
        "\ud800",
        "a\udc00b",
        "\0",
        "a\0b",
        "\u202e\u200b",
        "e\u0301" * 500,
        "🙂" * 300,
    ]
    embeddings = exact(f"{checkpoints['bert']}:{mode}").encode(odd)
    assert np.isfinite(embeddings).all()
    if mode == "mean_content":
        assert not embeddings[0].any()
    else:
        assert embeddings[0].any()


def test_a_long_text_is_cut_at_the_maximum_length(encoder):
    words = "cat dog " * 31  # 62 tokens, and [CLS] and [SEP] make the 64 that are kept
    cut = encoder.encode([words, words + "card " * 2_000])
    assert np.array_equal(cut[0], cut[1])
    assert not np.allclose(cut[0], encoder.encode([words.removesuffix("dog ")])[0])


def test_progress_counts_every_text_and_ends_at_the_total(encoder, monkeypatch):
    monkeypatch.setattr(encoder, "_batch_tokens", 100)
    texts = random_texts(30) + ["cat"] * 20
    calls = []
    encoder.encode(texts, lambda done, total, message="": calls.append((done, total, message)))
    done = [call[0] for call in calls]
    assert {call[1] for call in calls} == {50}
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 50)
    assert len(calls) > 5


def test_cancelling_stops_between_batches(encoder, monkeypatch):
    monkeypatch.setattr(encoder, "_batch_tokens", 100)
    batches = []
    embed = encoder._embed
    monkeypatch.setattr(encoder, "_embed", lambda *a: batches.append(1) or embed(*a))

    def stop(done, total, message=""):
        if done:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        encoder.encode(random_texts(60), stop)
    assert len(batches) == 1


def test_a_large_backbone_has_smaller_batches():
    cpu = torch.device("cpu")
    small, large = (
        transformers.BertModel(
            transformers.BertConfig(
                vocab_size=50, hidden_size=size, intermediate_size=4 * size, num_hidden_layers=4
            )
        )
        for size in (96, 384)
    )
    assert (
        encoder_module.affordable_tokens(small, cpu)
        > encoder_module.affordable_tokens(large, cpu)
        >= 64
    )


def test_mean_content_leaves_out_only_what_the_tokenizer_added(checkpoints):
    spec = f"{checkpoints['bert']}:mean_content"
    encoder = exact(spec)
    rows = encoder.tokenizer.rows(["cat dog"])
    assert rows.special[0].tolist() == [1, 0, 0, 1]
    states = encoder.model.token_states(
        torch.from_numpy(rows.ids[0][None]).long(), torch.ones(1, 4, dtype=torch.long)
    )
    expected = states.token_embeddings[0, 1:3].mean(dim=0).detach().numpy()
    np.testing.assert_allclose(encoder.encode(["cat dog"])[0], expected, rtol=0, atol=TOLERANCE)


def test_first_last_averages_the_first_and_the_last_layer(checkpoints):
    model = transformers.AutoModel.from_pretrained(checkpoints["bert"]).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoints["bert"])
    with torch.inference_mode():
        layers = model(**tokenizer("cat dog", return_tensors="pt"), output_hidden_states=True)
    expected = ((layers.hidden_states[1] + layers.hidden_states[-1]) / 2).mean(dim=1)[0].numpy()
    ours = exact(f"{checkpoints['bert']}:first_last").encode(["cat dog"])[0]
    np.testing.assert_allclose(ours, expected, rtol=0, atol=TOLERANCE)


def test_the_network_is_differentiable(encoder):
    model = encoder.model
    rows = encoder.tokenizer.rows(["cat dog"])
    vector = model(torch.from_numpy(rows.ids[0][None]).long(), torch.ones(1, 4, dtype=torch.long))
    vector.sum().backward()
    assert model.backbone.embeddings.word_embeddings.weight.grad.abs().sum() > 0
    model.zero_grad(set_to_none=True)


# --- precision --------------------------------------------------------------------------------


def test_bf16_is_used_where_it_is_native_and_faithful(checkpoints):
    encoder = SentenceEncoder.load(resolve(str(checkpoints["bert"])), device="cpu")
    native = has_native_bf16(torch.device("cpu"))
    assert encoder.precision == ("bf16" if native else "fp32")
    assert encoder.encode(TEXTS).dtype == np.float32
    assert mean_cosine(encoder.encode(TEXTS), exact(checkpoints["bert"]).encode(TEXTS)) >= 0.9999


def test_bf16_is_given_up_where_it_is_not_faithful(checkpoints, monkeypatch):
    monkeypatch.setattr(encoder_module, "has_native_bf16", lambda device: True)
    monkeypatch.setattr(encoder_module, "MIN_FIDELITY", 1.0 + 1e-9)
    encoder = SentenceEncoder.load(resolve(str(checkpoints["bert"])), device="cpu")
    assert encoder.precision == "fp32"
    assert np.array_equal(encoder.encode(TEXTS), exact(checkpoints["bert"]).encode(TEXTS))


def test_bf16_is_not_tried_where_it_is_not_native(checkpoints, monkeypatch):
    monkeypatch.setattr(encoder_module, "has_native_bf16", lambda device: False)
    assert SentenceEncoder.load(resolve(str(checkpoints["bert"])), "cpu").precision == "fp32"


def test_saving_never_saves_rounded_weights(checkpoints, tmp_path):
    encoder = SentenceEncoder.load(resolve(str(checkpoints["bert"])), "cpu", "bf16")
    assert encoder.precision == "bf16"
    encoder.save(tmp_path / "saved")
    assert np.array_equal(
        exact(tmp_path / "saved").encode(TEXTS), exact(checkpoints["bert"]).encode(TEXTS)
    )


def test_an_unknown_precision_or_device_is_named(checkpoints):
    with pytest.raises(ModelError, match="precision='fp8' should be one of auto, fp32, bf16"):
        SentenceEncoder.load(resolve(str(checkpoints["bert"])), precision="fp8")
    with pytest.raises(ModelError, match="device='mps' should be one of cpu, cuda"):
        SentenceEncoder.load(resolve(str(checkpoints["bert"])), device="mps")


def test_mean_cosine_by_hand():
    u = np.array([[1, 0], [1, 1], [0, 0], [0, 0]], dtype=np.float32)
    v = np.array([[2, 0], [1, -1], [0, 0], [1, 0]], dtype=np.float32)
    assert mean_cosine(u, v) == pytest.approx((1 + 0 + 1 + 0) / 4)


# --- refusals ---------------------------------------------------------------------------------


def test_a_masked_language_model_loads_in_silence_and_has_no_pooler(tmp_path, capfd):
    tokenizer = tiny_models.bert_tokenizer()
    folder = tiny_models.write_checkpoint(tmp_path / "mlm", tokenizer, tiny_models.masked_lm_model)
    verbosity = transformers.utils.logging.get_verbosity()
    capfd.readouterr()
    assert exact(folder).model.backbone.pooler is None
    assert capfd.readouterr() == ("", "")
    assert transformers.utils.logging.get_verbosity() == verbosity
    with pytest.raises(ModelError, match="no trained pooler"):
        exact(f"{folder}:pooler")


def test_loading_leaves_the_progress_bars_of_others_as_they_were(checkpoints):
    transformers.utils.logging.enable_progress_bar()
    exact(checkpoints["bert"])
    assert transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()


def test_missing_weights_are_never_made_up(checkpoints, tmp_path):
    folder = copied(checkpoints["bert"], tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    weights.pop("encoder.layer.1.output.dense.weight")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match="lacks weights"):
        exact(folder)


def test_code_that_comes_with_a_model_is_not_run(checkpoints, tmp_path):
    folder = copied(checkpoints["bert"], tmp_path / "model")
    ran = tmp_path / "ran"
    (folder / "evil.py").write_text(
        f"open({str(ran)!r}, 'w')\nclass Config: ...\nclass Model: ...\n"
    )
    config = json.loads((folder / "config.json").read_text())
    auto_map = {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}
    # With a native class of that type the code is passed over; without one the model is refused.
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": auto_map}))
    assert np.array_equal(exact(folder).encode(["cat"]), exact(checkpoints["bert"]).encode(["cat"]))
    custom = config | {"auto_map": auto_map, "model_type": "evil"}
    (folder / "config.json").write_text(json.dumps(custom))
    with pytest.raises(ModelError, match="cannot be loaded"):
        exact(folder)
    assert not ran.exists()


def test_a_damaged_tokenizer_is_named(checkpoints, tmp_path):
    folder = copied(checkpoints["bert"], tmp_path / "model")
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="tokenizer"):
        exact(folder)


def test_saving_spares_other_files_and_replaces_a_model(encoder, checkpoints, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ModelError, match="choose a new folder"):
        encoder.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    encoder.save(tmp_path / "model")
    exact(f"{checkpoints['bert']}:cls").save(tmp_path / "model")
    assert resolve(str(tmp_path / "model")).pooling == "cls"
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "model"}


def test_nothing_is_logged_by_encoding(encoder, caplog):
    with caplog.at_level(logging.DEBUG):
        encoder.encode(["cat"])
    assert caplog.records == []
