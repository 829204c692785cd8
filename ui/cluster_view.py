"""Groups of similar sentences: their list, their quality, their names."""

from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import numpy as np
import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.palette import MAX_STYLES, group_style
from sbert_core.charts.silhouettes import k_choice_figure, silhouette_bars
from sbert_core.errors import SBERTLabError
from sbert_core.lab import CorpusInfo, Lab, RunRecord
from sbert_core.results import ClusterResult, MapResult

from . import state
from .wording import plain

_LIST_HEIGHT = 560
# Pixels that Streamlit gives a row of a table.
_ROW_HEIGHT = 35


def list_groups(grouped: ClusterResult) -> list[int]:
    """List the groups in the colours of the map; return the rows of those that are ticked."""
    st.markdown(f"**{grouped.k} groups of similar sentences**")
    if grouped.note:
        st.caption(grouped.note)
    event = st.dataframe(
        [
            {"": _swatch(i), "size": size, "group": name}
            for i, (name, size) in enumerate(zip(grouped.names, grouped.sizes, strict=True))
        ],
        column_config={
            "": st.column_config.ImageColumn(width=28),
            "size": st.column_config.NumberColumn(width=56, help="Sentences in the group"),
        },
        hide_index=True,
        height=min(_LIST_HEIGHT, _ROW_HEIGHT * (grouped.k + 1) + 2),
        row_height=_ROW_HEIGHT,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"groups_{grouped.run.run_id}",
    )
    picked = event["selection"]["rows"]
    return np.flatnonzero(np.isin(grouped.labels, picked)).tolist() if picked else []


def show_group_details(
    lab: Lab, info: CorpusInfo, drawn: MapResult | None, grouped: ClusterResult
) -> None:
    """What the groups hold, whether the grouping is any good, and names of the user's own."""
    typical, quality, names, made = st.tabs(
        ["Typical sentences", "How good are these groups?", "Rename groups", "How this was made"]
    )
    with typical:
        show_typical(lab, grouped)
    with quality:
        show_quality(lab, info, grouped)
    with names:
        rename_groups(lab, grouped)
    with made:
        st.caption("The run records of this map and grouping: with them, both can be repeated.")
        for run in [drawn.run, grouped.run] if drawn else [grouped.run]:
            st.json(_made(run), expanded=2)


def _made(run: RunRecord) -> dict[str, Any]:
    """A run record without its result, which the page shows."""
    return {name: value for name, value in asdict(run).items() if name != "result"}


def show_typical(lab: Lab, grouped: ClusterResult) -> None:
    """The most typical sentence of each group: the one nearest to its centre."""
    central = lab.texts(grouped.run.corpus_id, grouped.central_rows)
    st.dataframe(
        [
            {"": _swatch(i), "group": name, "sentences": size, "most typical sentence": text}
            for i, (name, size, text) in enumerate(
                zip(grouped.names, grouped.sizes, central, strict=True)
            )
        ],
        column_config={"": st.column_config.ImageColumn(width=28)},
        hide_index=True,
    )


def _swatch(group: int) -> str:
    """A dot in the colour and shape that a group has on the map, as an inline picture."""
    if group >= MAX_STYLES:
        return ""
    style = group_style(group, state.mode())
    picture = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'><text x='10' y='15.5' "
        f"font-size='17' text-anchor='middle' fill='{style.colour}'>{style.glyph}</text></svg>"
    )
    return f"data:image/svg+xml;utf8,{quote(picture)}"


def show_quality(lab: Lab, info: CorpusInfo, grouped: ClusterResult) -> None:
    """Is this grouping any good: overall, per group, against labels, and how k was chosen."""
    cards = st.columns(4)
    if grouped.silhouette is not None:
        cards[0].metric(
            "Silhouette, in [-1, 1]",
            f"{grouped.silhouette:.2f}",
            help="How much closer a sentence is to its own group than to the next one. Short "
            "texts rarely exceed 0.2; below 0.05 the groups blur into each other.",
        )
    if info.label_column:
        agreement = lab.agreement(grouped, info.label_column)
        cards[1].metric(
            f"V-measure against “{plain(info.label_column)}”",
            f"{agreement.v_measure:.2f}",
            help="1: groups and labels match; 0: they have nothing to do with each other.",
        )
        cards[2].metric(
            "Adjusted Rand index",
            f"{agreement.ari:.2f}",
            help="Share of sentence pairs on which groups and labels agree, corrected so that "
            "chance scores 0.",
        )
    choice = grouped.k_choice
    bars, curve = st.columns([3, 2], gap="large")
    with bars:
        if grouped.silhouette is None:
            st.caption("With a single group there is nothing to compare.")
            return
        st.plotly_chart(
            silhouette_bars(
                grouped.names, grouped.cluster_silhouettes, grouped.sizes, state.mode()
            ),
            key="map_silhouettes",
            theme=None,
            config=QUIET_CONFIG,
        )
    with curve:
        if choice:
            st.markdown(choice["sentence"])
            st.plotly_chart(
                k_choice_figure(choice["candidates"], choice["k"], state.mode()),
                key="map_k_curve",
                theme=None,
                config=QUIET_CONFIG,
            )
        else:
            st.caption(
                f"You asked for {grouped.k} groups; leave the number empty to have it chosen."
            )


def rename_groups(lab: Lab, grouped: ClusterResult) -> None:
    """Let the user give groups names of their own; they are kept with the grouping."""
    st.caption("Change a name and press Enter. Names stay with this grouping.")
    edited = st.data_editor(
        [{"group": i + 1, "name": name} for i, name in enumerate(grouped.names)],
        disabled=["group"],
        column_config={"group": st.column_config.NumberColumn(width="small")},
        hide_index=True,
        key=f"names_{grouped.run.run_id}",
    )
    changed = [i for i, line in enumerate(edited) if line["name"] != grouped.names[i]]
    try:
        for i in changed:
            lab.rename_cluster(grouped.run.run_id, i, str(edited[i]["name"] or ""))
    except SBERTLabError as error:
        st.error(plain(str(error)))
        return
    if changed:
        st.rerun()
