"""A column of any kind becomes colours: a scale for numbers, else a colour per value."""

import numpy as np

from sbert_core.charts.map_data import Groups, Values
from ui.colouring import MOST_CATEGORIES, colouring_of


def test_many_different_numbers_are_a_scale_and_gaps_stay_gaps():
    found = colouring_of([*map(float, range(20)), None], "price")
    assert isinstance(found, Values)
    assert np.isnan(found.numbers[-1])
    assert found.numbers[:3].tolist() == [0, 1, 2]


def test_few_different_numbers_are_categories_named_without_a_decimal_point():
    found = colouring_of([1.0, 5.0, 5.0, None], "stars")
    assert isinstance(found, Groups)
    assert list(found.names) == ["5", "1"]
    assert found.labels.tolist() == [1, 0, 0, -1]


def test_blank_cells_have_no_category():
    found = colouring_of(["a", " ", None, "b", "a"], "kind")
    assert found.labels.tolist() == [0, -1, -1, 1, 0]


def test_rare_values_share_one_colour():
    values = [f"v{i}" for i in range(MOST_CATEGORIES + 5)] + ["v0"]
    found = colouring_of(values, "id")
    assert len(found.names) == MOST_CATEGORIES + 1
    assert "5 rarer values" in found.names[-1]
    assert (found.labels == MOST_CATEGORIES).sum() == 5


def test_yes_and_no():
    found = colouring_of([True, False, True], "done")
    assert list(found.names) == ["yes", "no"]
