"""How much another label would be worth: accuracy against the number of examples.

    N  labelled rows      D  dimensions      K  classes

At each number of shots the examples are drawn anew several times, a head learns from them, and it
is tested on labelled rows that were not drawn. How far the draws lie apart is the luck that a
person has with their own few examples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbert_core.protocols import Progress, no_progress

from .classify import fit_plain, numbered
from .vectors import require, unit_rows

SHOTS = (1, 2, 4, 8, 16, 32, 64)
DRAWS = 10
_TESTED = 5_000  # rows of a test at most: an accuracy of 5,000 is sure to about one point


@dataclass(frozen=True)
class CurvePoint:
    """Accuracy at one number of examples.

    Attributes:
        shots: Examples of each class; of a class that has fewer, all but one.
        accuracy: Mean over the draws, fraction in [0, 1].
        low: 2.5 % of the draws lie below, fraction in [0, 1].
        high: 2.5 % of the draws lie above.
        rows: Rows learnt from, mean over the draws.
        draws: How often examples were drawn.
    """

    shots: int
    accuracy: float
    low: float
    high: float
    rows: float
    draws: int


@dataclass(frozen=True)
class LearningCurve:
    """Accuracy against shots.

    Attributes:
        points: One for each number of shots, ascending.
        classes: Classes that took part: those with two rows or more.
        left_out: Classes with one row: nothing would be left to test on.
    """

    points: tuple[CurvePoint, ...]
    classes: int
    left_out: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self) | {"points": [asdict(point) for point in self.points]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "LearningCurve":
        """Build a curve from `to_dict`'s result."""
        points = tuple(CurvePoint(**point) for point in values["points"])
        return cls(points, values["classes"], values["left_out"])

    @property
    def sentence(self) -> str:
        """Say what the curve says about labelling more."""
        if len(self.points) < 2:
            return "Label at least four rows of two classes, and the curve gets a direction."
        before, last = self.points[-2], self.points[-1]
        gain = 100 * (last.accuracy - before.accuracy)
        said = (
            f"Going from {before.shots} to {last.shots} examples a class brought "
            f"{gain:+.1f} points of accuracy".replace("-", "−")
        )
        return f"{said}: {'more labels still help' if gain > 1 else 'more labels hardly help'}."


def learning_curve(
    embeddings: NDArray[np.floating],
    labels: Sequence[str],
    strength: float = 10.0,
    seed: int = 42,
    draws: int = DRAWS,
    progress: Progress = no_progress,
) -> LearningCurve:
    """Measure accuracy with 1, 2, 4, … examples a class.

    Args:
        embeddings: Matrix of shape (N, D): labelled rows.
        labels: Their classes.
        strength: C of the logistic regression.
        seed: Decides the draws.
        draws: Draws at each number of shots, at least 2.
        progress: Told how many heads are learnt.

    Raises:
        DataError: Fewer than two classes have two rows.
    """
    require(draws >= 2, f"draws={draws} should be at least 2.")
    rows = unit_rows(embeddings)
    _, numbers = numbered(labels, len(rows))
    counts = np.bincount(numbers)
    usable = np.flatnonzero(counts[numbers] > 1)
    kept = int((counts > 1).sum())
    require(
        kept >= 2,
        "A learning curve needs two classes with at least two labelled rows each: label a few "
        "more rows.",
    )
    most = int(counts.max()) - 1
    sizes = [shots for shots in SHOTS if shots <= most]
    rng = np.random.default_rng(seed)
    points = []
    for place, shots in enumerate(sizes):
        accuracies, learnt = [], []
        for draw in range(draws):
            progress(place * draws + draw, len(sizes) * draws, "drawing examples")
            train, test = _draw(numbers, usable, shots, rng)
            head = fit_plain(rows[train], [str(number) for number in numbers[train]], strength)
            guesses = (rows[test] @ head.weights + head.bias).argmax(axis=1)
            names = np.array([int(name) for name in head.classes])
            accuracies.append(float((names[guesses] == numbers[test]).mean()))
            learnt.append(len(train))
        low, high = np.quantile(accuracies, [0.025, 0.975])
        points.append(
            CurvePoint(
                shots=shots,
                accuracy=float(np.mean(accuracies)),
                low=float(low),
                high=float(high),
                rows=float(np.mean(learnt)),
                draws=draws,
            )
        )
    return LearningCurve(tuple(points), kept, int((counts == 1).sum()))


def _draw(
    numbers: NDArray[np.int64],
    usable: NDArray[np.int64],
    shots: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw examples of each class, and rows to test on: all of a class but one at most."""
    train: list[NDArray[np.int64]] = []
    for number in np.unique(numbers[usable]):
        members = rng.permutation(np.flatnonzero(numbers == number))
        train.append(members[: min(shots, len(members) - 1)])
    drawn = np.concatenate(train)
    rest = np.setdiff1d(usable, drawn)
    return drawn, rng.permutation(rest)[:_TESTED]
