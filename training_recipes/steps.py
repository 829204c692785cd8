"""The steps that recipes are made of: fine-tune with the project's own trainer, judge, ship."""

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from sbert_core.encoders.card import write_card
from sbert_core.encoders.catalog import SHIPPED_MODELS, resolve
from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.encoders.encoder import SentenceEncoder
from sbert_core.encoders.layout import is_cross_encoder
from sbert_core.evaluation.sts import StsScores, read_scored_pairs, spearman, sts_scores
from sbert_core.protocols import Progress
from sbert_core.training.config import TrainConfig
from sbert_core.training.examples import Examples
from sbert_core.training.learners import CrossLearner, Learner, SiameseLearner, trainer_for

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """One stage of fine-tuning.

    Attributes:
        name: What its folder is called.
        objective: One of `OBJECTIVES`.
        config: How.
        settings: The objective's own.
        dropout: Whether dropout stays on; where nothing is seen often, it only costs time.
    """

    name: str
    objective: str
    config: TrainConfig
    settings: Mapping[str, Any]
    dropout: bool = True


def fine_tune(
    base: Path,
    step: Step,
    examples: Examples,
    data: Path,
    work: Path,
    progress: Progress,
    targets: NDArray[np.float32] | None = None,
) -> Path:
    """Train an encoder further; a step that is done is not done again.

    Args:
        base: Model folder to start from.
        step: What to do.
        examples: What to learn from.
        data: The data folder; stsb-dev in it chooses the best step.
        work: Where the step keeps its checkpoint and leaves its model.
        progress: Called with steps done and in all.
        targets: The teacher's vectors, for `distill`.

    Returns:
        The folder of the trained model.
    """
    folder = work / step.name
    if (folder / "model").is_dir():
        return folder / "model"
    learner = _learner(base, step)
    if not step.dropout:
        _without_dropout(learner.network)
    dev = read_scored_pairs(data / "sts" / "stsb-dev.tsv")

    def evaluate(_: int) -> dict[str, float]:
        cosines = learner.similarities(dev.sentences1, dev.sentences2)
        return {"dev_spearman": 100 * spearman(dev.scores, cosines)}

    trainer = trainer_for(
        learner, step.objective, step.settings, examples, step.config, folder, evaluate, targets
    )
    state = trainer.run(progress)
    logger.info(
        "%s: best dev Spearman %.2f at step %d", step.name, state.best_score, state.best_step
    )
    learner.save(folder / "model")
    for name in ("checkpoint.pt", "best.pt"):
        (folder / name).unlink(missing_ok=True)
    return folder / "model"


def _learner(base: Path, step: Step) -> Learner:
    """Load what a step trains: a siamese encoder, or a cross-encoder, with a fresh head at first.

    Raises:
        ModelError: The base cannot be loaded.
    """
    if step.objective != "cross":
        return SiameseLearner(SentenceEncoder.load(resolve(str(base)), precision="fp32"))
    if is_cross_encoder(base):
        return CrossLearner(CrossEncoder.load(base))
    return CrossLearner(CrossEncoder.start(base, labels=1, seed=step.config.seed))


def measure_cross(folder: Path, data: Path) -> dict[str, float]:
    """Score a cross-encoder on stsb-dev and stsb-test: Spearman x 100."""
    encoder = CrossEncoder.load(folder)
    scores = {}
    for part in ("dev", "test"):
        pairs = read_scored_pairs(data / "sts" / f"stsb-{part}.tsv")
        judged = encoder.predict(list(zip(pairs.sentences1, pairs.sentences2, strict=True)))
        scores[part] = 100 * spearman(pairs.scores, judged)
    return scores


def measure(model: str, data: Path) -> dict[str, StsScores]:
    """Score an encoder on stsb-dev and stsb-test."""
    encoder = SentenceEncoder.load(resolve(model), precision="fp32")
    scores = {}
    for part in ("dev", "test"):
        pairs = read_scored_pairs(data / "sts" / f"stsb-{part}.tsv")
        vectors = encoder.encode([*pairs.sentences1, *pairs.sentences2])
        half = len(pairs.scores)
        scores[part] = sts_scores(pairs.scores, vectors[:half], vectors[half:])
    return scores


def ship(folder: Path, name: str, fields: Mapping[str, Any], body: str) -> Path:
    """Put a model into the project, its weights in float16, with a card.

    Args:
        folder: The trained model.
        name: Its name in the project.
        fields: Front matter of the card.
        body: Text of the card.

    Returns:
        The shipped folder.
    """
    target = SHIPPED_MODELS / name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("pretraining*"))
    weights = target / "model.safetensors"
    halves = {key: value.to(torch.float16) for key, value in load_file(weights).items()}
    save_file(halves, weights, {"format": "pt"})
    write_card(target, fields, body)
    return target


def _without_dropout(network: torch.nn.Module) -> None:
    """Turn dropout off for good."""
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
