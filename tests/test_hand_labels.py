"""Labels by hand: kept at once, taken back, changed, and never lost by a half-written file."""

import pytest

from sbert_core.errors import DataError
from sbert_core.hand_labels import HandLabelStore


@pytest.fixture
def store(tmp_path):
    store = HandLabelStore(tmp_path / "labels")
    for name in ("card", " the   parcel "):
        store.add_class("c1", name)
    return store


def test_labels_outlive_the_store(store):
    store.put("c1", [4, 2], "card")
    store.put("c1", [7], "the parcel")
    again = HandLabelStore(store.folder).read("c1")
    assert again.classes == ("card", "the parcel")
    assert again.labels == {4: "card", 2: "card", 7: "the parcel"}
    assert again.counts == {"card": 2, "the parcel": 1}
    assert store.read("other").labels == {}


def test_a_new_label_replaces_the_old_and_the_last_is_taken_back(store):
    store.put("c1", [1, 2], "card")
    assert store.put("c1", [1], "the parcel").labels == {2: "card", 1: "the parcel"}
    assert store.take_back("c1").labels == {2: "card"}
    assert store.take_back("c1", [2]).labels == {}
    assert store.take_back("c1").labels == {}


def test_the_key_is_of_the_labels_and_not_of_their_order(store):
    first = store.put("c1", [1, 2], "card").key
    store.take_back("c1", [1])
    assert store.read("c1").key != first
    assert store.put("c1", [1], "card").key == first


def test_a_class_goes_with_its_labels(store):
    store.put("c1", [1], "card")
    store.put("c1", [2], "the parcel")
    left = store.remove_class("c1", "card")
    assert (left.classes, left.labels) == (("the parcel",), {2: "the parcel"})
    store.forget("c1")
    store.forget("c1")
    assert store.read("c1").classes == ()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("  ", "needs a name"), ("x" * 81, "at most 80"), ("CARD", "“CARD” already")],
)
def test_names_that_cannot_be(store, name, sentence):
    with pytest.raises(DataError, match=sentence):
        store.add_class("c1", name)


def test_refusals(store):
    with pytest.raises(DataError, match="no class “x”"):
        store.put("c1", [1], "x")
    with pytest.raises(DataError, match="no corpus"):
        store.read("../c1")
    (store.folder / "c1.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read"):
        store.read("c1")
