"""Labels against groups and neighbours."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, v_measure_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from sbert_core.errors import DataError
from sbert_core.evaluation.label_clusters import knn_label_accuracy, label_cluster_scores


def labelled(count=120, spread=1.2, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count)
    centers = 2 * rng.normal(size=(4, 8))
    vectors = centers[labels] + spread * rng.normal(size=(count, 8))
    return vectors.astype(np.float32), [f"topic {label}" for label in labels]


@pytest.mark.parametrize("k", [1, 5])
def test_neighbours_vote_as_in_scikit_learn(k):
    vectors, labels = labelled(spread=2.0)
    model = KNeighborsClassifier(k, metric="cosine", algorithm="brute")
    judged = cross_val_predict(model, vectors, labels, cv=LeaveOneOut())
    similarities = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float64)
    similarities = similarities @ similarities.T
    np.fill_diagonal(similarities, -2)
    nearest = np.argsort(-similarities, axis=1)[:, :k]
    decided = []
    for row in nearest:
        counts = sorted(np.unique([labels[n] for n in row], return_counts=True)[1])
        decided.append(len(counts) == 1 or counts[-1] > counts[-2])
    decided = np.array(decided)
    # Of the rows whose vote is a tie scikit-learn takes the first name; they are few.
    ours = knn_label_accuracy(vectors, labels, k) * len(labels)
    right = (judged == np.array(labels))[decided].sum()
    assert right <= round(ours) <= right + (~decided).sum()
    assert decided.all() == (k == 1)


def test_a_tie_goes_to_the_nearest():
    angles = np.radians([0, 10, 20, -30, -40])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    # Each b sees two b and two a, and a b is nearest; each a sees three b and one a.
    assert knn_label_accuracy(vectors, ["b", "b", "b", "a", "a"], 4) == 0.6
    assert knn_label_accuracy(vectors, ["b", "b", "b", "a", "a"], 1) == 1


def test_more_votes_beat_nearer_ones():
    angles = np.radians([0, 1, 2, 30, 31, 32])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    labels = ["c", "a", "a", "c", "c", "c"]
    # Row 0 is a c with two near a and three far c.
    alone = knn_label_accuracy(vectors, labels, 5)
    assert alone == pytest.approx(4 / 6)


def test_neighbours_in_blocks(monkeypatch):
    vectors, labels = labelled()
    whole = knn_label_accuracy(vectors, labels)
    monkeypatch.setattr("sbert_core.evaluation.label_clusters._BLOCK_NUMBERS", 500)
    assert knn_label_accuracy(vectors, labels) == whole


def test_groups_are_compared_as_by_scikit_learn():
    vectors, labels = labelled()
    groups = np.random.default_rng(1).integers(0, 4, len(labels))
    groups[:60] = [int(label[-1]) for label in labels[:60]]
    scores = label_cluster_scores(vectors, groups, labels)
    assert scores.v_measure == pytest.approx(v_measure_score(labels, groups), abs=1e-6)
    assert scores.ari == pytest.approx(adjusted_rand_score(labels, groups), abs=1e-6)
    assert (scores.rows, scores.labels, scores.k, scores.neighbours) == (120, 4, 4, 10)
    renamed = label_cluster_scores(vectors, 3 - groups, labels)
    assert renamed.v_measure == pytest.approx(scores.v_measure)


def test_few_rows_and_one_label_and_lengths():
    vectors = np.eye(3, dtype=np.float32)
    groups = np.array([0, 1, 1])
    assert label_cluster_scores(vectors, groups, ["a", "b", "b"]).neighbours == 2
    with pytest.raises(DataError, match="have one label"):
        label_cluster_scores(vectors, groups, ["a"] * 3)
    with pytest.raises(DataError, match="equally many"):
        label_cluster_scores(vectors, groups, ["a", "b"])
    with pytest.raises(DataError, match="no neighbours"):
        knn_label_accuracy(vectors[:1], ["a"])
