"""How many of the pairs above a threshold are real: told from a few pairs that a person judged.

    h  a stratum, a band of cosines      N_h  its pairs      n_h  those judged      t  a threshold

Judging every pair is too much, and judging the strongest says nothing about the rest. So the range
of cosines is cut into narrow bands, and pairs are drawn at random from the bands around the line.
A judged pair then stands for w = N_h / n_h pairs of its band, and the precision at t is the
weighted share of "same" among the judged pairs above t (a stratified, post-stratified estimate;
Cochran, *Sampling Techniques*, 3rd ed. 1977, sections 5.3 and 5A.9).

The interval is Wilson's score interval (Wilson 1927, *J. Am. Stat. Assoc.* 22) on the effective
number of judgements, (sum w)^2 / sum w^2 (Kish, *Survey Sampling*, 1965, section 11.7): weights
that differ make a sample worth less than its size. With twenty judgements it is wide, and it
should be.

A band nobody judged counts with the judged band below it, which is cautious as long as pairs do
not become worse while their cosine grows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .duplicates import PairList
from .vectors import require

BAND = 0.02
SAMPLE = 20
# Bands this far on both sides of the line are judged, and all pairs above them as one band.
_REACH = 5
_Z95 = 1.959964
_ENOUGH = 5


@dataclass(frozen=True)
class Judged:
    """One pair that a person has judged.

    Attributes:
        cosine: Of the pair, in [-1, 1].
        same: Whether the two say the same.
    """

    cosine: float
    same: bool


@dataclass(frozen=True)
class PrecisionAt:
    """What a threshold would give.

    Attributes:
        threshold: Cosine in [-1, 1].
        pairs: Pairs at or above it.
        judged: Judged pairs at or above it.
        precision: Estimated share of real duplicates among `pairs`, fraction in [0, 1].
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    threshold: float
    pairs: int
    judged: int
    precision: float
    low: float
    high: float


@dataclass(frozen=True)
class Suggestion:
    """A threshold to use, or why there is none.

    Attributes:
        threshold: Cosine in [-1, 1], or None.
        sentence: What it rests on, or what is missing.
    """

    threshold: float | None
    sentence: str


def wilson_interval(share: float, number: float, z: float = _Z95) -> tuple[float, float]:
    """Interval of a proportion by Wilson's score method.

    It solves |p - share| = z sqrt(p (1 - p) / number) for p, stays within [0, 1] and has a width
    above 0 even at a share of 0 or 1, where the textbook's share +- z s has none.

    Args:
        share: Observed proportion, fraction in [0, 1].
        number: Observations behind it, above 0; a fraction for weighted ones.
        z: Quantile of the normal distribution; 1.96 for 95 %.

    Returns:
        Lower and upper end, fractions in [0, 1].

    Raises:
        DataError: `number` is not above 0.
    """
    require(number > 0, f"number={number} should be above 0.")
    centre = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = (
        z / (1 + z * z / number) * np.sqrt(share * (1 - share) / number + (z / (2 * number)) ** 2)
    )
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def band_of(cosines: NDArray[np.floating]) -> NDArray[np.int64]:
    """Number the band of each cosine; a band reaches from k * 0.02 up to, but not, (k + 1) * 0.02.

    A cosine of 1 belongs to the band below it.
    """
    # A float32 just below an edge that float64 cannot write either belongs above it.
    bands = np.floor(np.asarray(cosines, np.float64) / BAND + 1e-5).astype(np.int64)
    return np.minimum(bands, round(1 / BAND) - 1)


def sample_pairs(
    cosines: NDArray[np.floating],
    line: float,
    count: int = SAMPLE,
    judged: Sequence[int] = (),
    seed: int = 0,
) -> list[int]:
    """Draw pairs to judge, in turn from the bands around a line, the nearest band first.

    Args:
        cosines: Cosines of the pairs that may be drawn, shape (P,).
        line: The threshold, cosine in [-1, 1].
        count: How many to draw, at least 1; fewer come where there are fewer.
        judged: Places of pairs judged before: none is drawn again, and their bands wait.
        seed: The same seed draws the same pairs.

    Returns:
        Places in `cosines`, in the order in which to judge them.

    Raises:
        DataError: `count` < 1.
    """
    require(count >= 1, f"count={count} should be at least 1.")
    strata = _strata(np.asarray(cosines), line)
    order = np.random.default_rng(seed).permutation(len(strata))
    fresh = np.ones(len(strata), bool)
    fresh[list(judged)] = False
    taken, waiting = dict[int, int](), dict[int, list[int]]()
    for stratum in range(-_REACH, _REACH + 1):
        taken[stratum] = int((~fresh & (strata == stratum)).sum())
        # So many of a band will do, however many it has.
        waiting[stratum] = order[(strata == stratum)[order] & fresh[order]][:count].tolist()
    drawn: list[int] = []
    while len(drawn) < count and (left := [band for band in waiting if waiting[band]]):
        # The band with the fewest so far; of equals the nearest to the line.
        stratum = min(left, key=lambda band: (taken[band], abs(band + 0.5), -band))
        drawn.append(waiting[stratum].pop(0))
        taken[stratum] += 1
    return drawn


