"""What the layers ask of each other, and no more than that."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Progress(Protocol):
    """Called by long work between steps; raises `Cancelled` when the user has stopped it."""

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """Report `done` of `total` units (rows, candidates, steps); `message` names the stage."""


def no_progress(done: int, total: int, message: str = "") -> None:
    """Ignore progress: the default where nobody watches."""


class Encoder(Protocol):
    """All that search, clustering and tests ask of an encoder."""

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> NDArray[np.float32]:
        """Return one vector per text: float32 of shape (N, D)."""
