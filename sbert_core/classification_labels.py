"""Where the labels of a corpus come from: a column of its file, or a person's hand."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .analysis.classify import draw_share, draw_shots
from .classification import Examples, FewShotConfig, words_of
from .errors import DataError
from .hand_labels import HandLabels

if TYPE_CHECKING:
    from .lab import Lab


class LabelSources:
    """Reads labels, and says what a result depends on.

    Args:
        lab: The Lab.
        by_hand: Returns the labels that were given to a corpus by hand.
    """

    def __init__(self, lab: "Lab", by_hand: Callable[[str], HandLabels]) -> None:
        self._lab, self._by_hand = lab, by_hand

    def column(self, corpus_id: str, column: str) -> list[str]:
        """Return a column as class names, "" where a cell is empty.

        Raises:
            DataError: The corpus has no such column.
        """
        columns = self._lab.corpus(corpus_id).columns
        if column not in columns:
            raise DataError(
                f"There is no column {column!r}. The columns are: {', '.join(columns)}."
            )
        return words_of(self._lab.workspace.frame(corpus_id, columns=[column])[column].tolist())

    def known(self, corpus_id: str, config: FewShotConfig) -> list[str]:
        """Return the label of each row, "" where it has none."""
        if config.source == "column":
            return self.column(corpus_id, config.column)
        labels = [""] * self._lab.corpus(corpus_id).rows
        for row, name in self._by_hand(corpus_id).labels.items():
            if row < len(labels):
                labels[row] = name
        return labels

    def examples(self, corpus_id: str, config: FewShotConfig) -> Examples:
        """Say which rows are learnt from, and which labelled rows are left to test on.

        Raises:
            DataError: No row has a label, or the column is not there.
        """
        labels = self.known(corpus_id, config)
        known = np.array([bool(label) for label in labels])
        if not known.any():
            raise DataError(
                "No row has a label yet: label a few rows of each class."
                if config.source == "hand"
                else f"The column {config.column!r} is empty: choose another one."
            )
        if config.shots:
            rows = draw_shots(labels, config.shots, config.seed)
        else:
            rows = draw_share(labels, 1 - config.held_out, config.seed)
        rest = np.setdiff1d(np.flatnonzero(known), rows)
        return Examples(
            rows=tuple(rows.tolist()),
            labels=tuple(labels[row] for row in rows),
            test_rows=tuple(rest.tolist()),
            test_labels=tuple(labels[row] for row in rest),
        )

    def key(self, corpus_id: str, config: FewShotConfig) -> dict[str, Any]:
        """Return all that a result depends on: labels given by hand count by their content."""
        key = config.to_dict()
        if config.source == "hand":
            key["labels"] = self._by_hand(corpus_id).key
        return key

    def curve_key(self, corpus_id: str, config: FewShotConfig) -> dict[str, Any]:
        """Return the same for a curve: it draws its own examples, and no unlabelled rows."""
        ignored = ("shots", "spread")
        return {k: v for k, v in self.key(corpus_id, config).items() if k not in ignored}
