"""The recipes: bert-mini from raw text; from it, two sentence encoders and a cross-encoder."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbert_core.encoders.catalog import resolve
from sbert_core.encoders.encoder import SentenceEncoder
from sbert_core.protocols import Progress
from sbert_core.training.config import TrainConfig
from sbert_core.training.examples import Examples
from sbert_core.training.pretrain import PretrainConfig, pretrain

from . import cards
from .examples import nli_pairs, silver_pairs, sts_pairs
from .sources import draw_sentences, pretraining_files
from .steps import Step, fine_tune, ship

logger = logging.getLogger(__name__)

TEACHER = "minilm"

# The recipe of Reimers & Gurevych 2019, sections 3.1 and 4.2: one epoch of NLI with the softmax
# objective, then STS regression. The rates are higher than theirs, as the network is narrower.
NLI = Step("nli", "nli", TrainConfig(epochs=2, batch_size=32, learning_rate=2e-4), {})
NLI_STS = Step(
    "sts", "sts", TrainConfig(epochs=8, batch_size=16, learning_rate=2e-4), {"form": "mse"}
)

DISTILL = Step(
    "distill",
    "distill",
    TrainConfig(epochs=3, batch_size=256, learning_rate=1e-3, warmup=0.05, save_seconds=120),
    {},
    dropout=False,
)
STS = Step("sts", "sts", TrainConfig(epochs=4, batch_size=32, learning_rate=1e-4), {"form": "mse"})

# Thakur et al. 2021 (Augmented SBERT, arXiv 2010.08240), the other way round: there a cross-encoder
# grades pairs for a siamese encoder, here the teacher grades pairs for the cross-encoder.
SILVER = Step(
    "silver",
    "cross",
    TrainConfig(epochs=1, batch_size=64, learning_rate=5e-4, warmup=0.05, save_seconds=120),
    {},
    dropout=False,
)
GOLD = Step("gold", "cross", TrainConfig(epochs=6, batch_size=32, learning_rate=1e-4), {})


def bert_mini(data: Path, work: Path, progress: Progress, minutes: float = 60.0) -> Path:
    """Pretrain by masked-language modelling; a later call goes on, for so many minutes more."""
    made = pretrain(
        pretraining_files(data), work / "bert-mini", PretrainConfig(minutes=minutes), progress
    )
    return ship(made.out, "bert-mini", *cards.bert_mini(made, data))


def sbert_mini_nli(data: Path, work: Path, progress: Progress) -> Path:
    """Fine-tune by the recipe of the Sentence-BERT paper."""
    place = work / "sbert-mini-nli"
    base = work / "bert-mini"
    inferred = fine_tune(base, NLI, nli_pairs(data), data, place, progress)
    scored = fine_tune(inferred, NLI_STS, sts_pairs(data), data, place, progress)
    return ship(scored, "sbert-mini-nli", *cards.sbert_mini_nli(inferred, scored, data))


def sbert_mini(data: Path, work: Path, progress: Progress) -> Path:
    """Learn from a teacher first, then from graded pairs.

    A step of contrastive learning on 8,015 entailments between the two was tried and gained
    nothing on stsb-dev (84.95 in the end, against 85.01 without it, both with CoSENT; squared error
    instead of CoSENT gave 86.91).
    """
    place = work / "sbert-mini"
    sentences, targets = taught(data, work, progress)
    distilled = fine_tune(
        work / "bert-mini", DISTILL, sentences, data, place, progress, targets=targets
    )
    scored = fine_tune(distilled, STS, sts_pairs(data), data, place, progress)
    return ship(scored, "sbert-mini", *cards.sbert_mini(distilled, scored, data))


def cross_mini(data: Path, work: Path, progress: Progress) -> Path:
    """Learn to judge pairs that the teacher graded, then those that people graded."""
    place = work / "cross-mini"
    graded = silver_pairs(*taught(data, work, progress))
    judged = fine_tune(work / "bert-mini", SILVER, graded, data, place, progress)
    scored = fine_tune(judged, GOLD, sts_pairs(data), data, place, progress)
    return ship(scored, "cross-mini", *cards.cross_mini(judged, scored, len(graded), data))


def taught(data: Path, work: Path, progress: Progress) -> tuple[Examples, NDArray[np.float32]]:
    """Draw sentences and embed them with the teacher, once.

    Returns:
        N sentences, and the teacher's vectors float32 (N, D).
    """
    texts_file, vectors_file = work / "sentences.json", work / "teacher.npy"
    if not vectors_file.is_file():
        sentences = draw_sentences(data)
        texts_file.write_text(json.dumps(sentences), encoding="utf-8")
        vectors = SentenceEncoder.load(resolve(TEACHER)).encode(sentences, progress)
        np.save(vectors_file, vectors.astype(np.float16))  # 0.5 GB instead of 1 GB
    texts: Sequence[str] = json.loads(texts_file.read_text(encoding="utf-8"))
    return Examples("sentences", (tuple(texts),)), np.load(vectors_file).astype(np.float32)
