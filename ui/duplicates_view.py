"""The pairs of a corpus: the line, and beneath it what lies above it, in four views."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from sbert_core.charts.score_histogram import score_histogram
from sbert_core.desk_results import Duplicates
from sbert_core.errors import SBERTLabError
from sbert_core.lab import CorpusInfo, Lab
from sbert_core.scripts import duplicates_script

from . import state
from .duplicates_calibration import show_calibration
from .duplicates_exports import show_exports
from .duplicates_groups import show_groups
from .duplicates_line import draw_line, threshold, type_threshold
from .duplicates_lists import show_paraphrases, show_trivial
from .script_export import offer_script
from .wording import plain

_VIEWS = ("Paraphrases", "Trivial copies", "Groups", "Judge pairs", "Take it with you")
_VIEW = "duplicates_view"
_READING = (
    "Each bar counts the pairs with about that cosine; heights grow with the logarithm of the "
    "count, so a bar twice as high stands for many times the pairs. Drag the line, click where "
    "it should be, or use the arrow keys. Orange: trivial copies, such as another case or "
    "punctuation."
)


@st.fragment
def explore_duplicates(lab: Lab, info: CorpusInfo, found: Duplicates) -> None:
    """The line and the views; moving the line reruns only this part."""
    try:
        _explore(lab, info, found)
    except SBERTLabError as error:
        st.error(plain(str(error)))


def _explore(lab: Lab, info: CorpusInfo, found: Duplicates) -> None:
    """Draw the line, and what is chosen beneath it."""
    if found.note:
        st.warning(plain(found.note))
    if not len(found.pairs):
        _nothing(lab, info, found)
        return
    low = min(1.0, found.pairs.complete_from)
    line = threshold(lab.duplicates.usual_threshold, low)
    doubted = _doubted(lab, found)
    _histogram(found, line, low, doubted)
    _summary(found, line, doubted)
    view = st.segmented_control(
        "What to see",
        _VIEWS,
        default=state.recall(_VIEW, _VIEWS[0]),
        required=True,
        key=_VIEW,
        on_change=state.keep,
        args=(_VIEW,),
        label_visibility="collapsed",
    )
    if view == "Paraphrases":
        show_paraphrases(lab, found, line, doubted)
    elif view == "Trivial copies":
        show_trivial(lab, found, line)
    elif view == "Groups":
        show_groups(lab, found, line, doubted)
    elif view == "Judge pairs":
        show_calibration(lab, found, line)
    else:
        show_exports(lab, info, found, line, doubted)
    offer_script("duplicates", _script(lab, info, found, line, leave_out=doubted is not None))


def _script(lab: Lab, info: CorpusInfo, found: Duplicates, line: float, *, leave_out: bool) -> str:
    """What is shown, as a script; the tables to take away are those that it writes."""
    looked = lab.duplicates.looked_with(info.corpus_id)
    cross = looked[0] if looked else None
    looks = [
        float(run.parameters["threshold"])
        for run in reversed(lab.workspace.runs(info.corpus_id, "duplicates_second_look"))
        if run.parameters["cross"] == cross and run.parameters["of"] == found.run.run_id
    ]
    keep = state.recall("duplicates_keep", "longest")
    return duplicates_script(
        info, found.run.encoder, line, found.floor, keep, cross, looks, leave_out=leave_out
    )


def _nothing(lab: Lab, info: CorpusInfo, found: Duplicates) -> None:
    """No pair of different texts reaches the floor; rows may still repeat word for word."""
    st.info(
        f"No two different sentences have a cosine of {found.floor:.2f} or more under this encoder."
    )
    if found.copies:
        st.caption(f"Rows that say the same as an earlier one, word for word: {found.copies:,}.")
        show_exports(lab, info, found, 1.0, None)
        offer_script("duplicates", _script(lab, info, found, 1.0, leave_out=False))


def _doubted(lab: Lab, found: Duplicates) -> NDArray[np.bool_] | None:
    """The pairs to leave out because a cross-encoder doubts them, if that is chosen."""
    looked = lab.duplicates.looked_with(found.run.corpus_id)
    if looked and state.recall("duplicates_leave_out", False):
        return lab.duplicates.doubted(found, looked[0])
    return None


def _histogram(
    found: Duplicates, line: float, low: float, doubted: NDArray[np.bool_] | None
) -> None:
    """The bars with the line, and the line as a number."""
    kept = slice(None) if doubted is None else ~doubted
    trivial = found.kinds[kept] >= 0
    bars = score_histogram(found.pairs.cosines[kept], trivial, low)
    above = (
        len(found.places_at(line, trivial=False, doubted=doubted)),
        len(found.places_at(line, trivial=True, doubted=doubted)),
    )
    picture, number = st.columns([6, 1], gap="medium", vertical_alignment="center")
    with picture:
        draw_line(bars, line, above, key="duplicates_line")
    with number:
        type_threshold(line, low)
    st.caption(_READING)


def _summary(found: Duplicates, line: float, doubted: NDArray[np.bool_] | None) -> None:
    """What lies above the line, in numbers."""
    groups = found.groups_at(line, doubted)
    grouped = sum(len(group) for group in groups)
    values = {
        "Paraphrases": len(found.places_at(line, trivial=False, doubted=doubted)),
        "Trivial copies": len(found.places_at(line, trivial=True, doubted=doubted)),
        "Rows that repeat a text": found.copies,
        "Groups": len(groups),
        "Rows left with one per group": found.rows - grouped + len(groups),
    }
    for column, (name, value) in zip(st.columns(len(values)), values.items(), strict=True):
        column.metric(name, f"{value:,}")
