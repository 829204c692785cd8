"""Inference: a classifier on two vectors, judged on premises it has not seen."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sbert_core.errors import DataError
from sbert_core.evaluation import nli
from sbert_core.evaluation.nli import grouped_folds, nli_scores, pair_features

NAMES = np.array(["contradiction", "entailment", "neutral"])


def inferred(premises=60, noise=0.6, seed=0):
    """Three hypotheses for each premise, near, at right angles and opposite, with noise."""
    rng = np.random.default_rng(seed)
    u = np.repeat(rng.normal(size=(premises, 6)), 3, axis=0)
    labels = np.tile([0, 1, 2], premises)
    factor = np.array([-1.0, 1.0, 0.0])[labels][:, None]
    v = factor * np.abs(u) + noise * rng.normal(size=u.shape)
    groups = [f"premise {place}" for place in np.repeat(np.arange(premises), 3)]
    return u.astype(np.float32), v.astype(np.float32), NAMES[labels].tolist(), groups


def test_against_scikit_learn_on_the_same_parts():
    u, v, labels, groups = inferred()
    scores = nli_scores(u, v, labels, groups, folds=4)
    parts = grouped_folds(groups, 4, 0)
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=nli._RIDGE_C, max_iter=nli._MOST_STEPS, tol=1e-3)
    )
    judged = cross_val_predict(model, pair_features(u, v), labels, cv=PredefinedSplit(parts))
    assert scores.accuracy == pytest.approx(accuracy_score(labels, judged), abs=1e-6)
    assert scores.macro_f1 == pytest.approx(f1_score(labels, judged, average="macro"), abs=1e-6)
    assert scores.confusion == tuple(map(tuple, confusion_matrix(labels, judged).tolist()))
    assert scores.accuracy > 0.6 > scores.majority
    assert (scores.pairs, scores.premises, scores.folds) == (180, 60, 4)
    assert scores.labels == tuple(NAMES)


def test_all_pairs_of_a_premise_are_in_one_part_and_parts_are_of_one_size():
    groups = [f"p{place % 37}" for place in range(200)]
    parts = grouped_folds(groups, 5, seed=3)
    for name in set(groups):
        assert len({part for part, group in zip(parts, groups, strict=True) if group == name}) == 1
    sizes = np.bincount(parts)
    assert len(sizes) == 5
    assert sizes.max() - sizes.min() <= 6
    assert (grouped_folds(groups, 5, seed=3) == parts).all()
    assert (grouped_folds(groups, 5, seed=4) != parts).any()


def test_labels_that_only_the_premise_gives_away_are_not_learnt():
    # The label is a coin per premise: whoever has seen the premise knows it, nobody else can.
    rng = np.random.default_rng(0)
    u = np.repeat(rng.normal(size=(40, 50)), 5, axis=0).astype(np.float32)
    v = rng.normal(size=u.shape).astype(np.float32)
    coin = np.repeat(rng.integers(0, 2, 40), 5)
    groups = np.repeat(np.arange(40), 5).astype(str).tolist()
    labels = np.where(coin, "yes", "no").tolist()
    assert nli_scores(u, v, labels, groups).accuracy < 0.7
    leaking = [str(place) for place in range(200)]
    assert nli_scores(u, v, labels, leaking).accuracy > 0.8


def test_a_feature_that_never_changes_does_no_harm():
    u, v, labels, groups = inferred(30)
    u[:, 0] = v[:, 0] = 1
    assert np.isfinite(nli_scores(u, v, labels, groups).accuracy)


def test_too_little_is_refused():
    u, v, labels, groups = inferred(4)
    with pytest.raises(DataError, match="have the label 'neutral'"):
        nli_scores(u, v, ["neutral"] * 12, groups)
    with pytest.raises(DataError, match="same premise"):
        nli_scores(u, v, labels, ["one"] * 12)
    with pytest.raises(DataError, match="too rare"):
        nli_scores(u[:4], v[:4], ["a", "b", "b", "b"], ["1", "2", "3", "4"])
    with pytest.raises(DataError, match="should have N rows"):
        nli_scores(u, v[:3], labels, groups)
