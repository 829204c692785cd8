"""One training run from start to verdict: data, trainer, evaluations, and what they left behind.

A run's folder in the workspace:

    request.json    what was asked for
    history.jsonl   loss and evaluations, one line each, written as they happen
    frames/         the small map at each evaluation, and the labels of its points
    before.npz      similarities of the dev and test pairs under the base
    checkpoint.pt   while it runs: what a killed run goes on from
    model/          what was trained, in sentence-transformers format
    report.json     the verdict; the run is complete when this is there
"""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .analysis.geometry import GeometrySigns, aligned_frame
from .analysis.projection import ProjectionConfig, project
from .evaluation.gain import spearman_gain
from .evaluation.sts import ScoredPairs, spearman
from .protocols import Progress
from .training_card import write_training_card
from .training_request import MovedPair, TrainEstimate, TrainReport, TrainRequest

if TYPE_CHECKING:
    from .encoders.catalog import ModelInfo
    from .encoders.encoder import SentenceEncoder
    from .training.examples import Examples
    from .training.learners import Learner
    from .training.trainer import Trainer

_SAME_MEANING = 0.8  # a gold score, as a fraction of the largest, from which a pair is a paraphrase
_MOVED_PAIRS = 20
_SEED = 42


@dataclass(frozen=True)
class RunData:
    """What a run learns from, is judged by, and shows on its small map.

    Attributes:
        train: The examples.
        dev: Graded pairs that choose the best step.
        test: Graded pairs for the verdict, or None.
        watched: Sentences of the small map.
        watched_labels: A label for each, or ().
        name: What a person calls the data.
    """

    train: "Examples"
    dev: ScoredPairs
    test: ScoredPairs | None
    watched: Sequence[str]
    watched_labels: Sequence[str]
    name: str = ""


class Watcher:
    """Evaluates what is in training, and keeps what a page shows of it.

    Args:
        learner: What is in training.
        data: Its dev pairs and watched sentences.
        folder: The run's folder.
    """

    def __init__(self, learner: "Learner", data: RunData, folder: Path) -> None:
        self.learner, self.data, self.folder = learner, data, folder
        (folder / "frames").mkdir(parents=True, exist_ok=True)

    def __call__(self, step: int) -> dict[str, float]:
        """Evaluate after a step: dev Spearman x 100 and the signs of collapse."""
        dev = self.data.dev
        scores = self.similarities(dev)
        if step == 0:
            self._keep_before(scores)
        return {"dev_spearman": 100 * spearman(dev.scores, scores), **self._signs(step)}

    def similarities(self, pairs: ScoredPairs) -> NDArray[np.float32]:
        """Score pairs: float32 (N,)."""
        return self.learner.similarities(pairs.sentences1, pairs.sentences2)

    def _keep_before(self, dev: NDArray[np.float32]) -> None:
        """Keep how the base scores the pairs; later there is no base any more to ask."""
        parts = {"dev": dev}
        if self.data.test:
            parts["test"] = self.similarities(self.data.test)
        np.savez(self.folder / "before.npz", allow_pickle=False, **parts)

    def _signs(self, step: int) -> dict[str, float]:
        """Measure the space of the watched sentences and draw their small map."""
        watched = self.learner.vectors(self.data.watched)
        if watched is None:
            return {}
        dev = self.data.dev
        # The pair with the highest score is always among them, so there is one at least.
        alike = np.flatnonzero(dev.scores >= _SAME_MEANING * dev.scores.max())
        u = self.learner.vectors([dev.sentences1[place] for place in alike])
        v = self.learner.vectors([dev.sentences2[place] for place in alike])
        assert u is not None and v is not None
        points = project(watched, ProjectionConfig(method="tsne", seed=_SEED)).coordinates
        frames = sorted((self.folder / "frames").glob("*.npy"))
        earlier = [frame for frame in frames if int(frame.stem) < step]  # a killed run left more
        if earlier:
            points = aligned_frame(points, np.load(earlier[-1], allow_pickle=False))
        frame = self.folder / "frames" / f"{step:08d}.npy"
        partial = frame.with_suffix(".partial")
        with partial.open("wb") as stream:  # a page may be reading the folder at this moment
            np.save(stream, points.astype(np.float32))
        partial.replace(frame)
        return GeometrySigns.measure(watched, (u, v)).to_dict()


def load_learner(
    request: TrainRequest, base: "SentenceEncoder", label_names: Sequence[str]
) -> "Learner":
    """Make ready what is to be trained.

    Args:
        request: For its objective and seed.
        base: Freshly loaded in float32; its weights will change.
        label_names: Names of the labels of the examples; () where they have scores.

    Raises:
        ModelError: A cross-encoder cannot be made from this base.
    """
    from .encoders.cross_encoder import CrossEncoder
    from .training.learners import CrossLearner, SiameseLearner

    if request.objective != "cross":
        return SiameseLearner(base)
    layout = base.resolved.layout
    labels = max(1, len(label_names))
    cross = CrossEncoder.start(layout, labels, label_names, request.config.seed)
    return CrossLearner(cross, base.device.type)


