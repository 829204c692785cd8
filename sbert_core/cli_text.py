"""What a command prints for a person: short lines and plain tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .cli_classify import classify_text
from .cli_compare import compare_text
from .cli_duplicates import as_duplicates_text
from .cli_evaluate import evaluation_text
from .cli_explain import explain_text
from .cli_search import search_as_text

Answer = Mapping[str, Any]

_WIDEST_CELL = 60


def as_text(command: str, answer: Answer) -> str:
    """Write the answer of a command for a terminal.

    Args:
        command: Name of the command.
        answer: What it returned; the same fields as with `--json`.
    """
    writer: Callable[[Any], str] = _WRITERS.get(command, _fields)
    return writer(answer)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Align rows under column names; numbers to the right, long cells cut."""
    cells = [list(columns), *([_cell(row.get(name)) for name in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    right = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in columns]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in cells
    )


def _models(answer: Answer) -> str:
    """The encoders, those at hand first."""
    rows = [
        {**model, "at hand": "yes" if model["available"] else model["note"]}
        for model in answer["models"]
    ]
    columns = ["id", "kind", "dims", "layers", "parameters", "pooling", "licence", "at hand"]
    return table(rows, columns)


def _inspect(answer: Answer) -> str:
    """The report on a file."""
    head = {key: answer[key] for key in answer if key not in ("columns", "warnings", "unparsed")}
    columns = ["name", "kind", "filled", "distinct", "mean_characters"]
    parts = [_fields(head), "", table(answer["columns"], columns)]
    return "\n".join([*parts, *(f"Note: {warning}" for warning in answer["warnings"])])


def _similarity(answer: Answer) -> str:
    """Scores of a pair."""
    return table(answer["pairs"], ["model", "cosine", "dot", "euclidean", "manhattan"])


def _cluster(answer: Answer) -> str:
    """Groups, largest first, and how good they are."""
    silhouette = answer["silhouette"]
    quality = "not defined" if silhouette is None else f"{silhouette:.3f}"
    lines = [f"{answer['rows']:,} rows in {answer['k']} groups, silhouette {quality}"]
    if "v_measure" in answer:
        lines.append(f"V-measure {answer['v_measure']:.3f}, adjusted Rand {answer['ari']:.3f}")
    if answer.get("k_choice"):
        lines.append(answer["k_choice"]["sentence"])
    if answer["note"]:
        lines.append(answer["note"])
    return "\n".join([*lines, "", table(answer["clusters"], ["id", "size", "name", "example"])])


def _train(answer: Answer) -> str:
    """The verdict, the figures it rests on, and what was learnt from."""
    lines = [answer["verdict"], ""]
    for part in ("dev", "test"):
        before, after = answer[f"{part}_spearman_before"], answer[f"{part}_spearman_after"]
        if before is not None:
            lines.append(f"{part}: Spearman {before:.2f} before, {after:.2f} after")
    lines.append(
        f"{answer['examples']:,} examples, steps: {answer['steps']:,}, {answer['seconds']:.0f} s"
    )
    return "\n".join([*lines, *answer["found"], "", f"The model is in {answer['out']}"])


def _fields(answer: Answer) -> str:
    """One line for each field."""
    return "\n".join(f"{name}: {_cell(value)}" for name, value in answer.items())


def _cell(value: Any) -> str:
    """A value in a few characters."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return " ".join(_cell(item) for item in value)
    text = " ".join(str(value).split())
    return text if len(text) <= _WIDEST_CELL else text[: _WIDEST_CELL - 1] + "…"


def _bench(answer: Answer) -> str:
    """What was timed: the arithmetic of a race, a table of a trial, or plain fields."""
    if "sizes" in answer:
        columns = ["sentences", "pairs", "bi_seconds", "cross_seconds", "ratio"]
        lines = [size["arithmetic"] for size in answer["sizes"]]
        return "\n".join([table(answer["sizes"], columns), "", *lines, answer["note"]]).rstrip()
    if "paths" in answer:
        columns = ["runtime", "precision", "sentences_per_second", "share_of_peak"]
        cells = ["precision", "length", "batch", "sentences_per_second", "share"]
        parts = [table(answer["paths"], columns), "", table(answer["cells"], cells)]
        return "\n".join([*parts, answer["machine"], answer["note"]]).rstrip()
    return _fields(answer)


_WRITERS: dict[str, Callable[[Any], str]] = {
    "bench": _bench,
    "models": _models,
    "inspect": _inspect,
    "similarity": _similarity,
    "cluster": _cluster,
    "evaluate": evaluation_text,
    "classify": classify_text,
    "compare": compare_text,
    "duplicates": as_duplicates_text,
    "explain": explain_text,
    "search": search_as_text,
    "train": _train,
}
