"""What to train, and how it went: the two ends of a training run, as plain values."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from .encoders.catalog import parse_spec
from .errors import DataError
from .evaluation.gain import Gain
from .hashing import content_key
from .training.config import TrainConfig
from .training.objective_settings import ObjectiveAbout, Setting

# What a page needs to ask for a run comes through this door.
__all__ = [
    "DataKind",
    "FileColumns",
    "MovedPair",
    "ObjectiveAbout",
    "Setting",
    "TrainConfig",
    "TrainData",
    "TrainEstimate",
    "TrainPreview",
    "TrainReport",
    "TrainRequest",
]

DataKind = Literal["sample", "file", "corpus"]


@dataclass(frozen=True)
class TrainData:
    """Where the examples come from.

    Attributes:
        kind: "sample" for the bundled graded pairs, "file", or "corpus" for one with labels.
        place: Path of the file or an "hf:" dataset, or id of the corpus; "" for the sample.
        columns: Role to column of the file, such as {"a": "question1"}; empty to guess.
    """

    kind: DataKind = "sample"
    place: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainRequest:
    """A training run, described completely: equal requests are one run.

    Attributes:
        base: Encoder string of what is trained further.
        objective: One of `OBJECTIVES`.
        data: What it learns from.
        config: Steps, rates, seed.
        settings: The objective's own settings, such as {"margin": 1.0}.
        dev: File of scored pairs to evaluate on while training; "" holds examples back instead.
        test: File of scored pairs for the verdict; "" likewise.
        teacher: Encoder string, for `distill` only.
        watch: Id of a corpus whose sentences are drawn at checkpoints; "" for training texts.
    """

    base: str
    objective: str
    data: TrainData = field(default_factory=TrainData)
    config: TrainConfig = field(default_factory=TrainConfig)
    settings: Mapping[str, Any] = field(default_factory=dict)
    dev: str = ""
    test: str = ""
    teacher: str = ""
    watch: str = ""

    def __post_init__(self) -> None:
        if self.objective == "distill" and not self.teacher:
            raise DataError("distill needs a teacher: name an encoder whose vectors to match.")
        if self.objective != "distill" and self.teacher:
            raise DataError(f"{self.objective} has no teacher: only distill learns from one.")

    @property
    def run_id(self) -> str:
        """Content of the request.

        Files and model folders count by size and time, so that a new one is a new run.
        """
        models = [parse_spec(name).model for name in (self.base, self.teacher) if name.strip()]
        files = [self.dev, self.test, self.data.place if self.data.kind == "file" else ""]
        places = [*(str(Path(model) / "model.safetensors") for model in models), *files]
        return content_key("train", self.to_dict(), [_mark(place) for place in places])

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # tuples become lists
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainRequest":
        """Build a request from `to_dict`'s result."""
        nested = {
            "data": TrainData(**values["data"]),
            "config": TrainConfig.from_dict(values["config"]),
        }
        return cls(**{**values, **nested})


@dataclass(frozen=True)
class FileColumns:
    """The columns of a file of examples.

    Attributes:
        names: All of them.
        guess: Role to column, as far as it can be told; roles are those of `TrainData.columns`.
    """

    names: tuple[str, ...]
    guess: Mapping[str, str]


@dataclass(frozen=True)
class TrainPreview:
    """What a source holds for an objective.

    Attributes:
        count: Number of examples.
        found: Sentences about what was read, dropped and converted.
        rows: The first few examples, heading to value.
    """

    count: int
    found: tuple[str, ...]
    rows: tuple[Mapping[str, str | float], ...]


@dataclass(frozen=True)
class TrainEstimate:
    """What a run would take, said before it starts.

    Attributes:
        examples: Examples it would learn from.
        steps: Steps of the optimiser.
        seconds: Estimate, from a few steps timed on this machine.
        found: Sentences about the data.
    """

    examples: int
    steps: int
    seconds: float
    found: tuple[str, ...]


@dataclass(frozen=True)
class MovedPair:
    """A pair whose cosine changed much.

    Attributes:
        a: One sentence.
        b: The other.
        gold: What people think, as in the data.
        before: Cosine in [-1, 1] under the base.
        after: Cosine under the trained encoder.
    """

    a: str
    b: str
    gold: float
    before: float
    after: float


@dataclass(frozen=True)
class TrainReport:
    """How a run went.

    Attributes:
        examples: Examples it learnt from.
        steps: Steps of the optimiser.
        best_step: The step whose weights were kept.
        dev: Before and after on the pairs that chose the best step.
        test: The same on pairs that chose nothing; None where there are none.
        base_kept: Whether the base is better and the trained weights are not worth having.
        moved: Pairs that moved most.
        found: Sentences about the data.
        seconds: Time spent.
    """

    examples: int
    steps: int
    best_step: int
    dev: Gain
    test: Gain | None
    base_kept: bool
    moved: tuple[MovedPair, ...]
    found: tuple[str, ...]
    seconds: float

    @property
    def verdict(self) -> str:
        """One plain sentence, from the test pairs where there are any."""
        return (self.test or self.dev).verdict

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainReport":
        """Build a report from `to_dict`'s result."""
        gains = {
            part: None if values[part] is None else Gain(**values[part]) for part in ("dev", "test")
        }
        moved = tuple(MovedPair(**pair) for pair in values["moved"])
        return cls(**{**values, **gains, "moved": moved, "found": tuple(values["found"])})


def _mark(place: str) -> list[object]:
    """Tell one state of a file from another without reading it."""
    path = Path(place)
    if not place or not path.is_file():
        return []
    return [path.stat().st_size, path.stat().st_mtime_ns]
