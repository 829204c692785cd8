"""The argument of Sentence-BERT as bars: how encoders score on the bundled graded pairs."""

from collections.abc import Mapping, Sequence

import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.score_bars import ScoreBar, score_bars
from sbert_core.sample import shipped_sts

from . import state


def show_shipped_bars(models: Sequence[str], names: Mapping[str, str], key: str) -> None:
    """Draw the shipped scores of some encoders with their intervals; no model is loaded.

    Args:
        models: Encoder strings of which scores ship, the first one at the top.
        names: What the bars are called; an encoder without a name is called by its string.
        key: Of the chart.
    """
    entries = {entry["model"]: entry for entry in shipped_sts()}
    bars = [
        ScoreBar(
            names.get(model, model), entries[model]["spearman_cosine"], *entries[model]["ci95"]
        )
        for model in models
    ]
    st.plotly_chart(score_bars(bars, state.mode()), key=key, theme=None, config=QUIET_CONFIG)
