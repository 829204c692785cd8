"""What encoders are measured on: bundled pairs, files that were put in, or the hub's STS-B."""

from pathlib import Path
from typing import Literal

import streamlit as st

from sbert_core.errors import SBERTLabError
from sbert_core.lab import Lab
from sbert_core.sample import ARGUMENT, PAIRS

from . import state
from .wording import counted, plain

Source = Literal["bundled", "file", "stsb"]
# The titles stand in the address (`?pairs=A+file`), so that a source can be linked to.
_SOURCES: dict[Source, str] = {
    "bundled": "Bundled graded pairs",
    "file": "A file",
    "stsb": "STS Benchmark",
}
FILE_TYPES = ["csv", "tsv", "txt", "jsonl", "parquet", "gz"]


def choose_pairs(lab: Lab) -> Path | None:
    """Choose a file of graded pairs, and say what is in it; None while there is none."""
    source = st.segmented_control(
        "Graded pairs",
        list(_SOURCES),
        default="bundled",
        required=True,
        format_func=lambda kind: _SOURCES[kind],
        key="pairs",
        bind="query-params",
        label_visibility="collapsed",
    )
    path: Path | None = PAIRS
    if source == "file":
        path = choose_file(lab, "File of graded pairs", "sts", _GRADED_HELP)
    elif source == "stsb":
        path = _from_the_hub(lab)
    if path is None:
        return None
    file = lab.leaderboard.look(path)
    said = f"{counted(file.pairs, 'pair')} graded from {file.low:g} to {file.high:g}"
    if path == PAIRS:
        said += ", written and graded for this project"
    st.caption(plain(". ".join([f"{file.name}: {said}", *file.notes]).rstrip(".") + "."))
    return path


_GRADED_HELP = (
    "Two sentences and a grade in each row, on any scale. STS Benchmark is read as published."
)


def choose_file(lab: Lab, label: str, key: str, help_text: str) -> Path | None:
    """Draw an upload box; what was put in before, also before a refresh, can be chosen again."""
    dropped = st.file_uploader(
        label, type=FILE_TYPES, key=f"benchmark_upload_{key}", help=help_text
    )
    kept_name = f"benchmark_file_{key}"
    if dropped is not None:
        path = lab.evaluation.keep_file(dropped.name, dropped.getvalue())
        state.keep_value(kept_name, str(path))
        return path
    known = [str(path) for path in lab.leaderboard.files()]
    if not known:
        return None
    kept: str | None = state.recall(kept_name, None)
    box = f"benchmark_known_{key}"
    chosen: str | None = st.selectbox(
        f"{label}, put in before",
        known,
        index=known.index(kept) if kept in known else None,
        format_func=lambda place: Path(place).name,
        key=box,
        on_change=lambda: state.keep_value(kept_name, st.session_state[box]),
        placeholder="Choose a file that was put in before",
        label_visibility="collapsed",
    )
    return Path(chosen) if chosen else None


def _from_the_hub(lab: Lab) -> Path | None:
    """The hub's copy of STS Benchmark: fetched once, on a click."""
    found: Path | None = lab.leaderboard.stsb()
    if found is not None:
        return found
    st.markdown(
        "The test part of STS Benchmark, 1,379 pairs, is what papers report. It is not shipped, "
        "because its texts come from sources with terms of their own."
    )
    if not st.button("Fetch it from the Hugging Face hub", key="benchmark_fetch"):
        return None
    try:
        with st.spinner("Asking the hub …"):
            return lab.leaderboard.fetch_stsb()
    except SBERTLabError as error:
        st.warning(plain(str(error)))
        return None


def choose_encoders(lab: Lab, key: str) -> list[str]:
    """Choose the encoders of a table: those of the argument, unless the user chose others."""
    at_hand = lab.encoders_at_hand()
    kept: list[str] = state.recall(key, [model for model in ARGUMENT if model in at_hand])
    return st.multiselect(
        "Encoders",
        [*at_hand, *(model for model in kept if model not in at_hand)],
        default=kept,
        accept_new_options=True,
        key=key,
        on_change=state.keep,
        args=(key,),
        help="After the colon: how the token vectors are pooled into one sentence vector. You can "
        "type a folder, or hf:organisation/name.",
    )