def run_training(
    request: TrainRequest,
    data: RunData,
    learner: "Learner",
    teacher: "SentenceEncoder | None",
    about: "ModelInfo",
    folder: Path,
    progress: Progress,
) -> TrainReport:
    """Train, judge, and write model and report into the run's folder.

    Args:
        request: What to do.
        data: What to do it with.
        learner: What is trained.
        teacher: For `distill`.
        about: What is known of the base, for the model card.
        folder: The run's folder.
        progress: Called with steps done and in all; raises `Cancelled` to stop.

    Raises:
        DataError: The examples do not suit the objective, or the loss diverged.
        Cancelled: From `progress`; asking again goes on from there.
    """
    targets = None if teacher is None else _teach(teacher, data.train, folder, progress)
    watcher = Watcher(learner, data, folder)
    write_json(folder / "frames" / "labels.json", {"labels": list(data.watched_labels)})
    write_json(folder / "frames" / "texts.json", {"texts": list(data.watched)})
    trainer = _trainer(request, data.train, learner, targets, folder, watcher)
    state = trainer.run(progress)
    progress(state.step, trainer.total_steps, "judging the result")
    learner.save(folder / "model")
    report = TrainReport(
        examples=len(data.train),
        steps=state.step,
        best_step=state.best_step,
        seconds=state.seconds,
        found=data.train.found,
        **_judged(data, watcher, folder),
    )
    write_training_card(folder / "model", request, report, about, data.name)
    write_json(folder / "report.json", report.to_dict())
    for name in ("checkpoint.pt", "best.pt", "teacher.npy"):
        (folder / name).unlink(missing_ok=True)
    return report


def estimate_training(
    request: TrainRequest, data: RunData, learner: "Learner", teacher: "SentenceEncoder | None"
) -> TrainEstimate:
    """Time a few steps and one evaluation, and say what the whole run would take.

    The learner is spoilt by this: load it anew for the run itself.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        places = np.arange(min(len(data.train), 2 * request.config.batch_size))
        sample = data.train.take(places) if teacher else data.train
        targets, teaching = None, 0.0
        if teacher is not None:
            begun = time.monotonic()
            targets = teacher.encode(sample.columns[0])
            teaching = (time.monotonic() - begun) * len(data.train) / len(sample)
        watcher = Watcher(learner, data, folder)
        trainer = _trainer(request, sample, learner, targets, folder, watcher)
        whole = request.config.steps(len(data.train))
        begun = time.monotonic()
        watcher(0)
        evaluating = time.monotonic() - begun
        seconds = whole * trainer.seconds_per_step() + teaching
        evaluations = 1 + whole // request.config.evaluation_interval(whole)
    return TrainEstimate(
        examples=len(data.train),
        steps=whole,
        seconds=seconds + evaluations * evaluating,
        found=data.train.found,
    )


def _trainer(
    request: TrainRequest,
    train: "Examples",
    learner: "Learner",
    targets: NDArray[np.float32] | None,
    folder: Path,
    watcher: Watcher,
) -> "Trainer":
    """Put objective, batches and network together."""
    from .training.learners import trainer_for

    return trainer_for(
        learner,
        request.objective,
        request.settings,
        train,
        request.config,
        folder,
        watcher,
        targets,
    )


def _teach(
    teacher: "SentenceEncoder", train: "Examples", folder: Path, progress: Progress
) -> NDArray[np.float32]:
    """Embed the training texts with the teacher, once per run: float32 (N, D)."""
    kept = folder / "teacher.npy"
    if kept.is_file():
        vectors: NDArray[np.float32] = np.load(kept, allow_pickle=False)
        return vectors
    vectors = teacher.encode(train.columns[0], progress)
    partial = kept.with_suffix(".partial.npy")
    np.save(partial, vectors)
    partial.replace(kept)
    return vectors


def _judged(data: RunData, watcher: Watcher, folder: Path) -> dict[str, Any]:
    """Compare with the base on dev and test, and find the pairs that moved most."""
    judged: dict[str, Any] = {"test": None}
    with np.load(folder / "before.npz", allow_pickle=False) as before:
        for part, pairs in (("dev", data.dev), ("test", data.test)):
            if pairs is not None:
                after = watcher.similarities(pairs)
                judged[part] = spearman_gain(pairs.scores, before[part], after)
                judged["moved"] = _moved(pairs, before[part], after)
    last = judged["test"] or judged["dev"]
    return judged | {"base_kept": last.high < 0}


def _moved(
    pairs: ScoredPairs, before: NDArray[np.float32], after: NDArray[np.float32]
) -> tuple[MovedPair, ...]:
    """List the pairs whose rank among all pairs changed most, which a shift of all does not."""
    was, now = (np.argsort(np.argsort(values)) for values in (before, after))
    order = np.argsort(-np.abs(now - was), kind="stable")[:_MOVED_PAIRS]
    return tuple(
        MovedPair(
            a=pairs.sentences1[place],
            b=pairs.sentences2[place],
            gold=float(pairs.scores[place]),
            before=float(before[place]),
            after=float(after[place]),
        )
        for place in order
    )


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file; it appears whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
