"""What is picked on a map becomes row numbers, whatever traces the points lie in."""

import pytest

from ui.selection import selected_rows


def event(*points):
    return {"selection": {"points": list(points)}}


def test_rows_come_from_customdata_and_not_from_the_index_within_a_trace():
    picked = event(
        {"curve_number": 2, "point_index": 0, "customdata": 41},
        {"curve_number": 0, "point_index": 9, "customdata": [7]},
        {"curve_number": 1, "point_index": 3, "customdata": 41},
    )
    assert selected_rows(picked) == [7, 41]


@pytest.mark.parametrize("nothing", [None, {}, {"selection": {}}, event()])
def test_no_selection_is_no_rows(nothing):
    assert selected_rows(nothing) == []


def test_marks_that_are_no_rows_are_left_out():
    assert selected_rows(event({"point_index": 0}, {"customdata": []}, {"customdata": "x"})) == []