def _strata(cosines: NDArray[np.floating], line: float) -> NDArray[np.int64]:
    """Bands counted from the line: 0 holds it, -1 is below; all far above are one, `_REACH`."""
    return np.minimum(band_of(cosines) - int(band_of(np.array([line]))[0]), _REACH)


def precision_by_threshold(
    pairs: PairList | NDArray[np.floating], judged: Sequence[Judged], low: float = -1.0
) -> list[PrecisionAt]:
    """Estimate the precision at each edge of a band, as far down as pairs were judged.

    Args:
        pairs: All pairs that the judged ones were drawn from, or their cosines.
        judged: The judged pairs.
        low: Thresholds below this are left out: pairs are listed from there on only.

    Returns:
        One entry for each threshold that has judged pairs at or above it, ascending.
    """
    cosines = np.asarray(pairs.cosines if isinstance(pairs, PairList) else pairs, np.float64)
    if not judged or not len(cosines):
        return []
    weights, owner = _weights(cosines, judged)
    same = np.array([pair.same for pair in judged])
    found = []
    for band in range(int(owner.min()), int(owner.max()) + 1):
        threshold, above = round(band * BAND, 4), owner >= band
        if threshold < low - 1e-6 or not weights[above].sum():
            continue
        w = weights[above]
        share = float((w * same[above]).sum() / w.sum())
        ends = wilson_interval(share, float(w.sum() ** 2 / (w**2).sum()))
        pairs_above = int((band_of(cosines) >= band).sum())
        found.append(PrecisionAt(threshold, pairs_above, int(above.sum()), share, *ends))
    return found


def _weights(
    cosines: NDArray[np.float64], judged: Sequence[Judged]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """How many pairs each judged one stands for, and the band that it is in."""
    owner = band_of(np.array([pair.cosine for pair in judged]))
    bands, sizes = np.unique(band_of(cosines), return_counts=True)
    has, judged_in = np.unique(owner, return_counts=True)
    stands_for = dict.fromkeys(has.tolist(), 0)
    for band, number in zip(bands.tolist(), sizes.tolist(), strict=True):
        below = [one for one in stands_for if one <= band]
        if below:  # what lies below every judged band is not spoken of
            stands_for[max(below)] += number
    per_pair = {b: stands_for[b] / n for b, n in zip(has.tolist(), judged_in.tolist(), strict=True)}
    return np.array([per_pair[band] for band in owner.tolist()]), owner


def suggest_threshold(estimates: Sequence[PrecisionAt], wanted: float = 0.9) -> Suggestion:
    """Suggest the lowest threshold from which on the estimated precision is what is wanted.

    Args:
        estimates: By ascending threshold.
        wanted: Precision to reach, fraction in [0, 1].

    Returns:
        The threshold and a sentence with its interval; no threshold where too little was judged
        or nothing reaches it.
    """
    usable = [one for one in estimates if one.judged >= _ENOUGH]
    if not usable:
        return Suggestion(None, f"Judge at least {_ENOUGH} pairs above a threshold to get one.")
    reached: PrecisionAt | None = None
    for one in reversed(usable):
        if one.precision < wanted:
            break
        reached = one
    if reached is None:
        best = max(usable, key=lambda one: one.precision)
        return Suggestion(
            None,
            f"No threshold with enough judged pairs reaches {wanted:.0%}: the best is "
            f"{best.threshold:.2f} with {best.precision:.0%} ({best.low:.0%} to {best.high:.0%}). "
            "Judge pairs around a higher line, or let a cross-encoder look again.",
        )
    return Suggestion(
        reached.threshold,
        f"{reached.threshold:.2f} is the lowest threshold at which an estimated {wanted:.0%} or "
        f"more are real: {reached.precision:.0%}, 95% interval {reached.low:.0%} to "
        f"{reached.high:.0%}, from {reached.judged} judged pairs.",
    )
