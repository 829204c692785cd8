import numpy as np
import pytest

from sbert_core.analysis import map_trust as module
from sbert_core.analysis.map_trust import map_trust
from sbert_core.errors import DataError


@pytest.fixture
def shadow(cloud):
    """A poor map: two of sixteen dimensions."""
    return cloud[:, :2]


def overlap_by_definition(vectors, points, k):
    """Mean share of the k nearest rows that are the k nearest points too."""

    def nearest(distances):
        np.fill_diagonal(distances, np.inf)
        return [set(row) for row in np.argsort(distances, axis=1)[:, :k]]

    true = nearest(1 - vectors @ vectors.T)
    shown = nearest(np.linalg.norm(points[:, None] - points, axis=2))
    return np.array([len(a & b) / k for a, b in zip(true, shown, strict=True)])


@pytest.mark.parametrize("k", [1, 5, 15])
def test_trustworthiness_is_that_of_scikit_learn(cloud, shadow, k):
    from sklearn.manifold import trustworthiness

    theirs = trustworthiness(cloud, shadow, n_neighbors=k, metric="cosine")
    trust = map_trust(cloud, shadow, k=k)
    assert trust.trustworthiness == pytest.approx(theirs, abs=1e-9)
    assert 0.5 < theirs < 0.9  # a map with something to find


@pytest.mark.parametrize("k", [1, 5, 15])
def test_the_overlap_is_that_of_its_definition(cloud, shadow, k):
    expected = overlap_by_definition(cloud, shadow, k)
    trust = map_trust(cloud, shadow, k=k)
    np.testing.assert_allclose(trust.per_row_overlap, expected, atol=1e-6)
    assert trust.knn_overlap == pytest.approx(expected.mean())


def test_a_faithful_map_is_trusted_fully():
    angles = np.random.default_rng(0).uniform(0, 2, 80)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    trust = map_trust(circle, circle)
    assert (trust.trustworthiness, trust.knn_overlap) == (1.0, 1.0)
    assert "most neighbours on this map are real" in trust.sentence


def test_turning_and_scaling_the_map_changes_nothing(cloud, shadow):
    turned = 7 * shadow @ np.array([[0.6, -0.8], [0.8, 0.6]]) + 3
    assert map_trust(cloud, turned).knn_overlap == pytest.approx(
        map_trust(cloud, shadow).knn_overlap, abs=1e-3
    )


def test_blocks_do_not_change_the_answer(cloud, shadow, monkeypatch):
    whole = map_trust(cloud, shadow)
    monkeypatch.setattr(module, "BLOCK_ROWS", 11)
    assert map_trust(cloud, shadow).trustworthiness == whole.trustworthiness


def test_many_copies_on_one_spot_are_each_others_neighbours():
    vectors = np.repeat(np.eye(3, 5), 40, axis=0)
    trust = map_trust(vectors, vectors[:, :3], k=10)
    assert (trust.trustworthiness, trust.knn_overlap) == (1.0, 1.0)


def test_a_sample_is_measured_against_all_rows_and_says_so(cloud, shadow, monkeypatch):
    whole = map_trust(cloud, shadow)
    monkeypatch.setattr(module, "MOST_SIMILARITIES", 100 * 150)
    part = map_trust(cloud, shadow)
    assert (part.rows_measured, part.rows) == (100, 150)
    assert "measured on 100 of 150 rows" in part.sentence
    np.testing.assert_array_equal(part.per_row_overlap, whole.per_row_overlap[part.measured])
    assert part.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.03)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
def test_tiny_maps_are_measured(rows):
    vectors = np.random.default_rng(1).normal(size=(rows, 4))
    trust = map_trust(vectors, vectors[:, :2])
    assert 0 <= trust.trustworthiness <= 1
    assert 0 <= trust.knn_overlap <= 1
    assert trust.per_row_overlap.shape == (rows,)


def test_what_does_not_fit_is_refused(cloud):
    with pytest.raises(DataError, match="149 points and the corpus 150 rows"):
        map_trust(cloud, cloud[:149, :2])
    with pytest.raises(DataError, match="k=0"):
        map_trust(cloud, cloud[:, :2], k=0)


def test_a_poor_map_is_called_one(cloud):
    random = np.random.default_rng(0).normal(size=(len(cloud), 2))
    assert "rough sketch" in map_trust(cloud, random).sentence
