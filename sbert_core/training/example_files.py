"""Training examples from files: SNLI, MultiNLI, STS-B as published, and whatever people have.

file or hub -> table -> columns by role -> examples of its kind -> the kind that is needed
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import FileError

from .example_columns import Found, find_columns
from .example_conversions import convert, refusal
from .example_hub import HUB_PREFIX, dataset_files
from .example_tables import Table, joined, number, read_table
from .examples import KIND_WORDS, Examples, counted, needs

__all__ = ["read_examples", "read_table"]

# Their order is that of the layer's outputs, so it must not depend on the file.
NLI_LABELS = ("contradiction", "entailment", "neutral")
_NLI_SPELLINGS = {"contradictory": "contradiction", "e": "entailment", "n": "neutral"}
_NLI_SPELLINGS |= {"c": "contradiction"}  # ANLI's letters
_NO_LABEL = ("", "-")  # "-" is SNLI's sign for annotators who did not agree
_MOST_LABELS = 100
_STS_SCALE = 5.0


def read_examples(
    path: Path | str, objective: str, columns: Mapping[str, str] | None = None, split_seed: int = 0
) -> Examples:
    """Read the examples that an objective learns from.

    Scores are brought to [0, 1]: as they are if none is above 1, divided by 5 if none is above
    5, else from the least to the largest; so are scores below 0. Rows without text, or without
    the label, are dropped. `found` of the result tells all of this.

    Args:
        path: A file that `read_table` reads, or "hf:organisation/name" with the training part
            of a data set on the hub.
        objective: One of `NEEDS`.
        columns: Role ("a", "b", "anchor", "positive", "negative", "score", "label", "text") to
            name of the column; None guesses.
        split_seed: Decides what a conversion leaves to chance: which contradiction of a premise
            becomes its negative.

    Returns:
        Examples of a kind in `NEEDS[objective]`.

    Raises:
        FileError: The file cannot be read, or nothing tells which column is what.
        DataError: The file holds another kind of examples than the objective needs, and there
            is no way from one to the other; or the objective or a role is unknown.
    """
    needs(objective)
    name = str(path)
    if name.startswith(HUB_PREFIX):
        table = joined([read_table(file) for file in dataset_files(name)])
    else:
        name = Path(path).name
        table = read_table(Path(path))
    found = find_columns(table, name, objective, columns)
    return convert(_examples(table, found, name, objective), objective, split_seed)


def _examples(table: Table, found: Found, name: str, objective: str) -> Examples:
    """Take the examples of a table out of it."""
    said = [*table.found, *([found.how] if found.how else [])]
    texts = [table.column(column) for column in found.texts]
    if found.kind == "sentences":
        texts = [list(chain.from_iterable(zip(*texts, strict=True)))]
    whole = [place for place, row in enumerate(zip(*texts, strict=True)) if all(row)]
    if not whole:
        raise FileError(
            refusal(objective, f"{name} has no row with text under {', '.join(found.texts)}.")
        )
    if len(whole) < len(texts[0]):
        said.append(f"{counted(len(texts[0]) - len(whole), 'row')} without text left out.")
    labels: NDArray[np.float32] | NDArray[np.int64] | None = None
    label_names: tuple[str, ...] = ()
    if found.kind == "scored_pairs":
        labels, how = _scores(table, str(found.value), whole, name, objective)
        said.append(how)
    elif found.kind == "labelled_pairs":
        values = table.column(str(found.value))
        where = f"{name}, column {found.value},"
        whole, labels, label_names, told = _labels(values, whole, where)
        said.extend(told)
    columns = tuple(tuple(cells[place] for place in whole) for cells in texts)
    sources = [*found.texts, *([found.value] if found.value else [])]
    read = f"Read {counted(len(whole), KIND_WORDS[found.kind])} from {', '.join(sources)}."
    return Examples(found.kind, columns, labels, label_names, (read, *said))


def _scores(
    table: Table, column: str, whole: Sequence[int], name: str, objective: str
) -> tuple[NDArray[np.float32], str]:
    """Read scores and bring them to [0, 1]: float32 (N,), and what was done."""
    values = table.column(column)
    read: list[float] = []
    for place in whole:
        value = number(values[place])
        if value is None:
            reason = (
                f"{name} has {values[place][:40]!r} under {column!r} in row {place + 1} (the "
                "header not counted), which is not a number."
            )
            raise FileError(refusal(objective, reason))
        read.append(value)
    scores = np.array(read, dtype=np.float64)
    low, high = float(scores.min()), float(scores.max())
    spread = f"Scores from {low:g} to {high:g}"
    if low >= 0 and high <= 1:
        return scores.astype(np.float32), f"{spread} were kept as they are."
    if low >= 0 and high <= _STS_SCALE:
        return (scores / _STS_SCALE).astype(np.float32), f"{spread} were divided by 5."
    if low == high:
        raise FileError(refusal(objective, f"All scores of {name} are {low:g}."))
    scaled = (scores - low) / (high - low)
    return scaled.astype(np.float32), f"{spread} were stretched to 0 to 1."


def _labels(
    values: Sequence[str], whole: Sequence[int], where: str
) -> tuple[list[int], NDArray[np.int64], tuple[str, ...], list[str]]:
    """Read labels.

    Returns:
        Places of the rows that have one; int64 (N,), places in the names; the names; and what
        there is to tell.
    """
    texts = {place: _label_text(values[place]) for place in whole}
    nothing = set(_NO_LABEL)
    if {"-1", "0", "1"} <= set(texts.values()):
        nothing.add("-1")  # the hub's sign for no label
    kept = [place for place in whole if texts[place] not in nothing]
    if not kept:
        raise FileError(f"{where} has no label in any row.")
    spellings = {text: _nli_label(text) for text in {texts[place] for place in kept}}
    if set(spellings.values()) <= set(NLI_LABELS):
        texts = {place: spellings.get(text, text) for place, text in texts.items()}
    counts = Counter(texts[place] for place in kept)
    if len(counts) > _MOST_LABELS:
        raise FileError(f"{where} has {len(counts):,} different labels: pick another column.")
    names = tuple(sorted(counts))
    numbers = {text: place for place, text in enumerate(names)}
    labels = np.array([numbers[texts[place]] for place in kept], dtype=np.int64)
    said = ["Labels: " + ", ".join(f"{text} {counts[text]:,}" for text in names[:10]) + "."]
    if len(kept) < len(whole):
        said.append(f"{counted(len(whole) - len(kept), 'row')} without a label left out.")
    return kept, labels, names, said


def _label_text(text: str) -> str:
    """Write a label that is a whole number without its decimals, as 1.0."""
    value = number(text)
    return str(int(value)) if value is not None and value % 1 == 0 else text


def _nli_label(text: str) -> str:
    """Give the usual spelling of a label of natural language inference."""
    plain = text.casefold()
    return _NLI_SPELLINGS.get(plain, plain)
