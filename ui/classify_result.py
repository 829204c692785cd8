"""What classification found: counts, sentences, the least certain ones, and files to take away."""

import numpy as np
import streamlit as st

from sbert_core.desk_results import FewShot, Sorted
from sbert_core.lab import CorpusInfo, Lab, to_csv

from .wording import counted, plain

_ROW_HEIGHT = 35
_MOST_HEIGHT = 420
_SHOWN = 1_000
_DOUBTFUL = 50
_ALL = "All classes"


def show_counts(found: Sorted) -> None:
    """How many sentences each class got, the largest first."""
    total = len(found.labels)
    order = np.argsort(-np.array(found.counts), kind="stable")
    st.dataframe(
        [
            {
                "class": found.classes[place],
                "sentences": found.counts[place],
                "share": found.counts[place] / total,
            }
            for place in order
        ],
        column_config={
            "class": st.column_config.TextColumn(width="medium"),
            "sentences": st.column_config.NumberColumn(width="small", format="localized"),
            "share": st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=max(found.counts) / total
            ),
        },
        hide_index=True,
        height=min(_MOST_HEIGHT, _ROW_HEIGHT * (len(found.classes) + 1) + 2),
        row_height=_ROW_HEIGHT,
        key=f"classify_counts_{found.run.run_id}",
    )


def show_rows(lab: Lab, info: CorpusInfo, found: Sorted) -> None:
    """The least certain sentences, and those of a class."""
    doubtful, sentences = st.tabs(["Least certain", "Sentences of a class"])
    with doubtful:
        st.caption(
            f"These could almost as well be something else: their {found.score_name} is hardly "
            "above that of the second class (the margin). Look here for mistakes, or for a class "
            "that is missing."
        )
        _table(lab, info, found, found.least_certain(_DOUBTFUL), "doubtful")
    with sentences:
        chosen = st.selectbox(
            "Class",
            [_ALL, *found.classes],
            key=f"classify_class_{found.run.run_id}",
            label_visibility="collapsed",
        )
        rows = np.arange(len(found.labels))
        if chosen != _ALL:
            rows = np.flatnonzero(found.labels == found.classes.index(chosen))
        best = rows[np.argsort(-found.scores[rows], kind="stable")][:_SHOWN]
        more = f", the first {len(best):,} shown" if len(best) < len(rows) else ""
        st.caption(f"{counted(len(rows), 'sentence')}, the surest first{more}.")
        _table(lab, info, found, best.tolist(), "sentences")


def _table(lab: Lab, info: CorpusInfo, found: Sorted, rows: list[int], key: str) -> None:
    """Sentences with class, score and margin."""
    if not rows:
        return
    table = lab.classification.table(found, rows)
    own = list(info.columns)
    ours = [column for column in table.columns if column not in own]
    first = [info.text_column, *ours]
    known = [info.label_column] if info.label_column else []
    st.dataframe(
        table[[*first, *known]],
        column_config={
            info.text_column: st.column_config.TextColumn(width="large"),
            ours[1]: st.column_config.NumberColumn(format="%.2f", help=_score_help(found)),
            ours[2]: st.column_config.NumberColumn(
                format="%.2f", help="How much better than the second class; near 0 is a toss-up."
            ),
        },
        hide_index=True,
        height=min(_MOST_HEIGHT, _ROW_HEIGHT * (len(rows) + 1) + 2),
        row_height=_ROW_HEIGHT,
        key=f"classify_{key}_{found.run.run_id}",
    )


def _score_help(found: Sorted) -> str:
    """What the score is."""
    if found.score_name == "cosine":
        return "Cosine of sentence and name, in [-1, 1]. Compare it within this table only."
    return "How sure the head is, from 0 to 1."


def show_exports(lab: Lab, info: CorpusInfo, found: Sorted) -> None:
    """The corpus with its labels, and the head."""
    stem = info.name.rsplit(".", 1)[0] or "corpus"
    files = st.container(horizontal=True)
    files.download_button(
        "Labels as CSV",
        lambda: to_csv(lab.classification.table(found)),
        file_name=f"{stem}-labels.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"classify_export_{found.run.kind}",
        help="Your columns with the label of every row, its score and margin.",
    )
    if isinstance(found, FewShot):
        files.download_button(
            "Save the head",
            lambda: lab.classification.head_file(found).to_bytes(),
            file_name=f"{stem}-head.safetensors",
            mime="application/octet-stream",
            on_click="ignore",
            key="classify_export_head",
            help="A small file that sorts other corpora in the same way, with the same encoder. "
            f"Made with {plain(found.run.encoder)}.",
        )
