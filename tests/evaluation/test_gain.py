"""Did training help? Hand-made cases with a known answer, and an interval that keeps its word."""

import numpy as np
import pytest
from scipy import stats

from sbert_core.errors import DataError
from sbert_core.evaluation.gain import Gain, spearman_gain

RNG = np.random.default_rng(0)
GOLD = np.linspace(0, 5, 200)
GOOD = GOLD + RNG.normal(0, 0.5, 200)
BAD = GOLD + RNG.normal(0, 4, 200)


def test_the_figures_are_spearman_times_100():
    gain = spearman_gain(GOLD, BAD, GOOD)
    assert gain.before == pytest.approx(100 * stats.spearmanr(GOLD, BAD).statistic)
    assert gain.after == pytest.approx(100 * stats.spearmanr(GOLD, GOOD).statistic)
    assert gain.gain == gain.after - gain.before
    assert gain.pairs == 200


def test_identical_predictions_are_no_difference_at_all():
    gain = spearman_gain(GOLD, BAD, BAD)
    assert (gain.gain, gain.low, gain.high) == (0, 0, 0)
    assert gain.verdict == "No clear difference: +0.0, interval 0.0 to 0.0."


def test_the_same_order_on_another_scale_is_no_difference_either():
    gain = spearman_gain(GOLD, BAD, np.exp(BAD) * 3)
    assert (gain.gain, gain.low, gain.high) == (0, 0, 0)


def test_it_helped():
    gain = spearman_gain(GOLD, BAD, GOOD)
    assert 0 < gain.low < gain.gain < gain.high
    assert gain.verdict.startswith(f"Training helped: +{gain.gain:.1f}, interval {gain.low:.1f}")


def test_it_hurt_and_the_mirror_image_is_exact():
    helped, hurt = spearman_gain(GOLD, BAD, GOOD), spearman_gain(GOLD, GOOD, BAD)
    assert (hurt.low, hurt.high) == pytest.approx((-helped.high, -helped.low))
    assert hurt.verdict.startswith("Training hurt: −")
    assert hurt.verdict.endswith("The base is kept.")
    assert "-" not in hurt.verdict


def test_few_pairs_cannot_tell_a_small_gain():
    small = spearman_gain(GOLD[:12], GOOD[:12], GOOD[:12] + RNG.normal(0, 0.05, 12))
    assert small.low <= 0 <= small.high
    assert "No clear difference" in small.verdict


def test_pairing_makes_the_interval_narrower_than_that_of_two_unrelated_samples():
    """What makes a draw hard makes it hard for both: an unpaired interval would be far wider."""
    nearly = BAD + RNG.normal(0, 0.1, 200)
    paired = spearman_gain(GOLD, BAD, nearly)
    draws = RNG.integers(0, 200, (400, 2, 200))
    unpaired = [
        100 * (stats.spearmanr(GOLD[j], nearly[j])[0] - stats.spearmanr(GOLD[i], BAD[i])[0])
        for i, j in draws
    ]
    width = np.subtract(*np.percentile(unpaired, [97.5, 2.5]))
    assert paired.high - paired.low < width / 5


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """Two equally good encoders: the interval should hold 0 in about 95 of 100 samples."""
    rng = np.random.default_rng(1)
    held = 0
    for seed in range(60):
        gold = rng.normal(size=60)
        before, after = (gold + rng.normal(size=60) for _ in range(2))
        gain = spearman_gain(gold, before, after, seed)
        held += gain.low <= 0 <= gain.high
    assert held >= 51


def test_the_seed_decides_the_draws():
    once, again, other = (spearman_gain(GOLD, BAD, GOOD, seed) for seed in (1, 1, 2))
    assert once == again != other
    assert other.low == pytest.approx(once.low, abs=3)


@pytest.mark.parametrize(
    ("gold", "before", "after"),
    [
        ([1, 2], [1, 2], [2, 1]),
        ([1, 1, 1], [1, 2, 3], [1, 2, 3]),
        ([1, 2, 3], [1, 2, 3], [2, 2, 2]),
        ([1, 2, 3], [1, 2, np.nan], [1, 2, 3]),
        ([1, 2, 3], [1, 2, 3, 4], [1, 2, 3]),
    ],
)
def test_what_has_no_order_is_refused(gold, before, after):
    with pytest.raises(DataError):
        spearman_gain(gold, before, after)


def test_the_verdict_goes_by_the_interval_not_by_the_figure():
    assert "No clear" in Gain(20, 50.0, 58.0, -0.1, 16.0).verdict
    assert "helped" in Gain(20, 50.0, 50.5, 0.1, 0.9).verdict
    assert "hurt" in Gain(20, 50.0, 49.5, -0.9, -0.1).verdict
