"""The command `classify`: sort rows under names, or learn to from a column of labels."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cli_options import (
    Answer,
    TerminalProgress,
    add_command,
    add_file,
    add_model,
    add_out,
    add_seed,
    check_out,
    open_lab,
)
from .errors import DataError, FileError

# Nothing heavy is imported up here: `--help` answers at once.
if TYPE_CHECKING:
    from .classification import FewShot, FewShotConfig
    from .corpus.records import CorpusInfo
    from .lab import Lab

_HELD_OUT = 0.2  # of a file that is all examples, the share that is tested on


def add_classify(commands: Any) -> None:
    """`classify`: zero-shot or few-shot."""
    about = "sort sentences under names, or learn to from labelled ones"
    parser = add_command(commands, "classify", run_classify, about)
    add_file(parser)
    ways = parser.add_mutually_exclusive_group(required=True)
    ways.add_argument("--labels", metavar="A,B,C", help="names to sort under (zero-shot)")
    ways.add_argument("--label-column", metavar="L", help="column to learn from (few-shot)")
    ways.add_argument("--head", type=Path, metavar="F", help="a head that --save-head wrote")
    parser.add_argument(
        "--template",
        metavar="T",
        help='zero-shot: sentence for a name (default "This text is about {}."; "" for none)',
    )
    parser.add_argument(
        "--shots",
        type=int,
        metavar="N",
        help="few-shot: examples of each class; the other rows are the test (default: all but a "
        "fifth, or all with --test)",
    )
    parser.add_argument("--test", type=Path, metavar="F", help="few-shot: labelled file to test on")
    parser.add_argument(
        "--no-spread",
        action="store_true",
        help="few-shot: learn from the examples alone, not from how the other rows lie",
    )
    parser.add_argument(
        "--fine-tune",
        action="store_true",
        help="few-shot: also fine-tune the encoder on the examples and compare",
    )
    parser.add_argument("--save-head", type=Path, metavar="F", help="few-shot: F.safetensors")
    add_model(parser)
    add_seed(parser)
    add_out(parser, "F.csv or F.parquet: the rows with label and score")


def run_classify(options: argparse.Namespace) -> Answer:
    """Sort the rows of a file."""
    _check(options)
    lab = open_lab(options)
    if options.labels is not None:
        return _zero_shot(lab, options)
    if options.head is not None:
        return _use_head(lab, options)
    return _few_shot(lab, options)


def _check(options: argparse.Namespace) -> None:
    """Refuse what cannot be before anything is read."""
    check_out(options.out, (".csv", ".parquet"))
    try:
        check_out(options.save_head, (".safetensors",))
    except (DataError, FileError) as error:
        raise type(error)(str(error).replace("--out", "--save-head")) from error
    if options.shots is not None and options.shots < 1:
        raise DataError(f"--shots {options.shots} should be at least 1.")
    if options.label_column is None:
        given = {
            "--shots": options.shots,
            "--test": options.test,
            "--fine-tune": options.fine_tune or None,
            "--save-head": options.save_head,
            "--no-spread": options.no_spread or None,
        }
        wrong = [name for name, value in given.items() if value is not None]
        if wrong:
            raise DataError(f"{wrong[0]} goes with --label-column: without one nothing is learnt.")
    if options.labels is None and options.template is not None:
        raise DataError("--template goes with --labels: it is the sentence for a label's name.")
    if options.test is not None and not options.test.is_file():
        raise FileError(f"There is no file {options.test}.")


def classify_text(answer: Answer) -> str:
    """Write the answer for a terminal: counts of the classes, or how good the head is."""
    if "counts" in answer:
        counts = sorted(answer["counts"].items(), key=lambda item: -item[1])
        total = len(answer["rows"])
        lines = [f"{total:,} rows in {len(counts)} classes, encoder {answer['model']}", ""]
        lines += [f"{count:8,}  {count / total:6.1%}  {name}" for name, count in counts]
        return "\n".join([*lines, "", "--out F.csv has the class of each row"])
    lines = [
        f"Learnt {answer['classes']} classes from {answer['examples']:,} examples, encoder "
        f"{answer['model']}"
    ]
    if answer["unlabelled_rows_used"]:
        lines.append(f"{answer['unlabelled_rows_used']:,} rows took part without their labels")
    if answer["accuracy"] is not None:
        lines.append(
            f"Accuracy {answer['accuracy']:.1%} (95 % interval {answer['low']:.1%} to "
            f"{answer['high']:.1%}), macro F1 {answer['macro_f1']:.1%} on {answer['rows']:,} rows: "
            f"{answer['tested_on']}"
        )
    if answer["cross_validated"] is not None:
        lines.append(f"Cross-validated on the examples alone: {answer['cross_validated']:.1%}")
    lines += [answer["note"]] if answer["note"] else []
    if answer.get("unseen"):
        lines.append(f"No example of {', '.join(answer['unseen'])}: such rows count as wrong.")
    lines += [answer["fine_tuned"]["sentence"]] if "fine_tuned" in answer else []
    lines += [f"The head is in {answer['head']}"] if "head" in answer else []
    return "\n".join(lines)


# --- by names ---------------------------------------------------------------------------------


def _zero_shot(lab: "Lab", options: argparse.Namespace) -> Answer:
    """Sort by names."""
    desk = lab.classification
    template = desk.TEMPLATE if options.template is None else options.template
    corpus = lab.open_file(options.file, text_column=options.text_column)
    found = desk.zero_shot(
        corpus.corpus_id,
        options.model,
        options.labels.split(","),
        template,
        TerminalProgress("classify"),
    )
    _write(options.out, lambda: desk.table(found))
    names = found.names
    rows = [
        {"row": row, "label": names[row], "score": float(found.scores[row])}
        for row in range(len(names))
    ]
    counts = dict(zip(found.classes, found.counts, strict=True))
    return {
        "model": found.run.encoder,
        "template": template,
        "counts": counts,
        "least_certain": found.least_certain(10),
        "rows": rows,
    }


def _use_head(lab: "Lab", options: argparse.Namespace) -> Answer:
    """Sort with a saved head."""
    from .label_head import HeadFile

    head = HeadFile.read(options.head)
    corpus = lab.open_file(options.file, text_column=options.text_column)
    table = lab.classification.use_head(
        corpus.corpus_id, options.model, head, TerminalProgress("classify")
    )
    _write(options.out, lambda: table)
    labels, scores = (table[name].tolist() for name in list(table.columns[-3:-1]))
    return {
        "model": options.model,
        "counts": {name: labels.count(name) for name in head.head.classes},
        "rows": [
            {"row": row, "label": label, "score": score}
            for row, (label, score) in enumerate(zip(labels, scores, strict=True))
        ],
    }


# --- from examples ----------------------------------------------------------------------------


def _few_shot(lab: "Lab", options: argparse.Namespace) -> Answer:
    """Learn from a column, test, and keep what was asked for."""
    desk = lab.classification
    corpus = _open_labelled(lab, options, options.file)
    config = _config(options)
    progress = TerminalProgress("classify")
    found = desk.few_shot(corpus.corpus_id, options.model, config, progress)
    head = desk.head_file(found)
    table, scores = None, found.held_out
    if options.test is not None:
        tested = _open_labelled(lab, options, options.test)
        table = desk.use_head(tested.corpus_id, options.model, head, progress)
        scores = desk.test_head(tested.corpus_id, options.model, head, options.label_column)
    answer = _few_shot_answer(options, found)
    answer |= {} if scores is None else asdict(scores)
    if options.fine_tune:
        tuned = desk.tune(corpus.corpus_id, options.model, config, progress)
        answer |= {
            "fine_tuned": {
                "accuracy_before": tuned.before.accuracy,
                "accuracy_after": tuned.after.accuracy,
                "gain_ci95": [tuned.low, tuned.high],
                "rows": tuned.before.rows,
                "training_run": tuned.training_run,
                "sentence": tuned.sentence,
            }
        }
    if options.save_head:
        head.write(options.save_head)
        answer["head"] = str(options.save_head)
    _write(options.out, lambda: desk.table(found) if table is None else table)
    return answer


def _few_shot_answer(options: argparse.Namespace, found: "FewShot") -> Answer:
    """The promised fields, and how the head was learnt."""
    return {
        "accuracy": None,
        "macro_f1": None,
        "shots": options.shots,
        "classes": len(found.classes),
        "examples": len(found.examples),
        "model": found.run.encoder,
        "tested_on": str(options.test) if options.test else "rows of the file held out",
        "cross_validated": found.cross_validated,
        "strength": found.strength,
        "unlabelled_rows_used": found.spread_rows,
        "note": found.note,
    }


def _config(options: argparse.Namespace) -> "FewShotConfig":
    """Say which rows are examples."""
    from .classification import FewShotConfig

    all_but_some = options.shots is None and options.test is None
    return FewShotConfig(
        source="column",
        column=options.label_column,
        shots=options.shots or 0,
        spread=not options.no_spread,
        seed=options.seed,
        held_out=_HELD_OUT if all_but_some else 0.0,
    )


def _open_labelled(lab: "Lab", options: argparse.Namespace, path: Path) -> "CorpusInfo":
    """Read a file that has the label column."""
    return lab.open_file(path, text_column=options.text_column, label_column=options.label_column)


def _write(path: Path | None, table: Any) -> None:
    """Write the rows with their labels, if that was asked for."""
    if path is not None:
        from .exports import write_table

        write_table(table(), path)
