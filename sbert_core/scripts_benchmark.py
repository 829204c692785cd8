"""Export as Python script for the Benchmark page: one function for each thing that is measured."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .sample import PAIRS
from .script_text import ScriptText, call, written

if TYPE_CHECKING:
    from .corpus.records import CorpusInfo
    from .judged_search import SearchFiles
    from .leaderboard_desk import BenchmarkTask

_MEASURED_LAST = "# Asking again measures again; what was measured last is kept."


def graded_pairs_script(path: Path, models: Sequence[str]) -> str:
    """Write how encoders are measured on graded pairs.

    Args:
        path: The file of graded pairs.
        models: Encoder strings.
    """
    script = ScriptText("Encoders on graded pairs: whose cosines have the order of the grades.")
    script.use("dataclasses", "asdict")
    script.use("pandas as pd")
    script.open_lab()
    if path == PAIRS:
        script.use("sbert_core.sample", "PAIRS")
        script.add("path = PAIRS  # the bundled pairs")
    else:
        script.use("pathlib", "Path")
        script.add(f"path = {written(path)}  # two sentences and a grade a row")
    script.add(
        f"models = {written(list(models))}",
        "",
        "scores = {model: lab.evaluation.sts(path, model) for model in models}",
        'table = pd.DataFrame([{"encoder": m} | asdict(found) for m, found in scores.items()])',
        'print(table[["encoder", "spearman_cosine", "pearson_cosine"]])',
    )
    script.save_csv("table", "graded-pairs.csv")
    return script.text()


def task_script(task: "BenchmarkTask", models: Sequence[str]) -> str:
    """Write how encoders are measured on one of the other tasks."""
    script = ScriptText("Encoders measured on one task.")
    script.use("pandas as pd")
    script.use("sbert_core.desk_results", "BenchmarkTask")
    script.open_lab()
    script.add(
        f"task = {written(task)}",
        f"models = {written(list(models))}",
        "",
        "figures = {model: lab.leaderboard.measure(task, model) for model in models}",
        'table = pd.DataFrame([{"encoder": m} | found for m, found in figures.items()])',
        "print(table)",
    )
    script.save_csv("table", f"{task.kind}.csv")
    return script.text()


def race_script(info: "CorpusInfo", model: str, cross: str) -> str:
    """Write how all pairs are timed by both kinds of encoder."""
    script = ScriptText("All pairs by a bi-encoder and by a cross-encoder, timed on this machine.")
    script.use("pandas as pd")
    script.open_corpus(info)
    script.add(
        f"model, cross = {written(model)}, {written(cross)}",
        "",
        _MEASURED_LAST,
        "asked = (corpus.corpus_id, model, cross)",
        "result = lab.race.stored_race(*asked) or lab.race.race(*asked)",
        "for lap in result.laps:",
        "    print(result.arithmetic(lap))",
        "laps = pd.DataFrame(list(result.laps))",
    )
    script.save_csv("laps", "race.csv")
    return script.text()


def reranked_query_script(
    info: "CorpusInfo", query: str, model: str, cross: str, candidates: int
) -> str:
    """Write how one query is ranked by a bi-encoder and then by a cross-encoder."""
    script = ScriptText("One query, ranked by a bi-encoder and ranked again by a cross-encoder.")
    script.use("pandas as pd")
    script.open_corpus(info)
    script.add(
        f"model, cross = {written(model)}, {written(cross)}",
        f"query = {written(query)}",
        "",
        f"found = lab.race.rank(corpus.corpus_id, query, model, cross, {written(candidates)})",
        "table = pd.DataFrame(list(found.reranked))",
        "print(table)",
    )
    script.save_csv("table", "reranked.csv")
    return script.text()


def reranking_depths_script(files: "SearchFiles", model: str, cross: str) -> str:
    """Write how quality and time of several depths of re-ranking are measured."""
    script = ScriptText("What more candidates gain and cost when a cross-encoder re-ranks them.")
    script.use("pandas as pd")
    script.use("sbert_core.desk_results", "SearchFiles")
    script.open_lab()
    script.add(
        f"files = {written(files)}{'' if files.docs else '  # the bundled pairs'}",
        f"model, cross = {written(model)}, {written(cross)}",
        "",
        _MEASURED_LAST,
        "asked = (files, model, cross)",
        "curve = lab.race.stored_depths(*asked) or lab.race.depths(*asked)",
        "table = pd.DataFrame(list(curve.depths))",
        "print(table)",
    )
    script.save_csv("table", "depths.csv")
    return script.text()


def speed_script(info: "CorpusInfo", model: str) -> str:
    """Write how the speed of an encoder is measured."""
    script = ScriptText("How many sentences a second an encoder reads on this machine.")
    script.use("pandas as pd")
    script.open_corpus(info)
    asked = ("corpus.corpus_id", "model")
    stored, measured = call("lab.race.stored_speed", *asked), call("lab.race.speed", *asked)
    script.add(
        f"model = {written(model)}",
        "",
        _MEASURED_LAST,
        f"result = {stored} or {measured}",
        "for path in result.paths:",
        '    print(f"{path.precision}: {path.sentences_per_second:,.0f} sentences a second")',
        "batches = pd.DataFrame(list(result.cells))",
    )
    script.save_csv("batches", "speed.csv")
    return script.text()
