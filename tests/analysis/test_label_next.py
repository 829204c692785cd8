"""What to label next: the doubtful ones, unlike each other, and never what has a label."""

import numpy as np
import pytest

from sbert_core.analysis.label_next import label_next
from sbert_core.errors import DataError


def test_without_a_head_every_group_is_asked_for_once(four_groups):
    vectors, groups = four_groups
    asked = label_next(vectors, [], 4)
    assert sorted(groups[asked]) == [0, 1, 2, 3]


def test_groups_that_have_a_label_come_last(four_groups):
    vectors, groups = four_groups
    labelled = [int(np.flatnonzero(groups == group)[0]) for group in (0, 1)]
    assert set(groups[label_next(vectors, labelled, 2)]) == {2, 3}


def test_near_copies_of_the_most_doubtful_row_are_not_asked_for_again():
    vectors = np.array([[1, 0, 0], [1, 0.01, 0], [1, 0, 0.01], [0, 1, 0], [0, 0, 1]], np.float32)
    doubt = np.array([0.0, 0.0, 0.0, 0.5, 0.6], np.float32)
    asked = label_next(vectors, [4], 2, doubt)
    assert set(asked) & {0, 1, 2}
    assert 3 in asked  # by doubt alone, rows 0 to 2 would come first


def test_of_equally_new_rows_the_doubtful_one_comes_first():
    vectors = np.eye(4, dtype=np.float32)
    assert label_next(vectors, [0], 1, np.array([0, 0.9, 0.1, 0.8])).tolist() == [2]


@pytest.mark.parametrize("with_head", [True, False])
def test_each_row_once_and_none_with_a_label(cloud, with_head):
    margins = np.linspace(0, 1, len(cloud)) if with_head else None
    labelled = list(range(0, 150, 3))
    asked = label_next(cloud, labelled, 1_000, margins)
    assert sorted(asked.tolist()) == sorted(set(range(150)) - set(labelled))
    assert label_next(cloud, range(150), 5, margins).size == 0


def test_equal_and_zero_rows_are_asked_for_too():
    assert sorted(label_next(np.zeros((3, 2), np.float32), [], 5).tolist()) == [0, 1, 2]
    with pytest.raises(DataError, match="at least 1"):
        label_next(np.eye(2, dtype=np.float32), [], 0)
