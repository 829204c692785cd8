"""Same or not: average precision, F1 and accuracy against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, f1_score

from sbert_core.errors import DataError
from sbert_core.evaluation.pair_classification import pair_classification_scores


def pairs(count=300, seed=0, decimals=8):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    return labels, np.round(np.tanh(0.4 * labels + 0.5 * rng.normal(size=count)), decimals)


def best_of_all(labels, cosines, score):
    """The best score of any threshold, by trying each, and one above all."""
    cuts = [*np.unique(cosines), 2.0]
    return max(score(labels, (cosines >= cut).astype(int)) for cut in cuts)


@pytest.mark.parametrize("decimals", [8, 1])  # with one decimal there are many ties
@pytest.mark.parametrize("seed", range(3))
def test_against_scikit_learn(seed, decimals):
    labels, cosines = pairs(seed=seed, decimals=decimals)
    scores = pair_classification_scores(labels, cosines)
    assert scores.ap == pytest.approx(average_precision_score(labels, cosines), abs=1e-6)
    assert scores.best_f1 == pytest.approx(best_of_all(labels, cosines, f1_score), abs=1e-6)
    best = best_of_all(labels, cosines, accuracy_score)
    assert scores.best_accuracy == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("decimals", [8, 1])
def test_the_thresholds_reach_what_they_promise(decimals):
    labels, cosines = pairs(decimals=decimals)
    scores = pair_classification_scores(labels, cosines)
    called = cosines >= scores.threshold
    assert f1_score(labels, called) == pytest.approx(scores.best_f1, abs=1e-12)
    assert scores.precision == pytest.approx((labels[called] == 1).mean())
    assert scores.recall == pytest.approx(called[labels == 1].mean())
    right = accuracy_score(labels, cosines >= scores.accuracy_threshold)
    assert right == pytest.approx(scores.best_accuracy, abs=1e-12)


def test_by_hand():
    # Falling: 0.9 same, 0.8 other, 0.7 same, 0.1 other. AP = (1 + 2/3) / 2.
    scores = pair_classification_scores([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])
    assert scores.ap == pytest.approx((1 + 2 / 3) / 2)
    assert (scores.pairs, scores.positives) == (4, 2)
    assert scores.best_f1 == pytest.approx(0.8)  # three called: precision 2/3, recall 1
    assert scores.threshold == pytest.approx(0.4)  # half way from 0.7 to 0.1
    assert scores.best_accuracy == 0.75


def test_neighbouring_floats_are_not_confused_by_rounding():
    high = 0.5
    low = np.nextafter(high, 0)
    scores = pair_classification_scores([1, 0], [high, low])
    assert low < scores.threshold <= high
    assert scores.best_f1 == 1


def test_where_every_pair_is_better_called_different():
    scores = pair_classification_scores([0, 0, 0, 1], [0.9, 0.8, 0.7, 0.1])
    assert scores.best_accuracy == 0.75
    assert scores.accuracy_threshold > 1


@pytest.mark.parametrize(
    ("labels", "cosines", "message"),
    [
        ([1, 1], [0.1, 0.2], "All 2 pairs are labelled the same"),
        ([0, 0], [0.1, 0.2], "All 2 pairs are labelled different"),
        ([0, 1], [0.3, 0.3], "All similarities are the same"),
        ([0, 1], [0.3, np.nan], "not numbers"),
        ([0, 1], [0.3], "should have N rows each"),
        ([], [], "pairs are labelled"),
    ],
)
def test_what_cannot_be_separated_is_refused(labels, cosines, message):
    with pytest.raises(DataError, match=message):
        pair_classification_scores(labels, cosines)
