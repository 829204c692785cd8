"""The other ways to judge an encoder: groups, same or not, inference, triplets, search."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.score_bars import ScoreBar, score_bars
from sbert_core.desk_results import BenchmarkTask
from sbert_core.lab import Lab
from sbert_core.sample import ARGUMENT
from sbert_core.scripts import task_script

from . import state
from .benchmark_data import choose_encoders, choose_file
from .benchmark_run import csv_button, offer_measuring
from .cross_choice import MEASURED
from .script_export import offer_script
from .wording import counted, plain

_Kind = Literal["clusters", "pairs", "nli", "triplet", "retrieval"]


@dataclass(frozen=True)
class _Words:
    """How a task is told.

    Attributes:
        title: Its name.
        question: What it asks of an encoder.
        columns: Field of the scores to heading and help, the drawn one first.
        reading: How to read the table.
        rows: Field that counts what was measured on, and what that is.
    """

    title: str
    question: str
    columns: Mapping[str, tuple[str, str]]
    reading: str
    rows: tuple[str, str]


_TASKS: dict[_Kind, _Words] = {
    "clusters": _Words(
        "Groups against labels",
        "Do sentences with the same label lie together? The corpus on the table is grouped into "
        "as many groups as it has labels, and the groups are compared with the labels.",
        {
            "v_measure": ("V-measure", "1 if groups and labels match, 0 if they are unrelated."),
            "ari": ("adjusted Rand", "1 if groups and labels match, near 0 for random groups."),
            "knn_accuracy": (
                "neighbours agree",
                "Share of sentences whose label wins among their ten nearest neighbours.",
            ),
        },
        "V-measure judges the groups that k-means finds; “neighbours agree” judges the space "
        "itself, whatever the grouping does.",
        ("rows", "sentence"),
    ),
    "pairs": _Words(
        "Same or not",
        "Does the cosine tell pairs that mean the same from pairs that do not? Each row of the "
        "file has two sentences and whether they mean the same, as in MRPC or Quora's questions.",
        {
            "ap": (
                "average precision",
                "Precision at each pair that means the same, from the highest cosine down, "
                "averaged; the share of such pairs is what chance gets.",
            ),
            "best_f1": ("best F1", "At the threshold that suits these pairs best."),
            "threshold": ("at cosine", "The threshold of the best F1: a cosine in [-1, 1]."),
        },
        "Average precision needs no threshold. The threshold of the best F1 was chosen on these "
        "very pairs, so that figure flatters a little; and it differs much between encoders.",
        ("pairs", "pair"),
    ),
    "nli": _Words(
        "Inference",
        "Do two separate vectors tell whether one sentence follows from the other, contradicts it, "
        "or neither? A small classifier is trained on u, v and |u − v|, and judges pairs that it "
        "has not seen. SNLI and MultiNLI are read as published.",
        {
            "accuracy": ("accuracy", "Share of unseen pairs that are judged rightly."),
            "macro_f1": ("macro F1", "Mean over the labels, so that a rare one counts as much."),
            "majority": ("always the commonest", "What saying always the same label gets."),
        },
        "Only what exceeds “always the commonest” was learnt from the vectors.",
        ("pairs", "pair"),
    ),
    "triplet": _Words(
        "Triplets",
        "Is a sentence nearer to one that belongs with it than to one that does not? Each row has "
        "three: anchor, positive, negative. An NLI file serves, too.",
        {
            "accuracy_cosine": ("right by cosine", "A coin gets 0.5; a tie counts as wrong."),
            "accuracy_euclidean": ("right by distance", "The same by Euclidean distance."),
            "mean_margin": ("margin", "Mean difference of the two cosines, in [-2, 2]."),
        },
        "0.5 is a coin. The margin says by how much the right sentence is nearer; under a plain "
        "BERT it is tiny even where the order is right.",
        ("triplets", "triplet"),
    ),
    "retrieval": _Words(
        "Search",
        "Are the documents that people judged relevant among the first that are found? It takes "
        "three files: documents, queries, and which document is relevant to which query.",
        {
            "ndcg_at_10": ("nDCG@10", "1 if no better order of the first ten is possible."),
            "mrr_at_10": ("MRR@10", "Mean of 1 / place of the first relevant document."),
            "recall_at_100": (
                "recall@100",
                "Share of the relevant documents among the first hundred.",
            ),
        },
        "nDCG@10 is about the first page of results; recall@100 says what a second, slower "
        "encoder could still find among the first hundred.",
        ("queries", "question"),
    ),
}
_FILES = {
    "documents": "Documents: doc_id and text",
    "queries": "Queries: query_id and text",
    "qrels": "Judgements: query_id, doc_id and relevance",
}


def show_tasks(lab: Lab) -> None:
    """Draw the tab: task, files, encoders, table."""
    kind = st.segmented_control(
        "Task",
        list(_TASKS),
        default="clusters",
        required=True,
        format_func=lambda name: _TASKS[name].title,
        key="task",
        bind="query-params",
        label_visibility="collapsed",
    )
    words = _TASKS[kind]
    st.markdown(words.question)
    task = _choose_task(lab, kind)
    if task is None:
        return
    models = choose_encoders(lab, f"benchmark_{kind}_models")
    figures = lab.leaderboard.figures(task, models)
    offer_measuring(lab, task, models, dict.fromkeys(figures, "measured"))
    if not figures:
        st.caption(f"{plain(lab.leaderboard.name_of(task))}: nothing is measured on it yet.")
        return
    _show_figures(lab, task, words, figures)
    offer_script(task.kind, task_script(task, list(figures)))


def _choose_task(lab: Lab, kind: _Kind) -> BenchmarkTask | None:
    """Choose what to measure on; None while something is missing."""
    if kind == "clusters":
        return _labelled_corpus(lab)
    if kind != "retrieval":
        path = choose_file(lab, "File", kind, _TASKS[kind].question)
        return BenchmarkTask(kind, (str(path),)) if path else None
    boxes = st.columns(3)
    paths = []
    for box, (name, label) in zip(boxes, _FILES.items(), strict=True):
        with box:
            paths.append(choose_file(lab, label, f"retrieval_{name}", label))
    if any(path is None for path in paths):
        return None
    return BenchmarkTask("retrieval", tuple(str(path) for path in paths))


def _labelled_corpus(lab: Lab) -> BenchmarkTask | None:
    """The corpus on the table with its labels."""
    corpus_id = state.corpus_id()
    info = lab.corpus(corpus_id) if corpus_id else None
    if info is None or info.label_column is None:
        st.info(
            "There is no corpus on the table."
            if info is None
            else f"“{plain(info.name)}” has no column of labels. Choose one on the Corpus page."
        )
        st.page_link("pages/1_Corpus.py", label="Open a file", icon=":material/upload_file:")
        return None
    labels = f"labels in “{info.label_column}”"
    st.caption(plain(f"“{info.name}”: {counted(info.rows, 'sentence')}, {labels}."))
    return BenchmarkTask("clusters", corpus_id=info.corpus_id, label_column=info.label_column)


def _show_figures(
    lab: Lab, task: BenchmarkTask, words: _Words, figures: Mapping[str, Mapping[str, Any]]
) -> None:
    """Bars of the first figure, and a table of all."""
    places = {model: place for place, model in enumerate(ARGUMENT)}
    first = next(iter(words.columns))
    models = sorted(figures, key=lambda m: (places.get(m, len(places)), figures[m][first]))
    field, noun = words.rows
    count = figures[models[0]][field]
    name = plain(lab.leaderboard.name_of(task))
    left, right = st.columns(2, gap="large")
    with left:
        title, _ = words.columns[first]
        st.markdown(f"**{title}** on {name} {MEASURED}")
        bars = [ScoreBar(m, figures[m][first], marked=m in ARGUMENT) for m in models]
        st.plotly_chart(
            score_bars(bars, state.mode(), axis=title, top=1.0, digits=3),
            key="benchmark_task_bars",
            theme=None,
            config=QUIET_CONFIG,
        )
        st.caption("How to read it: longer is better, and 1 is the best there is.")
    with right:
        st.markdown(f"**Every measure** on {counted(count, noun)}")
        records = [
            {"encoder": model}
            | {heading: figures[model][key] for key, (heading, _) in words.columns.items()}
            for model in models
        ]
        st.dataframe(
            records,
            hide_index=True,
            column_config={
                heading: st.column_config.NumberColumn(format="%.3f", help=help_text)
                for heading, help_text in words.columns.values()
            },
            key="benchmark_task_table",
        )
        st.caption(f"How to read it: {words.reading}")
        csv_button(
            "Download the table (CSV)",
            records,
            f"{task.kind}-{lab.leaderboard.name_of(task)}",
            "benchmark_task_csv",
        )
