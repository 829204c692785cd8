"""Which desk does a queued job: every kind of job there is, in one table."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from .analysis.clustering import ClusterConfig
from .analysis.projection import ProjectionConfig
from .errors import SBERTLabError
from .jobs import JobSpec
from .protocols import Progress
from .training_request import TrainRequest

if TYPE_CHECKING:
    from .lab import Lab

_Runner = Callable[[JobSpec, Progress], object]


def run_job(lab: "Lab", spec: JobSpec, progress: Progress) -> None:
    """Do what a queued job asks for.

    Raises:
        SBERTLabError: The kind of job is unknown, or the job itself fails.
    """
    runner = _runners(lab).get(spec.kind)
    if runner is None:
        raise SBERTLabError(f"This version does not know the job “{spec.kind}”.")
    runner(spec, progress)


def _runners(lab: "Lab") -> dict[str, _Runner]:
    """List every kind of job with what does it."""

    def embed(spec: JobSpec, progress: Progress) -> None:
        lab.embed(spec.corpus_id, spec.encoder, progress)

    def cluster(spec: JobSpec, progress: Progress) -> None:
        config = ClusterConfig.from_dict(dict(spec.parameters))
        lab.cluster(spec.corpus_id, spec.encoder, config, progress)

    def draw(spec: JobSpec, progress: Progress) -> None:
        config = ProjectionConfig.from_dict(dict(spec.parameters))
        lab.map(spec.corpus_id, spec.encoder, config, progress)

    def train(spec: JobSpec, progress: Progress) -> None:
        lab.training.run(TrainRequest.from_dict(spec.parameters), progress)

    return {
        "embed": embed,
        "cluster": cluster,
        "map": draw,
        "train": train,
        "classify": lab.classification.run_job,
        "compare": lab.comparison.run_job,
        "leaderboard": lab.leaderboard.run_job,
        "race": lab.race.run_job,
        "rerank": lab.race.run_job,
        "speed": lab.race.run_job,
        "duplicates": lab.duplicates.run_job,
        "index": lab.search.run_job,
        "search": lab.search.run_job,
    }
