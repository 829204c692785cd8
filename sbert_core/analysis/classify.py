"""Few-shot: a logistic head on frozen vectors, learnt from a handful of labelled rows.

    N  rows      D  dimensions      K  classes      M  labelled rows

The head is a matrix (D, K) with a bias. Its strength C is cross-validated, and among strengths that
do about as well the weakest is taken (the one-standard-error rule of Hastie, Tibshirani &
Friedman 2009, section 7.10): with eight examples a class the best one is mostly luck.

Where the other rows of the corpus are known, they help, though nobody labelled them: the head's
guesses are spread over their neighbours, and a second head learns what came of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbert_core.protocols import Progress, no_progress

from .label_spreading import spread
from .vectors import require, unit_rows

MOST_CLASSES = 500
STRENGTHS = (0.1, 1.0, 10.0)
# Guesses are spread over so many rows at most: their neighbours are found by N x N products.
SPREAD_ROWS = 20_000
# Of many examples three folds say enough, and cost less.
_FOLDS, _MANY, _FOLDS_OF_MANY = 5, 200, 3
_BLOCK_ROWS = 8192
_STRENGTH_UNCHECKED = 10.0  # where no class has two examples, nothing can be cross-validated
_STEPS = 2_000


@dataclass(frozen=True)
class HeadConfig:
    """How a head is learnt.

    Attributes:
        seed: Decides the folds of cross-validation and which rows are drawn, 0 to 2**32 - 1.
        spread: Whether the unlabelled rows take part.
    """

    seed: int = 42
    spread: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            DataError: The seed is out of range.
        """
        require(0 <= self.seed < 2**32, f"seed={self.seed} should be between 0 and {2**32 - 1}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "HeadConfig":
        """Build a configuration from what `to_dict` returned."""
        return cls(**values)


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Class names, and the matrix that scores them.

    Attributes:
        classes: K names, sorted.
        weights: float32 array of shape (D, K).
        bias: float32 array of shape (K,).
    """

    classes: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def probabilities(self, embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
        """Score rows: float32 (N, K), each row adding up to 1.

        Raises:
            DataError: The rows have another number of dimensions than the head.
        """
        rows = unit_rows(embeddings)
        require(
            rows.shape[1] == len(self.weights),
            f"The vectors have {rows.shape[1]} dimensions, and this head reads "
            f"{len(self.weights)}: use the encoder it was made with.",
        )
        return _softmax(rows @ self.weights + self.bias)

    def predict(
        self, embeddings: NDArray[np.floating]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """Sort rows, block by block, so that a million of them take no more memory.

        Returns:
            int32 (N,), the class of each row in [0, K); float32 (N,), its probability; and
            float32 (N,), how much larger that is than the second one, all in [0, 1].

        Raises:
            DataError: As `probabilities`.
        """
        count = len(embeddings)
        labels = np.empty(count, np.int32)
        scores, clear = np.empty(count, np.float32), np.empty(count, np.float32)
        for start in range(0, count, _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            chances = self.probabilities(embeddings[block])  # (B, K)
            labels[block] = chances.argmax(axis=1)
            scores[block], clear[block] = chances.max(axis=1), margins(chances)
        return labels, scores, clear

    def scaled(self, factor: float) -> "LinearHead":
        """Return a head with the same decisions that is more (above 1) or less sure of them."""
        weights, bias = self.weights * np.float32(factor), self.bias * np.float32(factor)
        return LinearHead(self.classes, weights, bias)


@dataclass(frozen=True, eq=False)
class FittedHead:
    """A head, and what is known of it.

    Attributes:
        head: The head.
        strength: Cross-validated C of the logistic regression; larger trusts the examples more.
        cross_validated: Accuracy on labelled rows that were held back in turn, fraction in
            [0, 1]; None where no class has two examples.
        spread_rows: Unlabelled rows that took part; 0 if none did.
        note: A sentence on anything a reader should know, or "".
    """

    head: LinearHead
    strength: float
    cross_validated: float | None
    spread_rows: int
    note: str = ""


@dataclass(frozen=True)
class ClassifyScores:
    """How well predicted classes match known ones.

    Attributes:
        accuracy: Share of rows that got their own class, fraction in [0, 1].
        macro_f1: Mean of the classes' F1 scores, fraction in [0, 1]: small classes count as much
            as large ones.
        low: Lower end of the accuracy's 95 % interval (Wilson 1927).
        high: Upper end.
        rows: Rows looked at.
        unseen: Classes of these rows that the head never saw an example of: always wrong.
    """

    accuracy: float
    macro_f1: float
    low: float
    high: float
    rows: int
    unseen: tuple[str, ...] = ()


def fit_head(
    embeddings: NDArray[np.floating],
    labels: Sequence[str],
    config: HeadConfig | None = None,
    others: NDArray[np.floating] | None = None,
    progress: Progress = no_progress,
) -> FittedHead:
    """Learn a head from labelled rows.

    Args:
        embeddings: Matrix of shape (M, D): the labelled rows.
        labels: Their M classes.
        config: Seed, and whether unlabelled rows take part.
        others: Matrix of shape (N, D): unlabelled rows, or None.
        progress: Told the stage.

    Raises:
        DataError: There are fewer than two classes, or more than `MOST_CLASSES`; or not one
            label for each row.
    """
    from threadpoolctl import threadpool_limits

    config = config or HeadConfig()
    rows = unit_rows(embeddings)
    classes, numbers = numbered(labels, len(rows))
    progress(0, 0, "cross-validating")
    with threadpool_limits(1):  # matrices this small only lose by a second thread
        strength, accuracy = _choose_strength(rows, numbers, config.seed)
    head = _logistic(rows, numbers, classes, strength)
    spread_rows = 0
    if config.spread and others is not None and len(others):
        targets = _sample(unit_rows(others), config.seed)
        spread_rows = len(targets)
        head = _taught_by_neighbours(head, rows, numbers, targets, progress)
    if accuracy is not None:
        known = rows if others is None or not len(others) else _sample(unit_rows(others), 0)
        head = _as_sure_as(head, known, accuracy, len(rows))
    return FittedHead(head, strength, accuracy, spread_rows, _note(classes, numbers))


def numbered(labels: Sequence[str], rows: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Number the classes in the order of their names.

    Returns:
        The K names, and int64 of shape (M,) in [0, K).

    Raises:
        DataError: Fewer than two classes, too many, or not one label for each row.
    """
    require(
        len(labels) == rows,
        f"There are {len(labels)} labels for {rows} rows; they should be equally many.",
    )
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        found = f"only one class, “{classes[0]}”" if classes else "no class"
        require(False, f"The labelled rows have {found}: label rows of at least two classes.")
    require(
        len(classes) <= MOST_CLASSES,
        f"The labels have {len(classes):,} different values, and at most {MOST_CLASSES} classes "
        "can be learnt: choose a column whose values repeat.",
    )
    place = {name: number for number, name in enumerate(classes)}
    return classes, np.array([place[label] for label in labels], dtype=np.int64)


def draw_shots(labels: Sequence[str], shots: int, seed: int) -> NDArray[np.int64]:
    """Draw so many rows of each class, all of a class that has fewer.

    Args:
        labels: The class of each of N rows; "" for none.
        shots: Rows of a class, 1 or more.
        seed: Decides which.

    Returns:
        Row numbers in ascending order, int64.

    Raises:
        DataError: `shots` is below 1.
    """
    require(shots >= 1, f"shots={shots} should be at least 1.")
    names = np.asarray(labels, dtype=object)
    rng = np.random.default_rng(seed)
    classes = sorted(set(labels) - {""})
    drawn = [rng.permutation(np.flatnonzero(names == name))[:shots] for name in classes]
    return np.sort(np.concatenate([*drawn, np.empty(0, np.int64)])).astype(np.int64)


def draw_share(labels: Sequence[str], share: float, seed: int) -> NDArray[np.int64]:
    """Draw a share of the rows of each class, at least one.

    Args:
        labels: The class of each of N rows; "" for none.
        share: Fraction in (0, 1].
        seed: Decides which.

    Returns:
        Row numbers in ascending order, int64.
    """
    names = np.asarray(labels, dtype=object)
    rng = np.random.default_rng(seed)
    drawn = [np.empty(0, np.int64)]
    for name in sorted(set(labels) - {""}):
        members = rng.permutation(np.flatnonzero(names == name))
        drawn.append(members[: max(1, round(share * len(members)))])
    return np.sort(np.concatenate(drawn)).astype(np.int64)


def classify_scores(
    gold: Sequence[str], predicted: Sequence[str], known: Sequence[str] | None = None
) -> ClassifyScores:
    """Compare predicted classes with known ones.

    Args:
        gold: The class of each row.
        predicted: What the head says.
        known: Classes of the head; None if all are.

    Raises:
        DataError: There are no rows, or not equally many of both.
    """
    from sklearn.metrics import f1_score

    require(len(gold) > 0, "There is no row to test on: keep some labelled rows back.")
    require(len(gold) == len(predicted), f"{len(gold)} classes and {len(predicted)} predictions.")
    right = sum(a == b for a, b in zip(gold, predicted, strict=True))
    present = sorted(set(gold))
    low, high = wilson(right, len(gold))
    return ClassifyScores(
        accuracy=right / len(gold),
        macro_f1=float(f1_score(gold, predicted, labels=present, average="macro", zero_division=0)),
        low=low,
        high=high,
        rows=len(gold),
        unseen=() if known is None else tuple(sorted(set(present) - set(known))),
    )


def wilson(right: int, total: int) -> tuple[float, float]:
    """Give the 95 % interval of a share, by Wilson 1927: fractions in [0, 1]."""
    z = 1.959964
    share, scale = right / total, 1 + z * z / total
    middle = (share + z * z / (2 * total)) / scale
    half = z * float(np.sqrt(share * (1 - share) / total + z * z / (4 * total**2))) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def margins(probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the best probability of each row minus its second best: float32 (N,) in [0, 1]."""
    two = -np.partition(-probabilities, 1, axis=1)[:, :2]
    return (two[:, 0] - two[:, 1]).astype(np.float32)


def fit_plain(
    embeddings: NDArray[np.float32], labels: Sequence[str], strength: float
) -> LinearHead:
    """Fit a logistic head of a given strength and nothing else; rows of length 1."""
    classes, numbers = numbered(labels, len(embeddings))
    return _logistic(embeddings, numbers, classes, strength)


def _logistic(
    rows: NDArray[np.float32],
    numbers: NDArray[np.int64],
    classes: tuple[str, ...],
    strength: float,
) -> LinearHead:
    """Fit a multinomial logistic regression; every class counts alike, however many rows it has."""
    from sklearn.linear_model import LogisticRegression

    if len(rows) < 2 * len(classes) + 2:
        # scikit-learn warns of a regression where most rows have a class of their own. Each row
        # three times at a third of the strength is the same problem, without the warning.
        rows, numbers, strength = np.tile(rows, (3, 1)), np.tile(numbers, 3), strength / 3
    model = LogisticRegression(C=strength, max_iter=_STEPS, tol=1e-3, class_weight="balanced")
    model.fit(rows, numbers)
    weights, bias = model.coef_.T, model.intercept_
    if len(classes) == 2:  # scikit-learn keeps one column for two classes
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.r_[-bias / 2, bias / 2]
    return LinearHead(classes, weights.astype(np.float32), bias.astype(np.float32))


def _choose_strength(
    rows: NDArray[np.float32], numbers: NDArray[np.int64], seed: int
) -> tuple[float, float | None]:
    """Cross-validate C; returns it with the accuracy it had, None where nothing can be held back.

    A class with one example is always learnt from and never held back.
    """
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(numbers)
    usable = np.flatnonzero(counts[numbers] > 1)
    single = np.flatnonzero(counts[numbers] == 1)
    most = _FOLDS if len(usable) <= _MANY else _FOLDS_OF_MANY
    folds = min(most, len(usable) // 2, int(counts[counts > 1].min(initial=most)))
    if folds < 2:
        return _STRENGTH_UNCHECKED, None
    cut = list(
        StratifiedKFold(folds, shuffle=True, random_state=seed).split(usable, numbers[usable])
    )
    accuracies: list[float] = []
    for strength in STRENGTHS:
        right = 0
        for train, held in cut:
            taught = np.concatenate([usable[train], single])
            right += _right(rows, numbers, taught, usable[held], strength)
        accuracies.append(right / len(usable))
        if accuracies[-1] < max(accuracies):
            break  # a stronger one would only learn the examples by heart
    best = max(accuracies)
    error = float(np.sqrt(best * (1 - best) / len(usable)))
    place = next(i for i, accuracy in enumerate(accuracies) if accuracy >= best - error)
    return STRENGTHS[place], accuracies[place]


def _right(
    rows: NDArray[np.float32],
    numbers: NDArray[np.int64],
    train: NDArray[np.int64],
    held: NDArray[np.int64],
    strength: float,
) -> int:
    """Count the held-out rows that a head gets right that learnt from the others."""
    present, own = np.unique(numbers[train], return_inverse=True)
    if len(present) < 2:
        return int((numbers[held] == present[0]).sum())
    head = _logistic(rows[train], own, tuple(map(str, present)), strength)
    guesses = present[(rows[held] @ head.weights + head.bias).argmax(axis=1)]
    return int((guesses == numbers[held]).sum())


def _taught_by_neighbours(
    head: LinearHead,
    rows: NDArray[np.float32],
    numbers: NDArray[np.int64],
    others: NDArray[np.float32],
    progress: Progress,
) -> LinearHead:
    """Spread the guesses of a head over the other rows, and learn from what came of it."""
    everything = np.vstack([rows, others])
    start = head.probabilities(everything)
    given = np.eye(len(head.classes), dtype=np.float32)[numbers]
    start[: len(rows)] = given
    settled = spread(everything, start, progress).argmax(axis=1)
    settled[: len(rows)] = numbers
    progress(0, 0, "learning from the neighbours")
    return _logistic(everything, settled, head.classes, _STRENGTH_UNCHECKED)


def _as_sure_as(
    head: LinearHead, rows: NDArray[np.float32], accuracy: float, labelled: int
) -> LinearHead:
    """Scale a head so that its mean top probability is the accuracy that it can expect.

    Few examples make a logistic regression too modest, many guessed ones too sure of itself.
    """
    chance = 1 / len(head.classes)
    wanted = min(max(accuracy, chance + 0.02), 1 - 1 / (2 * labelled + 2))
    logits = rows @ head.weights + head.bias
    low, high = -5.0, 8.0  # log of the factor
    for _ in range(30):
        middle = (low + high) / 2
        mean = float(_softmax(logits * np.float32(np.exp(middle))).max(axis=1).mean())
        low, high = (middle, high) if mean < wanted else (low, middle)
    return head.scaled(float(np.exp((low + high) / 2)))


def _sample(rows: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Take `SPREAD_ROWS` of many rows."""
    if len(rows) <= SPREAD_ROWS:
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), SPREAD_ROWS, replace=False)
    return rows[np.sort(chosen)]


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn scores into probabilities, row by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def _note(classes: tuple[str, ...], numbers: NDArray[np.int64]) -> str:
    """Say which classes have one example only."""
    single = [classes[number] for number in np.flatnonzero(np.bincount(numbers) == 1)]
    if not single:
        return ""
    if len(single) == 1:
        return f"The class “{single[0]}” has one example only: label a few more rows of it."
    return f"{len(single)} classes have one example only, such as “{single[0]}”: label a few more."
