"""The comparison desk of the Lab: encoders side by side on one corpus."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .analysis.clustering import ClusterConfig
from .analysis.projection import ProjectionConfig
from .comparison import (
    LEAST_ENCODERS,
    MOST_ENCODERS,
    CompareConfig,
    Comparison,
    read_comparison,
)
from .comparison_measures import (
    EncoderView,
    compute_comparison,
    default_k,
    first_copies,
    named_stage,
    usable_labels,
)
from .encoders.catalog import ResolvedEncoder
from .encoders.weights import weight_files
from .errors import DataError
from .jobs import Job, JobSpec
from .protocols import Progress, no_progress
from .result_store import Computed
from .results import ClusterResult

if TYPE_CHECKING:
    from .analysis.agreement import Labels
    from .lab import Lab

KIND = "compare"
# Speed: so many sentences are encoded, in so many rounds; the fastest counts, because whatever else
# the machine does can only make an encoder slower.
_TIMED_SENTENCES = 128
_TIMED_ROUNDS = 3
_WARM_UP = 8


class ComparisonDesk:
    """Compares encoders on a corpus, and keeps what was found in the workspace.

    Args:
        lab: The Lab that it belongs to.
    """

    def __init__(self, lab: "Lab") -> None:
        self._lab = lab

    def compare(
        self,
        corpus_id: str,
        models: Sequence[str],
        config: CompareConfig | None = None,
        progress: Progress = no_progress,
    ) -> Comparison:
        """Compare two to four encoders, or return what an equal request found.

        Embeds what is not embedded, draws each encoder's map twice and groups its sentences; maps
        and groups are those of `Lab.map` and `Lab.cluster`, so other pages have them, too.

        Args:
            corpus_id: A corpus of the workspace.
            models: Encoder strings.
            config: How to compare; None for the defaults.
            progress: Told the stage.

        Raises:
            DataError: Too few or too many encoders, one of them twice, an unknown column, or
                fewer than 3 different sentences.
            ModelError: An encoder is not at hand.
            Cancelled: From `progress`.
        """
        found = self._check(models)
        parameters = self._parameters(corpus_id, found, config or CompareConfig())
        run = self._lab.results.remember(
            KIND,
            corpus_id,
            found[0],
            parameters,
            lambda: self._compute(corpus_id, found, parameters, progress),
        )
        return read_comparison(run, self._lab.workspace.result_columns(run))

    def stored(
        self, corpus_id: str, models: Sequence[str], config: CompareConfig | None = None
    ) -> Comparison | None:
        """Return what `compare` would, if it is in the workspace; nothing is computed.

        Raises:
            DataError: As `compare`.
            ModelError: As `compare`.
        """
        found = self._check(models)
        parameters = self._parameters(corpus_id, found, config or CompareConfig())
        run = self._lab.results.find(KIND, corpus_id, found[0], parameters)
        return read_comparison(run, self._lab.workspace.result_columns(run)) if run else None

    def not_embedded(self, corpus_id: str, models: Sequence[str]) -> list[str]:
        """List the encoders under which the corpus has no vectors yet."""
        return [model for model in models if not self._lab.is_embedded(corpus_id, model)]

    # --- jobs -------------------------------------------------------------------------------

    def job(
        self, corpus_id: str, models: Sequence[str], config: CompareConfig | None = None
    ) -> Job | None:
        """Return the job of a request, or None if it was never asked for."""
        return self._lab.jobs.job(self._spec(corpus_id, models, config).job_id)

    def start(
        self, corpus_id: str, models: Sequence[str], config: CompareConfig | None = None
    ) -> Job:
        """Queue a comparison.

        Raises:
            DataError: As `compare`.
            ModelError: As `compare`.
        """
        return self._lab.jobs.submit(self._spec(corpus_id, models, config))

    def run_job(self, spec: JobSpec, progress: Progress) -> None:
        """Do what a queued job asks for; the worker process calls this."""
        config = CompareConfig.from_dict(spec.parameters["config"])
        self.compare(spec.corpus_id, spec.parameters["models"], config, progress)

    def _spec(self, corpus_id: str, models: Sequence[str], config: CompareConfig | None) -> JobSpec:
        """Describe the job of a request."""
        found = self._check(models)
        return JobSpec(
            kind=KIND,
            corpus_id=corpus_id,
            encoder=found[0].spec,
            parameters={
                "models": [resolved.spec for resolved in found],
                "config": (config or CompareConfig()).to_dict(),
            },
            title=f"Compare {len(found)} encoders on {self._lab.corpus(corpus_id).name}",
        )

    # --- private ----------------------------------------------------------------------------

    def _check(self, models: Sequence[str]) -> list[ResolvedEncoder]:
        """Find the encoders, or say in a sentence what is wrong with the choice."""
        if len(models) == 1:
            raise DataError(f"Choose at least one more encoder to compare {models[0]} with.")
        if not LEAST_ENCODERS <= len(models) <= MOST_ENCODERS:
            raise DataError(
                f"Choose {LEAST_ENCODERS} to {MOST_ENCODERS} encoders to compare; here are "
                f"{len(models)}."
            )
        found = [self._lab.resolve(model) for model in models]
        named: dict[str, str] = {}
        for model, resolved in zip(models, found, strict=True):
            if resolved.key in named:
                raise DataError(
                    f"{named[resolved.key]} and {model} are the same encoder: choose another one "
                    "in place of either."
                )
            named[resolved.key] = model
        return found

    def _parameters(
        self, corpus_id: str, found: Sequence[ResolvedEncoder], config: CompareConfig
    ) -> dict[str, Any]:
        """Put together all that decides the result, defaults filled in."""
        info = self._lab.corpus(corpus_id)
        column = info.label_column if config.label_column is None else config.label_column
        if column and column not in info.columns:
            raise DataError(
                f"There is no column “{column}” in {info.name}; its columns are "
                f"{', '.join(info.columns[:12])}."
            )
        return {
            "encoders": [resolved.key for resolved in found],
            **config.to_dict(),
            "label_column": column or "",
        }

    def _compute(
        self,
        corpus_id: str,
        found: Sequence[ResolvedEncoder],
        parameters: dict[str, Any],
        progress: Progress,
    ) -> Computed:
        """Make all that is missing, and measure."""
        lab, texts = self._lab, self._lab.texts(corpus_id)
        config = CompareConfig.from_dict(
            {name: parameters[name] for name in CompareConfig().to_dict()}
        )
        first, _ = first_copies(texts)
        if len(first) < 3:
            raise DataError(
                f"Comparing needs at least 3 different sentences; this corpus has {len(first)}."
            )
        labels, gold, note = self._labels(corpus_id, config.label_column or "", first)
        k = config.k or default_k(len(first), labels)
        views = [
            self._view(
                corpus_id,
                resolved,
                k,
                config.seed,
                named_stage(progress, f"encoder {i} of {len(found)}, {resolved.spec}: "),
            )
            for i, resolved in enumerate(found, start=1)
        ]
        timed = [texts[row] for row in first[:: max(1, len(first) // _TIMED_SENTENCES)]]
        encoders = [lab.encoder(view.model).encode for view in views]
        rates = sentences_per_second(encoders, timed[:_TIMED_SENTENCES], progress)
        views = [
            replace(view, facts={**view.facts, "sentences_per_second": rate})
            for view, rate in zip(views, rates, strict=True)
        ]
        result, columns = compute_comparison(views, texts, labels, gold, config, progress)
        copies = len(texts) - len(first)
        said = "1 row is an exact copy of another one and counts once with it."
        if copies > 1:
            said = f"{copies:,} rows are exact copies of others and count once with them."
        notes = [note, said if copies else ""]
        return result | {"k": k, "notes": [line for line in notes if line]}, columns

    def _labels(
        self, corpus_id: str, column: str, first: NDArray[np.intp]
    ) -> "tuple[Labels | None, list[object] | None, str]":
        """Read the labels, and say what is wrong with them if something is."""
        if not column:
            return None, None, ""
        gold = self._lab.workspace.frame(corpus_id, columns=[column])[column].tolist()
        labels, note = usable_labels(gold, column, first)
        return labels, gold, note

    def _view(
        self, corpus_id: str, resolved: ResolvedEncoder, k: int, seed: int, progress: Progress
    ) -> EncoderView:
        """Embed, draw twice and group under one encoder, as far as that has not been done."""
        lab, model = self._lab, resolved.spec
        vectors = lab.vectors(corpus_id, model, progress)
        drawings = [
            lab.map(corpus_id, model, ProjectionConfig(seed=number), progress).coordinates
            for number in (seed, seed + 1)
        ]
        return EncoderView(
            model=model,
            facts={
                "dims": resolved.dims,
                "layers": resolved.layout.layers,
                "parameters": resolved.info.parameters,
                "disk_bytes": disk_bytes(resolved),
            },
            vectors=vectors,
            drawn=drawings[0],
            redrawn=drawings[1],
            grouped=self._groups(corpus_id, model, ClusterConfig(k=k, seed=seed), progress),
        )

    def _groups(
        self, corpus_id: str, model: str, config: ClusterConfig, progress: Progress
    ) -> ClusterResult | None:
        """Group the sentences; None where an encoder has fewer than k different vectors."""
        try:
            return self._lab.cluster(corpus_id, model, config, progress)
        except DataError:
            return None


def sentences_per_second(
    encoders: Sequence[Callable[[Sequence[str]], object]],
    sentences: Sequence[str],
    progress: Progress = no_progress,
) -> list[float]:
    """Time encoders on the same sentences, in turns, so that a busy moment hits all of them.

    Args:
        encoders: Each turns sentences into vectors.
        sentences: What to encode, at least one.
        progress: Told the round.

    Returns:
        Sentences per second of each, by its fastest round after a short warm-up.
    """
    for encode in encoders:
        encode(sentences[:_WARM_UP])
    fastest = [math.inf] * len(encoders)
    for done in range(_TIMED_ROUNDS):
        progress(done, _TIMED_ROUNDS, "timing the encoders")
        for i, encode in enumerate(encoders):
            started = time.perf_counter()
            encode(sentences)
            fastest[i] = min(fastest[i], time.perf_counter() - started)
    return [len(sentences) / max(seconds, 1e-9) for seconds in fastest]


def disk_bytes(resolved: ResolvedEncoder) -> int:
    """Size of an encoder's weights on disk, in bytes."""
    folders = [resolved.layout.backbone, *(dense.folder for dense in resolved.layout.dense)]
    return sum(path.stat().st_size for folder in folders for path in weight_files(folder))
