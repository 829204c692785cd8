"""The trainer: one loop for every objective, on a CPU or a GPU, that can be killed and resumed.

The recipe is that of Reimers & Gurevych 2019, section 3.1 (Adam, linear warm-up over 10 % of the
steps), with weight decay kept off biases and LayerNorm (Devlin et al. 2019, appendix A.2).

Whatever depends on chance in a step, the batch and dropout, depends on (seed, step) alone. A
checkpoint therefore holds weights, the optimiser and a step number, and a run that was killed
continues with the very losses it would have had.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sbert_core.errors import Cancelled, DataError
from sbert_core.protocols import Progress, no_progress

from .batches import Batches, bucketed_batches
from .config import TrainConfig
from .master_weights import MasterWeights
from .objective_base import Objective

# What an evaluation returns; the trainer itself looks at "dev_spearman" only.
Evaluate = Callable[[int], Mapping[str, float]]
History = list[dict[str, float]]

_LOGGED_STEPS = 400  # points of the loss curve at most
_TIMED_STEPS = 3


@dataclass
class TrainState:
    """How far a run is.

    Attributes:
        step: Steps of the optimiser that are done.
        best_step: Step of the best evaluation; 0 if there is none yet.
        best_score: Its dev Spearman x 100.
        stale: Evaluations since then.
        seconds: Time spent, over all starts.
        history: One entry per logged step, with what an evaluation found where there was one.
        losses: Losses of the steps since the last entry.
        sentences: Sentences of these steps.
        logged_seconds: `seconds` after the last entry, from when these steps count.
    """

    step: int = 0
    best_step: int = 0
    best_score: float = -math.inf
    stale: int = 0
    seconds: float = 0.0
    history: History = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    sentences: int = 0
    logged_seconds: float = 0.0


class Trainer:
    """Moves a model's weights downhill; keeps the best of what it met on the way.

    Args:
        model: What the objective embeds with; its weights change in place.
        objective: What is minimised; its own weights learn too.
        batches: The examples.
        config: How.
        folder: Where checkpoint, best weights and history are kept; a run that was killed goes
            on from what lies there.
        evaluate: Called with the step, the model in evaluation mode; None for no evaluation.
        low: The part that computes in bfloat16, converted in place; None for float32.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        batches: Batches,
        config: TrainConfig,
        folder: Path,
        evaluate: Evaluate | None = None,
        low: nn.Module | None = None,
    ) -> None:
        self.model, self.objective, self.batches = model, objective, batches
        self.config, self.folder, self.evaluate = config, folder, evaluate
        self.device = next(model.parameters()).device
        self.state = TrainState()
        self._together = nn.ModuleDict({"model": model, "objective": objective.to(self.device)})
        self.weights = MasterWeights(self._together, low)
        self.optimizer = torch.optim.AdamW(
            self.weights.decay_groups(config.weight_decay), lr=config.learning_rate, fused=True
        )
        examples = len(batches.lengths)
        self.steps_per_epoch = config.steps_per_epoch(examples)
        self.total_steps = config.steps(examples)
        self._evaluate_every = config.evaluation_interval(self.total_steps)
        self._log_every = max(1, self.total_steps // _LOGGED_STEPS)

    def run(self, progress: Progress = no_progress) -> TrainState:
        """Train to the end, from the start or from where a killed run stopped.

        Args:
            progress: Called with steps done and in all after each step; raises `Cancelled` to
                stop. A checkpoint is written before the exception goes on.

        Returns:
            The final state; the model has the weights of the best evaluation, or of the last
            step where there is no evaluation.

        Raises:
            DataError: The loss is no longer a number.
            Cancelled: From `progress`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        clock = _Clock(self.state.seconds)
        if self.state.step == 0 and not self.state.history:
            self._record({"step": 0.0, "seconds": 0.0, **self._evaluation()})
            self.state.logged_seconds = clock.seconds
        try:
            while self.state.step < self.total_steps and not self._stale():
                self._tell(progress)
                self._step()
                self.state.seconds = clock.seconds
                if self._log():
                    # What an evaluation takes is not the speed of training.
                    self.state.logged_seconds = clock.seconds
                if clock.since_save > self.config.save_seconds:
                    self._checkpoint()
                    clock.saved()
        except Cancelled:
            self._checkpoint()
            raise
        self._checkpoint()
        self._tell(progress)
        self._take_best()
        return self.state

    def seconds_per_step(self) -> float:
        """Time a few steps, the first not counted; the weights are changed by them."""
        self._step()
        begun = time.monotonic()
        for _ in range(_TIMED_STEPS):
            self._step()
        return (time.monotonic() - begun) / _TIMED_STEPS

    # --- one step ---------------------------------------------------------------------------

    def _step(self) -> None:
        """Learn from the next batches."""
        self._together.train()
        batches = self._places(self.state.step)
        with seeded(self.config.seed * 1_000_003 + self.state.step, self.device):
            losses = [
                self.objective.accumulate(
                    self.model, self.batches.batch(places, self.device), 1 / len(batches)
                )
                for places in batches
            ]
        self.weights.collect_gradients()
        length = nn.utils.clip_grad_norm_(
            self.weights.parameters.values(), self.config.max_grad_norm
        )
        loss = float(np.mean(losses))
        if not (math.isfinite(loss) and math.isfinite(length)):
            raise DataError(
                f"The loss is no longer a number at step {self.state.step + 1}. Start again with "
                f"a learning rate below {self.config.learning_rate:g}."
            )
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate(self.state.step)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.weights.distribute()
        self.state.step += 1
        self.state.losses.append(loss)
        self.state.sentences += sum(map(len, batches)) * self.batches.sentences

    def _places(self, step: int) -> list[np.ndarray[Any, np.dtype[np.intp]]]:
        """Find the batches of a step."""
        epoch, within = divmod(step, self.steps_per_epoch)
        if epoch != getattr(self, "_epoch", None):
            self._epoch = epoch
            self._order = bucketed_batches(
                self.batches.lengths, self.config.batch_size, self.config.seed, epoch
            )
        first = within * self.config.accumulate
        return self._order[first : first + self.config.accumulate]

    def learning_rate(self, step: int) -> float:
        """Rise linearly to the peak, then fall linearly to zero at the last step."""
        warm = max(1, round(self.config.warmup * self.total_steps))
        left = (self.total_steps - step) / max(1, self.total_steps - warm)
        return self.config.learning_rate * min((step + 1) / warm, left, 1.0)

    # --- watching ---------------------------------------------------------------------------

    def _evaluates_now(self) -> bool:
        """Whether this step is followed by an evaluation; the last one always is."""
        return self.state.step % self._evaluate_every == 0 or self.state.step == self.total_steps

    def _evaluation(self) -> dict[str, float]:
        """Evaluate, and keep the weights if they are the best so far."""
        if self.evaluate is None:
            return {}
        self._together.eval()
        found = dict(self.evaluate(self.state.step))
        score = found.get("dev_spearman")
        if score is not None and self.state.step > 0:
            if score > self.state.best_score:
                self.state.best_score, self.state.best_step = score, self.state.step
                self.state.stale = 0
                _save(self.weights.state(), self.folder / "best.pt")
            else:
                self.state.stale += 1
        return found

    def _stale(self) -> bool:
        """Whether it is time to stop early."""
        return 0 < self.config.patience <= self.state.stale

    def _log(self) -> bool:
        """Now and then, describe the steps since the last entry, and evaluate; say if so."""
        evaluates = self._evaluates_now()
        if not evaluates and self.state.step % self._log_every:
            return False
        state = self.state
        entry = {
            "step": float(state.step),
            "loss": float(np.mean(state.losses)),
            "lr": self.learning_rate(state.step - 1),
            "sentences_per_second": state.sentences
            / max(1e-9, state.seconds - state.logged_seconds),
            "seconds": state.seconds,
        }
        state.losses, state.sentences, state.logged_seconds = [], 0, state.seconds
        self._record(entry | (self._evaluation() if evaluates else {}))
        return True

    def _record(self, entry: dict[str, float]) -> None:
        """Add to the history, in memory and on disk, where a page watches it."""
        self.state.history.append(entry)
        with (self.folder / "history.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")

    def _tell(self, progress: Progress) -> None:
        """Report the step, with the last loss."""
        last = next((e["loss"] for e in reversed(self.state.history) if "loss" in e), None)
        progress(
            self.state.step,
            self.total_steps,
            "training" if last is None else f"training, loss {last:.3f}",
        )

    # --- keeping ----------------------------------------------------------------------------

    def _checkpoint(self) -> None:
        """Keep all that the next start needs."""
        content = {
            "state": asdict(self.state),
            "weights": self.weights.state(),
            "optimizer": self.optimizer.state_dict(),
        }
        _save(content, self.folder / "checkpoint.pt")

    def _resume(self) -> None:
        """Go on from a checkpoint, if there is one; entries of the history after it are undone."""
        path = self.folder / "checkpoint.pt"
        if path.is_file():
            content = torch.load(path, map_location=self.device, weights_only=True)
            self.state = TrainState(**content["state"])
            self.weights.restore(content["weights"])
            self.optimizer.load_state_dict(content["optimizer"])
        lines = (json.dumps(entry) + "\n" for entry in self.state.history)
        (self.folder / "history.jsonl").write_text("".join(lines), encoding="utf-8")

    def _take_best(self) -> None:
        """Give the model the best weights, in float32 and ready for use."""
        path = self.folder / "best.pt"
        if self.state.best_step and path.is_file():
            self.weights.restore(torch.load(path, map_location=self.device, weights_only=True))
        masters = self.weights.state()
        self._together.float()
        with torch.no_grad():
            for name, parameter in self._together.named_parameters():
                parameter.copy_(masters[name])
        self._together.eval()


class _Clock:
    """Seconds of training over all starts, and since the last checkpoint."""

    def __init__(self, before: float) -> None:
        self._begun = self._saved = time.monotonic()
        self._before = before

    @property
    def seconds(self) -> float:
        return self._before + time.monotonic() - self._begun

    @property
    def since_save(self) -> float:
        return time.monotonic() - self._saved

    def saved(self) -> None:
        """Start counting anew."""
        self._saved = time.monotonic()


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Let chance depend on a seed for a moment; afterwards it goes on as if nothing had been."""
    cuda = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(seed)
        yield


def _save(content: object, path: Path) -> None:
    """Write a file of tensors; it appears whole or not at all."""
    partial = path.with_suffix(".partial")
    torch.save(content, partial)
    partial.replace(path)
