"""Corpora at the edge, all the way through: each ends in a result or in one clear sentence."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from sbert_core.errors import DataError
from sbert_core.lab import ClusterConfig, Lab, ProjectionConfig

ROOT = Path(__file__).resolve().parent.parent

ODD = {
    "one row": ["The only sentence there is."],
    "two rows": ["The first of two.", "And the second."],
    "five rows": [f"This is sentence {i}." for i in "abcde"],
    "all the same": ["The same sentence again."] * 40,
    "two kinds": ["One kind of thing.", "Quite another kind."] * 20,
    "emoji": [f"{face * n}" for n in range(1, 9) for face in "😀😡🐶🍕"],
    "right to left": [f"مرحبا بالعالم رقم {i}" for i in range(20)],
    "no spaces": [f"これは文番号{i}です" for i in range(20)],
    "a very long cell": ["short one", "word " * 200_000, "short two", "short three"],
    "numbers only": [str(i * 37) for i in range(30)],
}


@pytest.fixture
def lab():
    return Lab()


def keep(lab, texts):
    lines = "text\n" + "\n".join(f'"{text}"' for text in texts)
    return lab.add_corpus(lab.read(lines.encode(), name="odd.csv", text_column="text"))


@pytest.mark.parametrize("texts", ODD.values(), ids=ODD)
def test_an_odd_corpus_gets_vectors_a_map_groups_and_a_page(lab, texts, monkeypatch):
    info = keep(lab, texts)
    assert lab.vectors(info.corpus_id).shape == (len(texts), 384)
    for method in ("umap", "pca"):
        drawn = lab.map(info.corpus_id, config=ProjectionConfig(method=method))
        assert drawn.coordinates.shape == (len(texts), 2)
        assert np.isfinite(drawn.coordinates).all()
    grouped = lab.cluster(info.corpus_id)
    assert sum(grouped.sizes) == len(texts)
    assert len(set(grouped.names)) == grouped.k
    assert all(grouped.names)

    monkeypatch.chdir(ROOT)
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.query_params["corpus"] = info.corpus_id
    at.run()
    at.switch_page("pages/2_Map_and_clusters.py").run()
    assert not at.exception
    assert not at.error
    assert any("How far to trust this map" in caption.value for caption in at.caption)


def test_more_groups_than_sentences_is_refused_with_both_numbers(lab):
    info = keep(lab, ODD["five rows"])
    with pytest.raises(DataError, match=r"6.*5|5.*6"):
        lab.cluster(info.corpus_id, config=ClusterConfig(k=6))


def test_a_corpus_of_one_row_has_no_yardstick(lab):
    info = keep(lab, ODD["one row"])
    with pytest.raises(DataError, match="no pairs"):
        lab.random_pairs(info.corpus_id, "minilm")
    assert lab.neighbours(info.corpus_id, "minilm", [0]) == [[]]


def test_neighbours_leave_the_row_out_even_among_copies(lab):
    info = keep(lab, ODD["all the same"])
    (found,) = lab.neighbours(info.corpus_id, "minilm", [7], k=10)
    assert len(found) == 10
    assert 7 not in [neighbour.row for neighbour in found]
    assert all(neighbour.cosine == pytest.approx(1, abs=1e-4) for neighbour in found)
