"""Contamination: was an encoder trained on what it is tested on?

A figure on sentences that an encoder has learnt from says how well it remembers. Three things can
be known. Of the encoders shipped here, hashes of the labelled sentences that they learnt from are
shipped, too (`data/evaluation/trained_on.npz`), so a share can be counted. Of encoders trained in
this workspace, the training data is read again where it still is. Of published encoders only what
their card says is known, and that is said in words; a share is then not known.

Texts are compared without case, spaces and punctuation, pairs in either order.
"""

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .encoders.known_models import KNOWN_MODELS
from .encoders.weights import file_digest, weight_files
from .errors import SBERTLabError
from .training.examples import counted, same_text_key

if TYPE_CHECKING:
    from .encoders.catalog import ResolvedEncoder
    from .training_desk import TrainingDesk

FINGERPRINTS = Path(__file__).resolve().parent.parent / "data" / "evaluation" / "trained_on.npz"


@dataclass(frozen=True)
class TrainedOn:
    """What is known of an encoder's training data.

    Attributes:
        words: One sentence: what it learnt from.
        source: Where that is stated.
        pairs: Names of shipped sets whose pairs it saw with their labels.
        sentences: Names of shipped sets whose sentences it saw.
    """

    words: str
    source: str
    pairs: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contamination:
    """What share of a test an encoder has learnt from.

    Attributes:
        pairs: Pairs of the test.
        pairs_found: Those that it learnt from with their labels; None if that is not known.
        sentences: Different sentences of the test.
        sentences_found: Those that it learnt from in any way; None if that is not known.
        trained_on: What is known of its training data, in words; "" if nothing.
        source: Where that is stated; "" if nowhere.
    """

    pairs: int
    pairs_found: int | None
    sentences: int
    sentences_found: int | None
    trained_on: str
    source: str

    @property
    def known(self) -> bool:
        """Whether the shares could be counted."""
        return self.pairs_found is not None

    @property
    def pair_share(self) -> float | None:
        """Share of the pairs, fraction in [0, 1]."""
        return None if self.pairs_found is None else self.pairs_found / max(1, self.pairs)

    @property
    def sentence_share(self) -> float | None:
        """Share of the sentences, fraction in [0, 1]."""
        found = self.sentences_found
        return None if found is None else found / max(1, self.sentences)

    @property
    def sentence(self) -> str:
        """The finding in words."""
        if self.pairs_found is None or self.sentences_found is None:
            stated = f" {self.trained_on} ({self.source})" if self.trained_on else ""
            return f"How much of this file the encoder has learnt from is not known.{stated}"
        if not self.sentences_found:
            return (
                "None of these sentences is in the training data that could be compared. "
                f"{self.trained_on}"
            )
        return (
            f"{self.pairs_found:,} of {counted(self.pairs, 'pair')} and {self.sentences_found:,} "
            f"of {counted(self.sentences, 'sentence')} are in what the encoder learnt from. "
            f"{self.trained_on}"
        )


_CARD = "its model card"
_ALL_MINILM = TrainedOn(
    "It learnt from 1.17 billion pairs, among them the pairs of SNLI and MultiNLI, questions that "
    "Quora's users marked as duplicates, and Flickr30k captions, from which the premises of SNLI "
    "and a part of STS-B come. The scores of STS-B are not in its list.",
    "the card of sentence-transformers/all-MiniLM-L6-v2 and all-mpnet-base-v2, section Training "
    "data",
)
_PLAIN_TEXT = "It learnt from Wikipedia and books, without any labels."
_NLI_WORDS = (
    "It learnt from the dev and test part of SNLI and the counterfactually revised NLI data, and "
    "then from the STS-B training pairs that are free to use."
)

# Encoders by their short name; what is not here is not known.
TRAINED_ON: Mapping[str, TrainedOn] = {
    "bert-mini": TrainedOn(
        "It read plain text without labels, the sentences of SNLI's dev and test part among it; "
        "its other text was not compared.",
        _CARD,
        sentences=("snli",),
    ),
    "sbert-mini-nli": TrainedOn(_NLI_WORDS, _CARD, ("nli", "sts"), ("nli", "sts")),
    "sbert-mini": TrainedOn(
        "It learnt to match another encoder's vectors on plain sentences, those of SNLI's dev and "
        "test part among them, and then from the STS-B training pairs that are free to use. Its "
        "other plain text was not compared; none of it is in STS-B dev or test.",
        _CARD,
        ("sts",),
        ("nli", "sts"),
    ),
    "minilm": _ALL_MINILM,
    "mpnet": _ALL_MINILM,
    "sbert-nli-base": TrainedOn("It learnt from SNLI and MultiNLI, without STS-B.", _CARD),
    "simcse-sup": TrainedOn(
        "It learnt from SNLI and MultiNLI, without STS-B.", "Gao et al. 2021, section 6.1"
    ),
    "simcse-unsup": TrainedOn(
        "It learnt from a million sentences of Wikipedia, without labels.",
        "Gao et al. 2021, section 6.1",
    ),
    "labse": TrainedOn(
        "It learnt from plain text and from translations in 109 languages.",
        "Feng et al. 2022, section 3",
    ),
    "bert-base": TrainedOn(_PLAIN_TEXT, "Devlin et al. 2019, section 3.1"),
    "bert-large": TrainedOn(_PLAIN_TEXT, "Devlin et al. 2019, section 3.1"),
    "distilbert": TrainedOn(_PLAIN_TEXT, "Sanh et al. 2019, section 3"),
    "roberta-base": TrainedOn(
        "It learnt from books, Wikipedia, news, web pages and stories, without any labels.",
        "Liu et al. 2019, section 3.2",
    ),
}


