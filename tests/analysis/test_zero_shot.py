"""Zero-shot: the nearest name wins, and names that cannot be told apart are refused."""

import numpy as np
import pytest

from sbert_core.analysis import zero_shot as module
from sbert_core.analysis.zero_shot import label_names, least_certain, prompts, zero_shot
from sbert_core.errors import DataError


def test_the_nearest_name_wins_with_its_cosine_and_margin():
    rows = np.array([[2, 0], [1, 1], [0, 3]], np.float32)
    found = zero_shot(rows, np.array([[1, 0], [0, 5]], np.float32))
    np.testing.assert_array_equal(found.labels, [0, 0, 1])  # of equal ones, the first
    np.testing.assert_allclose(found.scores, [1, 0.5**0.5, 1], rtol=1e-6)
    np.testing.assert_allclose(found.margins, [1, 0, 1], atol=1e-6)
    np.testing.assert_array_equal(least_certain(found.margins, 2), [1, 0])
    assert len(least_certain(found.margins, 9)) == 3


def test_blocks_change_nothing(cloud, monkeypatch):
    names = cloud[:5]
    whole = zero_shot(cloud, names)
    monkeypatch.setattr(module, "_BLOCK_ROWS", 11)
    parts = zero_shot(cloud, names)
    np.testing.assert_array_equal(whole.labels, parts.labels)
    np.testing.assert_allclose(whole.margins, parts.margins, atol=1e-6)
    np.testing.assert_array_equal(whole.labels, (cloud @ names.T).argmax(axis=1))


def test_names_are_trimmed_and_put_into_the_sentence():
    assert label_names([" lost  card ", "refund"]) == ("lost card", "refund")
    assert prompts(["a", "{}"], "About {}, {}.") == ["About a, a.", "About {}, {}."]
    assert prompts(["a", "b"], "  ") == ["a", "b"]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["a", " "], "has no name"),
        ([], "are no labels"),
        (["a"], "is 1 label"),
        (["Refund", "refund "], "“refund” is there twice"),
        ([str(i) for i in range(501)], "501 labels"),
    ],
)
def test_names_that_cannot_be(names, sentence):
    with pytest.raises(DataError, match=sentence):
        label_names(names)


def test_a_template_without_a_place_and_a_lone_name_are_refused():
    with pytest.raises(DataError, match=r"has no \{\}"):
        prompts(["a", "b"], "about it")
    with pytest.raises(DataError, match="at least 2"):
        zero_shot(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)[:1])
