"""Labels by lasso: the map in the colours of the labels, and a class for what is in the loop."""

import numpy as np
import streamlit as st

from sbert_core.charts.layout import PLOTLY_CONFIG
from sbert_core.charts.map_chart import map_figure
from sbert_core.charts.map_data import Groups, MapData
from sbert_core.errors import SBERTLabError
from sbert_core.lab import CorpusInfo, Lab, ProjectionConfig

from . import state
from .jobs_panel import ask_for
from .selection import selected_rows
from .wording import counted, plain, shorten

_HEIGHT = 560
_READ = 12  # sentences of a loop that are shown before they get a label
_CHARS = 160


def label_on_map(lab: Lab, info: CorpusInfo, model: str) -> None:
    """The map of this encoder; without one yet, it is drawn first."""
    drawn = lab.stored_map(info.corpus_id, model)
    if drawn is None:
        if st.button("Draw the map", key="classify_draw_map"):
            ask_for(lab, "map", info, model, ProjectionConfig())
        st.caption("Similar sentences lie close together there: a loop around them labels all.")
        return
    _lasso(lab, info, drawn.coordinates, drawn.run.run_id)


@st.fragment
def _lasso(lab: Lab, info: CorpusInfo, coordinates: np.ndarray, run_id: str) -> None:
    """A fragment, so that drawing a loop redraws nothing else."""
    labels = lab.classification.labels.read(info.corpus_id)
    picture, panel = st.columns([3, 2], gap="medium")
    place = {name: number for number, name in enumerate(labels.classes)}
    given = np.full(info.rows, -1, dtype=np.int32)
    for row, name in labels.labels.items():
        if row < info.rows:
            given[row] = place[name]
    data = MapData(
        coordinates,
        np.arange(info.rows),
        lab.texts(info.corpus_id),
        Groups(given, labels.classes, "Labels", rest="no label yet"),
    )
    with picture:
        event = st.plotly_chart(
            map_figure(data, state.mode(), _HEIGHT),
            key=f"classify_map_{run_id}_{labels.key}",
            on_select="rerun",
            selection_mode=("box", "lasso"),
            config=PLOTLY_CONFIG,
            theme=None,
        )
    rows = [row for row in selected_rows(event) if row < info.rows]
    with panel:
        _label(lab, info, labels.classes, rows)


def _label(lab: Lab, info: CorpusInfo, classes: tuple[str, ...], rows: list[int]) -> None:
    """What is in the loop, and the class to give it."""
    if not rows:
        st.caption(
            "Choose the lasso or the box above the map and draw around sentences that belong "
            "together. Grey points have no label yet."
        )
        return
    st.markdown(f"**{counted(len(rows), 'sentence')} in the loop**")
    try:
        name = st.selectbox("They are", classes, key="classify_lasso_class")
        if st.button(
            f"Label {counted(len(rows), 'sentence')}", type="primary", key="classify_lasso_label"
        ):
            lab.classification.labels.put(info.corpus_id, rows, name)
            st.rerun()
        if len(rows) > _READ:
            st.caption(f"{_READ} of them:")
        for text in lab.texts(info.corpus_id, rows[:: max(1, len(rows) // _READ)][:_READ]):
            st.caption(plain(shorten(text, _CHARS)))
    except SBERTLabError as error:
        st.error(plain(str(error)))
