"""A run so small that it takes a blink: a line with dropout, fitted to noise.

`python -m tests.training.toy FOLDER LOW KILL_AT` runs it and kills itself before step KILL_AT.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sbert_core.protocols import no_progress
from sbert_core.training.config import TrainConfig
from sbert_core.training.objective_base import Objective
from sbert_core.training.trainer import Trainer

EXAMPLES, WIDTH = 48, 4
# Time passes differently every time.
CLOCKS = ("seconds", "sentences_per_second")


class ToyModel(nn.Module):
    def __init__(self, dropout=0.2):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Sequential(nn.Linear(WIDTH, 8), nn.ReLU(), nn.Dropout(dropout))
        self.head = nn.Linear(8, 1)

    def forward(self, x):
        x = x.to(next(self.backbone.parameters()).dtype)
        return self.head(self.backbone(x).float())[:, 0]


class ToyBatches:
    sentences = 1

    def __init__(self, examples=EXAMPLES):
        generator = torch.Generator().manual_seed(1)
        self.x = torch.randn(examples, WIDTH, generator=generator)
        self.y = self.x.sum(dim=1) + torch.randn(examples, generator=generator)
        self.lengths = np.arange(examples, dtype=np.int32) % 7 + 1

    def batch(self, places, device):
        return self.x[places], self.y[places]


class ToyObjective(Objective):
    """Mean squared error, with a weight of its own that learns too."""

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(1))

    def accumulate(self, model, batch, scale=1.0):
        x, y = batch
        loss = ((model(x) + self.shift - y) ** 2).mean()
        (scale * loss).backward()
        return loss.item()


def toy_trainer(folder, config=None, *, low=False, evaluate=True, dropout=0.2):
    model, batches = ToyModel(dropout), ToyBatches()

    def measure(step):
        with torch.no_grad():
            return {"dev_spearman": -((model(batches.x) - batches.y) ** 2).mean().item()}

    return Trainer(
        model,
        ToyObjective(),
        batches,
        config or TOY,
        Path(folder),
        measure if evaluate else None,
        model.backbone if low else None,
    )


TOY = TrainConfig(epochs=3, batch_size=8, learning_rate=0.05, save_seconds=0, seed=5)


def without_clocks(history):
    return [{k: v for k, v in entry.items() if k not in CLOCKS} for entry in history]


def main(folder, low, kill_at):
    def progress(done, total, message=""):
        if done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    toy_trainer(folder, low=low).run(progress if kill_at else no_progress)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] == "low", int(sys.argv[3]))
