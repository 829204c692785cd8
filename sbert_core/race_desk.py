"""The race desk of the Lab: cross-encoder against bi-encoder, re-ranking, and speed, measured here.

What is measured is a matter of this machine and this moment, so asking again measures again; what
was measured last is kept and shown until then.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .encoders.catalog import ResolvedEncoder
from .encoders.cross_catalog import find_cross_encoder
from .encoders.weights import file_digest, weight_files
from .errors import DataError
from .evaluation.race import (
    PUBLISHED_BI_S,
    PUBLISHED_CROSS_S,
    PUBLISHED_NOTE,
    PUBLISHED_SENTENCES,
    RACE_SIZES,
    Lap,
    PairJudge,
    RaceResult,
    RaceSentences,
    pair_count,
    race_sentences,
    time_all_pairs,
    time_bi_encoder,
    time_sample,
)
from .evaluation.rerank import (
    DEPTHS,
    Move,
    RerankCurve,
    Reranking,
    ranks_of,
    rerank_depths,
)
from .evaluation.speed import SpeedResult, busy_note, machine_in_words
from .hashing import content_key
from .jobs import Job, JobSpec
from .judged_search import SearchFiles, digest, joined, read_search
from .leaderboard_desk import LeaderboardDesk
from .protocols import Progress, no_progress
from .speed_trial import measure_speed
from .training_run import write_json

if TYPE_CHECKING:
    from .encoders.encoder import SentenceEncoder
    from .lab import Lab

SAMPLE_S = 5.0  # how long the cross-encoder reads random pairs to find its speed
SPEED_S = 20.0  # the whole of a speed trial
WHOLE_S = 12.0  # a size whose pairs can all be read within so long is measured in whole
CANDIDATES = 20  # re-ranked for one query


@dataclass(frozen=True)
class PublishedRace:
    """What the paper says of all pairs.

    Attributes:
        sentences: N.
        cross_seconds: By a cross-encoder.
        bi_seconds: By a bi-encoder.
        source: Where it says so, and on which machine.
    """

    sentences: int
    cross_seconds: float
    bi_seconds: float
    source: str


class RaceDesk:
    """Races, re-ranks and times, as jobs or at once.

    Args:
        lab: The Lab.
    """

    KINDS = ("race", "rerank", "speed")
    # Its jobs stand in the panel of the Benchmark page, with those of the leaderboard.
    JOBS = LeaderboardDesk.JOBS
    PUBLISHED = PublishedRace(
        PUBLISHED_SENTENCES, PUBLISHED_CROSS_S, PUBLISHED_BI_S, PUBLISHED_NOTE
    )

    def __init__(self, lab: "Lab") -> None:
        self._lab = lab

    # --- all pairs --------------------------------------------------------------------------

    def start_race(self, corpus_id: str, model: str, cross: str) -> Job:
        """Queue a race.

        Raises:
            ModelError: The bi-encoder is not at hand.
            WorkspaceError: No such corpus.
        """
        return self._lab.jobs.submit(self._race_spec(corpus_id, model, cross))

    def race_job(self, corpus_id: str, model: str, cross: str) -> Job | None:
        """The job of such a race, whatever became of it, or None."""
        return self._lab.jobs.job(self._race_spec(corpus_id, model, cross).job_id)

    def stored_race(self, corpus_id: str, model: str, cross: str) -> RaceResult | None:
        """What the last such race measured, or None."""
        found = self._lab.results.find(
            "race", corpus_id, self._lab.resolve(model), self._race_parameters(cross)
        )
        return RaceResult.from_dict(found.result) if found else None

    def race(
        self,
        corpus_id: str,
        model: str,
        cross: str,
        progress: Progress = no_progress,
    ) -> RaceResult:
        """Time all pairs of several numbers of sentences by both, and keep the result.

        Args:
            corpus_id: Where the sentences come from.
            model: Encoder string of the bi-encoder.
            cross: Name of the cross-encoder.
            progress: Told what is done; raises `Cancelled` to stop.

        Raises:
            DataError: The corpus has fewer than two distinct sentences.
            ModelError: One of the two is not at hand.
        """
        started, resolved = time.perf_counter(), self._lab.resolve(model)
        everyone = race_sentences(self._lab.texts(corpus_id), max(RACE_SIZES))
        result = self.race_of(everyone, model, cross, progress, RACE_SIZES)
        record = self._lab.results.record(
            "race", corpus_id, resolved, self._race_parameters(cross), result.to_dict(), started
        )
        self._lab.workspace.save_result(record, {})
        return result

    def race_of(
        self,
        everyone: RaceSentences,
        model: str,
        cross: str,
        progress: Progress = no_progress,
        sizes: Sequence[int] = RACE_SIZES,
    ) -> RaceResult:
        """Race over given sentences; nothing is stored.

        Args:
            everyone: As many sentences as the largest size.
            model: As for `race`, as are the next two.
            cross: Name of the cross-encoder.
            progress: Told what is done.
            sizes: Numbers of sentences.

        Raises:
            ModelError: One of the two is not at hand.
        """
        busy = busy_note()
        progress(0, 0, "loading both encoders")
        encoder, judge = self._lab.encoder(model), self._judge(cross)
        encoder.encode(everyone.texts[:16])  # the first call is slow and nobody's fault
        pairs, seconds = time_sample(judge, everyone.texts, SAMPLE_S, progress)
        laps = tuple(
            _lap(everyone, size, encoder, judge, pairs / seconds, progress)
            for size in sorted(set(sizes))
        )
        return RaceResult(
            model=self._lab.resolve(model).spec,
            cross=cross,
            precision=encoder.precision,
            machine=machine_in_words(encoder.device.type),
            sample_pairs=pairs,
            sample_seconds=seconds,
            laps=laps,
            note=joined(everyone.note, busy),
        )

    # --- one query, ranked by both ----------------------------------------------------------

    def rank(
        self, corpus_id: str, query: str, model: str, cross: str, k: int = CANDIDATES
    ) -> Reranking:
        """Let the bi-encoder find the k rows nearest to a query, and a cross-encoder re-rank them.

        Args:
            corpus_id: The corpus that is searched; it is embedded first if need be.
            query: What is looked for.
            model: Encoder string.
            cross: Name of the cross-encoder.
            k: Candidates; of more than there are distinct sentences, all are taken.

        Raises:
            DataError: The query is blank, or k is below 1.
            ModelError: One of the two is not at hand.
        """
        query = " ".join(query.split())
        if not query:
            raise DataError("The query is blank. Type what you are looking for.")
        if k < 1:
            raise DataError(f"k={k} should be at least 1.")
        vectors, texts = self._lab.vectors(corpus_id, model), self._lab.texts(corpus_id)
        encoder, judge = self._lab.encoder(model), self._judge(cross)
        lengths = np.linalg.norm(vectors, axis=1)
        began = time.perf_counter()
        wanted = encoder.encode([query])[0]  # (D,)
        scale = lengths * float(np.linalg.norm(wanted))
        cosines = np.divide(vectors @ wanted, scale, out=np.zeros_like(scale), where=scale > 0)
        rows = _first_distinct(np.argsort(-cosines, kind="stable"), texts, k)
        found = time.perf_counter()
        scores = judge([(query, texts[row]) for row in rows], no_progress)
        read = time.perf_counter()
        moves = tuple(
            Move(row, texts[row], float(cosines[row]), float(score), place, int(after))
            for place, (row, score, after) in enumerate(
                zip(rows, scores, ranks_of(scores), strict=True), start=1
            )
        )
        return Reranking(
            query=query,
            model=self._lab.resolve(model).spec,
            cross=cross,
            moves=moves,
            rows=len(texts),
            bi_milliseconds=1000 * (found - began),
            cross_milliseconds=1000 * (read - found),
            note=f"The corpus has only {len(rows):,} distinct sentences; all of them were read."
            if len(rows) < k
            else "",
        )

    # --- quality against candidates ---------------------------------------------------------

    def start_depths(self, files: SearchFiles, model: str, cross: str) -> Job:
        """Queue the measurement of several depths of re-ranking.

        Raises:
            ModelError: The bi-encoder is not at hand.
        """
        return self._lab.jobs.submit(self._depths_spec(files, model, cross))

    def depths_job(self, files: SearchFiles, model: str, cross: str) -> Job | None:
        """The job of such a measurement, whatever became of it, or None."""
        return self._lab.jobs.job(self._depths_spec(files, model, cross).job_id)

    def stored_depths(self, files: SearchFiles, model: str, cross: str) -> RerankCurve | None:
        """What the last such measurement found, or None."""
        path = self._depths_path(files, self._lab.resolve(model), cross)
        if not path.is_file():
            return None
        return RerankCurve.from_dict(json.loads(path.read_text(encoding="utf-8")))

    def depths(
        self, files: SearchFiles, model: str, cross: str, progress: Progress = no_progress
    ) -> RerankCurve:
        """Measure nDCG@10 and waiting time for several numbers of re-ranked candidates; keep it.

        Raises:
            FileError: A file cannot be read.
            DataError: The three files do not fit each other.
            ModelError: One of the two is not at hand.
            Cancelled: From `progress`.
        """
        busy = busy_note()
        progress(0, 0, "reading documents, queries and judgements")
        search = read_search(files)
        encoder, judge = self._lab.encoder(model), self._judge(cross)
        scores = rerank_depths(
            search, encoder, judge, depths=DEPTHS, most_queries=files.most_queries,
            progress=progress,
        )  # fmt: skip
        resolved = self._lab.resolve(model)
        curve = RerankCurve(
            model=resolved.spec,
            cross=cross,
            data=files.name,
            machine=machine_in_words(encoder.device.type),
            documents=len(search.documents),
            queries=min(len(search.queries), files.most_queries or len(search.queries)),
            queries_in_all=len(search.queries),
            depths=scores,
            note=joined(search.note, busy),
        )
        path = self._depths_path(files, resolved, cross)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, curve.to_dict())
        return curve

    # --- speed ------------------------------------------------------------------------------

    def start_speed(self, corpus_id: str, model: str) -> Job:
        """Queue a speed trial.

        Raises:
            ModelError: The encoder is not at hand.
            WorkspaceError: No such corpus.
        """
        return self._lab.jobs.submit(self._speed_spec(corpus_id, model))

    def speed_job(self, corpus_id: str, model: str) -> Job | None:
        """The job of such a trial, whatever became of it, or None."""
        return self._lab.jobs.job(self._speed_spec(corpus_id, model).job_id)

    def stored_speed(self, corpus_id: str, model: str) -> SpeedResult | None:
        """What the last such trial measured, or None."""
        found = self._lab.results.find("speed", corpus_id, self._lab.resolve(model), {})
        return SpeedResult.from_dict(found.result) if found else None

    def speed(
        self,
        corpus_id: str,
        model: str,
        progress: Progress = no_progress,
        seconds: float = SPEED_S,
    ) -> SpeedResult:
        """Time an encoder on batches of several shapes and on the corpus itself; keep the result.

        Args:
            corpus_id: Whose sentences it reads.
            model: Encoder string.
            progress: Told what is done; raises `Cancelled` to stop.
            seconds: Time box of the whole, without loading.

        Raises:
            DataError: The corpus has fewer than two distinct sentences.
            ModelError: The encoder is not at hand.
        """
        started, resolved = time.perf_counter(), self._lab.resolve(model)
        result = self.speed_of(self._lab.texts(corpus_id), model, progress, seconds)
        record = self._lab.results.record(
            "speed", corpus_id, resolved, {}, result.to_dict(), started
        )
        self._lab.workspace.save_result(record, {})
        return result

    def speed_of(
        self,
        texts: Sequence[str],
        model: str,
        progress: Progress = no_progress,
        seconds: float = SPEED_S,
    ) -> SpeedResult:
        """Time an encoder on given sentences; nothing is stored. Arguments as for `speed`."""
        return measure_speed(self._lab.resolve(model), texts, seconds, progress)

    # --- jobs -------------------------------------------------------------------------------

    def run_job(self, spec: JobSpec, progress: Progress) -> None:
        """Do what a queued job of one of `KINDS` asks for."""
        if spec.kind == "race":
            corpus_id, cross = spec.parameters["corpus_id"], spec.parameters["cross"]
            self.race(corpus_id, spec.encoder, cross, progress)
        elif spec.kind == "speed":
            self.speed(spec.parameters["corpus_id"], spec.encoder, progress)
        else:
            files = SearchFiles(**spec.parameters["files"])
            self.depths(files, spec.encoder, spec.parameters["cross"], progress)

    def _race_spec(self, corpus_id: str, model: str, cross: str) -> JobSpec:
        spec, name = self._lab.resolve(model).spec, self._lab.corpus(corpus_id).name
        title = f"Race {spec} against {cross} on {name}"
        parameters = self._race_parameters(cross) | {"corpus_id": corpus_id}
        return JobSpec("race", self.JOBS, spec, parameters, title)

    def _speed_spec(self, corpus_id: str, model: str) -> JobSpec:
        spec = self._lab.resolve(model).spec
        title = f"Time {spec} on {self._lab.corpus(corpus_id).name}"
        return JobSpec("speed", self.JOBS, spec, {"corpus_id": corpus_id}, title)

    def _depths_spec(self, files: SearchFiles, model: str, cross: str) -> JobSpec:
        spec = self._lab.resolve(model).spec
        kept = {
            "docs": files.docs,
            "queries": files.queries,
            "qrels": files.qrels,
            "most_queries": files.most_queries,
        }
        title = f"Re-rank {files.name} with {cross}"
        return JobSpec("rerank", self.JOBS, spec, {"files": kept, "cross": cross}, title)

    def _depths_path(self, files: SearchFiles, resolved: ResolvedEncoder, cross: str) -> Path:
        """Where such a measurement is kept: named by what the files hold."""
        digests = [digest(Path(path)) for path in files.paths if path]
        key = content_key(
            "rerank", digests, files.most_queries, resolved.key, self._identity(cross), list(DEPTHS)
        )
        return self._lab.workspace.root / "rerank" / f"{key}.json"

    def _race_parameters(self, cross: str) -> dict[str, Any]:
        """What a race depends on besides corpus and bi-encoder."""
        return {"cross": cross, "weights": self._identity(cross), "sizes": list(RACE_SIZES)}

    def _identity(self, cross: str) -> str:
        """Name a cross-encoder by its weights; one that only the hub has, by its name."""
        away = {info.id for info in self._lab.cross_encoders() if not info.available}
        if cross in away or cross.startswith("hf:"):
            return cross
        folder = find_cross_encoder(cross, [self._lab.workspace.root / "models"])
        return content_key([file_digest(path) for path in weight_files(folder)])

    def _judge(self, cross: str) -> PairJudge:
        """Load a cross-encoder that gives one score for a pair."""
        encoder = self._lab.cross_encoder(cross)
        if encoder.labels != 1:
            raise DataError(
                f"{cross} gives {encoder.labels} labels for a pair and no score, so it cannot "
                "rank. Choose one that was trained on graded or ranked pairs."
            )
        return encoder.predict


def _lap(
    everyone: RaceSentences,
    size: int,
    encoder: "SentenceEncoder",
    judge: PairJudge,
    pairs_per_second: float,
    progress: Progress,
) -> Lap:
    """Time one size by both."""
    some = RaceSentences(
        everyone.texts[:size], everyone.origin[:size], min(size, everyone.distinct)
    )
    read, compared, (i, j, cosine) = time_bi_encoder(encoder, some, progress)
    measured = pair_count(size) / pairs_per_second <= WHOLE_S
    seconds = (
        time_all_pairs(judge, some.texts, progress)
        if measured
        else pair_count(size) / pairs_per_second
    )
    return Lap(size, read, compared, some.texts[i], some.texts[j], cosine, seconds, measured)


def _first_distinct(rows: NDArray[np.intp], texts: Sequence[str], k: int) -> list[int]:
    """The first k rows of an order that have different texts."""
    seen: dict[str, int] = {}
    for row in rows:
        seen.setdefault(texts[row], int(row))
        if len(seen) == k:
            break
    return list(seen.values())
