"""From the kind of examples that a file holds to the kind that an objective learns from.

    scored pairs    -> pairs (alike), labelled pairs (alike or not), sentences
    labelled pairs  -> pairs, triplets, labelled pairs of two labels, sentences
    triplets        -> labelled pairs of two labels, sentences
    pairs           -> sentences

What has no sensible way is refused with the reason and an example of a file that fits.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import DataError

from .examples import KIND_WORDS, Examples, counted, needs

SAME_SCORE = 0.6  # pairs from here on count as alike; 3 of 5 is "roughly equivalent" in STS
DIFFERENT_SCORE = 0.4
POSITIVE_SCORE = 0.8  # 4 of 5: "mostly equivalent, some unimportant details differ"
SAME_OR_DIFFERENT = ("different", "same")

_NLI = "premise\thypothesis\tlabel\nA man plays a flute.\tA man makes music.\tentailment"
_STS = "sentence1\tsentence2\tscore\nA plane takes off.\tAn air plane is taking off.\t5.0"
# Two lines of a tab-separated file that fits.
EXAMPLE_FILES: Mapping[str, str] = {
    "nli": _NLI,
    "sts": _STS,
    "triplet": "anchor\tpositive\tnegative\n"
    "A man plays a flute.\tA man makes music.\tA man is asleep.",
    "contrastive": "sentence1\tsentence2\tlabel\nHow old are you?\tWhat is your age?\t1",
    "mnrl": "anchor\tpositive\nHow old are you?\tWhat is your age?",
    "simcse": "text\nA man plays a flute.",
    "distill": "text\nA man plays a flute.",
    "cross": _STS,
}

_SAME = {"1", "true", "yes", "same", "similar", "entailment", "duplicate", "paraphrase"}
_SAME |= {"is_duplicate", "is_paraphrase", "equivalent"}
_DIFFERENT = {"0", "false", "no", "different", "dissimilar", "contradiction", "not_duplicate"}
_DIFFERENT |= {"non_duplicate", "not_paraphrase", "not_equivalent", "not_entailment"}
_NEITHER = {"neutral"}


def refusal(objective: str, reason: str) -> str:
    """Word a refusal: the reason, and two lines of a file that fits.

    Args:
        objective: One of `NEEDS`.
        reason: A sentence.
    """
    return f"{reason} A file that fits begins like this:\n{EXAMPLE_FILES[objective]}"


def convert(examples: Examples, objective: str, seed: int = 0) -> Examples:
    """Give examples of a kind that an objective learns from.

    Args:
        examples: N examples of any kind.
        objective: One of `NEEDS`.
        seed: Decides which contradiction becomes the negative of a triplet.

    Returns:
        Examples of a kind in `NEEDS[objective]`; `found` tells what was converted.

    Raises:
        DataError: There is no such objective, there is no sensible way, or it leaves nothing.
    """
    kinds = needs(objective)
    ways: dict[str, Callable[[Examples, str, int], Examples | None]] = {
        "mnrl": _positives,
        "triplet": _triplets,
        "contrastive": _same_or_different,
        "simcse": _sentences,
        "distill": _sentences,
    }
    converted = ways.get(objective, _as_it_is)(examples, objective, seed)
    if converted is None or converted.kind not in kinds:
        wanted = " or ".join(f"{KIND_WORDS[kind]}s" for kind in kinds)
        raise DataError(
            refusal(
                objective,
                f"These are {KIND_WORDS[examples.kind]}s, and {objective} needs {wanted}.",
            )
        )
    if converted.kind == "labelled_pairs" and len(set(_labels(converted).tolist())) < 2:
        raise DataError(
            refusal(objective, f"All pairs have the same label, and {objective} needs two or more.")
        )
    return converted


def _labels(examples: Examples) -> NDArray[Any]:
    """Give the labels of examples that are known to have some: (N,)."""
    assert examples.labels is not None
    return examples.labels


def _as_it_is(examples: Examples, objective: str, seed: int) -> Examples:
    """Change nothing."""
    return examples


def _sentences(examples: Examples, objective: str, seed: int) -> Examples:
    """Take the distinct texts of all columns, in order of appearance."""
    texts = [text for row in zip(*examples.columns, strict=True) for text in row]
    distinct = tuple(dict.fromkeys(texts))
    told = Examples("sentences", (distinct,), found=examples.found)
    if examples.kind == "sentences" and len(distinct) == len(texts):
        return told
    return told.saying(f"Took the {counted(len(distinct), 'distinct sentence')} of these.")


def _positives(examples: Examples, objective: str, seed: int) -> Examples | None:
    """Keep what means the same; with a negative where most premises have one."""
    if examples.kind == "scored_pairs":
        alike = np.flatnonzero(_labels(examples) >= np.float32(POSITIVE_SCORE))
        _refuse_none(len(alike), objective, f"No pair scores {POSITIVE_SCORE} or more of 1")
        return _as_pairs(examples, alike, f"a score of {POSITIVE_SCORE} or more of 1")
    if examples.kind != "labelled_pairs":
        return examples
    same, different = label_meanings(examples.label_names, objective)
    alike = np.flatnonzero(np.isin(_labels(examples), same))
    _refuse_none(len(alike), objective, "No pair has a label that says that both mean the same")
    triplets, premises = _with_negatives(examples, same, different, seed)
    if 2 * len({row[0] for row in triplets}) >= premises:
        return _as_triplets(examples, triplets, premises)
    return _as_pairs(examples, alike, f"the label {_quoted(examples.label_names, same)}")


def _triplets(examples: Examples, objective: str, seed: int) -> Examples | None:
    """Join a positive and a negative of the same premise."""
    if examples.kind != "labelled_pairs":
        return examples
    same, different = label_meanings(examples.label_names, objective)
    rows, premises = _with_negatives(examples, same, different, seed)
    _refuse_none(
        len(rows),
        objective,
        "No first sentence has both a second one that agrees and one that does not",
    )
    return _as_triplets(examples, rows, premises)


def _same_or_different(examples: Examples, objective: str, seed: int) -> Examples | None:
    """Reduce scores or labels to same and different; what is in between is dropped."""
    if examples.kind == "triplets":
        anchors, positives, negatives = examples.columns
        labels = np.repeat(np.array([1, 0], dtype=np.int64), len(examples))
        columns = ((*anchors, *anchors), (*positives, *negatives))
        return Examples(
            "labelled_pairs", columns, labels, SAME_OR_DIFFERENT, examples.found
        ).saying("Each triplet became a pair that is the same and one that is different.")
    if examples.labels is None:
        return None
    if examples.kind == "scored_pairs":
        alike = examples.labels >= np.float32(SAME_SCORE)
        unlike = examples.labels <= np.float32(DIFFERENT_SCORE)
        how = (
            f"a score of {SAME_SCORE} or more of 1 is the same, {DIFFERENT_SCORE} or less different"
        )
    else:
        if examples.label_names == SAME_OR_DIFFERENT:
            return examples
        same, different = label_meanings(examples.label_names, objective)
        alike, unlike = np.isin(examples.labels, same), np.isin(examples.labels, different)
        names = examples.label_names
        how = f"the label {_quoted(names, same)} is the same, {_quoted(names, different)} different"
    kept = np.flatnonzero(alike | unlike)
    _refuse_none(len(kept), objective, "No pair is clearly the same or clearly different")
    part = examples.take(kept)
    told = Examples(
        "labelled_pairs",
        part.columns,
        alike[kept].astype(np.int64),
        SAME_OR_DIFFERENT,
        examples.found,
    ).saying(f"For {objective}, {how}.")
    dropped = len(examples) - len(kept)
    return told.saying(f"{counted(dropped, 'pair')} in between left out.") if dropped else told


def label_meanings(names: Sequence[str], objective: str) -> tuple[list[int], list[int]]:
    """Tell the places of labels for "the same" and for "different"; neutral is neither.

    Labels that are numbers other than 0 and 1 are refused: some files count 0 as entailment,
    others as contradiction.

    Args:
        names: The labels' names.
        objective: One of `NEEDS`, for the words of a refusal.

    Raises:
        DataError: A name is not among those known to mean one or the other.
    """
    plain = [name.casefold().replace(" ", "_").replace("-", "_") for name in names]
    numbers = [name for name in plain if name.lstrip("_").isdigit()]
    known = _SAME | _DIFFERENT | _NEITHER
    if not set(plain) <= known or 0 < len(numbers) < len(plain):
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise DataError(
            refusal(
                objective,
                f"The labels {shown} do not say which pairs mean the same: name them entailment, "
                "neutral and contradiction, or 1 and 0.",
            )
        )
    same = [place for place, name in enumerate(plain) if name in _SAME]
    return same, [place for place, name in enumerate(plain) if name in _DIFFERENT]


def _with_negatives(
    examples: Examples, same: Sequence[int], different: Sequence[int], seed: int
) -> tuple[list[tuple[str, str, str]], int]:
    """Join each positive with one negative of its premise, if there is one.

    Returns:
        The triplets, and the number of premises that have a positive.
    """
    rng = np.random.default_rng(seed)
    negatives: dict[str, list[str]] = {}
    positives: list[tuple[str, str]] = []
    labels = _labels(examples).tolist()
    for premise, other, label in zip(*examples.columns, labels, strict=True):
        if label in same:
            positives.append((premise, other))
        elif label in different:
            negatives.setdefault(premise, []).append(other)
    triplets = []
    for premise, positive in positives:
        choice = [text for text in negatives.get(premise, ()) if text != positive]
        if choice:
            triplets.append((premise, positive, choice[rng.integers(len(choice))]))
    return triplets, len({premise for premise, _ in positives})


def _as_triplets(
    examples: Examples, rows: Sequence[tuple[str, str, str]], premises: int
) -> Examples:
    """Wrap triplets and say where they come from."""
    used = len({row[0] for row in rows})
    columns = tuple(zip(*rows, strict=True))
    return Examples("triplets", columns, found=examples.found).saying(
        f"Made {counted(len(rows), 'triplet')}: {used:,} of {premises:,} first sentences with a "
        "positive have a negative, too; the other pairs were left out."
    )


def _as_pairs(examples: Examples, places: NDArray[np.int64], why: str) -> Examples:
    """Keep some pairs as positives and say which."""
    part = examples.take(places)
    return Examples("pairs", part.columns, found=examples.found).saying(
        f"Took the {counted(len(part), 'pair')} with {why} as positives; the other "
        f"{len(examples) - len(part):,} were left out."
    )


def _quoted(names: Sequence[str], places: Sequence[int]) -> str:
    """List labels by their places."""
    return " or ".join(repr(names[place]) for place in places) or "none"


def _refuse_none(number: int, objective: str, what: str) -> None:
    """Refuse a conversion that leaves nothing."""
    if number == 0:
        raise DataError(refusal(objective, f"{what}, so there is nothing for {objective}."))
