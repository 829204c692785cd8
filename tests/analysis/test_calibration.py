"""Precision from a few judged pairs: the interval, the weights, the draw, and the advice."""

import numpy as np
import pytest

from sbert_core.analysis.calibration import (
    Judged,
    PrecisionAt,
    band_of,
    precision_by_threshold,
    sample_pairs,
    suggest_threshold,
    wilson_interval,
)
from sbert_core.errors import DataError


def test_wilson_by_hand():
    # Wilson 1927 for 8 of 10 at z = 1.959964, worked out with paper and pencil.
    assert wilson_interval(0.8, 10) == pytest.approx((0.490162, 0.943318), abs=1e-5)
    assert wilson_interval(1.0, 4) == pytest.approx((4 / (4 + 1.959964**2), 1.0), abs=1e-9)
    with pytest.raises(DataError, match="above 0"):
        wilson_interval(0.5, 0)


def test_bands_begin_at_their_edge_and_one_belongs_to_the_last():
    assert band_of(np.float32([0.78, 0.7999, 0.80, 1.0])).tolist() == [39, 39, 40, 49]


def test_a_judged_pair_stands_for_its_band():
    # 90 pairs at 0.81 of which 1 was judged, wrong; 10 at 0.91 of which 1 was judged, right.
    cosines = np.array([0.91] * 10 + [0.81] * 90)
    found = precision_by_threshold(cosines, [Judged(0.91, True), Judged(0.81, False)])
    at = {one.threshold: one for one in found}
    assert at[0.90].precision == 1.0 and at[0.90].pairs == 10 and at[0.90].judged == 1
    assert at[0.80].precision == pytest.approx(0.1) and at[0.80].pairs == 100
    assert all(0 <= one.low <= one.precision <= one.high <= 1 for one in found)
    assert precision_by_threshold(cosines, []) == []


def test_pairs_are_drawn_around_the_line_without_repeats_and_the_same_for_a_seed():
    cosines = np.linspace(1, 0.5, 501)
    drawn = sample_pairs(cosines, 0.8, 20)
    assert len(set(drawn)) == 20
    assert np.abs(cosines[drawn[:2]] - 0.8).max() <= 0.02 + 1e-9  # both sides of the line first
    assert drawn == sample_pairs(cosines, 0.8, 20)
    assert not set(drawn) & set(sample_pairs(cosines, 0.8, 20, judged=drawn))
    assert len(sample_pairs(np.array([0.8, 0.81]), 0.8, 20)) == 2


def test_the_lowest_threshold_that_holds_from_there_up_is_advised():
    def at(threshold, precision, judged=9):
        return PrecisionAt(threshold, 100, judged, precision, 0.0, 1.0)

    rising = [at(0.7, 0.95), at(0.8, 0.5), at(0.9, 0.92), at(0.94, 1.0)]
    assert suggest_threshold(rising).threshold == 0.9  # 0.7 lies below a line that fails
    assert suggest_threshold([at(0.9, 1.0, judged=2)]).threshold is None
    none = suggest_threshold([at(0.9, 0.6)])
    assert none.threshold is None and "the best is 0.90 with 60%" in none.sentence
