"""The evaluation desk of the Lab: encoders measured on files, each figure computed once."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .contamination import Contamination, contamination_of
from .encoders.cross_catalog import find_cross_encoder
from .encoders.weights import file_digest, weight_files
from .errors import DataError, FileError
from .evaluation.label_clusters import LabelClusterScores
from .evaluation.nli import NliScores, nli_scores
from .evaluation.pair_classification import PairClassificationScores, pair_classification_scores
from .evaluation.retrieval import DEEP, RetrievalScores, rank_rows, retrieval_scores
from .evaluation.sts import StsScores, pairwise_cosine, sts_scores
from .evaluation.triplet import TripletScores, triplet_scores
from .evaluation_details import StsDetails
from .evaluation_files import (
    Collection,
    SentenceFile,
    SentenceKind,
    read_collection,
    read_sentences,
)
from .evaluation_labels import compare_with_labels, read_labels
from .evaluation_store import METRIC_VERSIONS, EvaluationStore, Stored
from .protocols import Progress, no_progress
from .result_store import Computed

if TYPE_CHECKING:
    from .lab import Lab


class Ranker(Protocol):
    """A way to search: ranks documents for each query."""

    def __call__(
        self,
        documents: Sequence[str],
        queries: Sequence[str],
        model: str,
        k: int,
        progress: Progress = no_progress,
    ) -> Sequence[Sequence[int]]:
        """Return, per query, the rows of at most k documents, best first, none twice."""


class EvaluationDesk:
    """Measures encoders on files, and keeps the figures in the workspace.

    Args:
        lab: The Lab whose encoders, corpora and jobs it uses.

    Attributes:
        folder: Where its results are, and under `files` what was uploaded.
        rankers: The ways to search, by the name that `mode` takes. "semantic" is built in; who
            offers another puts it here.
    """

    def __init__(self, lab: "Lab") -> None:
        self._lab = lab
        self.folder = lab.workspace.root / "evaluation"
        self._store = EvaluationStore(self.folder)
        self.rankers: dict[str, Ranker] = {"semantic": self._rank_by_meaning}

    def keep_file(self, name: str, content: bytes) -> Path:
        """Keep an uploaded file, so that its figures survive a refresh; equal content once."""
        return self._store.keep_file(name, content)

    # --- graded pairs -------------------------------------------------------------------------

    def sts(self, path: Path, model: str, progress: Progress = no_progress) -> StsScores:
        """Correlate an encoder's similarities with human scores (all x 100).

        Args:
            path: Two sentences and a score per row.
            model: Encoder string.
            progress: Called with sentences done and in all; raises `Cancelled` to stop.

        Raises:
            FileError: The file holds no scored pairs.
            DataError: Its scores have no order.
            ModelError: The encoder is not at hand.
        """
        return _sts_scores(self._sts(path, model, progress))

    def stored_sts(self, path: Path, model: str) -> StsScores | None:
        """Return what `sts` would, if it is in the workspace; nothing is computed."""
        stored = self._store.find("sts", [path], self._lab.resolve(model))
        return _sts_scores(stored) if stored else None

    def sts_details(self, path: Path, model: str, progress: Progress = no_progress) -> StsDetails:
        """Return every pair with its score and its cosine; as `sts` otherwise."""
        stored = self._sts(path, model, progress)
        graded = read_sentences(path, "sts")
        return StsDetails(
            model=stored["encoder"],
            sentences1=graded.columns[0],
            sentences2=graded.columns[1],
            gold=graded.scores,
            cosines=np.array(stored["result"]["cosines"]),
            scores=_sts_scores(stored),
            notes=graded.notes,
        )

    def _sts(self, path: Path, model: str, progress: Progress) -> Stored:
        """Return the stored correlations and cosines, or compute them."""

        def compute() -> Stored:
            graded = read_sentences(path, "sts")
            u, v = self._embed(graded.columns, model, progress)
            scores = sts_scores(graded.scores, u, v)
            return {"scores": asdict(scores), "cosines": pairwise_cosine(u, v).tolist()}

        return self._remembered("sts", [path], model, compute)

    # --- pairs, inference, triplets -----------------------------------------------------------

    def pairs(
        self, path: Path, model: str, progress: Progress = no_progress
    ) -> PairClassificationScores:
        """Measure whether the cosine tells pairs that mean the same from others.

        Args:
            path: Two sentences per row, and whether they mean the same.
            model: Encoder string.
            progress: As for `sts`.

        Raises:
            SBERTLabError: As `sts`; also if all pairs have one label.
        """

        def compute() -> Stored:
            labelled = read_sentences(path, "pairs")
            u, v = self._embed(labelled.columns, model, progress)
            return asdict(pair_classification_scores(_is_same(labelled), pairwise_cosine(u, v)))

        return PairClassificationScores(
            **self._remembered("pairs", [path], model, compute)["result"]
        )

    def nli(
        self, path: Path, model: str, seed: int = 0, progress: Progress = no_progress
    ) -> NliScores:
        """Cross-validate a classifier of entailment on frozen embeddings; see `evaluation.nli`.

        Args:
            path: Premise, hypothesis and label per row.
            model: Encoder string.
            seed: Decides the parts of the cross-validation.
            progress: As for `sts`, then with classifiers done and in all.

        Raises:
            SBERTLabError: As `sts`; also if there is one label or one premise.
        """

        def compute() -> Stored:
            inferred = read_sentences(path, "nli")
            u, v = self._embed(inferred.columns, model, progress)
            premises = inferred.columns[0]
            return asdict(nli_scores(u, v, inferred.labels, premises, seed=seed, progress=progress))

        values = self._remembered("nli", [path], model, compute, seed=seed)["result"]
        values = {name: _frozen(value) for name, value in values.items()}
        return NliScores(**values)

    def triplet(self, path: Path, model: str, progress: Progress = no_progress) -> TripletScores:
        """Measure how often the right sentence is the nearer one.

        Args:
            path: Anchor, positive and negative per row; or an NLI file.
            model: Encoder string.
            progress: As for `sts`.

        Raises:
            SBERTLabError: As `sts`.
        """

        def compute() -> Stored:
            triplets = read_sentences(path, "triplet")
            anchors, positives, negatives = self._embed(triplets.columns, model, progress)
            return asdict(triplet_scores(anchors, positives, negatives))

        return TripletScores(**self._remembered("triplet", [path], model, compute)["result"])

    # --- retrieval ------------------------------------------------------------------------------

    def collection(self, documents: Path, queries: Path, qrels: Path) -> Collection:
        """Read documents, queries and judgements.

        Raises:
            SBERTLabError: As `evaluation_files.read_collection`.
        """
        return read_collection(documents, queries, qrels)

    def retrieval(
        self,
        files: tuple[Path, Path, Path],
        model: str,
        mode: str = "semantic",
        rerank: str | None = None,
        progress: Progress = no_progress,
    ) -> RetrievalScores:
        """Measure a search on judged documents.

        Args:
            files: Documents, queries and judgements.
            model: Encoder string.
            mode: A name of `rankers`.
            rerank: Name of a cross-encoder that puts the first 100 into its own order, or None.
            progress: As for `sts`.

        Raises:
            SBERTLabError: The files do not fit each other, there is no such mode, or a model is
                not at hand.
        """
        found = read_collection(*files)
        ranked = self._ranked(files, found, model, mode, progress)
        if rerank is not None:
            ranked = self._reranked(files, found, ranked, model, mode, rerank, progress)
        lists = {
            query: [found.document_ids[row] for row in rows]
            for query, rows in zip(found.query_ids, ranked, strict=True)
        }
        return retrieval_scores(lists, found.qrels)

    def _ranked(
        self,
        files: Sequence[Path],
        found: Collection,
        model: str,
        mode: str,
        progress: Progress,
    ) -> list[list[int]]:
        """Rank the first 100 documents of every query, or return the stored ranking."""
        if mode not in self.rankers:
            raise DataError(f"mode={mode!r} should be one of {', '.join(self.rankers)}.")

        def compute() -> Stored:
            rows = self.rankers[mode](found.documents, found.queries, model, DEEP, progress)
            return {"rows": [[int(row) for row in places] for places in rows]}

        stored = self._remembered("ranking", files, model, compute, mode=mode)
        ranked: list[list[int]] = stored["result"]["rows"]
        return ranked

    def _reranked(
        self,
        files: Sequence[Path],
        found: Collection,
        ranked: list[list[int]],
        model: str,
        mode: str,
        cross: str,
        progress: Progress,
    ) -> list[list[int]]:
        """Put every list into the order of a cross-encoder's judgements; equal ones stay."""

        def compute() -> Stored:
            pairs = [
                (query, found.documents[row])
                for query, rows in zip(found.queries, ranked, strict=True)
                for row in rows
            ]
            judged = self._lab.cross_encoder(cross).predict(pairs, progress)
            if judged.ndim != 1:
                raise DataError(f"{cross} tells labels apart and gives no score. Choose another.")
            return {"judged": judged.tolist()}

        weights = cross_weights(cross, self._lab.workspace.root)
        stored = self._remembered("judged", files, model, compute, mode=mode, weights=weights)
        judged = iter(stored["result"]["judged"])
        return [
            [row for _, row in sorted(((next(judged), row) for row in rows), key=_falling)]
            for rows in ranked
        ]

    def _rank_by_meaning(
        self,
        documents: Sequence[str],
        queries: Sequence[str],
        model: str,
        k: int,
        progress: Progress = no_progress,
    ) -> Sequence[Sequence[int]]:
        """Rank by cosine of embeddings."""
        u, v = self._embed([queries, documents], model, progress)
        ranked: list[list[int]] = rank_rows(u, v, k).tolist()
        return ranked

    # --- labels ---------------------------------------------------------------------------------

    def clusters(
        self,
        corpus_id: str,
        label_column: str,
        model: str,
        seed: int = 42,
        progress: Progress = no_progress,
    ) -> LabelClusterScores:
        """Group a corpus into as many groups as it has labels, and compare.

        Args:
            corpus_id: A corpus of the workspace.
            label_column: A column of it; rows without a label are left out.
            model: Encoder string.
            seed: Of k-means.
            progress: Called with what is done and in all.

        Raises:
            WorkspaceError: No such corpus.
            DataError: No such column, or fewer than two labels, or fewer different sentences than
                labels.
        """
        labels = read_labels(self._lab.workspace, corpus_id, label_column)

        def compute() -> Computed:
            embeddings = self._lab.vectors(corpus_id, model, progress)
            scores = compare_with_labels(embeddings, labels, label_column, seed, progress)
            return asdict(scores), {}

        parameters = {
            "label_column": label_column,
            "seed": seed,
            "metric_version": METRIC_VERSIONS["clusters"],
        }
        resolved = self._lab.resolve(model)
        run = self._lab.results.remember("label_clusters", corpus_id, resolved, parameters, compute)
        return LabelClusterScores(**run.result)

    # --- contamination --------------------------------------------------------------------------

    def contamination(self, path: Path, model: str, kind: SentenceKind = "sts") -> Contamination:
        """Say what share of a file an encoder was trained on, where that is known.

        Args:
            path: The file.
            model: Encoder string.
            kind: What the file holds.

        Raises:
            SBERTLabError: The file cannot be read, or the encoder is not at hand.
        """
        tested = read_sentences(path, kind)
        return contamination_of(tested.text_pairs, self._lab.resolve(model), self._lab.training)

    def notes(self, path: Path, kind: SentenceKind) -> tuple[str, ...]:
        """Say how a file was read: what was dropped, converted and guessed."""
        return read_sentences(path, kind).notes

    # --- private --------------------------------------------------------------------------------

    def _remembered(
        self,
        kind: str,
        paths: Sequence[Path],
        model: str,
        compute: Callable[[], Stored],
        **settings: Any,
    ) -> Stored:
        """Return the stored result of a request, or compute and keep it."""
        _check_files(paths)
        resolved = self._lab.resolve(model)
        return self._store.remember(kind, paths, resolved, compute, **settings)

    def _embed(
        self, columns: Sequence[Sequence[str]], model: str, progress: Progress
    ) -> list[NDArray[np.float32]]:
        """Embed columns of texts in one go: float32 (N, D) each."""
        texts = [text for column in columns for text in column]
        vectors = self._lab.encoder(model).encode(texts, progress)
        ends = np.cumsum([len(column) for column in columns])[:-1]
        return np.split(vectors, ends)


def cross_weights(cross: str, root: Path) -> list[str]:
    """Digest the weights of a cross-encoder, which are its identity.

    Raises:
        ModelError: It is unknown or not at hand.
    """
    folder = find_cross_encoder(cross, [root / "models"])
    return [file_digest(path) for path in weight_files(folder)]


def _check_files(paths: Sequence[Path]) -> None:
    """Refuse a file that is not there."""
    for path in paths:
        if not path.is_file():
            raise FileError(f"There is no file {path}.")


def _sts_scores(stored: Stored) -> StsScores:
    """Turn stored correlations back into a result."""
    values = dict(stored["result"]["scores"])
    return StsScores(**values | {"ci95": tuple(values["ci95"])})


def _frozen(value: Any) -> Any:
    """Turn the lists of JSON back into tuples."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _is_same(labelled: SentenceFile) -> NDArray[np.bool_]:
    """Say which pairs mean the same: bool (N,)."""
    return np.array([label == "same" for label in labelled.labels])


def _falling(judged: tuple[float, int]) -> float:
    """Sort by judgement, highest first; the sort is stable, so equal ones stay as they were."""
    return -judged[0]
