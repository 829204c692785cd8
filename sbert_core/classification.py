"""What classification is asked for and what it gives: plain values, and how they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from .analysis.classify import ClassifyScores, HeadConfig
from .analysis.zero_shot import TEMPLATE, label_names, prompts
from .corpus.records import RunRecord
from .errors import DataError

if TYPE_CHECKING:
    import pandas as pd

LabelSource = Literal["hand", "column"]


@dataclass(frozen=True)
class ZeroShotConfig:
    """Names to sort rows under.

    Attributes:
        labels: The names.
        template: A sentence with {} where a name goes; "" for the bare names.
    """

    labels: tuple[str, ...]
    template: str = TEMPLATE

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            DataError: A name is empty or doubled, there are fewer than two, or the template has
                no place for the name.
        """
        object.__setattr__(self, "labels", label_names(self.labels))
        prompts(self.labels, self.template)

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain JSON."""
        return {"labels": list(self.labels), "template": self.template}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ZeroShotConfig":
        """Build a configuration from what `to_dict` returned."""
        return cls(tuple(values["labels"]), values["template"])


@dataclass(frozen=True)
class FewShotConfig:
    """Which rows are examples, and how a head learns from them.

    Attributes:
        source: "hand" for the labels given by hand, "column" for those of a column.
        column: The column; "" for labels given by hand.
        shots: Examples of each class, drawn by the seed; 0 for all labelled rows. More examples
            are better, and leave fewer rows to test on.
        spread: Whether the unlabelled rows take part: mostly a few points better, and slower.
        seed: Decides which examples are drawn, and the folds of cross-validation.
        held_out: Share of each class's labelled rows that is kept back to test on, in [0, 1);
            only where `shots` is 0.
    """

    source: LabelSource = "column"
    column: str = ""
    shots: int = 8
    spread: bool = True
    seed: int = 42
    held_out: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            DataError: A value is outside its range.
        """
        if self.source not in ("hand", "column"):
            raise DataError(f"source={self.source!r} should be hand or column.")
        if self.source == "column" and not self.column:
            raise DataError("Choose the column that holds the labels.")
        if self.shots < 0:
            raise DataError(f"shots={self.shots} should be at least 1, or 0 for all.")
        if not 0 <= self.held_out < 1:
            raise DataError(f"held_out={self.held_out} should be at least 0 and below 1.")
        HeadConfig(self.seed, self.spread)

    @property
    def head(self) -> HeadConfig:
        """How the head is learnt."""
        return HeadConfig(self.seed, self.spread)

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "FewShotConfig":
        """Build a configuration from what `to_dict` returned, other keys left aside."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, eq=False)
class Sorted:
    """Rows with a class each: what zero-shot and few-shot have in common.

    Attributes:
        run: The run record that repeats it.
        classes: K names.
        labels: int32 array of shape (N,), the class of each row, in [0, K).
        scores: float32 array of shape (N,): cosine to the class's name in [-1, 1] for zero-shot,
            probability in [0, 1] for few-shot.
        margins: float32 array of shape (N,): how much better than the second class, in the
            units of `scores`. Near 0 is least certain. Examples have 1 in both: their class was
            given, not guessed.
    """

    run: RunRecord
    classes: tuple[str, ...]
    labels: NDArray[np.int32]
    scores: NDArray[np.float32]
    margins: NDArray[np.float32]

    @property
    def counts(self) -> list[int]:
        """Rows of each class."""
        return np.bincount(self.labels, minlength=len(self.classes)).tolist()

    @property
    def names(self) -> NDArray[np.object_]:
        """The class name of each row: object (N,)."""
        named: NDArray[np.object_] = np.array(self.classes, dtype=object)[self.labels]
        return named

    @property
    def score_name(self) -> str:
        """What the scores are."""
        return "probability" if self.run.kind == "few_shot" else "cosine"

    def least_certain(self, count: int) -> list[int]:
        """List the rows whose class is least certain, the least certain first."""
        return np.argsort(self.margins, kind="stable")[:count].tolist()


@dataclass(frozen=True, eq=False)
class FewShot(Sorted):
    """Rows classified by a head that was learnt from examples.

    Attributes:
        given: int32 array of shape (N,): the class of each example, -1 elsewhere.
        strength: Cross-validated C of the logistic regression.
        cross_validated: Accuracy on examples that were held back in turn, fraction in [0, 1];
            None where no class has two.
        spread_rows: Unlabelled rows that took part.
        held_out: Scores on labelled rows that were not examples; None where there are none.
        note: One sentence on anything a reader should know, or "".
    """

    given: NDArray[np.int32]
    strength: float
    cross_validated: float | None
    spread_rows: int
    held_out: ClassifyScores | None
    note: str = ""

    @property
    def examples(self) -> list[int]:
        """The rows that were learnt from."""
        return np.flatnonzero(self.given >= 0).tolist()

    @property
    def config(self) -> FewShotConfig:
        """What was asked for."""
        return FewShotConfig.from_dict(self.run.parameters)


@dataclass(frozen=True)
class Tuned:
    """Fine-tuning the encoder on the few examples, and what it did for rows held out.

    Attributes:
        run: The run record that repeats it.
        training_run: Id of the run on the Train page.
        examples: Labelled rows that it learnt from.
        pairs: Pairs made of them.
        before: Scores of a head on the vectors of the base.
        after: Scores of a head on the vectors of the fine-tuned encoder.
        gain: Accuracy after minus before, a difference of fractions in [-1, 1].
        low: Lower end of the gain's 95 % interval, from resampled test rows.
        high: Upper end.
    """

    run: RunRecord
    training_run: str
    examples: int
    pairs: int
    before: ClassifyScores
    after: ClassifyScores
    gain: float
    low: float
    high: float

    @property
    def sentence(self) -> str:
        """Say whether it helped."""
        points = f"{100 * self.gain:+.1f}".replace("-", "−")
        held = f"{points} points on {self.before.rows:,} held-out rows"
        if self.low > 0:
            return f"Fine-tuning helped: {held}."
        if self.high < 0:
            return f"Fine-tuning hurt: {held}. Keep the encoder as it was."
        return f"No clear difference: {held}. Keep the encoder as it was, or label more rows."


@dataclass(frozen=True)
class Examples:
    """Rows that are learnt from, and rows that are known besides.

    Attributes:
        rows: Row numbers of the examples, ascending.
        labels: Their classes.
        test_rows: Labelled rows that are no examples, ascending.
        test_labels: Their classes.
    """

    rows: tuple[int, ...]
    labels: tuple[str, ...]
    test_rows: tuple[int, ...] = ()
    test_labels: tuple[str, ...] = ()


def words_of(values: Sequence[Any]) -> list[str]:
    """Write the cells of a column as class names; "" where a cell is empty."""
    return [_word(value) for value in values]


def _word(value: Any) -> str:
    """One cell as a class name."""
    if isinstance(value, str):
        return " ".join(value.split())
    # How pandas writes that a number, a time or anything else is missing.
    if value is None or str(value) in ("nan", "<NA>", "NaT"):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def read_zero_shot(run: RunRecord, columns: Mapping[str, NDArray[Any]]) -> Sorted:
    """Turn a stored zero-shot run back into a result."""
    classes = tuple(run.parameters["labels"])
    return Sorted(run, classes, columns["label"], columns["score"], columns["margin"])


def read_few_shot(run: RunRecord, columns: Mapping[str, NDArray[Any]]) -> FewShot:
    """Turn a stored few-shot run back into a result."""
    stored = run.result
    return FewShot(
        run=run,
        classes=tuple(stored["classes"]),
        labels=columns["label"],
        scores=columns["score"],
        margins=columns["margin"],
        given=columns["given"],
        strength=stored["strength"],
        cross_validated=stored["cross_validated"],
        spread_rows=stored["spread_rows"],
        held_out=scores_of(stored["held_out"]),
        note=stored["note"],
    )


def read_tuned(run: RunRecord) -> Tuned:
    """Turn a stored fine-tuning back into a result."""
    stored = dict(run.result)
    for part in ("before", "after"):
        stored[part] = scores_of(stored[part])
    return Tuned(run=run, **stored)


def scores_of(stored: Mapping[str, Any] | None) -> ClassifyScores | None:
    """Turn stored scores back into a result."""
    if stored is None:
        return None
    return ClassifyScores(**{**stored, "unseen": tuple(stored["unseen"])})


def same_name(name: str) -> str:
    """Reduce a class name to what makes it the same as another."""
    return " ".join(name.replace("_", " ").split()).casefold()


def beside(frame: "pd.DataFrame", columns: Mapping[str, Any]) -> "pd.DataFrame":
    """Put columns beside the user's; where a name is taken, ours gets a number."""
    for name, values in columns.items():
        taken, number = name, 1
        while taken in frame.columns:
            number += 1
            taken = f"{name}_{number}"
        frame = frame.assign(**{taken: values})
    return frame
