"""The explanation desk of the Lab: why a pair is similar, and what happens inside an encoder."""

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

import numpy as np

from .analysis.anatomy import Anatomy, anatomy_of
from .analysis.explain import (
    METHODS,
    Method,
    PairExplanation,
    WordEffects,
    of_tokens_alone,
    of_word_pairs,
    of_words_left_out,
)
from .analysis.similarity import pair_scores
from .analysis.words import SentenceWords, Word, sentence_words
from .encoders.catalog import ResolvedEncoder
from .errors import DataError
from .pairs import filled
from .protocols import Progress, no_progress

if TYPE_CHECKING:
    from .encoders.attribution import TextTokens
    from .encoders.encoder import SentenceEncoder
    from .lab import Lab

__all__ = [
    "METHODS",
    "Anatomy",
    "ExplanationDesk",
    "Method",
    "PairExplanation",
    "Word",
    "WordEffects",
]

# Explanations kept in memory: a page draws the same one at every click.
_KEPT = 16


class ExplanationDesk:
    """Explains pairs and opens encoders up; nothing of it is written to disk.

    Args:
        lab: The Lab whose encoders are asked.
    """

    def __init__(self, lab: "Lab") -> None:
        self._lab = lab
        self._known: OrderedDict[tuple[str, ...], PairExplanation] = OrderedDict()
        self._exact: tuple[str, SentenceEncoder] | None = None
        self._lock = threading.Lock()

    def methods(self, model: str) -> tuple[Method, ...]:
        """List the methods that an encoder allows, the best one first.

        Raises:
            ModelError: The encoder is not at hand.
        """
        return _methods(self._lab.resolve(model))

    def explain(
        self,
        a: str,
        b: str,
        model: str,
        method: Method | Literal["auto"] = "auto",
        progress: Progress = no_progress,
    ) -> PairExplanation:
        """Say which words make two sentences as similar as an encoder finds them.

        Args:
            a: A sentence.
            b: Another sentence.
            model: Encoder string.
            method: One of `METHODS`, or "auto" for the best that the encoder allows.
            progress: Called with steps done and in all; raises `Cancelled` to stop.

        Raises:
            DataError: A sentence is blank, or the method does not fit the encoder.
            ModelError: The encoder is not at hand.
            Cancelled: From `progress`.
        """
        a, b = filled([a, b])
        resolved = self._lab.resolve(model)
        chosen = _chosen(method, resolved)
        key = (resolved.key, resolved.spec, chosen, a, b)
        with self._lock:
            if known := self._known.get(key):
                self._known.move_to_end(key)
                return known
        made = self._explain(a, b, model, chosen, progress)
        with self._lock:
            self._known[key] = made
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return made

    def anatomy(self, text: str, model: str) -> Anatomy:
        """Show what happens inside an encoder on the way from a sentence to its vector.

        Raises:
            DataError: The sentence is blank.
            ModelError: The encoder is not at hand.
        """
        if not text.strip():
            raise DataError("The sentence is blank. Type something to look into.")
        from .encoders.attribution import layer_states, tokenise

        encoder = self._lab.encoder(model)
        tokens = tokenise(encoder, text)
        states = layer_states(encoder, tokens)
        return anatomy_of(
            encoder.spec,
            encoder.pooling,
            states.pooling,
            tokens.pieces,
            tokens.special,
            states.token_vectors,
            states.pooled,
            dims=encoder.dims,
            truncated=tokens.truncated,
        )

    # --- private ----------------------------------------------------------------------------

    def _explain(
        self, a: str, b: str, model: str, method: Method, progress: Progress
    ) -> PairExplanation:
        """Compute an explanation."""
        from .encoders.attribution import tokenise

        encoder = self._lab.encoder(model)
        tokens = (tokenise(encoder, a), tokenise(encoder, b))
        words = (_words(a, tokens[0]), _words(b, tokens[1]))
        if method == "tokens":
            return _by_tokens(encoder, tokens, words)
        u, v = encoder.encode([a, b])
        cosine = pair_scores(u, v).cosine
        exact = self._exactly(model, encoder)
        by_words = _by_gradients if method == "gradients" else _by_leaving_out
        effects = by_words(exact, tokens, words, cosine, progress)
        return PairExplanation(encoder.spec, encoder.pooling, method, cosine, *effects)

    def _exactly(self, model: str, encoder: "SentenceEncoder") -> "SentenceEncoder":
        """Return the encoder in float32: small differences drown in bfloat16's rounding."""
        if encoder.precision == "fp32":
            return encoder
        from .encoders.encoder import SentenceEncoder

        with self._lock:
            if self._exact is None or self._exact[0] != encoder.key:
                loaded = SentenceEncoder.load(self._lab.resolve(model), precision="fp32")
                self._exact = (encoder.key, loaded)
            return self._exact[1]


