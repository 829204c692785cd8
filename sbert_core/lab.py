"""The front desk: pages and commands talk to `Lab` and its desks, and to nothing behind them.

It reads, embeds, clusters and maps, and keeps every result in the workspace under the request that
made it: asking again is instant, and nothing is ever shown against the wrong rows.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .analysis.clustering import ClusterConfig, LabelAgreement, label_agreement
from .analysis.map_trust import MAP_CAVEAT
from .analysis.projection import PROJECTION_METHODS, ProjectionConfig, ProjectionMethod, place
from .analysis.similarity import cos_sim
from .classification_desk import ClassificationDesk
from .comparison_desk import ComparisonDesk
from .corpus.export import to_csv, to_parquet
from .corpus.reader import read_corpus
from .corpus.records import CorpusInfo, RunRecord
from .corpus.report import Reading, ReadReport
from .corpus.workspace import Workspace
from .duplicates_desk import DuplicatesDesk
from .embedding import embed_corpus, estimate_embedding, measured_rate, shard_folder
from .encoders.catalog import ModelInfo, ResolvedEncoder
from .errors import DataError
from .evaluation_desk import EvaluationDesk
from .explanation_desk import ExplanationDesk
from .exploration import compute_clusters, compute_map, nearest_rows, read_clusters, read_map
from .exports import map_page, with_results
from .job_kinds import run_job
from .jobs import Job, JobQueue, JobSpec
from .leaderboard_desk import LeaderboardDesk
from .model_shelf import ModelShelf
from .pairs import (
    RANDOM_PAIRS,
    YARDSTICK_ROWS,
    compute_random_pairs,
    even_sample,
    filled,
    read_random_pairs,
    score_pair,
)
from .protocols import Progress, no_progress
from .race_desk import RaceDesk
from .result_store import Computed, Results
from .results import (
    ClusterResult,
    EmbedEstimate,
    EmbedResult,
    MapResult,
    Neighbour,
    PairSimilarity,
    RandomPairs,
)
from .search_desk import SearchDesk
from .training_desk import TrainingDesk

if TYPE_CHECKING:
    import pandas as pd

    from .encoders.cross_encoder import CrossEncoder
    from .encoders.encoder import SentenceEncoder

# What pages and commands need besides the Lab comes through this door, too.
__all__ = [
    "DEFAULT_ENCODER",
    "MAP_CAVEAT",
    "PROJECTION_METHODS",
    "ClusterConfig",
    "CorpusInfo",
    "Lab",
    "ModelInfo",
    "ProjectionConfig",
    "ProjectionMethod",
    "ReadReport",
    "Reading",
    "RunRecord",
    "to_csv",
    "to_parquet",
]

DEFAULT_ENCODER = "minilm"
_JOB_TITLES = {"embed": "Embed", "cluster": "Find groups in", "map": "Draw the map of"}


class Lab:
    """Everything that a person can do, as methods.

    Args:
        root: The workspace folder; None for `SBERT_LAB_HOME`, else the user's data folder.

    Raises:
        WorkspaceError: The folder cannot be used.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.workspace = Workspace(root or self.default_root())
        self.jobs = JobQueue(self.workspace.root)
        self.results = Results(self.workspace)
        self._shelf = ModelShelf(self.workspace.root)
        self.training = TrainingDesk(self.workspace, self._shelf, self.jobs)
        self.comparison = ComparisonDesk(self)
        self.explanation = ExplanationDesk(self)
        self.evaluation = EvaluationDesk(self)
        self.leaderboard = LeaderboardDesk(self)
        self.race = RaceDesk(self)
        self.duplicates = DuplicatesDesk(self)
        self.classification = ClassificationDesk(self)
        self.search = SearchDesk(self)
        self.evaluation.rankers |= self.search.rankers()

    @staticmethod
    def default_root() -> Path:
        """Where a workspace is unless named: `SBERT_LAB_HOME`, else the user data folder."""
        return Workspace.default_root()

    # --- encoders ---------------------------------------------------------------------------

    def models(self) -> list[ModelInfo]:
        """List every encoder the catalogue knows, those at hand first."""
        return self._shelf.infos()

    def encoders_at_hand(self) -> list[str]:
        """List encoder strings that work now: each model as it is, then with other poolings."""
        return self._shelf.at_hand()

    def resolve(self, model: str) -> ResolvedEncoder:
        """Find an encoder, fetching it from the hub if need be, without loading it.

        Raises:
            ModelError: Unknown, not at hand, or refused.
        """
        return self._shelf.resolve(model)

    def encoder(self, model: str) -> "SentenceEncoder":
        """Load an encoder by its string `ID[:POOLING]`, or return it if it is loaded.

        Raises:
            ModelError: Unknown, not at hand, or refused.
        """
        return self._shelf.load(model)

    def cross_encoders(self) -> list[ModelInfo]:
        """List the cross-encoders, which judge pairs and have no vectors; those at hand first."""
        return self._shelf.cross_infos()

    def cross_encoder(self, name: str) -> "CrossEncoder":
        """Load a cross-encoder by name or folder, or return it if it is loaded.

        Raises:
            ModelError: Unknown, not at hand, or no cross-encoder.
        """
        return self._shelf.load_cross(name)

    # --- corpora ----------------------------------------------------------------------------

    def read(
        self,
        source: Path | bytes,
        *,
        name: str | None = None,
        text_column: str | None = None,
        label_column: str | None = None,
    ) -> Reading:
        """Read a user's file into rows and a report; nothing is stored.

        Raises:
            FileError: The file cannot be read as a corpus.
        """
        return read_corpus(source, name=name, text_column=text_column, label_column=label_column)

    def add_corpus(self, reading: Reading, name: str | None = None) -> CorpusInfo:
        """Keep a reading in the workspace; equal content is kept once.

        Raises:
            WorkspaceError: The workspace cannot be written.
        """
        info = self.workspace.add_corpus(
            reading.frame,
            name=name or reading.report.file_name,
            text_column=reading.text_column,
            label_column=reading.label_column,
            report=reading.report.to_dict(),
        )
        if info.label_column != reading.label_column:
            # Known content, newly read: the label column chosen last is the one that counts.
            return self.workspace.set_label_column(info.corpus_id, reading.label_column)
        return info

    def known_corpus(self, reading: Reading) -> CorpusInfo | None:
        """Return the corpus that a reading already is, or None."""
        return self.workspace.find_corpus(reading.frame, text_column=reading.text_column)

    def open_file(
        self, path: Path, *, text_column: str | None = None, label_column: str | None = None
    ) -> CorpusInfo:
        """Read a file and keep it: what every command on a FILE begins with."""
        reading = self.read(path, text_column=text_column, label_column=label_column)
        return self.add_corpus(reading)

    def corpora(self) -> list[CorpusInfo]:
        """List the corpora of the workspace, newest first."""
        return self.workspace.corpora()

    def corpus(self, corpus_id: str) -> CorpusInfo:
        """Return one corpus.

        Raises:
            WorkspaceError: There is none with this id (any more).
        """
        return self.workspace.corpus(corpus_id)

    def texts(self, corpus_id: str, rows: Sequence[int] | None = None) -> list[str]:
        """Return the texts of a corpus, all or those of some rows."""
        return self.workspace.texts(corpus_id, rows)

    def delete_corpus(self, corpus_id: str) -> None:
        """Delete a corpus with its vectors, results and jobs."""
        for job in self.jobs.jobs(corpus_id):
            self.jobs.cancel(job.job_id)
            self.jobs.dismiss(job.job_id)
        self.workspace.delete_corpus(corpus_id)
        self.search.forget(corpus_id)
        self.classification.forget(corpus_id)
        shutil.rmtree(shard_folder(self.workspace.root, corpus_id), ignore_errors=True)

    # --- vectors ----------------------------------------------------------------------------

    def is_embedded(self, corpus_id: str, model: str) -> bool:
        """Whether the vectors of a corpus under an encoder are stored."""
        return self.workspace.has_vectors(corpus_id, self.resolve(model).key)

    def estimate(self, texts: Sequence[str], model: str) -> EmbedEstimate:
        """Say what embedding would cost, before it starts."""
        resolved = self.resolve(model)
        return estimate_embedding(texts, resolved, measured_rate(self.workspace, resolved.key))

    def embed(
        self, corpus_id: str, model: str = DEFAULT_ENCODER, progress: Progress = no_progress
    ) -> EmbedResult:
        """Embed a corpus, unless that has been done; resumes what a kill or Cancel left.

        Args:
            corpus_id: A corpus of the workspace.
            model: Encoder string.
            progress: Called with distinct texts done and in all.

        Raises:
            WorkspaceError: No such corpus.
            ModelError: The encoder is not at hand.
            Cancelled: From `progress`.
        """
        return embed_corpus(
            self.results, corpus_id, self.resolve(model), lambda: self.encoder(model), progress
        )

    def vectors(
        self, corpus_id: str, model: str = DEFAULT_ENCODER, progress: Progress = no_progress
    ) -> NDArray[np.float32]:
        """Return the vectors of a corpus, embedding it first if need be.

        Returns:
            Read-only float32 array of shape (N, D), in row order.
        """
        self.embed(corpus_id, model, progress)
        return self.workspace.vectors(corpus_id, self.resolve(model).key)

    # --- groups and maps --------------------------------------------------------------------

    def cluster(
        self,
        corpus_id: str,
        model: str = DEFAULT_ENCODER,
        config: ClusterConfig | None = None,
        progress: Progress = no_progress,
    ) -> ClusterResult:
        """Group a corpus by k-means in embedding space and name the groups.

        Raises:
            DataError: k does not fit the corpus.
        """
        config = config or ClusterConfig()
        run = self.results.remember(
            "cluster",
            corpus_id,
            self.resolve(model),
            config.to_dict(),
            lambda: compute_clusters(
                self.vectors(corpus_id, model, progress),
                self.workspace.texts(corpus_id),
                config,
                progress,
            ),
        )
        return read_clusters(run, self.workspace.result_columns(run))

    def map(
        self,
        corpus_id: str,
        model: str = DEFAULT_ENCODER,
        config: ProjectionConfig | None = None,
        progress: Progress = no_progress,
    ) -> MapResult:
        """Draw a corpus in two or three dimensions and measure how far to trust the picture."""
        config = config or ProjectionConfig()
        run = self.results.remember(
            "map",
            corpus_id,
            self.resolve(model),
            config.to_dict(),
            lambda: compute_map(self.vectors(corpus_id, model, progress), config, progress),
        )
        return read_map(run, self.workspace.result_columns(run))

    def stored_clusters(
        self, corpus_id: str, model: str, config: ClusterConfig | None = None
    ) -> ClusterResult | None:
        """Return what `cluster` would, if it is in the workspace; nothing is computed."""
        parameters = (config or ClusterConfig()).to_dict()
        run = self.results.find("cluster", corpus_id, self.resolve(model), parameters)
        return read_clusters(run, self.workspace.result_columns(run)) if run else None

    def stored_map(
        self, corpus_id: str, model: str, config: ProjectionConfig | None = None
    ) -> MapResult | None:
        """Return what `map` would, if it is in the workspace; nothing is computed."""
        parameters = (config or ProjectionConfig()).to_dict()
        run = self.results.find("map", corpus_id, self.resolve(model), parameters)
        return read_map(run, self.workspace.result_columns(run)) if run else None

    def rename_cluster(self, run_id: str, cluster: int, name: str) -> None:
        """Give a group a name of the user's own; it is kept with the run.

        Raises:
            DataError: The name is empty.
        """
        name = " ".join(name.split())
        if not name:
            raise DataError("A group needs a name of at least one character.")
        run = self.workspace.find_run(run_id)
        if run is None:
            raise DataError("This grouping is no longer in the workspace. Group the corpus again.")
        names = list(run.result["names"])
        names[cluster] = name
        self.workspace.update_run_result(run_id, {**run.result, "names": names})

    def agreement(self, clusters: ClusterResult, label_column: str) -> LabelAgreement:
        """Compare groups with a label column: V-measure in [0, 1], adjusted Rand in [-1, 1].

        Raises:
            DataError: The column does not exist or has fewer than two labels.
        """
        frame = self.workspace.frame(clusters.run.corpus_id, columns=[label_column])
        return label_agreement(clusters.labels, frame[label_column].tolist())

    def place(self, drawn: MapResult, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Put new sentences on an existing map without moving a point of it.

        Returns:
            float32 array of shape (M, dims).

        Raises:
            DataError: A sentence is blank.
        """
        vectors = self.encoder(drawn.run.encoder).encode(filled(sentences))
        embeddings = self.vectors(drawn.run.corpus_id, drawn.run.encoder)
        return place(embeddings, drawn.coordinates, vectors, method=drawn.method)

    def neighbours(
        self, corpus_id: str, model: str, rows: Sequence[int], k: int = 10
    ) -> list[list[Neighbour]]:
        """Return the k rows nearest to each given row, in embedding space, nearest first."""
        embeddings = self.vectors(corpus_id, model)
        return nearest_rows(embeddings, self.texts(corpus_id), rows, k)

    # --- exports ----------------------------------------------------------------------------

    def table(
        self,
        corpus_id: str,
        rows: Sequence[int] | None = None,
        *,
        clusters: ClusterResult | None = None,
        drawn: MapResult | None = None,
        model: str | None = None,
    ) -> "pd.DataFrame":
        """Return the user's columns with results beside them.

        Args:
            corpus_id: The corpus.
            rows: Row numbers, or None for all.
            clusters: Adds group number and group name.
            drawn: Adds coordinates.
            model: Adds `embedding`, the vector under this encoder.
        """
        frame = self.workspace.frame(corpus_id, rows=rows)
        vectors = None if model is None else self.vectors(corpus_id, model)
        return with_results(frame, rows, clusters, drawn, vectors)

    def map_page(self, drawn: MapResult, clusters: ClusterResult) -> str:
        """Return the map as one HTML page that needs no network."""
        info = self.corpus(drawn.run.corpus_id)
        return map_page(info, drawn, clusters, self.texts(info.corpus_id))

    # --- pairs ------------------------------------------------------------------------------

    def similarity(self, a: str, b: str, models: Sequence[str]) -> list[PairSimilarity]:
        """Score two sentences under each encoder.

        Raises:
            DataError: A sentence is blank.
            ModelError: An encoder is not at hand.
        """
        return [score_pair(self.encoder(model), self.resolve(model), a, b) for model in models]

    def similarity_matrix(self, sentences: Sequence[str], model: str) -> NDArray[np.float32]:
        """Cosine of every sentence with every other: float32 (N, N) in [-1, 1]."""
        vectors = self.encoder(model).encode(filled(sentences))
        return cos_sim(vectors, vectors)

    def random_pairs(self, corpus_id: str, model: str) -> RandomPairs:
        """Cosines of random pairs of a corpus: says whether a cosine is high *for this encoder*.

        Where the corpus is not embedded under the encoder, an even sample of its rows is encoded.

        Raises:
            DataError: The corpus has fewer than two rows.
        """
        rows = self.corpus(corpus_id).rows
        if rows < 2:
            raise DataError("A corpus of one row has no pairs to compare with.")
        sampled = rows > YARDSTICK_ROWS and not self.is_embedded(corpus_id, model)

        def compute() -> Computed:
            if sampled:
                texts = self.texts(corpus_id, even_sample(rows, YARDSTICK_ROWS))
                return compute_random_pairs(self.encoder(model).encode(texts)), {}
            return compute_random_pairs(self.vectors(corpus_id, model)), {}

        parameters = {"pairs": RANDOM_PAIRS, "sampled": sampled}
        found = self.resolve(model)
        run = self.results.remember("random_pairs", corpus_id, found, parameters, compute)
        return read_random_pairs(run)

    # --- jobs -------------------------------------------------------------------------------

    def start(
        self,
        kind: str,
        corpus_id: str,
        model: str,
        config: ClusterConfig | ProjectionConfig | None = None,
        *,
        after: Job | None = None,
        again: bool = True,
    ) -> Job:
        """Queue "embed", "cluster" or "map"; the workspace keeps the result.

        Args:
            kind: What to do.
            corpus_id: A corpus of the workspace.
            model: Encoder string.
            config: Settings of a "cluster" or "map".
            after: A job that must be done first.
            again: Whether to queue it anew if it has failed or been cancelled before.

        Raises:
            ModelError: The encoder is not at hand: better said now than in a queue.
        """
        spec = JobSpec(
            kind=kind,
            corpus_id=corpus_id,
            encoder=self.resolve(model).spec,
            parameters=config.to_dict() if config else {},
            title=f"{_JOB_TITLES[kind]} {self.corpus(corpus_id).name}",
            after=after.job_id if after else None,
        )
        earlier = self.jobs.job(spec.job_id)
        if earlier and earlier.status in ("failed", "cancelled") and not again:
            return earlier
        return self.jobs.submit(spec)

    def explore(self, corpus_id: str, model: str) -> list[Job]:
        """Queue all that a new corpus needs: vectors, then a map, then named groups."""
        embed = self.start("embed", corpus_id, model)
        drawn = self.start("map", corpus_id, model, ProjectionConfig(), after=embed)
        grouped = self.start("cluster", corpus_id, model, ClusterConfig(), after=embed)
        return [embed, drawn, grouped]

    def run_job(self, spec: JobSpec, progress: Progress) -> None:
        """Do what a queued job asks for; the worker process calls this.

        Raises:
            SBERTLabError: The kind of job is unknown, or the job itself fails.
        """
        run_job(self, spec, progress)
