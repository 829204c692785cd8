"""The duplicates desk of the Lab: pairs that say the same, judged, looked at again, taken away."""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .analysis import calibration
from .analysis.calibration import Judged, PrecisionAt, Suggestion
from .analysis.duplicates import MAX_PAIRS, Group, describe_group, mine_pairs
from .analysis.trivial_copies import KINDS
from .corpus.records import RunRecord
from .duplicate_pairs import (
    KEEP,
    REAL,
    Duplicates,
    distinct_texts,
    kinds_of,
    read_duplicates,
    write_arrays,
)
from .errors import DataError
from .jobs import Job, JobSpec
from .protocols import Progress, no_progress

if TYPE_CHECKING:
    import pandas as pd

    from .lab import Lab

KIND = "duplicates"
SECOND_LOOK = "duplicates_second_look"
FLOOR = 0.5
THRESHOLD = 0.8
# A cross-encoder reads a pair in some milliseconds: so many take a minute at most.
LOOKED_AT = 2000
DOUBT = 0.5
# Cosines a second in bfloat16 on two cores of a server from 2023, halved for others.
_COSINES_PER_SECOND = 2.5e8
_START_SECONDS = 2.0


class DuplicatesDesk:
    """Finds duplicates, and keeps pairs and judgements in the workspace.

    Args:
        lab: The Lab that it belongs to. Files are in `duplicates/<corpus_id>` of its workspace.

    Attributes:
        usual_floor: Least cosine of the pairs that are kept.
        usual_threshold: Where the line stands at first.
        doubt: A cross-encoder's score below this is a doubt.
        to_judge: Pairs to judge before the precision is worth a look.
    """

    usual_floor = FLOOR
    usual_threshold = THRESHOLD
    doubt = DOUBT
    to_judge = calibration.SAMPLE

    def __init__(self, lab: "Lab") -> None:
        self._lab = lab
        self.folder = lab.workspace.root / "duplicates"

    # --- pairs ------------------------------------------------------------------------------

    def find(
        self,
        corpus_id: str,
        model: str,
        floor: float = FLOOR,
        progress: Progress = no_progress,
        max_pairs: int = MAX_PAIRS,
    ) -> Duplicates:
        """Find all pairs of texts with at least a cosine, or return what was found before.

        Args:
            corpus_id: A corpus of the workspace.
            model: Encoder string; embeds the corpus if that has not been done.
            floor: Least cosine, in [-1, 1]. A higher threshold later filters what is kept.
            progress: Told how far it is.
            max_pairs: Most pairs to keep; the strongest are.

        Raises:
            DataError: `floor` is not a cosine.
            ModelError: The encoder is not at hand.
            Cancelled: From `progress`.
        """
        check_threshold(floor)
        stored = self.stored(corpus_id, model, floor, max_pairs)
        if stored is not None:
            return stored
        vectors = self._lab.vectors(corpus_id, model, progress)
        started = time.perf_counter()
        texts = self._lab.texts(corpus_id)
        place, first = distinct_texts(texts)
        few = vectors if len(first) == len(place) else vectors[first]
        found = mine_pairs(few, floor, max_pairs, progress)
        pairs = replace(found, a=first[found.a], b=first[found.b])
        progress(0, 1, "telling copies from paraphrases")
        kinds = kinds_of(pairs, texts)
        parameters = _parameters(floor, max_pairs)
        resolved = self._lab.resolve(model)
        result = {
            "pairs": len(pairs),
            "trivial": int((kinds != REAL).sum()),
            "distinct": len(first),
            "complete_from": pairs.complete_from,
            "capped": pairs.capped,
        }
        run = self._lab.results.record(KIND, corpus_id, resolved, parameters, result, started)
        arrays = {"a": pairs.a, "b": pairs.b, "cosines": pairs.cosines}
        write_arrays(
            self._file(run), arrays | {"kinds": kinds, "place": place, "first": first}
        )  # the record is the last thing written: what has one is complete
        self._lab.workspace.save_result(run, {})
        return Duplicates(run, pairs, kinds, place, first)

    def stored(
        self, corpus_id: str, model: str, floor: float = FLOOR, max_pairs: int = MAX_PAIRS
    ) -> Duplicates | None:
        """Return what `find` would, if it is in the workspace; nothing is computed."""
        resolved = self._lab.resolve(model)
        run = self._lab.results.find(KIND, corpus_id, resolved, _parameters(floor, max_pairs))
        return read_duplicates(self._file(run), run) if run else None

    def groups(
        self,
        found: Duplicates,
        threshold: float,
        doubted: NDArray[np.bool_] | None = None,
        limit: int | None = None,
    ) -> list[Group]:
        """Group rows that are joined by pairs above a threshold, the largest group first.

        Args:
            found: The pairs.
            threshold: Least cosine.
            doubted: bool array of shape (P,): pairs to leave out.
            limit: Describe so many groups only; None for all.
        """
        vectors = self._lab.vectors(found.run.corpus_id, found.run.encoder)
        parts = found.groups_at(threshold, doubted)[:limit]
        return [describe_group(part, vectors, threshold) for part in parts]

    # --- jobs -------------------------------------------------------------------------------

    def estimate(self, rows: int) -> float:
        """Forecast the time of a search in seconds, embedding aside."""
        return _START_SECONDS + rows * rows / 2 / _COSINES_PER_SECOND

    def start(self, corpus_id: str, model: str, floor: float = FLOOR) -> Job:
        """Queue a search.

        Raises:
            DataError: `floor` is not a cosine.
            ModelError: The encoder is not at hand.
        """
        check_threshold(floor)
        return self._submit(
            corpus_id, model, {"floor": floor}, f"Find duplicates in {self._name(corpus_id)}"
        )

    def start_second_look(
        self, corpus_id: str, model: str, threshold: float, cross: str, floor: float = FLOOR
    ) -> Job:
        """Queue a second look by a cross-encoder at the pairs just above a threshold."""
        check_threshold(threshold)
        return self._submit(
            corpus_id,
            model,
            {"floor": floor, "threshold": threshold, "cross": cross},
            f"Look again at duplicates in {self._name(corpus_id)}",
        )

    def run_job(self, spec: JobSpec, progress: Progress) -> None:
        """Do what a queued job of this kind asks for."""
        floor = float(spec.parameters["floor"])
        found = self.find(spec.corpus_id, spec.encoder, floor, progress)
        if cross := spec.parameters.get("cross"):
            self.look_again(found, float(spec.parameters["threshold"]), cross, progress)

    # --- the cross-encoder's second look ------------------------------------------------------

    def look_again(
        self,
        found: Duplicates,
        threshold: float,
        cross: str,
        progress: Progress = no_progress,
    ) -> int:
        """Let a cross-encoder judge the pairs at or just above a threshold, trivial ones aside.

        It reads both texts of a pair at once, which is slower and surer. Each pair is read in
        both orders and the two scores are averaged. Pairs that it has read before are not read
        again; the `LOOKED_AT` nearest the threshold are read, since the others need it least.

        Args:
            found: The pairs.
            threshold: Least cosine.
            cross: Name of a cross-encoder.
            progress: Told the pairs done.

        Returns:
            How many pairs were read now.

        Raises:
            ModelError: The cross-encoder is not at hand.
            Cancelled: From `progress`.
        """
        started = time.perf_counter()
        scores = self.second_look(found, cross)
        above = found.places_at(threshold, trivial=False)
        todo = above[::-1][:LOOKED_AT]
        todo = todo[np.isnan(scores[todo])]
        if not len(todo):
            return 0
        texts = self._lab.texts(found.run.corpus_id)
        a, b = found.pairs.a[todo], found.pairs.b[todo]
        there = [(texts[i], texts[j]) for i, j in zip(a.tolist(), b.tolist(), strict=True)]
        back = [(second, first) for first, second in there]
        judged = self._lab.cross_encoder(cross).predict([*there, *back], progress)
        if judged.ndim != 1:
            raise DataError(
                f"{cross} tells {judged.shape[1]} labels apart and gives no score. Choose a "
                "cross-encoder that scores pairs."
            )
        mean = (judged[: len(todo)] + judged[len(todo) :]) / 2
        parameters = {"cross": cross, "threshold": threshold, "of": found.run.run_id}
        resolved = self._lab.resolve(found.run.encoder)
        run = self._lab.results.record(
            SECOND_LOOK, found.run.corpus_id, resolved, parameters, {"pairs": len(todo)}, started
        )
        write_arrays(self._file(run), {"a": a, "b": b, "scores": mean.astype(np.float32)})
        self._lab.workspace.save_result(run, {})
        return len(todo)

    def second_look(self, found: Duplicates, cross: str) -> NDArray[np.float32]:
        """Return what a cross-encoder has said of the pairs so far.

        Returns:
            float32 array of shape (P,), scores in [0, 1]; NaN where it has not looked.
        """
        scores = np.full(len(found.pairs), np.nan, np.float32)
        known: dict[tuple[int, int], float] = {}
        for run in self._lab.workspace.runs(found.run.corpus_id, SECOND_LOOK):
            if run.parameters["cross"] != cross or not self._file(run).is_file():
                continue
            with np.load(self._file(run), allow_pickle=False) as stored:
                rows = zip(stored["a"].tolist(), stored["b"].tolist(), strict=True)
                known.update(zip(rows, stored["scores"].tolist(), strict=True))
        if known:
            listed = zip(found.pairs.a.tolist(), found.pairs.b.tolist(), strict=True)
            for place, pair in enumerate(listed):
                scores[place] = known.get(pair, math.nan)
        return scores

    def doubted(self, found: Duplicates, cross: str) -> NDArray[np.bool_]:
        """Say which pairs a cross-encoder does not take for the same: bool (P,)."""
        return self.second_look(found, cross) < DOUBT  # False where it has not looked

    def looked_with(self, corpus_id: str) -> list[str]:
        """List the cross-encoders that have had a second look at a corpus, the latest first."""
        runs = self._lab.workspace.runs(corpus_id, SECOND_LOOK)
        return list(dict.fromkeys(str(run.parameters["cross"]) for run in runs))

    # --- judgements -------------------------------------------------------------------------

    def next_to_judge(self, found: Duplicates, threshold: float) -> int | None:
        """Choose the next pair to judge around a line: a place in `pairs`, or None if all are."""
        real = np.flatnonzero(found.kinds == REAL)
        judged = np.flatnonzero(np.isin(real, [place for place, _ in self.judged(found)]))
        drawn = calibration.sample_pairs(
            found.pairs.cosines[real], threshold, 1, judged.tolist(), seed=len(real)
        )
        return int(real[drawn[0]]) if drawn else None

    def judge(self, found: Duplicates, place: int, same: bool) -> None:
        """Keep whether the two texts of a pair say the same; a later judgement replaces it."""
        rows = [int(found.pairs.a[place]), int(found.pairs.b[place])]
        known = [one for one in self._judgements(found) if one["rows"] != rows]
        self._keep_judgements(found, [*known, {"rows": rows, "same": same}])

    def take_back(self, found: Duplicates) -> None:
        """Forget the latest judgement."""
        self._keep_judgements(found, self._judgements(found)[:-1])

    def judged(self, found: Duplicates) -> list[tuple[int, bool]]:
        """List the judged pairs that are among those found: place in `pairs`, and the verdict.

        Judgements are on texts, so they hold under every encoder of the corpus.
        """
        said = {tuple(one["rows"]): bool(one["same"]) for one in self._judgements(found)}
        if not said:
            return []
        # Only pairs whose both ends were judged at all need a look.
        ends = np.array(list(said)).ravel()
        near = np.flatnonzero(np.isin(found.pairs.a, ends) & np.isin(found.pairs.b, ends))
        rows = zip(found.pairs.a[near].tolist(), found.pairs.b[near].tolist(), strict=True)
        return [
            (int(place), said[pair])
            for place, pair in zip(near, rows, strict=True)
            if pair in said and found.kinds[place] == REAL
        ]

    def precision(self, found: Duplicates) -> list[PrecisionAt]:
        """Estimate which share of the pairs above each threshold are real; trivial ones aside."""
        judged = [
            Judged(float(found.pairs.cosines[place]), same) for place, same in self.judged(found)
        ]
        cosines = found.pairs.cosines[found.kinds == REAL]
        return calibration.precision_by_threshold(cosines, judged, found.pairs.complete_from)

    def suggest(self, estimates: Sequence[PrecisionAt], wanted: float = 0.9) -> Suggestion:
        """Suggest a threshold with a wanted precision, fraction in [0, 1]."""
        return calibration.suggest_threshold(estimates, wanted)

    def kind_name(self, kind: int) -> str:
        """Name a kind of pair by its number in `Duplicates.kinds`."""
        return kind_name(kind)

    # --- tables to take away ------------------------------------------------------------------

    def pair_table(
        self,
        found: Duplicates,
        threshold: float,
        cross: str | None = None,
        doubted: NDArray[np.bool_] | None = None,
    ) -> "pd.DataFrame":
        """Make the table of pairs of different texts: one line a pair, both texts, its kind."""
        import pandas as pd

        places = found.places_at(threshold, doubted=doubted)
        texts = self._lab.texts(found.run.corpus_id)
        a, b, sizes = found.pairs.a[places], found.pairs.b[places], found.text_sizes()
        columns: dict[str, Any] = {
            "row_a": a,
            "row_b": b,
            "cosine": found.pairs.cosines[places],
            "kind": [kind_name(kind) for kind in found.kinds[places].tolist()],
            "rows_with_text_a": sizes[found.place[a]],
            "rows_with_text_b": sizes[found.place[b]],
            "text_a": [texts[row] for row in a.tolist()],
            "text_b": [texts[row] for row in b.tolist()],
        }
        if cross:
            columns["second_look"] = self.second_look(found, cross)[places]
        return pd.DataFrame(columns)

    def group_table(
        self,
        found: Duplicates,
        threshold: float,
        keep: str = "longest",
        doubted: NDArray[np.bool_] | None = None,
    ) -> "pd.DataFrame":
        """Make the table of all grouped rows: the user's columns, group number, whether kept."""
        groups = self.groups(found, threshold, doubted)
        texts = self._lab.texts(found.run.corpus_id)
        rows = [row for group in groups for row in group.members]
        kept = {kept_row(group, texts, keep) for group in groups}
        frame = self._lab.table(found.run.corpus_id, rows)
        numbers = [number for number, group in enumerate(groups, 1) for _ in group.members]
        ours = {
            "row": rows,
            "duplicate_group": numbers,
            "kept": [row in kept for row in rows],
        }
        return _with_columns(frame, ours)

    def keep_one(
        self,
        found: Duplicates,
        threshold: float,
        keep: str = "longest",
        doubted: NDArray[np.bool_] | None = None,
    ) -> "pd.DataFrame":
        """Make the corpus without its duplicates: of each group one row stays.

        Args:
            found: The pairs.
            threshold: Least cosine.
            keep: Which row of a group stays: the longest text, the first row, or the most
                central one. Of equals it is the first.
            doubted: bool array of shape (P,): pairs to leave out.

        Raises:
            DataError: `keep` is none of these.
        """
        groups = self.groups(found, threshold, doubted)
        texts = self._lab.texts(found.run.corpus_id)
        standing_for = np.ones(found.rows, np.int64)
        for group in groups:
            standing_for[list(group.members)] = 0
            standing_for[kept_row(group, texts, keep)] = len(group.members)
        rows = np.flatnonzero(standing_for)
        frame = self._lab.table(found.run.corpus_id, rows.tolist())
        return _with_columns(frame, {"row": rows, "stands_for_rows": standing_for[rows]})

    # --- private ----------------------------------------------------------------------------

    def _file(self, run: RunRecord) -> Path:
        """Where the arrays of a run are."""
        return self.folder / run.corpus_id / f"{run.run_id}.npz"

    def _name(self, corpus_id: str) -> str:
        """Name of a corpus."""
        return self._lab.corpus(corpus_id).name

    def _submit(self, corpus_id: str, model: str, parameters: dict[str, Any], title: str) -> Job:
        """Queue a job."""
        spec = self._lab.resolve(model).spec
        return self._lab.jobs.submit(JobSpec(KIND, corpus_id, spec, parameters, title))

    def _judgements(self, found: Duplicates) -> list[dict[str, Any]]:
        """Read all judgements on a corpus, the earliest first."""
        path = self.folder / found.run.corpus_id / "judgements.json"
        if not path.is_file():
            return []
        judgements: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["judged"]
        return judgements

    def _keep_judgements(self, found: Duplicates, judged: list[dict[str, Any]]) -> None:
        """Write all judgements on a corpus, whole or not at all."""
        path = self.folder / found.run.corpus_id / "judgements.json"
        partial = path.with_name("judgements.json.partial")
        partial.write_text(json.dumps({"judged": judged}), encoding="utf-8")
        partial.replace(path)


