"""Which columns of a table hold the texts, the score or the label.

    picked by the user  >  told by their names  >  guessed from their content

A guess from content is made only if there is one way to read the file.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sbert_core.errors import DataError, FileError

from .example_conversions import refusal
from .example_tables import Table, number
from .examples import ExampleKind, needs

# Names in the data sets people have, best first. "sent0, sent1, hard_neg" are SimCSE's.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "a": (
        *("anchor", "anchors", "premise", "sentence1", "sentence_1", "sentence_a", "question1"),
        *("query", "question", "text1", "text_1", "text_a", "sent0", "sent1", "s1", "a"),
        *("#1 string", "source"),
    ),
    "b": (
        *("hypothesis", "sentence2", "sentence_2", "sentence_b", "question2", "text2", "text_2"),
        *("text_b", "sent1", "sent2", "s2", "b", "#2 string", "target"),
    ),
    "positive": ("positive", "positives", "pos", "answer", "passage", "document"),
    "negative": ("negative", "negatives", "neg", "hard_negative", "hard_neg"),
    "score": (
        *("score", "similarity", "similarity_score", "relatedness_score", "gold_score", "gold"),
        *("rating", "sim"),
    ),
    "label": (
        *("gold_label", "label", "labels", "is_duplicate", "is_paraphrase", "duplicate"),
        *("paraphrase", "entailment_label", "entailment_judgment", "quality", "class"),
    ),
    "text": ("text", "sentence", "sentences", "content"),
}
ROLES = ("a", "b", "anchor", "positive", "negative", "score", "label", "text")
_LOOKED_AT = 10_000  # rows whose content is looked at for a guess
_MOST_LABELS = 5
_LONGEST_LABEL = 30
_NUMBERS_AS_LABELS = {-1.0, 0.0, 1.0, 2.0}
_TEXT_SHARE = 0.2  # of values that hold a space, or letters of a script that may have none
_ID_NAME = re.compile(
    r"(?i:(^|[\W_])(index|idx|year|length|nr|(q|doc|pair|row)?id)\d?$)|[a-z]I[Dd]\d?$"
)

Content = Literal["text", "score", "label", "other"]


@dataclass(frozen=True)
class Found:
    """What a table holds, and where.

    Attributes:
        kind: Kind of the examples.
        texts: Names of the columns with texts, by role; of sentences, any number.
        value: Name of the column with the score or the label, or None.
        how: A sentence if it was guessed from the content, else "".
    """

    kind: ExampleKind
    texts: tuple[str, ...]
    value: str | None = None
    how: str = ""


def find_columns(
    table: Table, name: str, objective: str, columns: Mapping[str, str] | None = None
) -> Found:
    """Decide which columns of a table are what.

    Args:
        table: The table.
        name: What to call the file in an error.
        objective: One of `NEEDS`: it decides where a file can be read in two ways.
        columns: Role to column, as the user picked them; roles are those of `ROLES`.

    Raises:
        DataError: A role is unknown, or roles are missing that belong together.
        FileError: A picked column is not there, or nothing tells which column is what.
    """
    if columns:
        return _by_role(table, _picked(table, name, columns), objective)
    roles = _by_name(table.names)
    if "a" in roles and ("b" in roles or "positive" in roles):
        found = _by_role(table, roles, objective)
        return _with_value(table, found, objective)
    if "text" in roles and "sentences" in needs(objective):
        return Found("sentences", (roles["text"],))
    return _by_content(table, name, objective)


def _picked(table: Table, name: str, columns: Mapping[str, str]) -> dict[str, str]:
    """Check the user's choice and reduce it to the roles of `_NAMES`."""
    unknown = [role for role in columns if role not in ROLES]
    if unknown:
        raise DataError(f"columns has the role {unknown[0]!r}, but roles are {', '.join(ROLES)}.")
    missing = [column for column in columns.values() if column not in table.names]
    if missing:
        raise FileError(f"{name} has no column {missing[0]!r}; it has {', '.join(table.names)}.")
    roles = {("a" if role == "anchor" else role): column for role, column in columns.items()}
    if "text" not in roles and not ("a" in roles and ("b" in roles or "positive" in roles)):
        raise DataError(
            "columns should name a text, or a (anchor) together with b (positive), not only "
            f"{', '.join(columns)}."
        )
    return roles


def _by_name(names: Sequence[str]) -> dict[str, str]:
    """Find roles by the names of columns; a column has one role."""
    lower = {name.casefold().replace(" ", "_"): name for name in names}
    lower |= {name.casefold(): name for name in names}
    roles: dict[str, str] = {}
    for role, known in _NAMES.items():
        taken = set(roles.values())
        column = next((lower[k] for k in known if k in lower and lower[k] not in taken), None)
        if column is not None:
            roles[role] = column
    return roles


