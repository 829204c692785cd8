"""The classification desk of the Lab: names, examples, heads, and what another label is worth."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .analysis.classify import ClassifyScores, classify_scores, fit_head
from .analysis.label_next import label_next
from .analysis.learning_curve import LearningCurve, learning_curve
from .analysis.zero_shot import TEMPLATE, prompts, zero_shot
from .classification import (
    Examples,
    FewShot,
    FewShotConfig,
    Sorted,
    Tuned,
    ZeroShotConfig,
    beside,
    read_few_shot,
    read_tuned,
    read_zero_shot,
    same_name,
)
from .classification_labels import LabelSources
from .classification_script import script_for, script_for_head
from .classification_tuning import Tuning
from .corpus.records import RunRecord, run_id_for
from .errors import FileError
from .hand_labels import HandLabels, HandLabelStore
from .jobs import Job, JobSpec
from .label_head import SUFFIX, HeadFile
from .protocols import Progress, no_progress
from .result_store import Computed

if TYPE_CHECKING:
    import pandas as pd

    from .lab import Lab

KIND = "classify"
_Task = Callable[[str, str, FewShotConfig, Progress], object]
_TITLES = {
    "few_shot": "Learn the labels of",
    "curve": "Measure what more labels bring to",
    "tune": "Fine-tune the encoder on labels of",
}
_MOST_CURVE_ROWS = 20_000
# A head takes about this long, and so many pairs of rows are compared a second, on two cores.
_HEAD_SECONDS = 3.0
_COSINES_PER_SECOND = 2e8


class ClassificationDesk:
    """Sorts rows under names, and learns to sort them from examples.

    Args:
        lab: The Lab. Labels given by hand are in `labels`, heads in `heads` of its workspace.
    """

    TEMPLATE = TEMPLATE

    def __init__(self, lab: "Lab") -> None:
        self._lab = lab
        self.labels = HandLabelStore(lab.workspace.root / "labels")
        self._sources = LabelSources(lab, self.labels.read)
        self.folder = lab.workspace.root / "heads"
        self._tuning = Tuning(lab)

    # --- by names -------------------------------------------------------------------------------

    def zero_shot(
        self,
        corpus_id: str,
        model: str,
        labels: Sequence[str],
        template: str = TEMPLATE,
        progress: Progress = no_progress,
    ) -> Sorted:
        """Sort every row under the name that it is nearest to.

        Args:
            corpus_id: A corpus of the workspace.
            model: Encoder string; embeds the corpus if that has not been done.
            labels: Names, at least two.
            template: A sentence with {} where a name goes; "" for the bare names.
            progress: Told how far embedding is.

        Raises:
            DataError: A name is empty or doubled, there are fewer than two, or the template has
                no {}.
        """
        config = ZeroShotConfig(tuple(labels), template)

        def compute() -> Computed:
            vectors = self._lab.vectors(corpus_id, model, progress)
            named = self._lab.encoder(model).encode(prompts(config.labels, config.template))
            found = zero_shot(vectors, named)
            return {}, {"label": found.labels, "score": found.scores, "margin": found.margins}

        run = self._lab.results.remember(
            "zero_shot", corpus_id, self._lab.resolve(model), config.to_dict(), compute
        )
        return read_zero_shot(run, self._lab.workspace.result_columns(run))

    def last_names(self, corpus_id: str) -> tuple[str, ...]:
        """Return the names that a corpus was last sorted under; none if it never was."""
        runs = self._lab.workspace.runs(corpus_id, "zero_shot")
        return tuple(runs[0].parameters["labels"]) if runs else ()

    def values(self, corpus_id: str, column: str) -> list[str]:
        """List the different values of a column as class names, sorted."""
        return sorted({value for value in self._sources.column(corpus_id, column) if value})

    # --- from examples --------------------------------------------------------------------------

    def examples(self, corpus_id: str, config: FewShotConfig) -> Examples:
        """Say which rows are learnt from, and which labelled rows are left to test on.

        Raises:
            DataError: No row has a label, or the column is not there.
        """
        return self._sources.examples(corpus_id, config)

    def few_shot(
        self,
        corpus_id: str,
        model: str,
        config: FewShotConfig,
        progress: Progress = no_progress,
        labels: Mapping[int, str] | None = None,
    ) -> FewShot:
        """Learn a head from examples, and sort every row with it.

        Args:
            corpus_id: A corpus of the workspace.
            model: Encoder string; embeds the corpus if that has not been done.
            config: Which rows are examples, and how a head learns from them.
            progress: Told the stage.
            labels: Row number to class name, in place of the labels given by hand.

        Raises:
            DataError: Fewer than two classes have examples, or too many have.
            Cancelled: From `progress`.
        """
        sources = self._sources
        if labels is not None:
            sources = LabelSources(self._lab, lambda _: HandLabels(labels=labels))

        def compute() -> Computed:
            return self._learn(corpus_id, model, config, sources, progress)

        key = sources.key(corpus_id, config)
        resolved = self._lab.resolve(model)
        run = self._lab.results.remember("few_shot", corpus_id, resolved, key, compute)
        return read_few_shot(run, self._lab.workspace.result_columns(run))

    def stored_few_shot(self, corpus_id: str, model: str, config: FewShotConfig) -> FewShot | None:
        """Return what `few_shot` would, if it is in the workspace; nothing is computed."""
        run = self._find("few_shot", corpus_id, model, config)
        return read_few_shot(run, self._lab.workspace.result_columns(run)) if run else None

    def latest_few_shot(self, corpus_id: str, model: str, config: FewShotConfig) -> FewShot | None:
        """Return the latest result from this source of labels, though labels were added since."""
        key = self._lab.resolve(model).key
        for run in self._lab.workspace.runs(corpus_id, "few_shot", key):
            made = FewShotConfig.from_dict(run.parameters)
            if (made.source, made.column) == (config.source, config.column):
                return read_few_shot(run, self._lab.workspace.result_columns(run))
        return None

    def next_to_label(
        self, corpus_id: str, model: str, count: int, learnt: FewShot | None = None
    ) -> list[int]:
        """Choose rows whose labels would teach most: uncertain ones, unlike each other.

        Args:
            corpus_id: A corpus that is embedded.
            model: Encoder string.
            count: How many.
            learnt: A head's result; None while there is none: then only variety counts.
        """
        labelled = list(self.labels.read(corpus_id).labels)
        vectors = self._lab.vectors(corpus_id, model)
        margins = learnt.margins if learnt else None
        return label_next(vectors, labelled, count, margins).tolist()

    def agreement(self, found: Sorted, column: str) -> ClassifyScores | None:
        """Compare classes with a column whose values bear the same names, case and "_" aside.

        Returns:
            Scores on the rows whose value is one of the classes; None if no row's is.
        """
        gold = self._sources.column(found.run.corpus_id, column)
        known = {same_name(name): name for name in found.classes}
        rows = [row for row, value in enumerate(gold) if same_name(value) in known]
        if not rows:
            return None
        names = found.names
        wanted = [known[same_name(gold[row])] for row in rows]
        return classify_scores(wanted, [names[row] for row in rows])

    # --- what more labels or a better encoder would bring ---------------------------------------

    def curve(
        self, corpus_id: str, model: str, config: FewShotConfig, progress: Progress = no_progress
    ) -> LearningCurve:
        """Measure accuracy with 1, 2, 4, … examples a class, each drawn several times.

        Raises:
            DataError: Fewer than two classes have two labelled rows.
        """

        def compute() -> Computed:
            known = self._sources.known(corpus_id, config)
            rows = np.flatnonzero([bool(label) for label in known])
            if len(rows) > _MOST_CURVE_ROWS:
                chosen = np.random.default_rng(config.seed).choice(rows, _MOST_CURVE_ROWS, False)
                rows = np.sort(chosen)
            vectors = self._lab.vectors(corpus_id, model, progress)[rows]
            labels = [known[row] for row in rows]
            found = learning_curve(vectors, labels, seed=config.seed, progress=progress)
            return found.to_dict(), {}

        run = self._lab.results.remember(
            "label_curve",
            corpus_id,
            self._lab.resolve(model),
            self._sources.curve_key(corpus_id, config),
            compute,
        )
        return LearningCurve.from_dict(run.result)

    def stored_curve(
        self, corpus_id: str, model: str, config: FewShotConfig
    ) -> LearningCurve | None:
        """Return what `curve` would, if it is in the workspace; nothing is computed."""
        key = self._sources.curve_key(corpus_id, config)
        run = self._lab.results.find("label_curve", corpus_id, self._lab.resolve(model), key)
        return LearningCurve.from_dict(run.result) if run else None

    def tune(
        self, corpus_id: str, model: str, config: FewShotConfig, progress: Progress = no_progress
    ) -> Tuned:
        """Fine-tune the encoder on pairs of the examples, and compare heads before and after.

        Where all labelled rows are examples, a third of each class is held out.

        Raises:
            DataError: There are too few examples to make pairs of, or to hold some out.
            Cancelled: From `progress`; asking again goes on from there.
        """
        key = self._sources.key(corpus_id, config)
        resolved = self._lab.resolve(model)
        if stored := self._lab.results.find("label_tuning", corpus_id, resolved, key):
            return read_tuned(stored)
        started = time.perf_counter()
        examples = self.examples(corpus_id, config)
        result = self._tuning.run(corpus_id, model, examples, config, progress)
        run = self._lab.results.record("label_tuning", corpus_id, resolved, key, result, started)
        self._lab.workspace.save_result(run, {})
        return read_tuned(run)

    def stored_tuning(self, corpus_id: str, model: str, config: FewShotConfig) -> Tuned | None:
        """Return what `tune` would, if it is in the workspace; nothing is computed."""
        run = self._find("label_tuning", corpus_id, model, config)
        return read_tuned(run) if run else None

    # --- heads as files -------------------------------------------------------------------------

    def head_file(self, found: FewShot) -> HeadFile:
        """Return the head of a result, with the encoder that it belongs to.

        Raises:
            FileError: Its file is gone, and the labels that it was learnt from have changed.
        """
        run = found.run
        path = self._head_path(run.corpus_id, run.run_id)
        if not path.is_file():
            if self._sources.key(run.corpus_id, found.config) != run.parameters:
                raise FileError("The file of this head is gone: learn again to make a new one.")
            self._learn(run.corpus_id, run.encoder, found.config, self._sources, no_progress)
        return HeadFile.read(path)

    def read_head(self, data: bytes) -> HeadFile:
        """Read a head from the bytes of its file.

        Raises:
            FileError: It is no head.
        """
        return HeadFile.read(data)

    def use_head(
        self, corpus_id: str, model: str, head: HeadFile, progress: Progress = no_progress
    ) -> "pd.DataFrame":
        """Sort the rows of a corpus with a saved head.

        Returns:
            The user's columns with `label`, `probability` and `margin`.

        Raises:
            ModelError: The head was learnt on another encoder.
        """
        resolved = self._lab.resolve(model)
        head.check_encoder(resolved.spec, resolved.key)
        labels, scores, margins = head.head.predict(self._lab.vectors(corpus_id, model, progress))
        names = np.array(head.head.classes, dtype=object)[labels]
        frame = self._lab.workspace.frame(corpus_id)
        return beside(frame, {"label": names, "probability": scores, "margin": margins})

    def test_head(self, corpus_id: str, model: str, head: HeadFile, column: str) -> ClassifyScores:
        """Test a saved head on the rows of a corpus that have a label.

        Raises:
            DataError: No row has one, or the column is not there.
            ModelError: The head was learnt on another encoder.
        """
        resolved = self._lab.resolve(model)
        head.check_encoder(resolved.spec, resolved.key)
        gold = self._sources.column(corpus_id, column)
        rows = [row for row, label in enumerate(gold) if label]
        labels, _, _ = head.head.predict(self._lab.vectors(corpus_id, model)[rows])
        classes = head.head.classes
        return classify_scores(
            [gold[row] for row in rows], [classes[label] for label in labels], classes
        )

    # --- exports --------------------------------------------------------------------------------

    def table(self, found: Sorted, rows: Sequence[int] | None = None) -> "pd.DataFrame":
        """Return the user's columns with class, score and margin; all rows, or some."""
        chosen = slice(None) if rows is None else np.asarray(rows, dtype=np.int64)
        frame = self._lab.workspace.frame(found.run.corpus_id, rows=rows)
        columns: dict[str, Any] = {
            "label": found.names[chosen],
            found.score_name: found.scores[chosen],
            "margin": found.margins[chosen],
        }
        if isinstance(found, FewShot):
            columns["example"] = (found.given >= 0)[chosen]
        return beside(frame, columns)

    def hand_table(self, corpus_id: str) -> "pd.DataFrame":
        """Return the rows that were labelled by hand, with their labels, in the order of rows."""
        labels = self.labels.read(corpus_id).labels
        rows = sorted(labels)
        frame = self._lab.workspace.frame(corpus_id, rows=rows)
        return beside(frame, {"label": [labels[row] for row in rows]})

    def as_script(self, found: Sorted) -> str:
        """Write a short script against `sbert_core` that repeats a result."""
        return script_for(found, self._lab.corpus(found.run.corpus_id))

    def head_script(self, corpus_id: str, model: str, file_name: str) -> str:
        """Write a short script that sorts a corpus with a saved head."""
        return script_for_head(self._lab.corpus(corpus_id), model, file_name)

    # --- jobs -----------------------------------------------------------------------------------

    def estimate(self, task: str, corpus_id: str, model: str, config: FewShotConfig) -> float:
        """Forecast the time of "few_shot", "curve" or "tune" in seconds, embedding aside."""
        rows = self._lab.corpus(corpus_id).rows
        if task == "few_shot":
            spread = min(rows, 20_000) if config.spread else 0
            return _HEAD_SECONDS + spread * spread / _COSINES_PER_SECOND
        examples = self.examples(corpus_id, config)
        classes = len(set(examples.labels))
        if task == "curve":
            return _HEAD_SECONDS + 0.15 * classes
        return self._tuning.estimate(model, examples)

    def start(self, task: str, corpus_id: str, model: str, config: FewShotConfig) -> Job:
        """Queue "few_shot", "curve" or "tune".

        Raises:
            DataError: There is nothing to learn from: better said now than in a queue.
        """
        self.examples(corpus_id, config)
        return self._lab.jobs.submit(self._spec(task, corpus_id, model, config))

    def job(self, task: str, corpus_id: str, model: str, config: FewShotConfig) -> Job | None:
        """Return the job of a request, if one is known."""
        return self._lab.jobs.job(self._spec(task, corpus_id, model, config).job_id)

    def run_job(self, spec: JobSpec, progress: Progress) -> None:
        """Do what a queued job of this kind asks for."""
        config = FewShotConfig.from_dict(spec.parameters)
        tasks: dict[str, _Task] = {
            "few_shot": self.few_shot,
            "curve": self.curve,
            "tune": self.tune,
        }
        tasks[spec.parameters["task"]](spec.corpus_id, spec.encoder, config, progress)

    def forget(self, corpus_id: str) -> None:
        """Remove what is kept of a corpus outside its table: labels by hand, and heads."""
        self.labels.forget(corpus_id)
        shutil.rmtree(self.folder / corpus_id, ignore_errors=True)

    # --- private --------------------------------------------------------------------------------

    def _learn(
        self,
        corpus_id: str,
        model: str,
        config: FewShotConfig,
        sources: LabelSources,
        progress: Progress,
    ) -> Computed:
        """Fit a head, sort all rows, test where that is possible, and keep the head."""
        examples = sources.examples(corpus_id, config)
        vectors = self._lab.vectors(corpus_id, model, progress)
        rows = np.array(examples.rows, dtype=np.int64)
        others = np.setdiff1d(np.arange(len(vectors)), rows)
        fitted = fit_head(vectors[rows], examples.labels, config.head, vectors[others], progress)
        progress(0, 0, "sorting the rows")
        head = fitted.head
        labels, scores, margins = head.predict(vectors)
        place = {name: number for number, name in enumerate(head.classes)}
        given = np.full(len(vectors), -1, dtype=np.int32)
        given[rows] = [place[label] for label in examples.labels]
        # What a person said stands, and nothing about it is doubtful.
        labels[rows], scores[rows], margins[rows] = given[rows], 1.0, 1.0
        result = {
            "classes": list(head.classes),
            "strength": fitted.strength,
            "cross_validated": fitted.cross_validated,
            "spread_rows": fitted.spread_rows,
            "held_out": _tested(examples, labels, head.classes),
            "note": fitted.note,
        }
        about = {"examples": len(rows), "cross_validated": fitted.cross_validated}
        resolved = self._lab.resolve(model)
        key = sources.key(corpus_id, config)
        path = self._head_path(corpus_id, run_id_for("few_shot", corpus_id, resolved.key, key))
        HeadFile(head, resolved.spec, resolved.key, about).write(path)
        columns: dict[str, NDArray[Any]] = {"label": labels, "score": scores, "margin": margins}
        return result, columns | {"given": given}

    def _head_path(self, corpus_id: str, run_id: str) -> Path:
        """The file of a head; its folder is made."""
        folder = self.folder / corpus_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{run_id}{SUFFIX}"

    def _find(
        self, kind: str, corpus_id: str, model: str, config: FewShotConfig
    ) -> RunRecord | None:
        """Find the stored run of a request."""
        key = self._sources.key(corpus_id, config)
        return self._lab.results.find(kind, corpus_id, self._lab.resolve(model), key)

    def _spec(self, task: str, corpus_id: str, model: str, config: FewShotConfig) -> JobSpec:
        """Describe a job."""
        return JobSpec(
            kind=KIND,
            corpus_id=corpus_id,
            encoder=self._lab.resolve(model).spec,
            parameters={"task": task} | self._sources.key(corpus_id, config),
            title=f"{_TITLES[task]} {self._lab.corpus(corpus_id).name}",
        )


def _tested(
    examples: Examples, labels: NDArray[np.int32], classes: Sequence[str]
) -> dict[str, Any] | None:
    """Score labelled rows that were not examples; None where there are none."""
    if not examples.test_rows:
        return None
    guesses = [classes[labels[row]] for row in examples.test_rows]
    return asdict(classify_scores(examples.test_labels, guesses, classes))