def check_threshold(threshold: float) -> None:
    """Refuse what is no cosine.

    Raises:
        DataError: It is not in [-1, 1].
    """
    if not -1 <= threshold <= 1:
        raise DataError(f"threshold={threshold:g} should be a cosine, in [-1, 1]. Try 0.8.")


def kind_name(kind: int) -> str:
    """Name a kind of pair by its number."""
    return "paraphrase" if kind == REAL else KINDS[kind]


def kept_row(group: Group, texts: Sequence[str], keep: str) -> int:
    """Choose the row of a group that stays; of equals it is the first.

    Raises:
        DataError: `keep` is not one of `KEEP`.
    """
    if keep == "longest":
        return max(group.members, key=lambda row: (len(texts[row]), -row))
    if keep == "first":
        return group.members[0]
    if keep == "central":
        return group.central
    raise DataError(f"keep={keep!r} should be one of {', '.join(KEEP)}.")


def _parameters(floor: float, max_pairs: int) -> dict[str, Any]:
    """All that a search depends on besides corpus and encoder."""
    return {"floor": float(floor), "max_pairs": max_pairs}


def _with_columns(frame: "pd.DataFrame", ours: dict[str, Any]) -> "pd.DataFrame":
    """Put our columns before the user's; ours give way where a name is taken."""
    frame = frame.reset_index(drop=True)
    for place, (name, values) in enumerate(ours.items()):
        taken, number = name, 1
        while taken in frame.columns:
            number += 1
            taken = f"{name}_{number}"
        frame.insert(place, taken, values)
    return frame
