"""What is minimised: each objective embeds a batch and calls its pure function of `losses.py`.

An objective is a module because some have weights of their own (the classifier of `nli`, the
projection of `distill`), which learn beside the model's. `Objective.accumulate` is all that a
training loop calls; it is in `objective_base.py`.

Letters: B examples in the batch, D dimensions of a sentence embedding.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from sbert_core.errors import DataError

from . import losses
from .objective_base import Batch, Objective, Tokens
from .objective_settings import (
    ABOUT,
    CONCATENATIONS,
    OBJECTIVES,
    ObjectiveAbout,
    ObjectiveName,
    Setting,
    checked_settings,
)

__all__ = [
    "ABOUT",
    "CONCATENATIONS",
    "OBJECTIVES",
    "Batch",
    "Objective",
    "ObjectiveAbout",
    "ObjectiveName",
    "Setting",
    "Tokens",
    "checked_settings",
    "make_objective",
]

# Labels that mean "similar" in the data sets people have.
_SIMILAR = ("1", "1.0", "true", "yes", "similar", "same", "duplicate", "paraphrase", "positive")
_SIMILAR_IN_NLI = ("entailment", "entails")


class NliObjective(Objective):
    """Softmax over a linear layer on both vectors.

    Args:
        dims: Dimensions D of an embedding.
        labels: Number of labels.
        parts: Some of `CONCATENATIONS`.
    """

    def __init__(self, dims: int, labels: int, parts: Sequence[str]) -> None:
        super().__init__()
        self.parts = tuple(parts)
        self.classifier = nn.Linear(len(self.parts) * dims, labels)

    def forward(self, embeddings: list[Tensor], batch: Batch) -> Tensor:
        """Compute `nli_loss`."""
        u, v = embeddings
        logits = self.classifier(losses.concatenate(u, v, self.parts))
        return losses.nli_loss(logits, _labels(batch))


class StsObjective(Objective):
    """The cosine should be the score, or be in the order of the scores.

    Args:
        form: "mse" or "cosent".
        scale: Inverse temperature of "cosent".
    """

    def __init__(self, form: str, scale: float) -> None:
        super().__init__()
        self.form, self.scale = form, scale

    def forward(self, embeddings: list[Tensor], batch: Batch) -> Tensor:
        """Compute `sts_loss` or `cosent_loss`."""
        u, v = embeddings
        if self.form == "cosent":
            return losses.cosent_loss(u, v, _labels(batch), self.scale)
        return losses.sts_loss(u, v, _labels(batch))


class TripletObjective(Objective):
    """The positive should be nearer than the negative.

    Args:
        distance: "euclidean" or "cosine".
        margin: By how much; None for the default of the distance.
    """

    def __init__(self, distance: str, margin: float | None) -> None:
        super().__init__()
        self.distance, self.margin = distance, margin

    def forward(self, embeddings: list[Tensor], batch: Batch) -> Tensor:
        """Compute `triplet_loss`."""
        anchor, positive, negative = embeddings
        return losses.triplet_loss(anchor, positive, negative, self.margin, self.distance)


class ContrastiveObjective(Objective):
    """Similar pairs together, others apart.

    Args:
        positive: Which label means similar.
        margin: Distance beyond which other pairs are left alone.
        online: Whether only hard pairs count.
    """

    def __init__(self, positive: int, margin: float, online: bool) -> None:
        super().__init__()
        self.positive, self.margin, self.online = positive, margin, online

    def forward(self, embeddings: list[Tensor], batch: Batch) -> Tensor:
        """Compute `contrastive_loss`."""
        u, v = embeddings
        similar = _labels(batch) == self.positive
        return losses.contrastive_loss(u, v, similar, self.margin, self.online)


class MnrlObjective(Objective):
    """Each anchor should find its positive among all candidates of the batch.

    Args:
        scale: Inverse temperature.
        cached_batch: As in `Objective`.
        skip_repeats: Whether `false_negatives` are left out.
    """

    def __init__(self, scale: float, cached_batch: int, skip_repeats: bool) -> None:
        super().__init__()
        self.scale, self.cached_batch, self.skip_repeats = scale, cached_batch, skip_repeats

    def forward(self, embeddings: list[Tensor], batch: Batch) -> Tensor:
        """Compute `mnrl_loss`."""
        anchors, positives, *rest = embeddings
        ignore = losses.false_negatives(batch.text_ids) if self.skip_repeats else None
        negatives = rest[0] if rest else None
        return losses.mnrl_loss(anchors, positives, negatives, self.scale, ignore)


class SimcseObjective(Objective):
    """Each sentence should find itself, embedded once more under other dropout.

    Args:
        temperature: As in `simcse_loss`.
    """

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def columns(self, batch: Batch) -> tuple[Tokens, ...]:
        """Take the sentences twice; each row of a batch has dropout of its own."""
        return (batch.columns[0], batch.columns[0])

    def check(self, model: nn.Module) -> None:
        """Refuse a model without dropout, with which the two embeddings would be the same."""
        if not _has_dropout(model):
            raise DataError(
                "simcse compares two embeddings of a sentence that differ by dropout alone, and "
                "this base has none; choose another base or another objective."
            )

    def forward(self, embeddings: list[Tensor], batch: Batch) -> Tensor:
        """Compute `simcse_loss`; a sentence that occurs twice is no wrong answer to itself."""
        z1, z2 = embeddings
        same = losses.false_negatives(batch.text_ids[:, [0, 0]])
        return losses.simcse_loss(z1, z2, self.temperature, same)


class DistillObjective(Objective):
    """A teacher's vectors and similarities.

    Args:
        dims: Dimensions D of an embedding.
        teacher_dims: Dimensions of the teacher's; where they differ, a projection is learned.
        structure_weight: As in `distill_loss`.
    """

    def __init__(self, dims: int, teacher_dims: int, structure_weight: float) -> None:
        super().__init__()
        differ = dims != teacher_dims
        self.projection = nn.Linear(dims, teacher_dims, bias=False) if differ else None
        self.structure_weight = structure_weight

    def forward(self, embeddings: list[Tensor], batch: Batch) -> Tensor:
        """Compute `distill_loss`."""
        (student,) = embeddings
        projected = None if self.projection is None else self.projection(student)
        return losses.distill_loss(student, _labels(batch), projected, self.structure_weight)


class CrossObjective(Objective):
    """A cross-encoder's judgement of a pair; the model gives logits, not embeddings."""

    def embed(self, model: nn.Module, tokens: Tokens) -> Tensor:
        """Put tokenised pairs through a `CrossEncoder`: logits (B, labels)."""
        return model(tokens.input_ids, tokens.attention_mask, tokens.token_type_ids)

    def forward(self, embeddings: list[Tensor], batch: Batch) -> Tensor:
        """Compute `cross_loss` of the logits."""
        return losses.cross_loss(embeddings[0], _labels(batch))


