"""The learning curve: more examples, more accuracy, and bands that say what luck does."""

import numpy as np
import pytest

from sbert_core.analysis.learning_curve import CurvePoint, LearningCurve, learning_curve
from sbert_core.errors import DataError

from .conftest import gaussian_groups


def named(spread=0.35):
    vectors, groups = gaussian_groups(3, 20, spread=spread)
    return vectors, [f"c{group}" for group in groups]


def test_accuracy_rises_and_lies_in_its_band():
    curve = learning_curve(*named(), draws=4)
    assert [point.shots for point in curve.points] == [1, 2, 4, 8, 16]
    assert curve.points[-1].accuracy > curve.points[0].accuracy
    assert all(0 <= p.low <= p.accuracy <= p.high <= 1 for p in curve.points)
    assert [p.rows for p in curve.points] == [3, 6, 12, 24, 48]
    assert (curve.classes, curve.left_out) == (3, 0)


def test_the_same_seed_gives_the_same_curve_and_json_keeps_it():
    curve = learning_curve(*named(), draws=2, seed=7)
    assert learning_curve(*named(), draws=2, seed=7) == curve
    assert LearningCurve.from_dict(curve.to_dict()) == curve


def test_a_class_with_one_row_takes_no_part():
    vectors, labels = named()
    lone = ["lone", *labels[1:]]
    curve = learning_curve(vectors, lone, draws=2)
    assert (curve.classes, curve.left_out) == (3, 1)


def test_too_few_rows_are_refused():
    with pytest.raises(DataError, match="two classes with at least two"):
        learning_curve(np.eye(3, dtype=np.float32), ["a", "a", "b"])
    with pytest.raises(DataError, match="draws=1"):
        learning_curve(*named(), draws=1)


@pytest.mark.parametrize(
    ("last", "words"), [(0.9, "more labels still help"), (0.705, "hardly"), (0.6, "−10.0 points")]
)
def test_the_sentence_says_which_way_it_goes(last, words):
    points = [CurvePoint(2**i, a, a, a, 1, 2) for i, a in enumerate((0.7, last))]
    assert words in LearningCurve(tuple(points), 2, 0).sentence
    assert "four rows" in LearningCurve(tuple(points[:1]), 2, 0).sentence
