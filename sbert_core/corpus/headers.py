"""Is the first row a row of names? And how columns are called when it is not.

Reading a row of data as names loses a row; reading names as data adds one that is easily seen.
So a header is believed only on a sign: a known name, or cells of another kind below it.
"""

import re
from collections.abc import Sequence

from .cells import is_blank, is_date, is_number, plain_cell, word_count

# Parts of column names that people use for sentences, in several languages.
TEXT_NAMES = frozenset(
    """text texts sentence sentences message messages comment comments review reviews question
    questions body content description abstract utterance query tweet post document paragraph
    passage feedback answer response premise hypothesis headline article summary caption note
    quote prompt instruction input review_text phrase satz sätze nachricht frage kommentar
    beschreibung texte phrases commentaire avis texto frase frases mensaje pregunta comentario
    descripción testo frasi domanda commento tekst zin pytanie текст сообщение вопрос 文本 句子
    内容 评论 テキスト 文 文章 본문 문장""".split()
)
# ... and for labels.
LABEL_NAMES = frozenset(
    """label labels category categories class classes topic topics intent intents genre sentiment
    target tag group polarity rating stars gold department section kategorie klasse thema
    catégorie classe sujet categoría clase tema categoria etichetta категория 类别 标签 ラベル
    카테고리""".split()
)
_OTHER_NAMES = frozenset(
    """id ids uid guid index idx row number no nr score scores similarity date time datetime
    timestamp created url link source author user username name title subject lang language
    split type status country city email price count value is has year key relevance""".split()
)
_KNOWN = TEXT_NAMES | LABEL_NAMES | _OTHER_NAMES

_NAME = re.compile(r"[^\W\d_][\w .\-/()#%&]{0,39}")
_CODE_NAME = re.compile(r"[^\W\d_]+(?:[_.\d]\w*|[A-Z]\w*)")
_MOST_NAME_WORDS = 3
_MOSTLY = 0.95


def name_parts(name: str) -> set[str]:
    """Split a name such as "isDuplicate", "doc_id" or "Sentence 1" into lower-case words."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return {part for part in re.split(r"[\W\d_]+", spaced.lower()) if part}


def looks_like_name(cell: str) -> bool:
    """Tell whether a cell could be a column name: short, and not a sentence."""
    return bool(_NAME.fullmatch(cell)) and len(cell.split()) <= _MOST_NAME_WORDS


def is_known_name(cell: str) -> bool:
    """Tell whether a cell is a column name that people commonly use.

    One word may hold a known part ("doc_id"); of several each must be known ("review text", but
    not "Great article").
    """
    cell = cell.strip()
    parts = name_parts(cell)
    if not looks_like_name(cell) or not parts:
        return False
    return parts <= _KNOWN if " " in cell else not parts.isdisjoint(_KNOWN)


def has_header(rows: Sequence[Sequence[str]], wanted: Sequence[str | None] = ()) -> bool:
    """Decide whether the first row holds column names.

    Args:
        rows: The first rows of a file; cells as text, "" where empty.
        wanted: Column names that the user has given; one of them in the first row settles it.
    """
    first, below = [cell.strip() for cell in rows[0]], rows[1:]
    if any(name in first for name in wanted if name):
        return True
    filled = [cell for cell in first if cell]
    if not filled or any(is_number(cell) or is_date(cell) for cell in filled):
        return False
    columns = [_column(below, index) for index in range(len(first))]
    if any(cell and _is_other_kind(column) for cell, column in zip(first, columns, strict=True)):
        return True
    known = [is_known_name(cell) for cell in filled]
    recurs = [cell in column for cell, column in zip(first, columns, strict=True)]
    if any(recurs) and not all(recurs) and not all(known):
        return False  # a label that sounds like a name
    if not all(looks_like_name(cell) for cell in filled):
        return False
    return any(known) or _stands_out(first, columns)


def _column(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    """Take the filled cells of one column."""
    return [row[index] for row in rows if index < len(row) and not is_blank(row[index])]


def _is_other_kind(column: list[str]) -> bool:
    """Tell whether all cells below the first row are numbers or dates."""
    return len(column) >= 2 and (all(map(is_number, column)) or all(map(is_date, column)))


def _stands_out(first: list[str], columns: list[list[str]]) -> bool:
    """Tell whether short cells stand above longer ones."""
    if len(first) == 1 and not _CODE_NAME.fullmatch(first[0]):
        return False  # "Hello" may well be the first of the sentences
    return any(
        len(column) >= 2
        and sum(word_count(below) > word_count(cell) for below in column) >= _MOSTLY * len(column)
        for cell, column in zip(first, columns, strict=True)
    )


def default_names(count: int) -> list[str]:
    """Name the columns of a file without a header."""
    return ["text"] if count == 1 else [f"column {number}" for number in range(1, count + 1)]


def unique_names(names: Sequence[str], warnings: list[str]) -> list[str]:
    """Tidy column names and make each one unique; say in `warnings` what was changed."""
    result: list[str] = []
    tidied = [" ".join(str(plain_cell(name)).split()) for name in names]
    taken = set(tidied)
    for position, name in enumerate(tidied, start=1):
        tidy = name or f"column {position}"
        unique, copy = tidy, 2
        while unique in result or (unique != tidy and unique in taken):
            unique, copy = f"{tidy} ({copy})", copy + 1
        if unique != tidy:
            warnings.append(
                f"The column name '{tidy}' occurs more than once; column {position} is now called "
                f"'{unique}'."
            )
        result.append(unique)
    return result
