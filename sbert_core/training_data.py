"""From a training request to its data: examples, what is held back, and what is watched."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from .corpus.workspace import Workspace
from .errors import DataError, SBERTLabError
from .evaluation.sts import ScoredPairs, read_scored_pairs
from .sample import PAIRS
from .training.example_columns import find_columns
from .training.example_files import read_examples, read_table
from .training.examples import ExampleKind, Examples, needs, split, without_overlap
from .training.held_out import graded_pairs
from .training.labelled_texts import LABELLED_TEXT_KINDS, examples_from_labels
from .training_request import FileColumns, TrainData, TrainPreview, TrainRequest
from .training_run import RunData

# Held back of the examples for dev and for test. Of few, a large part is for the test: a verdict
# on thirty pairs has an interval of twenty points and says nothing.
_FEW, _SHARES_OF_FEW, _SHARES_OF_MANY, _MOST = 1_000, (0.15, 0.35), (0.1, 0.1), 1_500
_LEAST_PAIRS = 10  # a Spearman of fewer says nothing
_ENOUGH = 70  # examples of which the dev set gets as many
_PREVIEWED = 5
# What the parts of an example are called where they are shown, and as columns of a file.
_HEADINGS: Mapping[ExampleKind, tuple[str, ...]] = {
    "sentences": ("sentence",),
    "pairs": ("sentence", "belongs with"),
    "scored_pairs": ("first sentence", "second sentence"),
    "labelled_pairs": ("first sentence", "second sentence"),
    "triplets": ("sentence", "is nearer to", "than to"),
}
_FILE_ROLES: Mapping[ExampleKind, tuple[str, ...]] = {
    "sentences": ("text",),
    "pairs": ("a", "b"),
    "scored_pairs": ("a", "b", "score"),
    "labelled_pairs": ("a", "b", "label"),
    "triplets": ("a", "b", "negative"),
}
_WATCHED = 300  # points of the small map: enough to see groups, few enough to draw in a second


def read_train_data(data: TrainData, objective: str, workspace: Workspace) -> Examples:
    """Read examples that an objective can learn from.

    Raises:
        FileError: The file cannot be read.
        DataError: It holds the wrong kind of examples; the sentence says what is needed.
        WorkspaceError: There is no such corpus.
    """
    if data.kind == "corpus":
        return _from_corpus(data.place, objective, workspace)
    place: Path | str = PAIRS
    if data.kind == "file":
        place = data.place if data.place.startswith("hf:") else Path(data.place)
    return read_examples(place, objective, dict(data.columns) or None)


def file_columns(data: TrainData, objective: str) -> FileColumns:
    """List the columns of a file, and guess which is what.

    Raises:
        FileError: The file cannot be read.
    """
    path = Path(data.place)
    table = read_table(path)
    try:
        found = find_columns(table, path.name, objective)
    except SBERTLabError:  # nothing tells which is what: the user will
        return FileColumns(table.names, {})
    roles = zip(_FILE_ROLES[found.kind], (*found.texts, found.value or ""), strict=False)
    return FileColumns(table.names, {role: column for role, column in roles if column})


def preview_of(examples: Examples) -> TrainPreview:
    """Show the first examples."""
    rows: list[dict[str, str | float]] = []
    for place in range(min(_PREVIEWED, len(examples))):
        texts = [column[place] for column in examples.columns]
        row: dict[str, str | float] = dict(zip(_HEADINGS[examples.kind], texts, strict=True))
        if examples.labels is not None:
            label = examples.labels[place]
            named = examples.kind == "labelled_pairs"
            key, value = ("label", examples.label_names[label]) if named else ("score", label)
            row[key] = value if isinstance(value, str) else float(value)
        rows.append(row)
    return TrainPreview(len(examples), examples.found, tuple(rows))


def assemble(request: TrainRequest, workspace: Workspace) -> RunData:
    """Read the examples of a request, and hold back what judges them.

    Examples that can be graded are split. For those that cannot, single sentences, the bundled
    graded pairs are the judge: one half chooses the best step, the other gives the verdict.

    Raises:
        FileError: A file cannot be read.
        DataError: There are too few examples, or of the wrong kind.
        WorkspaceError: There is no such corpus.
    """
    examples = read_train_data(request.data, request.objective, workspace)
    places = {"dev": request.dev, "test": request.test}
    given = {part: read_scored_pairs(Path(place)) for part, place in places.items() if place}
    if given:
        examples = without_overlap(
            examples,
            (pair for p in given.values() for pair in zip(p.sentences1, p.sentences2, strict=True)),
        )
        if not len(examples):
            raise DataError("No example is left to learn from: all are in the dev or test file.")
    train, held = examples, dict[str, ScoredPairs]()
    if "dev" not in given:
        train, held = _held_back(examples, request.config.seed, "test" not in given)
    judges = held | given
    dev, test = judges["dev"], judges.get("test")
    for name, pairs in (("dev", dev), ("test", test)):
        if pairs is not None and len(pairs.scores) < _LEAST_PAIRS:
            raise DataError(
                f"Only {len(pairs.scores)} pairs are left for the {name} set, too few to tell "
                f"whether training helps. Give at least {_ENOUGH} examples, or a file "
                "of graded pairs to evaluate on."
            )
    watched = _watched(request, train, workspace)
    return RunData(train, dev, test, *watched, _data_name(request.data, workspace))


def _data_name(data: TrainData, workspace: Workspace) -> str:
    """Say what a person calls the data; of a file its name alone."""
    if data.kind == "corpus":
        return workspace.corpus(data.place).name
    if data.kind == "sample":
        return "the bundled graded pairs"
    return data.place if data.place.startswith("hf:") else Path(data.place).name


def _held_back(
    examples: Examples, seed: int, for_test: bool
) -> tuple[Examples, dict[str, ScoredPairs]]:
    """Take what judges out of the examples; the bundled pairs judge single sentences."""
    if examples.kind == "sentences":
        dev, test = _halves(read_scored_pairs(PAIRS))
        said = "Judged by the bundled graded pairs: sentences alone have no grades."
        return examples.saying(said), {"dev": dev, "test": test}
    shares = _SHARES_OF_FEW if len(examples) < _FEW else _SHARES_OF_MANY
    dev_share, test_share = (min(share, _MOST / len(examples)) for share in shares)
    train, *parts = split(examples, dev_share, test_share if for_test else 0.0, seed)
    graded = (ScoredPairs(*graded_pairs(part)) for part in parts if len(part))
    return train, dict(zip(("dev", "test"), graded, strict=False))


def _from_corpus(corpus_id: str, objective: str, workspace: Workspace) -> Examples:
    """Build examples from a corpus: its sentences, or pairs made from its labels."""
    info = workspace.corpus(corpus_id)
    texts = workspace.texts(corpus_id)
    kinds = needs(objective)
    if kinds == ("sentences",):
        distinct = tuple(dict.fromkeys(texts))
        said = f"Took {len(distinct):,} distinct sentences of {info.name}."
        return Examples("sentences", (distinct,), found=(said,))
    built = [kind for kind in kinds if kind in LABELLED_TEXT_KINDS]
    if objective in ("nli", "cross") or not built:
        raise DataError(
            f"{objective} cannot learn from labels of single sentences. From a labelled corpus, "
            "mnrl, triplet and contrastive can; or give a file of pairs."
        )
    if info.label_column is None:
        raise DataError(
            f"{info.name} has no label column, so nothing says which sentences belong together. "
            "Choose one on the Corpus page, or train with simcse, which needs none."
        )
    labels = workspace.frame(corpus_id, columns=[info.label_column])[info.label_column].tolist()
    return examples_from_labels(texts, labels, built[0])


def _halves(pairs: ScoredPairs) -> tuple[ScoredPairs, ScoredPairs]:
    """Split graded pairs in two, every other one."""
    first, second = (
        ScoredPairs(pairs.sentences1[start::2], pairs.sentences2[start::2], pairs.scores[start::2])
        for start in (0, 1)
    )
    return first, second


def _watched(
    request: TrainRequest, train: Examples, workspace: Workspace
) -> tuple[Sequence[str], Sequence[str]]:
    """Choose the sentences of the small map, and their labels where there are any."""
    corpus_id = request.watch or (request.data.place if request.data.kind == "corpus" else "")
    if not corpus_id:
        texts = list(dict.fromkeys(text for column in train.columns for text in column))
        return [texts[place] for place in _evenly(len(texts))], ()
    info = workspace.corpus(corpus_id)
    rows = _evenly(info.rows)
    texts = workspace.texts(corpus_id, rows)
    if info.label_column is None:
        return texts, ()
    frame = workspace.frame(corpus_id, columns=[info.label_column], rows=rows)
    return texts, [str(label) for label in frame[info.label_column]]


def _evenly(total: int) -> list[int]:
    """Spread the watched rows over all."""
    return np.unique(np.linspace(0, total - 1, min(total, _WATCHED)).astype(int)).tolist()
