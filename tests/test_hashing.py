"""Content keys: equal content gives equal keys, and nothing else does."""

import numpy as np
import pytest

from sbert_core.hashing import content_key


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (["ab", "c"], ["a", "bc"]),
        (["a"], "a"),
        ("1", 1),
        (1, 1.0),
        (1, True),
        (None, ""),
        ([], {}),
        ([["a"], "b"], [["a", "b"]]),
        (np.zeros(4, np.float32), np.zeros(8, np.float16)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (b"a", "a"),
    ],
)
def test_different_values_have_different_keys(a, b):
    assert content_key(a) != content_key(b)


def test_mappings_do_not_depend_on_order_but_lists_do():
    assert content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
    assert content_key(["a", "b"]) != content_key(["b", "a"])


def test_a_view_hashes_as_its_content():
    grid = np.arange(12.0).reshape(3, 4)
    assert content_key(grid.T) == content_key(np.ascontiguousarray(grid.T))


def test_lone_surrogates_and_emoji_have_keys():
    assert content_key("\ud800") != content_key("😀")


def test_what_cannot_be_hashed_is_refused():
    with pytest.raises(TypeError, match="object"):
        content_key(object())
