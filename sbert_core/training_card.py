"""The model card of what a run made: from what, on what, how good, and under which terms."""

import re
from pathlib import Path

from .encoders.card import write_card
from .encoders.catalog import NOT_STATED, ModelInfo
from .encoders.known_models import KNOWN_MODELS
from .evaluation.gain import Gain
from .training.examples import counted
from .training.objective_settings import ABOUT, checked_settings
from .training_request import TrainReport, TrainRequest

_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")  # a name, where some models have a sentence

_LOAD_ENCODER = """from sentence_transformers import SentenceTransformer
model = SentenceTransformer("path/to/this/folder")
print(model.encode(["A sentence.", "Another one."]).shape)"""
_LOAD_CROSS = """from sentence_transformers import CrossEncoder
model = CrossEncoder("path/to/this/folder")
print(model.predict([("A sentence.", "Another one.")]))"""


def write_training_card(
    folder: Path, request: TrainRequest, report: TrainReport, base: ModelInfo, data: str
) -> None:
    """Write the card of what a run made.

    Args:
        folder: The model folder.
        request: What was asked for.
        report: How it went.
        base: What was trained further.
        data: Name of the data.
    """
    cross = request.objective == "cross"
    named = _public_name(base.id)
    fields: dict[str, str | list[str]] = {
        "library_name": "sentence-transformers",
        "pipeline_tag": "text-ranking" if cross else "sentence-similarity",
        "base_model": named,
    }
    if base.languages != NOT_STATED and re.fullmatch(r"[a-z]{2,3}(, [a-z]{2,3})*", base.languages):
        fields["language"] = base.languages.split(", ")
    known = _LICENCE.fullmatch(base.licence) is not None
    if known:
        fields["license"] = base.licence.lower()
    parts = [
        f"# {named}, trained further",
        f"Made with SBERT Lab by `{request.objective}`: {ABOUT[request.objective].title}",
        f"## Load\n\n```python\n{_LOAD_CROSS if cross else _LOAD_ENCODER}\n```",
        f"## Data\n\n{_data(report, data)}",
        f"## Training\n\n{_training(request, report, named)}",
        f"## How good\n\n{_figures(report)}",
        f"## Terms\n\n{_terms(base.licence, known, data)}",
    ]
    write_card(folder, fields, "\n\n".join(parts))


def _public_name(model: str) -> str:
    """Name an encoder as others know it; of a folder only its name, since cards are published."""
    if model.startswith("hf:"):
        return model.removeprefix("hf:")
    repos = {known.id: known.repo for known in KNOWN_MODELS}
    return repos.get(model) or Path(model).name


def _data(report: TrainReport, data: str) -> str:
    """Say what it learnt from."""
    lines = [f"{data}: {report.examples:,} examples.", *report.found]
    return "\n".join(f"- {' '.join(line.split())}" for line in lines)


def _training(request: TrainRequest, report: TrainReport, named: str) -> str:
    """Say how it learnt."""
    config = request.config
    settings = checked_settings(request.objective, request.settings)
    shown = ", ".join(f"{name} {value}" for name, value in settings.items()) or "none"
    lines = [
        f"base: {named}",
        f"objective: {request.objective}; its settings: {shown}",
        f"steps: {report.steps:,} of at most {counted(config.epochs, 'epoch')}; the weights of "
        f"step {report.best_step:,} were kept",
        f"batch: {config.batch_size} examples x {config.accumulate}",
        f"learning rate: {config.learning_rate:g}, warm-up over {config.warmup:g} of the steps, "
        f"weight decay {config.weight_decay:g}",
        f"seed: {config.seed}",
    ]
    if request.teacher:
        lines.append(f"teacher: {_public_name(request.teacher)}")
    return "\n".join(f"- {line}" for line in lines)


def _figures(report: TrainReport) -> str:
    """Tabulate Spearman before and after."""
    rows = [
        "Spearman correlation with the grades, times 100, before and after, and the 95 % interval "
        "of the difference (paired bootstrap over the pairs).\n",
        "| pairs | number | before | after | difference | interval |",
        "|---|---|---|---|---|---|",
        _row("dev (chose the step)", report.dev),
    ]
    if report.test:
        rows.append(_row("test (chose nothing)", report.test))
    return "\n".join([*rows, "", report.verdict])


def _row(name: str, gain: Gain) -> str:
    """Write one line of the table."""
    return (
        f"| {name} | {gain.pairs:,} | {gain.before:.2f} | {gain.after:.2f} | {gain.gain:+.2f} | "
        f"{gain.low:.2f} to {gain.high:.2f} |"
    )


def _terms(licence: str, known: bool, data: str) -> str:
    """Say what may be done with it, as far as that is known."""
    base = f"The base is under {licence}." if known else "The licence of the base is not known."
    return f"{base} The terms of the data ({data}) come on top of it."