def make_objective(
    name: str,
    dims: int,
    settings: Mapping[str, Any],
    label_names: Sequence[str] = (),
    teacher_dims: int | None = None,
) -> Objective:
    """Build an objective; its own weights are drawn from torch's present random state.

    Args:
        name: One of `OBJECTIVES`.
        dims: Dimensions D of an embedding.
        settings: Settings as `ABOUT` lists them; what is not named keeps its default.
        label_names: Names of the labels of labelled pairs.
        teacher_dims: Dimensions of the teacher's vectors, for `distill`.

    Raises:
        DataError: A name or setting is unknown, or the labels do not fit the objective.
    """
    chosen = checked_settings(name, settings)
    if name == "nli" and len(label_names) < 2:
        raise DataError("The objective nli needs pairs with at least two different labels.")
    if name == "distill" and teacher_dims is None:
        raise DataError("The objective distill needs an encoder to learn from; name a teacher.")
    if name == "nli":
        return NliObjective(dims, len(label_names), **chosen)
    if name == "contrastive":
        positive = _positive_label(label_names, chosen.pop("positive"))
        return ContrastiveObjective(positive, **chosen)
    if name == "distill":
        assert teacher_dims is not None
        return DistillObjective(dims, teacher_dims, **chosen)
    return _PLAIN[name](**chosen)


_PLAIN: dict[str, type[Objective]] = {
    "sts": StsObjective,
    "triplet": TripletObjective,
    "mnrl": MnrlObjective,
    "simcse": SimcseObjective,
    "cross": CrossObjective,
}


def _positive_label(label_names: Sequence[str], wanted: str) -> int:
    """Find the label that means similar; labels without names are 0 and 1."""
    if not label_names and not wanted:
        return 1
    names = [name.strip().lower() for name in label_names]
    if wanted:
        found = [place for place, name in enumerate(names) if name == wanted.strip().lower()]
    else:
        known = _SIMILAR if len(names) == 2 else ()
        found = [place for place, name in enumerate(names) if name in (*known, *_SIMILAR_IN_NLI)]
    if len(found) != 1 or len(names) < 2:
        raise DataError(
            "The objective contrastive needs to know which label means similar: set positive to "
            f"one of at least two labels; this data has {', '.join(label_names) or 'none'}."
        )
    return found[0]


def _labels(batch: Batch) -> Tensor:
    """Insist on labels."""
    assert batch.labels is not None, "this objective needs labels"
    return batch.labels


def _has_dropout(model: nn.Module) -> bool:
    """Tell whether a model has dropout: as modules, or in attention, which keeps it as a number."""
    if any(isinstance(m, nn.Dropout) and m.p > 0 for m in model.modules()):
        return True
    config = getattr(getattr(model, "backbone", model), "config", None)
    settings = {} if config is None else config.to_dict()
    return any(
        "dropout" in name and isinstance(value, float) and value > 0
        for name, value in settings.items()
        if "classif" not in name  # of a head that a sentence encoder does not have
    )
