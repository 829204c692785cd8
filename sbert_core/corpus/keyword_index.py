"""Keyword search: a BM25 index over the texts of a corpus, kept by Lance in a folder of its own.

Words are found by the Unicode rules for word boundaries (so that Chinese and Thai have words,
too), lower-cased, stripped of accents, stemmed as English, and the commonest English words are
left out. BM25 is that of Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework",
equation 3.15, with k1 = 1.2 and b = 0.75.

The index lies beside the corpus table and not in it: writers of the table never wait for it, and
it is removed by removing its folder.
"""

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sbert_core.errors import WorkspaceError
from sbert_core.protocols import Progress, no_progress

if TYPE_CHECKING:
    from lance import LanceDataset

logger = logging.getLogger(__name__)

_TABLE: Final = "keywords.lance"
_WORDS: Final[dict[str, Any]] = {
    "base_tokenizer": "icu",
    "language": "English",
    "lower_case": True,
    "ascii_folding": True,
    "stem": True,
    "remove_stop_words": True,
    "max_token_length": 40,
    "with_position": False,
}
# Beyond this a query is a document: its first words say what it is about.
MAX_QUERY_CHARS = 10_000
# Fetched beyond k, to see whether rows of equal score go on.
_MARGIN = 50


class KeywordIndex:
    """The BM25 index of one list of texts.

    Args:
        folder: Where it lies, or will; made whole or not at all.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: LanceDataset | None = None

    def exists(self) -> bool:
        """Whether the index was completely built."""
        return (self.folder / _TABLE).is_dir()

    def build(self, texts: Sequence[str], progress: Progress = no_progress) -> None:
        """Index texts; what was there before is replaced.

        Args:
            texts: N texts, in row order.
            progress: Told the stage; raises `Cancelled` between stages.

        Raises:
            WorkspaceError: The folder cannot be written.
        """
        import lance
        import pyarrow as pa

        progress(0, 2, "reading the words")
        partial = self.folder.with_name(f"{self.folder.name}.{os.getpid()}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            rows = pa.table({"row": np.arange(len(texts)), "text": pa.array(texts, pa.string())})
            table = lance.write_dataset(rows, str(partial / _TABLE))
            progress(1, 2, "reading the words")
            table.create_scalar_index("text", "INVERTED", **_WORDS)
            self._opened = None
            shutil.rmtree(self.folder, ignore_errors=True)
            partial.rename(self.folder)
        except (OSError, ValueError, RuntimeError) as error:
            if self.exists() and not isinstance(error, ValueError):
                logger.warning("Another process built %s first: %s", self.folder, error)
                return
            raise WorkspaceError(
                f"The keyword index could not be written ({error}): the disk may be full. Free "
                "some space and search again."
            ) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def search(
        self, query: str, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rank the texts that share a word with a query.

        The query is words and nothing else: quotes, AND, colons and the like have no meaning.

        Args:
            query: Any text.
            k: How many rows at most, at least 1.
            allowed: bool array of shape (N,): rows that may be hits. None allows all.

        Returns:
            Row numbers and BM25 scores (0 or more, without an upper bound), best first; equal
            scores in the order of row numbers. Fewer than k where fewer texts share a word.

        Raises:
            WorkspaceError: The index is missing or damaged.
        """
        table = self._open()
        everything = table.count_rows()
        # Filtered afterwards: a list of a million row numbers would take Lance longer.
        limit = everything if allowed is not None else min(k + _MARGIN, everything)
        rows, scores = self._fetch(table, query, limit)
        if k < rows.size == limit < everything and scores[k - 1] == scores[-1]:
            rows, scores = self._fetch(table, query, everything)  # ties go on beyond the margin
        if allowed is not None:
            kept = allowed[rows]
            rows, scores = rows[kept], scores[kept]
        return rows[:k], scores[:k]

    def _fetch(
        self, table: "LanceDataset", query: str, limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ask Lance, and put rows of equal score in row order."""
        from lance.query import MatchQuery

        try:
            found = table.scanner(
                columns=["row", "_score"],
                full_text_query=MatchQuery(query[:MAX_QUERY_CHARS], "text"),
                limit=limit,
            ).to_table()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._damaged() from error
        rows, scores = found["row"].to_numpy(), found["_score"].to_numpy()
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]

    def _open(self) -> "LanceDataset":
        """Open the table once."""
        import lance

        if self._opened is None:
            try:
                self._opened = lance.dataset(str(self.folder / _TABLE))
            except (OSError, ValueError, RuntimeError) as error:
                raise self._damaged() from error
        return self._opened

    def _damaged(self) -> WorkspaceError:
        """Say that the index is no good; the next search builds it anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._opened = None
        return WorkspaceError(
            "The keyword index is missing or damaged and was removed. Search again: it is built "
            "anew."
        )
