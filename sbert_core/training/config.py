"""How a training run is steered; imports no torch, so that pages open at once."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sbert_core.errors import DataError

_EVALUATIONS = 10  # in a run, unless asked otherwise


@dataclass(frozen=True)
class TrainConfig:
    """How to train; what to minimise is the `Objective`.

    Attributes:
        epochs: Passes over the examples. More fits them better, until it learns them by heart.
        batch_size: Examples in a step. Larger is steadier and, for `mnrl` and `simcse`, a harder
            task that teaches more.
        learning_rate: Peak. Larger learns faster and forgets faster.
        warmup: Fraction of the steps, in [0, 1], in which the rate rises to its peak.
        weight_decay: Pull of weight matrices towards zero.
        max_grad_norm: Longer gradients are cut to this length.
        accumulate: Batches whose gradients are added up for one step.
        max_steps: Steps at most; None for all epochs.
        evaluate_every: Steps between evaluations; 0 for ten in the run.
        patience: Evaluations without a new best after which training stops; 0 never stops early.
        save_seconds: Seconds between checkpoints.
        seed: Decides the order and dropout.
    """

    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 1e-4
    warmup: float = 0.1
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    accumulate: int = 1
    max_steps: int | None = None
    evaluate_every: int = 0
    patience: int = 0
    save_seconds: float = 30.0
    seed: int = 42

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulate"):
            if getattr(self, name) < 1:
                raise DataError(f"{name}={getattr(self, name)} should be at least 1.")
        if not 0 < self.learning_rate < 1:
            raise DataError(f"learning_rate={self.learning_rate} should be above 0 and below 1.")
        if not 0 <= self.warmup <= 1:
            raise DataError(f"warmup={self.warmup} should be between 0 and 1.")
        for name in ("evaluate_every", "patience", "weight_decay", "save_seconds"):
            if getattr(self, name) < 0:
                raise DataError(f"{name}={getattr(self, name)} should not be negative.")
        if not 0 <= self.seed < 2**32:
            raise DataError(f"seed={self.seed} should be between 0 and {2**32 - 1}.")
        if self.max_grad_norm <= 0 or (self.max_steps is not None and self.max_steps < 1):
            raise DataError("max_grad_norm should be above 0, and max_steps at least 1.")

    def steps(self, examples: int) -> int:
        """Count the steps of a run over so many examples."""
        each = self.steps_per_epoch(examples) * self.epochs
        return min(each, self.max_steps or each)

    def steps_per_epoch(self, examples: int) -> int:
        """Count the steps of one pass over so many examples."""
        return math.ceil(math.ceil(examples / self.batch_size) / self.accumulate)

    def evaluation_interval(self, steps: int) -> int:
        """Count the steps between evaluations in a run of so many steps."""
        return self.evaluate_every or math.ceil(steps / _EVALUATIONS)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainConfig":
        """Build a configuration from `to_dict`'s result."""
        return cls(**values)
