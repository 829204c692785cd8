"""A result of the Classify page as a short script that repeats it."""

from pathlib import Path

import numpy as np

from .classification import FewShot, Sorted
from .corpus.records import CorpusInfo
from .script_text import ScriptText, call, written


def script_for(found: Sorted, info: CorpusInfo) -> str:
    """Write the script.

    Args:
        found: What it repeats.
        info: Its corpus.
    """
    script = ScriptText("Sentences sorted into classes.")
    script.open_corpus(info)
    script.add(f"model = {written(found.run.encoder)}", "")
    if isinstance(found, FewShot):
        _add_few(script, found)
    else:
        labels = f"labels={written(list(found.classes))}"
        template = f"template={written(found.run.parameters['template'])}"
        made = call("lab.classification.zero_shot", "corpus.corpus_id", "model", labels, template)
        script.add(f"found = {made}")
    script.add(
        "for name, count in zip(found.classes, found.counts, strict=True):",
        '    print(f"{count:8,}  {name}")',
        "table = lab.classification.table(found)",
    )
    script.save_csv("table", "labels.csv")
    return script.text()


def script_for_head(info: CorpusInfo, model: str, file_name: str) -> str:
    """Write how a saved head sorts a corpus.

    Args:
        info: The corpus.
        model: Encoder string.
        file_name: Name of the head's file.
    """
    script = ScriptText("Sentences sorted into classes by a saved head.")
    script.open_corpus(info)
    script.use("pathlib", "Path")
    script.add(
        f"model = {written(model)}",
        "",
        f"file = {written(Path(file_name))}  # the head, as it was saved",
        "head = lab.classification.read_head(file.read_bytes())",
        "table = lab.classification.use_head(corpus.corpus_id, model, head)",
    )
    script.save_csv("table", "labels.csv")
    return script.text()


def _add_few(script: ScriptText, found: FewShot) -> None:
    """Add the labels given by hand, if they were, and the learning."""
    script.use("sbert_core.desk_results", "FewShotConfig")
    script.use("pathlib", "Path")
    arguments = ["corpus.corpus_id", "model", "config"]
    if found.config.source == "hand":
        given = {
            name: np.flatnonzero(found.given == place).tolist()
            for place, name in enumerate(found.classes)
        }
        script.add(
            f"rows_of = {written(given)}  # rows count from 0",
            "labels = {row: name for name, rows in rows_of.items() for row in rows}",
        )
        arguments.append("labels=labels")
    script.add(
        f"config = {written(found.config)}",
        f"found = {call('lab.classification.few_shot', *arguments)}",
        'lab.classification.head_file(found).write(Path("head.safetensors"))',
    )
