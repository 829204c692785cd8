"""Choosing a cross-encoder: shared by the parts of the Benchmark page that need one."""

import streamlit as st

from sbert_core.lab import Lab

from . import state

MEASURED, PUBLISHED = ":green-badge[measured here]", ":orange-badge[published]"
_CROSS = "race_cross"


def choose_cross_encoder(lab: Lab) -> str | None:
    """Choose a cross-encoder; without one at hand, say how to get one."""
    infos = {info.id: info for info in lab.cross_encoders()}
    at_hand = [name for name, info in infos.items() if info.available]
    kept: str | None = state.recall(_CROSS, at_hand[0] if at_hand else None)
    options = [*infos, *([kept] if kept and kept not in infos else [])]
    chosen: str | None = st.selectbox(
        "Cross-encoder",
        options,
        index=options.index(kept) if kept in options else None,
        format_func=lambda name: _named(name, needs_hub=name in infos and name not in at_hand),
        accept_new_options=True,
        key=_CROSS,
        on_change=state.keep,
        args=(_CROSS,),
        placeholder="Choose one, or type a folder",
        help="The model that reads both sentences of a pair at once. You can type a folder, or "
        "hf:organisation/name.",
    )
    if chosen is None:
        st.info(
            "There is no cross-encoder at hand. Choose one of the hub, or type the folder of one "
            "that you trained with the objective “cross”."
        )
    return chosen


def _named(name: str, *, needs_hub: bool) -> str:
    return f"{name} · needs the hub" if needs_hub else name