def contamination_of(
    pairs: Sequence[tuple[str, str]], resolved: "ResolvedEncoder", training: "TrainingDesk"
) -> Contamination:
    """Count what an encoder has learnt from, where that is known.

    Args:
        pairs: The pairs of a test.
        resolved: The encoder.
        training: The runs of this workspace, whose encoders are known by their weights.
    """
    texts = list(dict.fromkeys(text for pair in pairs for text in pair))
    facts, seen = _known(resolved, training)
    if seen is None:
        words, source = (facts.words, facts.source) if facts else ("", "")
        return Contamination(len(pairs), None, len(texts), None, words, source)
    assert facts is not None
    seen_pairs, seen_texts = seen
    return Contamination(
        pairs=len(pairs),
        pairs_found=int(np.isin(pair_prints(pairs), seen_pairs).sum()),
        sentences=len(texts),
        sentences_found=int(np.isin(text_prints(texts), seen_texts).sum()),
        trained_on=facts.words,
        source=facts.source,
    )


def text_prints(texts: Iterable[str]) -> NDArray[np.uint32]:
    """Hash texts: uint32 (N,). Two different texts agree by chance once in four billion."""
    return np.array([_print(same_text_key(text)) for text in texts], dtype=np.uint32)


def pair_prints(pairs: Iterable[tuple[str, str]]) -> NDArray[np.uint32]:
    """Hash pairs, whose order does not matter: uint32 (N,)."""
    keys = (sorted((same_text_key(a), same_text_key(b))) for a, b in pairs)
    return np.array([_print("\n".join(key)) for key in keys], dtype=np.uint32)


def _print(text: str) -> int:
    """Hash a text to 32 bits."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")


Seen = tuple[NDArray[np.uint32], NDArray[np.uint32]]


def _known(
    resolved: "ResolvedEncoder", training: "TrainingDesk"
) -> tuple[TrainedOn | None, Seen | None]:
    """Find what is known of an encoder: facts, and prints of pairs and sentences."""
    repos = {f"hf:{known.repo}": known.id for known in KNOWN_MODELS}
    name = repos.get(resolved.info.id, resolved.info.id)
    facts = TRAINED_ON.get(name)
    if facts and facts.sentences and FINGERPRINTS.is_file():
        stored = _fingerprints()
        return facts, (
            _joined([stored[f"{part}_pairs"] for part in facts.pairs]),
            _joined([stored[f"{part}_sentences"] for part in facts.sentences]),
        )
    if facts:
        return facts, None
    return _trained_here(resolved, training)


def _trained_here(
    resolved: "ResolvedEncoder", training: "TrainingDesk"
) -> tuple[TrainedOn | None, Seen | None]:
    """Read the training data of a run of this workspace again; only its own, not its base's."""
    for run_id, request in training.runs().items():
        model = training.folder / run_id / "model"
        if not (model / "config.json").is_file() or not _same_weights(model, resolved):
            continue
        words = f"It was trained here, from {request.base}, by {request.objective}"
        facts = TrainedOn(
            f"{words}; what {request.base} had learnt from is not counted.", "the run"
        )
        try:
            examples = training.examples(request.data, request.objective)
        except SBERTLabError:
            return TrainedOn(f"{words}; its data can no longer be read.", "the run"), None
        first, *others = examples.columns
        pairs = [pair for other in others for pair in zip(first, other, strict=True)]
        texts = {text for column in examples.columns for text in column}
        return facts, (pair_prints(pairs), text_prints(texts))
    return None, None


def _same_weights(model: Path, resolved: "ResolvedEncoder") -> bool:
    """Say whether two encoders have the same weights."""
    ours, theirs = weight_files(model), weight_files(resolved.layout.backbone)
    return [file_digest(path) for path in ours] == [file_digest(path) for path in theirs]


def _joined(parts: Sequence[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    """Join arrays of prints, of which there may be none."""
    return np.concatenate([np.zeros(0, dtype=np.uint32), *parts])


@functools.cache
def _fingerprints() -> dict[str, NDArray[np.uint32]]:
    """Read the shipped prints."""
    with np.load(FINGERPRINTS, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def write_fingerprints(sets: Mapping[str, Sequence[tuple[str, str]]], path: Path) -> None:
    """Write the prints of labelled sets: name to pairs.

    Args:
        sets: Name of a set to its pairs.
        path: The file to write, `FINGERPRINTS` for the shipped one.
    """
    arrays: dict[str, NDArray[np.uint32]] = {}
    for name, pairs in sets.items():
        arrays[f"{name}_pairs"] = np.unique(pair_prints(pairs))
        arrays[f"{name}_sentences"] = np.unique(text_prints({t for pair in pairs for t in pair}))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, allow_pickle=False, **arrays)
