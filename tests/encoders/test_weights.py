"""Weight files: safetensors only, whole, and identified by content."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from sbert_core.encoders.weights import (
    count_parameters,
    file_digest,
    read_config,
    tensor_shapes,
    weight_files,
)
from sbert_core.errors import ModelError

TENSORS = {"a": np.zeros((2, 3), np.float32), "b": np.zeros(5, np.float32)}


def test_shapes_and_size_come_from_the_header(tmp_path):
    save_file(TENSORS, tmp_path / "model.safetensors", {"format": "pt"})
    assert tensor_shapes(tmp_path) == {"a": (2, 3), "b": (5,)}
    assert count_parameters(tmp_path) == 11


def test_shards_are_found_through_their_index(tmp_path):
    save_file({"a": TENSORS["a"]}, tmp_path / "model-00001-of-00002.safetensors")
    save_file({"b": TENSORS["b"]}, tmp_path / "model-00002-of-00002.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    index["weight_map"]["b"] = "model-00002-of-00002.safetensors"
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert tensor_shapes(tmp_path) == {"a": (2, 3), "b": (5,)}
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model-00002-of-00002\.safetensors is missing"):
        weight_files(tmp_path)


def test_a_pickle_is_refused_by_name_with_the_way_out(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin.*convert.*model\.safetensors"):
        weight_files(tmp_path)


def test_an_empty_folder_has_no_model(tmp_path):
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        weight_files(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:4],
        lambda data: b"",
        lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        lambda data: data[:8] + b"[" + data[9:],
        lambda data: (2).to_bytes(8, "little") + b"[]",
    ],
)
def test_a_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "model.safetensors"
    save_file(TENSORS, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelError, match="damaged or cut short"):
        tensor_shapes(tmp_path)


def test_a_changed_file_has_another_digest(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"one")
    first = file_digest(path)
    assert first == file_digest(path)
    path.write_bytes(b"three")
    assert file_digest(path) != first


@pytest.mark.parametrize("text", ["{", "[1]", "\xff"])
def test_broken_json_is_named(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match=r"config\.json is damaged"):
        read_config(path)
    with pytest.raises(ModelError, match="incomplete"):
        read_config(tmp_path / "other.json")
