"""Held-out examples as graded pairs: by hand, for every kind."""

import numpy as np
import pytest

from sbert_core.errors import DataError
from sbert_core.training.examples import Examples
from sbert_core.training.held_out import graded_pairs, label_sameness


def test_scores_are_the_grades():
    scores = np.array([0.2, 1.0], dtype=np.float32)
    first, second, grades = graded_pairs(Examples("scored_pairs", (("a", "b"), ("c", "d")), scores))
    assert (first, second) == (["a", "b"], ["c", "d"])
    assert grades.tolist() == scores.astype(np.float64).tolist()


def test_labels_count_by_how_much_they_say_the_same():
    names = ("contradiction", "entailment", "neutral")
    labels = np.array([1, 2, 0], dtype=np.int64)
    examples = Examples("labelled_pairs", (("a", "b", "c"), ("d", "e", "f")), labels, names)
    assert graded_pairs(examples)[2].tolist() == [1.0, 0.5, 0.0]


def test_pairs_are_compared_with_the_partner_of_the_next():
    first, second, grades = graded_pairs(Examples("pairs", (("a", "b", "c"), ("A", "B", "C"))))
    assert list(zip(first, second, grades, strict=True)) == [
        ("a", "A", 1.0),
        ("b", "B", 1.0),
        ("c", "C", 1.0),
        ("a", "B", 0.0),
        ("b", "C", 0.0),
        ("c", "A", 0.0),
    ]


def test_triplets_bring_their_negatives():
    first, second, grades = graded_pairs(Examples("triplets", (("a", "b"), ("A", "B"), ("x", "y"))))
    assert list(zip(first, second, grades, strict=True)) == [
        ("a", "A", 1.0),
        ("b", "B", 1.0),
        ("a", "x", 0.0),
        ("b", "y", 0.0),
    ]


def test_sentences_alone_have_no_grade():
    with pytest.raises(DataError, match="without scores"):
        graded_pairs(Examples("sentences", (("a",),)))


@pytest.mark.parametrize(
    ("names", "grades"),
    [
        (("0", "1"), [0, 1]),
        (("different", "same"), [0, 1]),
        # In the order of the alphabet the first is the one that means the same.
        (("duplicate", "not_duplicate"), [1, 0]),
        (("entailment", "not_entailment"), [1, 0]),
        (("Contradiction", "Entailment", "Neutral"), [0, 1, 0.5]),
        (("no", "yes"), [0, 1]),
    ],
)
def test_sameness_goes_by_the_meaning_of_a_label_not_by_its_place(names, grades):
    assert label_sameness(names).tolist() == grades


@pytest.mark.parametrize("names", [("0", "1", "2"), ("cause", "effect"), ("same", "topic 7")])
def test_labels_that_do_not_say_it_give_no_grade_rather_than_an_arbitrary_one(names):
    with pytest.raises(DataError, match="do not say which pairs mean the same"):
        label_sameness(names)
