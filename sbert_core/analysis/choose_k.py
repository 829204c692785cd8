"""How many groups? A number, and an honest word on whether the data says so.

Silhouettes of sentence embeddings are low, and flat over wide ranges of k: there is often no
one right number. So the answer is a curve, a choice, and a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbert_core.protocols import Progress, no_progress

from .kmeans import rough_labels
from .silhouette import cosine_silhouettes
from .vectors import distinct_rows

# Rows to try numbers of groups on: more take longer and shift the curve very little.
SAMPLE_ROWS = 4000
# Nobody reads more groups than this; and groups of a small corpus should not be tiny.
MOST_GROUPS, MOST_PER_ROOT_OF_ROWS = 100, 2.0
# Each number is 1.4 times the one before; near the best, some between are tried as well, none
# nearer than this factor to another.
GROWTH, BETWEEN, LEAST_GROWTH = 2**0.5, 4, 1.07
# The score of a number is the mean over this many starts, which evens out their luck.
STARTS = 5
# Scores within this fraction of the best are equal, up to what another start may change.
NEARLY = 0.1
# Near-equal numbers further apart than this factor are different answers, not one.
ONE_ANSWER = 1.5
# Below this silhouette no number separates anything.
WEAK_SILHOUETTE = 0.05


@dataclass(frozen=True)
class SilhouetteCurve:
    """Mean silhouettes over numbers of groups, and what they say.

    Attributes:
        scores: Mean silhouette in [-1, 1] of each number tried.
    """

    scores: Mapping[int, float]

    @property
    def best(self) -> int:
        """The number with the highest score."""
        return max(self.scores, key=self.scores.__getitem__)

    @property
    def near(self) -> list[int]:
        """The best number and those around it that score almost the same, without a gap."""
        numbers = sorted(self.scores)
        low = high = numbers.index(self.best)
        while low > 0 and self._is_near(numbers[low - 1]):
            low -= 1
        while high + 1 < len(numbers) and self._is_near(numbers[high + 1]):
            high += 1
        return numbers[low : high + 1]

    @property
    def rivals(self) -> list[int]:
        """Numbers elsewhere that score almost the same, best first."""
        elsewhere = set(self.scores) - set(self.near)
        return sorted(filter(self._is_near, elsewhere), key=self.scores.__getitem__, reverse=True)

    @property
    def is_flat(self) -> bool:
        """True if the near numbers are different answers, or go on past the largest tried."""
        near = self.near
        goes_on = len(near) > 1 and near[-1] == max(self.scores)
        return goes_on or near[-1] > ONE_ANSWER * near[0]

    @property
    def is_well_determined(self) -> bool:
        """True if one number, or nearly one, stands out and separates the rows."""
        strong = self.scores[self.best] >= WEAK_SILHOUETTE
        return strong and not self.is_flat and not self.rivals

    def sentence(self, k: int) -> str:
        """Say in plain words what to make of choosing k groups."""
        near, rivals, best = self.near, self.rivals, self.scores[self.best]
        verdict = (
            f"the number of groups is not well determined here; {k} is a choice, not a finding."
        )
        if self.is_flat:
            low, high = (f"{bound(self.scores[n] for n in near):.2f}" for bound in (min, max))
            silhouette = low if low == high else f"{low} to {high}"
            return (
                f"Between {near[0]} and {near[-1]} groups score almost the same "
                f"(silhouette {silhouette}): {verdict}"
            )
        if rivals:
            return (
                f"{k} groups score best (silhouette {best:.2f}), but {rivals[0]} score almost "
                f"the same: {verdict}"
            )
        tried = f"of {min(self.scores)} to {max(self.scores)} tried, silhouette {best:.2f}"
        if not self.is_well_determined:
            return f"{k} groups score best ({tried}), but no number separates them: {verdict}"
        return f"{k} groups score best ({tried})."

    def _is_near(self, number: int) -> bool:
        """Say whether a number scores almost as well as the best."""
        best = self.scores[self.best]
        return self.scores[number] >= best - NEARLY * abs(best)


@dataclass(frozen=True)
class KChoice:
    """How a number of groups was chosen.

    Attributes:
        k: The number chosen.
        candidates: Each number tried with its mean cosine silhouette in [-1, 1], ascending.
        well_determined: True if one number, or nearly one, stands out and separates well.
        rows: Rows the numbers were tried on: all, or a sample.
        sentence: What to make of it, in plain words.
    """

    k: int
    candidates: tuple[tuple[int, float], ...]
    well_determined: bool
    rows: int
    sentence: str


def choose_k(
    vectors: NDArray[np.float32], seed: int, progress: Progress = no_progress
) -> KChoice | None:
    """Choose a number of groups by the silhouette.

    Numbers from 2 up to twice the root of the number of rows are tried. Where all of a range
    score almost as well as the best, its (geometric) middle is taken, neither the coarsest nor
    the finest; otherwise the best is looked for more closely. Prior validation of data is
    assumed.

    Args:
        vectors: float32 array of shape (N, D), rows of length 1 or 0.
        seed: Fixes the sample and the starts.
        progress: Told the numbers tried; may raise to stop.

    Returns:
        The choice; None where fewer than two groups are possible.
    """
    rows = len(vectors)
    if rows > SAMPLE_ROWS:
        chosen = np.random.default_rng(seed).choice(rows, SAMPLE_ROWS, replace=False)
        sample = vectors[np.sort(chosen)]
    else:
        sample = vectors
    numbers = _coarse(_most_groups(sample, rows))
    if not numbers:
        return None
    scores: dict[int, float] = {}
    _score(sample, numbers, scores, seed, progress)
    curve = SilhouetteCurve(dict(scores))
    if curve.is_flat:
        k = round((curve.near[0] * curve.near[-1]) ** 0.5)
        _score(sample, [k], scores, seed, progress)
    else:
        _score(sample, _between(curve), scores, seed, progress)
        k = SilhouetteCurve(scores).best
    sentence = curve.sentence(k)
    if len(sample) < rows:
        sentence += f" Tried on a sample of {len(sample):,} of {rows:,} rows."
    candidates = tuple(sorted(scores.items()))
    return KChoice(k, candidates, curve.is_well_determined, len(sample), sentence)


def _most_groups(sample: NDArray[np.float32], rows: int) -> int:
    """Say how many groups may be tried: no group for every single row."""
    distinct = len(distinct_rows(sample)[0])
    possible = distinct if distinct < len(sample) else distinct - 1
    return min(possible, MOST_GROUPS, int(MOST_PER_ROOT_OF_ROWS * rows**0.5))


def _coarse(most: int) -> list[int]:
    """Spread numbers over 2 to `most`, each about GROWTH times the one before."""
    steps = int(np.log(max(most, 1) / 2) / np.log(GROWTH)) + 1 if most >= 2 else 0
    return sorted({round(2 * GROWTH**step) for step in range(steps)} | ({most} if steps else set()))


def _between(curve: SilhouetteCurve) -> list[int]:
    """List some numbers between the best one's neighbours that were not tried yet."""
    numbers = sorted(curve.scores)
    best = numbers.index(curve.best)
    low, high = numbers[max(best - 1, 0)], numbers[min(best + 1, len(numbers) - 1)]
    finer = set(np.geomspace(low, high, BETWEEN + 2).round().astype(int).tolist())
    apart = np.log(LEAST_GROWTH)
    return sorted(n for n in finer if all(abs(np.log(n / tried)) >= apart for tried in numbers))


def _score(
    sample: NDArray[np.float32],
    numbers: list[int],
    scores: dict[int, float],
    seed: int,
    progress: Progress,
) -> None:
    """Add the mean silhouette of each number."""
    from threadpoolctl import threadpool_limits

    # The products are small: several threads mostly wait for each other, and for other jobs.
    with threadpool_limits(1):
        for done, k in enumerate(numbers):
            progress(done, len(numbers), f"trying {k} groups")
            trials = (rough_labels(sample, k, seed + start) for start in range(STARTS))
            scores[k] = float(np.mean([cosine_silhouettes(sample, trial, k) for trial in trials]))
