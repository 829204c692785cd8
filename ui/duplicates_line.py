"""The histogram of pairs with its threshold line: dragged, clicked, moved by keys, or typed."""

from pathlib import Path

import streamlit as st

from sbert_core.charts.score_histogram import STEP, ScoreHistogram, drawing

from . import state

_KEPT = "duplicates_threshold"
_HTML = '<div class="threshold-line"></div>'
_CSS = """
.threshold-line { width: 100%; font-family: var(--st-font); }
svg { display: block; touch-action: none; user-select: none; cursor: ew-resize; overflow: visible; }
svg text { font-family: inherit; }
[role="slider"] { outline: none; }
[role="slider"]:focus-visible rect { stroke: var(--st-primary-color); stroke-width: 3; }
"""

_line = st.components.v2.component(
    "sbert_lab_threshold_line",
    html=_HTML,
    css=_CSS,
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def threshold(usual: float, low: float) -> float:
    """Return where the line stands: a cosine in [low, 1]."""
    kept: float = state.recall(_KEPT, usual)
    return min(1.0, max(low, kept))


def set_threshold(value: float) -> None:
    """Put the line somewhere else."""
    state.keep_value(_KEPT, round(float(value), 4))
    # The typed number has a state of its own.
    st.session_state.pop("duplicates_typed", None)


def draw_line(bars: ScoreHistogram, value: float, above: tuple[int, int], key: str) -> None:
    """Draw the histogram; when the line is let go, the page runs again with it there."""

    def moved() -> None:
        told = st.session_state[key].get("threshold")
        if isinstance(told, int | float):
            set_threshold(min(1.0, max(-1.0, told)))

    _line(
        key=key,
        data=drawing(bars, value, above, state.mode()),
        default={"threshold": None},
        on_threshold_change=moved,
        height=214,
    )


def type_threshold(value: float, low: float) -> None:
    """The same line as a number, for those who know where they want it."""
    typed = "duplicates_typed"
    if not low <= st.session_state.get(typed, -2.0) <= 1:
        st.session_state[typed] = value
    st.number_input(
        "Threshold",
        min_value=low,
        max_value=1.0,
        step=STEP,
        format="%.3f",
        key=typed,
        on_change=lambda: state.keep_value(_KEPT, st.session_state[typed]),
        help="Pairs with at least this cosine count as duplicates. Higher: fewer and surer pairs.",
    )
