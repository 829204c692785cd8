"""What can be trained: a siamese encoder, or a cross-encoder, behind one face.

The trainer moves weights, and a learner says which network that is, how examples become batches
for it, and how it scores a pair.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import PreTrainedModel

from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.encoders.encoder import SentenceEncoder
from sbert_core.encoders.precision import has_native_bf16

from .batches import Batches, PairBatches, SiameseBatches
from .config import TrainConfig
from .examples import Examples
from .held_out import label_sameness
from .losses import pairwise_cosine
from .objectives import make_objective
from .trainer import Evaluate, Trainer, seeded


class Learner(Protocol):
    """A network in training.

    Attributes:
        network: The network whose weights change.
        backbone: Its costly part, which may compute in bfloat16.
        dims: Dimensions D of a sentence embedding; 0 if it has none.
        device: Where it computes.
    """

    network: nn.Module
    backbone: nn.Module
    dims: int
    device: torch.device

    def batches(self, examples: Examples, targets: NDArray[np.float32] | None) -> Batches:
        """Tokenise examples."""

    def similarities(self, a: Sequence[str], b: Sequence[str]) -> NDArray[np.float32]:
        """Score N pairs: float32 (N,), larger for more alike."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Embed N texts: float32 (N, D); None if it has no embeddings."""

    def save(self, folder: Path) -> None:
        """Write a model folder that sentence-transformers loads."""


class SiameseLearner:
    """A sentence encoder.

    Args:
        encoder: Freshly loaded in float32; its weights are changed.
    """

    def __init__(self, encoder: SentenceEncoder) -> None:
        self.encoder = encoder
        self.network: nn.Module = encoder.model
        self.backbone: nn.Module = encoder.model.backbone
        self.dims, self.device = encoder.dims, encoder.device

    def batches(self, examples: Examples, targets: NDArray[np.float32] | None) -> Batches:
        """Tokenise each text for itself."""
        return SiameseBatches(self.encoder.tokenizer, examples, targets)

    def similarities(self, a: Sequence[str], b: Sequence[str]) -> NDArray[np.float32]:
        """Take the cosine of each pair: float32 (N,) in [-1, 1]; 0 where a vector is zero."""
        vectors = self.encoder.encode([*a, *b])
        u, v = torch.from_numpy(vectors).split(len(a))
        return pairwise_cosine(u, v).numpy()

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Embed texts."""
        return self.encoder.encode(texts)

    def save(self, folder: Path) -> None:
        """Write the encoder."""
        self.encoder.save(folder)


class CrossLearner:
    """A cross-encoder with a fresh head on an encoder's backbone.

    Args:
        encoder: The cross-encoder.
        device: "cpu" or "cuda"; None takes CUDA where torch sees it.
    """

    dims = 0

    def __init__(self, encoder: CrossEncoder, device: str | None = None) -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.encoder = encoder.to(self.device)
        self.network: nn.Module = self.encoder
        self.backbone: nn.Module = self.encoder.network

    def batches(self, examples: Examples, targets: NDArray[np.float32] | None) -> Batches:
        """Tokenise both texts of an example together."""
        return PairBatches(self.encoder, examples)

    def similarities(self, a: Sequence[str], b: Sequence[str]) -> NDArray[np.float32]:
        """Judge each pair: float32 (N,) in [0, 1].

        With labels instead of a score: the label's sameness, weighted by its probability.
        """
        judged = self.encoder.predict(list(zip(a, b, strict=True)))
        if judged.ndim == 1:
            return judged
        chances = torch.from_numpy(judged).softmax(dim=1).numpy()
        return chances @ label_sameness(self.encoder.label_names).astype(np.float32)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Say that there are none: a cross-encoder sees pairs only."""
        return None

    def save(self, folder: Path) -> None:
        """Write the cross-encoder."""
        self.encoder.save(folder)


def trainer_for(
    learner: Learner,
    objective: str,
    settings: Mapping[str, Any],
    examples: Examples,
    config: TrainConfig,
    folder: Path,
    evaluate: Evaluate | None = None,
    targets: NDArray[np.float32] | None = None,
) -> Trainer:
    """Put learner, objective and examples together; the seed decides the objective's own weights.

    Args:
        learner: What is trained.
        objective: One of `OBJECTIVES`.
        settings: The objective's own.
        examples: What is learnt from.
        config: How.
        folder: Where checkpoint and history are kept.
        evaluate: Called now and then with the step.
        targets: float32 (N, D_teacher), for `distill`.

    Raises:
        DataError: A setting is not allowed, or the labels do not fit the objective.
    """
    teacher_dims = None if targets is None else targets.shape[1]
    with seeded(config.seed):
        goal = make_objective(objective, learner.dims, settings, examples.label_names, teacher_dims)
    return Trainer(
        model=learner.network,
        objective=goal,
        batches=learner.batches(examples, targets),
        config=config,
        folder=folder,
        evaluate=evaluate,
        low=bfloat16_part(learner),
    )


def bfloat16_part(learner: Learner) -> nn.Module | None:
    """Say which part of a learner is to compute in bfloat16: its backbone, where that is native.

    On a CPU the fused attention's backward pass is slow in bfloat16: plain attention trains a
    bert-mini on short sentences a fifth faster, and is chosen here.
    """
    if not has_native_bf16(learner.device):
        return None
    backbone = learner.backbone
    if learner.device.type == "cpu" and isinstance(backbone, PreTrainedModel):
        backbone.set_attn_implementation("eager")
    return backbone