def _by_role(table: Table, roles: Mapping[str, str], objective: str) -> Found:
    """Tell the kind of a file from its roles."""
    if "a" not in roles:
        return Found("sentences", (roles["text"],))
    second = roles.get("positive", roles.get("b", ""))
    if "negative" in roles:
        return Found("triplets", (roles["a"], second, roles["negative"]))
    texts = (roles["a"], roles.get("b", second))
    score, label = roles.get("score"), roles.get("label")
    scored = "scored_pairs" in needs(objective)
    if score is None and label is not None and _is_scale(table.column(label), objective):
        score, label = label, None  # STS-B on the hub calls its scores "label"
    if score is not None and (scored or label is None):
        return Found("scored_pairs", texts, score)
    if label is not None:
        return Found("labelled_pairs", texts, label)
    return Found("pairs", texts)


def _is_scale(values: Sequence[str], objective: str) -> bool:
    """Tell scores from labels: all numbers, and fractions or more than five of them."""
    numbers = {number(value) for value in values if value}
    if None in numbers:
        return False
    many = len(numbers) > _MOST_LABELS and objective != "nli"  # which has as many as one likes
    return many or any(value % 1 for value in numbers if value is not None)


def _with_value(table: Table, found: Found, objective: str) -> Found:
    """Look for the score or label of named pairs by content, where the objective wants one."""
    if found.kind != "pairs" or {"pairs", "sentences"} & set(needs(objective)):
        return found
    others = [name for name in table.names if name not in found.texts]
    contents = {name: _content(name, table.column(name)) for name in others}
    values = [name for name in others if contents[name] in ("score", "label")]
    if len(values) != 1:
        return found
    content = contents[values[0]]
    kind: ExampleKind = "scored_pairs" if content == "score" else "labelled_pairs"
    how = f"The column {values[0]} was taken for the {content}, judging by its content."
    return Found(kind, found.texts, values[0], how)


def _by_content(table: Table, name: str, objective: str) -> Found:
    """Guess from content alone, if there is one way."""
    contents = {column: _content(column, table.column(column)) for column in table.names}
    if len(contents) == 1 and any(number(text) is None for text in table.columns[0] if text):
        contents = dict.fromkeys(contents, "text")  # single words, or a few texts repeated
    texts = tuple(column for column in contents if contents[column] == "text")
    values = [column for column in contents if contents[column] in ("score", "label")]
    kind: ExampleKind | None = None
    value: str | None = None
    if texts and (len(texts) == 1 or "sentences" in needs(objective)):
        kind = "sentences"
    elif len(texts) == 2 and len(values) <= 1:
        kind = "pairs"
        if values:
            value = values[0]
            kind = "scored_pairs" if contents[value] == "score" else "labelled_pairs"
    elif len(texts) == 3 and not values:
        kind = "triplets"
    if kind is None:
        seen = ", ".join(table.names)
        reason = f"{name} has the columns {seen}, and nothing tells which is what for {objective}."
        raise FileError(refusal(objective, reason))
    used = ", ".join((*texts, *([value] if value else [])))
    words = kind.replace("_", " ")
    return Found(kind, texts, value, f"Taken for {words} by the content of the columns: {used}.")


def _content(name: str, values: Sequence[str]) -> Content:
    """Tell what a column holds."""
    filled = [value for value in values[:_LOOKED_AT] if value]
    if not filled:
        return "other"
    distinct = set(filled)
    numbers = [value for text in filled if (value := number(text)) is not None]
    if len(numbers) == len(filled):
        return _number_content(name, numbers)
    if (
        2 <= len(distinct) <= _MOST_LABELS
        and len(distinct) < len(filled)
        and all(len(text) <= _LONGEST_LABEL and text.count(" ") <= 1 for text in distinct)
    ):
        return "label"
    wordy = sum(" " in text or not text.isascii() for text in filled)
    return "text" if wordy >= _TEXT_SHARE * len(filled) else "other"


def _number_content(name: str, numbers: Sequence[float]) -> Content:
    """Tell scores, labels, and numbers that count rows or name them."""
    distinct = set(numbers)
    counts = len(numbers) > _MOST_LABELS and len(distinct) == len(numbers)
    if _ID_NAME.search(name) or (counts and not any(value % 1 for value in distinct)):
        return "other"
    return "label" if distinct <= _NUMBERS_AS_LABELS and len(distinct) > 1 else "score"
