"""Natural-language inference: what do two separate embeddings tell about entailment?

An encoder has no classes, so a small classifier is trained on its frozen embeddings: multinomial
logistic regression on (u, v, |u - v|), which are the features of the training objective of
Reimers & Gurevych 2019 (Sentence-BERT), section 3.1. What is measured is the accuracy of that
classifier on pairs it has not seen, by cross-validation: every pair is judged once, by a
classifier trained on the other parts. All pairs of one premise are in one part, since a premise
comes with several hypotheses and would else be seen in training.

Pure functions of arrays. Letters: N pairs, D dimensions, C classes, F parts.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import DataError
from sbert_core.protocols import Progress, no_progress

FOLDS = 5
# Strength of the ridge in scikit-learn's terms (smaller is stronger), for features of variance 1:
# with a thousand features on some thousand pairs a weaker one learns the training pairs by heart.
_RIDGE_C = 0.01
_MOST_STEPS = 200


@dataclass(frozen=True)
class NliScores:
    """How well a logistic classifier on two frozen embeddings judges unseen pairs.

    Attributes:
        pairs: Number of pairs N.
        premises: Number of different premises.
        labels: Names of the C classes, sorted.
        accuracy: Share of pairs judged rightly, fraction in [0, 1].
        macro_f1: Mean of the classes' F1, fraction in [0, 1].
        majority: Share of the commonest class, in [0, 1]: what saying always the same gets.
        f1: F1 per class, in the order of `labels`.
        confusion: C rows of C counts: row the given class, column the judged one.
        folds: Parts F of the cross-validation.
    """

    pairs: int
    premises: int
    labels: tuple[str, ...]
    accuracy: float
    macro_f1: float
    majority: float
    f1: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]
    folds: int


def nli_scores(
    u: NDArray[np.float32],
    v: NDArray[np.float32],
    labels: Sequence[str],
    premises: Sequence[str],
    *,
    folds: int = FOLDS,
    seed: int = 0,
    progress: Progress = no_progress,
) -> NliScores:
    """Cross-validate a logistic classifier on (u, v, |u - v|).

    Args:
        u: float32 (N, D), embeddings of the premises.
        v: float32 (N, D), embeddings of the hypotheses.
        labels: N names of classes.
        premises: N premises, or anything that tells them apart: pairs of one stay together.
        folds: Parts F; fewer if there are fewer premises. More train on more, and take longer.
        seed: Decides the parts.
        progress: Called with parts done and in all.

    Raises:
        DataError: The lengths differ, there is one class only, or a class or the premises are
            too few to hold some back.
    """
    if u.shape != v.shape or u.ndim != 2 or not len(u) == len(labels) == len(premises):
        raise DataError(f"u {u.shape}, v {v.shape} and {len(labels)} labels should have N rows.")
    names, given = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    if len(names) < 2:
        raise DataError(
            f"All {len(labels):,} pairs have the label {labels[0] if labels else ''!r}, so there "
            "is nothing to tell apart. Give pairs of two labels or more."
        )
    parts = grouped_folds(premises, folds, seed)
    judged = cross_validated(pair_features(u, v), given, parts, progress)
    return _scores(tuple(map(str, names)), given, judged, len(set(premises)), int(parts.max()) + 1)


def pair_features(u: NDArray[np.float32], v: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (u, v, |u - v|): float32 (N, 3 D)."""
    return np.concatenate([u, v, np.abs(u - v)], axis=1, dtype=np.float32)  # (N, 3 D)


def grouped_folds(groups: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """Put rows into parts of about one size, all rows of a group into one.

    Args:
        groups: N names of groups.
        folds: Parts F, at least 2; fewer if there are fewer groups.
        seed: Decides the order in which groups are handed out.

    Returns:
        int64 (N,) in [0, F).

    Raises:
        DataError: There is one group only.
    """
    names, places = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) < 2:
        raise DataError(
            "All pairs have the same premise, so none can be held back. Give pairs of several."
        )
    folds = min(folds, len(names))
    sizes = np.bincount(places)
    # Large groups first, in chance order among equals: the parts differ by one group at most.
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    part = np.zeros(len(names), dtype=np.int64)
    filled = np.zeros(folds, dtype=np.int64)
    for group in order:
        part[group] = filled.argmin()
        filled[part[group]] += sizes[group]
    return part[places]


def cross_validated(
    features: NDArray[np.float32],
    classes: NDArray[np.integer],
    parts: NDArray[np.int64],
    progress: Progress = no_progress,
) -> NDArray[np.int64]:
    """Judge each row by a logistic regression that was trained on the other parts.

    Features are brought to mean 0 and variance 1 by what the training parts show.

    Args:
        features: float32 (N, M).
        classes: N numbers of classes.
        parts: N numbers of parts, in [0, F).
        progress: Called with parts done and in all.

    Returns:
        int64 (N,), the judged classes.

    Raises:
        DataError: Without one of the parts, a single class is left.
    """
    judged = np.zeros(len(classes), dtype=np.int64)
    folds = int(parts.max()) + 1
    for part in range(folds):
        progress(part, folds, "classifiers")
        held = parts == part
        if len(set(classes[~held].tolist())) < 2:
            raise DataError(
                "One label is too rare to train and to judge a classifier. Give more pairs of it."
            )
        judged[held] = _fit_and_judge(features[~held], classes[~held], features[held])
    progress(folds, folds, "classifiers")
    return judged


def _fit_and_judge(
    known: NDArray[np.float32], classes: NDArray[np.integer], unseen: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Train on some rows and judge others."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, spread = known.mean(axis=0), known.std(axis=0)
    spread[spread < 1e-6] = 1.0  # a feature that never changes says nothing
    model = LogisticRegression(C=_RIDGE_C, max_iter=_MOST_STEPS, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last digits of weights
        model.fit((known - mean) / spread, classes)
    judged: NDArray[np.int64] = model.predict((unseen - mean) / spread).astype(np.int64)
    return judged


def _scores(
    names: tuple[str, ...],
    given: NDArray[np.integer],
    judged: NDArray[np.int64],
    premises: int,
    folds: int,
) -> NliScores:
    """Put the figures together."""
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(confusion, (given, judged), 1)
    hits = np.diagonal(confusion)
    f1 = 2 * hits / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
    return NliScores(
        pairs=len(given),
        premises=premises,
        labels=names,
        accuracy=float(hits.sum() / len(given)),
        macro_f1=float(f1.mean()),
        majority=float(confusion.sum(axis=1).max() / len(given)),
        f1=tuple(f1.tolist()),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        folds=folds,
    )
