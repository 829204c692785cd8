"""Labels that a person gives by hand, kept in the workspace: a refresh or a restart loses none."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from .errors import DataError
from .hashing import content_key

_LONGEST_NAME = 80


@dataclass(frozen=True)
class HandLabels:
    """Classes, and which row has which.

    Attributes:
        classes: Their names, in the order in which they were made: that of the keys 1 to 9.
        labels: Row number to class name, in the order in which they were given.
    """

    classes: tuple[str, ...] = ()
    labels: Mapping[int, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Content of the labels, whatever the order in which they were given."""
        return content_key("labels", [[row, self.labels[row]] for row in sorted(self.labels)])

    @property
    def counts(self) -> dict[str, int]:
        """Labelled rows of each class, 0 included."""
        given = list(self.labels.values())
        return {name: given.count(name) for name in self.classes}


class HandLabelStore:
    """One file of labels for each corpus.

    Args:
        folder: Where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, corpus_id: str) -> HandLabels:
        """Return the labels of a corpus; none if there are none yet."""
        try:
            stored = json.loads(self._path(corpus_id).read_text(encoding="utf-8"))
            labels = {int(row): str(name) for row, name in stored["labels"]}
            return HandLabels(tuple(stored["classes"]), labels)
        except FileNotFoundError:
            return HandLabels()
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"The labels in {self._path(corpus_id).name} cannot be read: the file was changed "
                "by hand. Delete it to begin anew."
            ) from error

    def add_class(self, corpus_id: str, name: str) -> HandLabels:
        """Make a class.

        Raises:
            DataError: The name is empty, too long, or taken.
        """
        name = " ".join(name.split())
        if not name:
            raise DataError("A class needs a name of at least one character.")
        if len(name) > _LONGEST_NAME:
            raise DataError(f"A class has a name of at most {_LONGEST_NAME} characters.")

        def change(old: HandLabels) -> HandLabels:
            if name.casefold() in {known.casefold() for known in old.classes}:
                raise DataError(f"There is a class “{name}” already.")
            return HandLabels((*old.classes, name), old.labels)

        return self._change(corpus_id, change)

    def remove_class(self, corpus_id: str, name: str) -> HandLabels:
        """Remove a class with the labels that it has."""
        return self._change(
            corpus_id,
            lambda old: HandLabels(
                tuple(known for known in old.classes if known != name),
                {row: given for row, given in old.labels.items() if given != name},
            ),
        )

    def put(self, corpus_id: str, rows: Iterable[int], name: str) -> HandLabels:
        """Label some rows; a row that has a label gets the new one.

        Raises:
            DataError: There is no such class.
        """

        def change(old: HandLabels) -> HandLabels:
            if name not in old.classes:
                raise DataError(f"There is no class “{name}”. Add it first.")
            new = dict.fromkeys((int(row) for row in rows), name)
            others = {row: given for row, given in old.labels.items() if row not in new}
            return HandLabels(old.classes, others | new)

        return self._change(corpus_id, change)

    def take_back(self, corpus_id: str, rows: Sequence[int] | None = None) -> HandLabels:
        """Remove the labels of some rows; None for the label that was given last."""

        def change(old: HandLabels) -> HandLabels:
            gone = set(list(old.labels)[-1:] if rows is None else rows)
            kept = {row: name for row, name in old.labels.items() if row not in gone}
            return HandLabels(old.classes, kept)

        return self._change(corpus_id, change)

    def forget(self, corpus_id: str) -> None:
        """Remove classes and labels of a corpus."""
        self._path(corpus_id).unlink(missing_ok=True)

    def _change(self, corpus_id: str, change: Callable[[HandLabels], HandLabels]) -> HandLabels:
        """Read, change and write while nobody else does; the file is replaced as a whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(corpus_id)
        with FileLock(path.with_suffix(".lock")):
            new = change(self.read(corpus_id))
            stored = {"classes": list(new.classes), "labels": [list(x) for x in new.labels.items()]}
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
            partial.replace(path)
        return new

    def _path(self, corpus_id: str) -> Path:
        """The file of a corpus; its id comes from the workspace and is letters and digits."""
        if not corpus_id.isalnum():
            raise DataError(f"There is no corpus {corpus_id!r}.")
        return self.folder / f"{corpus_id}.json"
