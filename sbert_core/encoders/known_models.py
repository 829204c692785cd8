"""The encoders this project knows by a short name: facts of the published checkpoints.

Sources: the models' cards and configuration files on the hub. A revision is the commit that is
fetched; None means the newest, and the commit found is then part of the encoder's key.
"""

from dataclasses import dataclass
from typing import Literal

ModelKind = Literal["sentence encoder", "language model", "static", "cross-encoder"]


@dataclass(frozen=True)
class KnownModel:
    """One published checkpoint.

    Attributes:
        id: Its short name here.
        repo: Its name on the hub.
        kind: "sentence encoder": trained to compare sentences; "language model": pre-trained
            only, so that its vectors are an untrained baseline; "static": token vectors, no layers.
        pooling: The pooling it was trained or published with; for a language model, our choice.
        dims: Dimensions of a sentence embedding.
        layers: Layers of the backbone.
        parameters: Trainable numbers.
        max_length: Tokens kept of a sentence; None means all.
        languages: What it was trained on.
        licence: SPDX name, and where it is stated if not on the card.
        revision: Commit on the hub, or None.
    """

    id: str
    repo: str
    kind: ModelKind
    pooling: str
    dims: int
    layers: int
    parameters: int
    max_length: int | None
    languages: str
    licence: str
    revision: str | None = None


_ENGLISH = "English"
_LM: ModelKind = "language model"
_SBERT: ModelKind = "sentence encoder"

KNOWN_MODELS: tuple[KnownModel, ...] = (
    KnownModel(
        id="minilm",
        repo="sentence-transformers/all-MiniLM-L6-v2",
        kind=_SBERT,
        pooling="mean",
        dims=384,
        layers=6,
        parameters=22_713_216,
        max_length=256,
        languages=_ENGLISH,
        licence="Apache-2.0",
        revision="8b3219a92973c328a8e22fadcfa821b5dc75636a",
    ),
    KnownModel(
        id="mpnet",
        repo="sentence-transformers/all-mpnet-base-v2",
        kind=_SBERT,
        pooling="mean",
        dims=768,
        layers=12,
        parameters=109_486_464,
        max_length=384,
        languages=_ENGLISH,
        licence="Apache-2.0",
        revision="9a3225965996d404b775526de6dbfe85d3368642",
    ),
    KnownModel(
        id="multilingual-minilm",
        repo="sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        kind=_SBERT,
        pooling="mean",
        dims=384,
        layers=12,
        parameters=117_653_760,
        max_length=128,
        languages="50+ languages",
        licence="Apache-2.0",
        revision="bf3bf13ab40c3157080a7ab344c831b9ad18b5eb",
    ),
    KnownModel(
        id="labse",
        repo="sentence-transformers/LaBSE",
        kind=_SBERT,
        pooling="cls",
        dims=768,
        layers=12,
        parameters=470_926_848,
        max_length=256,
        languages="109 languages",
        licence="Apache-2.0",
        revision="e34fab64a3011d2176c99545a93d5cbddc9a91b7",
    ),
    KnownModel(
        id="sbert-nli-base",
        repo="sentence-transformers/bert-base-nli-mean-tokens",
        kind=_SBERT,
        pooling="mean",
        dims=768,
        layers=12,
        parameters=109_482_240,
        max_length=128,
        languages=_ENGLISH,
        licence="Apache-2.0",
    ),
    KnownModel(
        id="simcse-sup",
        repo="princeton-nlp/sup-simcse-bert-base-uncased",
        kind=_SBERT,
        pooling="pooler",
        dims=768,
        layers=12,
        parameters=109_482_240,
        max_length=512,
        languages=_ENGLISH,
        licence="MIT (code repository; none on the card)",
    ),
    KnownModel(
        id="simcse-unsup",
        repo="princeton-nlp/unsup-simcse-bert-base-uncased",
        kind=_SBERT,
        pooling="cls",
        dims=768,
        layers=12,
        parameters=109_482_240,
        max_length=512,
        languages=_ENGLISH,
        licence="MIT (code repository; none on the card)",
    ),
    KnownModel(
        id="static-retrieval",
        repo="sentence-transformers/static-retrieval-mrl-en-v1",
        kind="static",
        pooling="mean",
        dims=1024,
        layers=0,
        parameters=31_254_528,
        max_length=None,
        languages=_ENGLISH,
        licence="Apache-2.0",
        revision="f60985c706f192d45d218078e49e5a8b6f15283a",
    ),
    KnownModel(
        id="bert-base",
        repo="google-bert/bert-base-uncased",
        kind=_LM,
        pooling="mean",
        dims=768,
        layers=12,
        parameters=109_482_240,
        max_length=512,
        languages=_ENGLISH,
        licence="Apache-2.0",
        revision="86b5e0934494bd15c9632b12f734a8a67f723594",
    ),
    KnownModel(
        id="bert-large",
        repo="google-bert/bert-large-uncased",
        kind=_LM,
        pooling="mean",
        dims=1024,
        layers=24,
        parameters=335_141_888,
        max_length=512,
        languages=_ENGLISH,
        licence="Apache-2.0",
        revision="6da4b6a26a1877e173fca3225479512db81a5e5b",
    ),
    KnownModel(
        id="roberta-base",
        repo="FacebookAI/roberta-base",
        kind=_LM,
        pooling="mean",
        dims=768,
        layers=12,
        parameters=124_645_632,
        max_length=512,
        languages=_ENGLISH,
        licence="MIT",
        revision="e2da8e2f811d1448a5b465c236feacd80ffbac7b",
    ),
    KnownModel(
        id="distilbert",
        repo="distilbert/distilbert-base-uncased",
        kind=_LM,
        pooling="mean",
        dims=768,
        layers=6,
        parameters=66_362_880,
        max_length=512,
        languages=_ENGLISH,
        licence="Apache-2.0",
        revision="12040accade4e8a0f71eabdb258fecc2e7e948be",
    ),
    KnownModel(
        id="muppet",
        repo="facebook/muppet-roberta-base",
        kind=_LM,
        pooling="mean",
        dims=768,
        layers=12,
        parameters=124_645_632,
        max_length=512,
        languages=_ENGLISH,
        licence="MIT",
    ),
    KnownModel(
        id="cocondenser-wiki",
        repo="Luyu/co-condenser-wiki",
        kind=_LM,
        pooling="cls",
        dims=768,
        layers=12,
        parameters=109_482_240,
        max_length=512,
        languages=_ENGLISH,
        licence="not stated on its card",
    ),
    KnownModel(
        id="cocondenser-marco",
        repo="Luyu/co-condenser-marco",
        kind=_LM,
        pooling="cls",
        dims=768,
        layers=12,
        parameters=109_482_240,
        max_length=512,
        languages=_ENGLISH,
        licence="not stated on its card",
    ),
)
