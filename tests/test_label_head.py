"""A head as a file: it comes back as it was, and a file that is something else is refused."""

import json
import pickletools
import struct

import numpy as np
import pytest
from safetensors.numpy import save

from sbert_core.analysis.classify import LinearHead
from sbert_core.errors import FileError, ModelError
from sbert_core.label_head import FORMAT, HeadFile


@pytest.fixture
def head():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(5, 3)).astype(np.float32)
    classes = ("a {b}", "naïve 東京 🙂", 'with "quotes"\n')
    linear = LinearHead(classes, weights, rng.normal(size=3).astype(np.float32))
    return HeadFile(linear, "minilm", "key1", {"examples": 24, "cross_validated": None})


def test_a_saved_head_decides_as_before(head, tmp_path):
    path = tmp_path / "my head.safetensors"
    head.write(path)
    again = HeadFile.read(path)
    assert again.head.classes == head.head.classes
    assert (again.encoder, again.encoder_key, again.about) == ("minilm", "key1", head.about)
    rows = np.random.default_rng(1).normal(size=(20, 5)).astype(np.float32)
    for before, after in zip(head.head.predict(rows), again.head.predict(rows), strict=True):
        np.testing.assert_array_equal(before, after)
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_no_pickle(head):
    with pytest.raises(ValueError, match=r"opcode|pickle"):
        list(pickletools.genops(head.to_bytes()))


def test_another_encoder_is_refused(head):
    head.check_encoder("renamed", "key1")
    with pytest.raises(ModelError, match="choose minilm"):
        head.check_encoder("bert-mini", "key2")
    with pytest.raises(ModelError, match="another version"):
        head.check_encoder("minilm", "key2")


def other(**changes):
    """A safetensors file that is nearly a head."""
    arrays = {"weights": np.ones((5, 2), np.float32), "bias": np.ones(2, np.float32)}
    names = {"format": FORMAT, "classes": '["a", "b"]', "encoder": "m", "encoder_key": "k"}
    names["about"] = "{}"
    for name, value in changes.items():
        (arrays if isinstance(value, np.ndarray) else names)[name] = value
    return save(arrays, names)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text,label\na,b\n",
        b"\x80\x04\x95pickle",
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        other(format="sbert-lab-head/9"),
        other(classes='["a"]'),
        other(classes='["a", "a"]'),
        other(classes="[1, 2]"),
        other(classes="not json"),
        other(about="[]"),
        other(weights=np.ones((5, 3), np.float32)),
        other(weights=np.full((5, 2), np.nan, np.float32)),
        other(bias=np.ones(2, np.float64)),
        other()[:-3],
    ],
)
def test_what_is_no_head_is_refused_in_a_sentence(data):
    with pytest.raises(FileError, match="no head of this program"):
        HeadFile.read(data)


def test_the_nearly_head_is_one_when_nothing_is_wrong():
    assert HeadFile.read(other()).head.classes == tuple(json.loads('["a", "b"]'))


def test_files_that_are_not_there(head, tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        HeadFile.read(tmp_path / "none.safetensors")
    with pytest.raises(FileError, match="cannot be written"):
        head.write(tmp_path / "no folder" / "x.safetensors")
