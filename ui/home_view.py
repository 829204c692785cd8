"""The two things Home shows: the sample's map, and one sentence pair under several encoders."""

from typing import Any

import streamlit as st

from sbert_core.charts.layout import PLOTLY_CONFIG
from sbert_core.lab import Lab
from sbert_core.sample import ARGUMENT, SAMPLE_MODEL, find, install

from .cached import GROUPS, map_figure_of
from .shipped_bars import show_shipped_bars


def show_sample_map(lab: Lab) -> None:
    """The bundled sample, as its shipped results draw it; no model is loaded."""
    info = find(lab)
    drawn = lab.stored_map(info.corpus_id, SAMPLE_MODEL) if info else None
    grouped = lab.stored_clusters(info.corpus_id, SAMPLE_MODEL) if info else None
    if info is None or drawn is None or grouped is None:
        st.info("The bundled sample was deleted from this workspace.")
        if st.button("Bring it back", key="home_bring_back"):
            install(lab)
            st.rerun()
        return
    st.plotly_chart(
        map_figure_of(drawn, grouped, GROUPS), key="home_map", theme=None, config=PLOTLY_CONFIG
    )
    st.caption(
        f"A bundled sample: {info.rows:,} short messages written for this project, in "
        f"{grouped.k} groups found by k-means and named by their own words."
    )


def show_pair(pair: dict[str, Any]) -> None:
    """One pair under several encoders, and how many random pairs each scores lower."""
    st.subheader("How similar are these two?")
    st.markdown(f"> {pair['a']}\n>\n> {pair['b']}")
    st.dataframe(
        [
            {
                "encoder": score["model"],
                "cosine": score["cosine"],
                "random pairs": score["random_mean"],
                "percentile": score["percentile"],
            }
            for score in pair["scores"]
        ],
        hide_index=True,
        column_config={
            "encoder": st.column_config.TextColumn(
                help="After the colon: how the token vectors are pooled into one."
            ),
            "cosine": st.column_config.NumberColumn(format="%.2f", help="In [-1, 1]."),
            "random pairs": st.column_config.NumberColumn(
                format="%.2f", help="Mean cosine of random pairs of the sample."
            ),
            "percentile": st.column_config.NumberColumn(
                format="%.1f", help="Share of random pairs that score lower, in percent."
            ),
        },
    )
    st.caption(
        "bert-mini is a plain BERT, read by its [CLS] vector or by the mean of all its tokens; "
        "sbert-mini is the same network after siamese fine-tuning. A cosine means little alone: "
        "look at where it falls among random pairs."
    )


def show_argument() -> None:
    """The argument of Sentence-BERT in bars: whose cosine follows the grades of pairs."""
    show_shipped_bars(ARGUMENT, {}, key="home_argument")
    st.caption(
        "How well the cosine orders 450 graded pairs (Spearman ×100; 100 is the order of the "
        "grades). Same network in the first three rows."
    )