def _methods(resolved: ResolvedEncoder) -> tuple[Method, ...]:
    """List what an encoder's layout allows, the best one first."""
    from .encoders.attribution import is_sum_of_tokens

    exact: tuple[Method, ...] = ("tokens",) if is_sum_of_tokens(resolved.layout) else ()
    layered: tuple[Method, ...] = ("gradients",) if resolved.layout.layers else ()
    return (*exact, *layered, "words")


def _chosen(method: str, resolved: ResolvedEncoder) -> Method:
    """Check a method against an encoder; "auto" takes the best.

    Raises:
        DataError: It is unknown, or does not fit.
    """
    allowed = _methods(resolved)
    if method == "auto":
        return allowed[0]
    for known in allowed:
        if method == known:
            return known
    if method not in METHODS:
        raise DataError(f"method={method!r} should be auto, {', '.join(METHODS)}.")
    raise DataError(
        f"Method {method} does not fit {resolved.spec}, whose pooling is {resolved.pooling}; "
        f"choose {' or '.join(allowed)}."
    )


def _words(text: str, tokens: "TextTokens") -> SentenceWords:
    """Gather the tokens of a text into words."""
    return sentence_words(
        text, tokens.pieces, tokens.offsets, tokens.special, truncated=tokens.truncated
    )


_Two = tuple[SentenceWords, SentenceWords]


def _by_tokens(
    encoder: "SentenceEncoder", tokens: "tuple[TextTokens, TextTokens]", words: _Two
) -> PairExplanation:
    """Explain by pairs of tokens."""
    from .encoders.attribution import token_parts

    of_a, of_b = token_parts(encoder, tokens)
    return of_word_pairs(
        encoder.spec,
        encoder.pooling,
        pair_scores(of_a.vector, of_b.vector).cosine,
        (words[0].with_added(of_a.extra), words[1].with_added(of_b.extra)),
        (of_a.values, of_b.values),
    )


def _by_gradients(
    encoder: "SentenceEncoder",
    tokens: "tuple[TextTokens, TextTokens]",
    words: _Two,
    cosine: float,
    progress: Progress,
) -> tuple[WordEffects, WordEffects]:
    """Explain each sentence by integrated gradients while the other one stays as it is."""
    from .encoders.attribution import PATH_STEPS, integrated_gradients

    u, v = encoder.encode([sentence.text for sentence in words])
    effects = []
    for place, other in ((0, v), (1, u)):

        def on(done: int, total: int, message: str = "", before: int = place) -> None:
            progress(before * PATH_STEPS + done, 2 * total, message)

        found = integrated_gradients(encoder, tokens[place], other, PATH_STEPS, on)
        effects.append(of_tokens_alone(words[place], found.values, cosine, found.baseline))
    return effects[0], effects[1]


def _by_leaving_out(
    encoder: "SentenceEncoder",
    _tokens: "tuple[TextTokens, TextTokens]",
    words: _Two,
    cosine: float,
    progress: Progress,
) -> tuple[WordEffects, WordEffects]:
    """Explain each sentence by what is lost when a word of it is left out."""
    shortened = [
        [s.without(i) for i, word in enumerate(s.words) if not word.special] for s in words
    ]
    texts = [words[0].read, words[1].read, "", *shortened[0], *shortened[1]]
    vectors = encoder.encode(texts, progress)
    u, v, empty = vectors[:3]
    without_a = vectors[3 : 3 + len(shortened[0])]
    without_b = vectors[3 + len(shortened[0]) :]
    whole = pair_scores(u, v).cosine

    def effects(sentence: SentenceWords, rows: np.ndarray, other: np.ndarray) -> WordEffects:
        without = [pair_scores(row, other).cosine for row in rows]
        nothing = pair_scores(empty, other).cosine
        return of_words_left_out(sentence, without, whole, cosine, nothing)

    return effects(words[0], without_a, v), effects(words[1], without_b, u)
