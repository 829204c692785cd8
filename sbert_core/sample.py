"""The bundled sample: shipped with its vectors, map and groups, so that the first page is instant.

`python -m sbert_core sample` rebuilds what is shipped, from `data/samples/messages.csv`.
"""

import functools
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .analysis.projection import ProjectionConfig
from .corpus.records import CorpusInfo, RunRecord
from .protocols import Progress

if TYPE_CHECKING:
    from .lab import Lab

FOLDER = Path(__file__).resolve().parent.parent / "data" / "samples"
MESSAGES = FOLDER / "messages.csv"
PAIRS = FOLDER / "pairs.csv"
_ARRAYS = FOLDER / "messages.npz"
_RECORDS = FOLDER / "messages.json"
_STS = FOLDER / "pairs.json"

SAMPLE_NAME = "Sample messages"
# The pair that Home shows: a paraphrase without a common word of content.
PAIR = ("The parcel arrived two days late.", "My package came later than promised.")
SAMPLE_MODEL = "minilm"
# The argument of Sentence-BERT in four encoders: the first two are the backbone of the third,
# before it was fine-tuned as a siamese network.
ARGUMENT = ("bert-mini:cls", "bert-mini", "sbert-mini", "minilm")
# Scored on the bundled graded pairs besides: another pooling, and the recipe of the paper.
_ALSO_SCORED = ("bert-mini:max", "sbert-mini-nli")


def find(lab: "Lab") -> CorpusInfo | None:
    """Return the sample if it is in a workspace; a user may have deleted it."""
    wanted = corpus_id()
    return next((info for info in lab.corpora() if info.corpus_id == wanted), None)


def corpus_id() -> str:
    """The id that the sample has in every workspace."""
    return str(_shipped()["corpus_id"])


def install(lab: "Lab") -> CorpusInfo:
    """Put the sample with its shipped results into a workspace, unless it is there.

    No model is loaded, and none needs to be at hand.
    """
    if present := find(lab):
        return present
    info = _add(lab)
    with np.load(_ARRAYS, allow_pickle=False) as arrays:
        for stored in _shipped()["runs"]:
            run = RunRecord(**stored)
            columns = {
                name.removeprefix(f"{run.run_id}/"): arrays[name]
                for name in arrays.files
                if name.startswith(f"{run.run_id}/")
            }
            if run.kind == "embed":
                lab.workspace.save_vectors(info.corpus_id, run.encoder_key, columns["vectors"], run)
            else:
                lab.workspace.save_result(run, columns)
    return info


def shipped_pair() -> dict[str, Any]:
    """Return Home's sentence pair: `a`, `b`, and per encoder cosine and percentile."""
    pair: dict[str, Any] = _shipped()["pair"]
    return pair


@functools.cache
def shipped_sts() -> list[dict[str, Any]]:
    """Return scores on the bundled graded pairs: per encoder the fields of `StsScores`, x 100.

    Each entry also has `model`, an encoder string, and `cosines`, one per pair, in [-1, 1].
    """
    scores: list[dict[str, Any]] = json.loads(_STS.read_text(encoding="utf-8"))
    return scores


def rebuild(progress: Progress) -> dict[str, Any]:
    """Compute what is shipped with the sample, in a workspace of its own, and write it.

    Returns:
        The rows, runs and files written.
    """
    from .lab import Lab

    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder))
        info = _add(lab)
        lab.map(info.corpus_id, SAMPLE_MODEL, progress=progress)
        lab.cluster(info.corpus_id, SAMPLE_MODEL, progress=progress)
        pair = _score_pair(lab, info, list(ARGUMENT))
        lab.comparison.compare(info.corpus_id, ARGUMENT, progress=progress)
        scores = [_score_sts(lab, model) for model in (*ARGUMENT, *_ALSO_SCORED)]
        runs = [run for run in lab.workspace.runs(info.corpus_id)[::-1] if _ships(run)]
        arrays = {}
        for run in runs:
            for name, column in _columns(lab, run).items():
                arrays[f"{run.run_id}/{name}"] = column
    np.savez_compressed(_ARRAYS, allow_pickle=False, **arrays)
    shipped = {"corpus_id": info.corpus_id, "pair": pair, "runs": [asdict(run) for run in runs]}
    _RECORDS.write_text(json.dumps(shipped, ensure_ascii=False) + "\n", encoding="utf-8")
    _STS.write_text(json.dumps(scores) + "\n", encoding="utf-8")
    files = [_ARRAYS.name, _RECORDS.name, _STS.name]
    return {"rows": info.rows, "runs": len(runs), "files": files}


def _add(lab: "Lab") -> CorpusInfo:
    """Read the sample's rows into a workspace."""
    reading = lab.read(MESSAGES, text_column="text", label_column="topic")
    return lab.add_corpus(reading, SAMPLE_NAME)


@functools.cache
def _shipped() -> dict[str, Any]:
    """Read the shipped records."""
    shipped: dict[str, Any] = json.loads(_RECORDS.read_text(encoding="utf-8"))
    return shipped


def _columns(lab: "Lab", run: RunRecord) -> dict[str, NDArray[Any]]:
    """The arrays of a run: its columns, or the vectors."""
    if run.kind == "embed":
        return {"vectors": lab.workspace.vectors(run.corpus_id, run.encoder_key)}
    return lab.workspace.result_columns(run)


def _ships(run: RunRecord) -> bool:
    """Whether a run is shipped: all but the second drawing of a map, and the vectors of others."""
    if run.kind == "embed":
        return run.encoder == SAMPLE_MODEL
    return run.kind != "map" or run.parameters == ProjectionConfig().to_dict()


def _score_sts(lab: "Lab", model: str) -> dict[str, Any]:
    """Score an encoder on the bundled graded pairs."""
    details = lab.evaluation.sts_details(PAIRS, model)
    return {
        "model": model,
        **asdict(details.scores),
        "cosines": np.round(details.cosines, 4).tolist(),
    }


def _score_pair(lab: "Lab", info: CorpusInfo, models: list[str]) -> dict[str, Any]:
    """Score Home's pair under each encoder, against random pairs of the sample."""
    scores = lab.similarity(*PAIR, models)
    yardsticks = [lab.random_pairs(info.corpus_id, model) for model in models]
    return {
        "a": PAIR[0],
        "b": PAIR[1],
        "scores": [
            {
                "model": score.model,
                "cosine": round(score.cosine, 4),
                "percentile": round(yardstick.percentile(score.cosine), 2),
                "random_mean": round(yardstick.mean, 4),
            }
            for score, yardstick in zip(scores, yardsticks, strict=True)
        ],
    }
