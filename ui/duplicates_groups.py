"""Groups of duplicates: which rows hang together, and where a chain has joined unlike ones."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from sbert_core.desk_results import Duplicates
from sbert_core.lab import Lab

from .wording import counted, plain, shorten

_SHOWN = 300
_MEMBERS = 200
_TEXT_CHARS = 300
_HEIGHT = 360


def show_groups(
    lab: Lab, found: Duplicates, line: float, doubted: NDArray[np.bool_] | None
) -> None:
    """List the groups; one that is picked shows its rows."""
    st.caption(
        "Two rows are in one group if a pair above the line joins them, directly or through "
        "other rows (connected components). Rows with the same text are always together."
    )
    parts = found.groups_at(line, doubted)
    if not parts:
        st.info("There are no groups above this line. Move it to the left to see more.")
        return
    groups = lab.duplicates.groups(found, line, doubted, limit=_SHOWN)
    chained = sum(group.chained for group in groups)
    if chained:
        st.warning(
            f"In {counted(chained, 'group')} a chain of small steps has joined sentences that "
            "are not alike: the least similar two lie more than 0.10 below the line. They are "
            "marked; a higher line breaks such chains."
        )
    texts = lab.texts(found.run.corpus_id, [group.central for group in groups])
    event = st.dataframe(
        [
            {
                "rows": len(group.members),
                "least similar two": group.least_cosine,
                "chain": "⚠ chain" if group.chained else "",
                "most central sentence": shorten(text, _TEXT_CHARS),
            }
            for group, text in zip(groups, texts, strict=True)
        ],
        hide_index=True,
        height=min(_HEIGHT, 40 + 35 * len(groups)),
        on_select="rerun",
        selection_mode="single-row",
        key=f"duplicates_groups_{found.run.run_id}_{line}",
        column_config={
            "rows": st.column_config.NumberColumn(width=60),
            "least similar two": st.column_config.NumberColumn(
                format="%.3f",
                width=120,
                help="Cosine of the two least similar sentences of the group",
            ),
            "chain": st.column_config.TextColumn(width=80),
        },
    )
    if len(parts) > len(groups):
        st.caption(f"Showing the largest {len(groups):,} of {len(parts):,} groups.")
    picked = event["selection"]["rows"]
    members = groups[picked[0] if picked and picked[0] < len(groups) else 0].members
    which = "this" if picked else "the first"
    st.markdown(f"**The {counted(len(members), 'row')} of {which} group**")
    if not picked:
        st.caption("Tick another group in the list to read it.")
    shown = list(members[:_MEMBERS])
    for row, text in zip(shown, lab.texts(found.run.corpus_id, shown), strict=True):
        st.markdown(f"`{row + 1:,}` {plain(shorten(text, _TEXT_CHARS))}")
    if len(members) > _MEMBERS:
        st.caption(f"Showing {_MEMBERS:,} of {len(members):,} rows.")
