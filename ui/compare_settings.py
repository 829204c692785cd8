"""What is compared: encoders, the labels that judge them, and a few settings that few change."""

from dataclasses import dataclass

import streamlit as st

from sbert_core.desk_results import CompareConfig
from sbert_core.lab import CorpusInfo, Lab
from sbert_core.sample import ARGUMENT

from . import state
from .wording import counted, plain

MOST_ENCODERS = 4
_NO_LABELS = "no labels"
_DEFAULTS = CompareConfig()


@dataclass(frozen=True)
class CompareChoice:
    """What is chosen.

    Attributes:
        models: Encoder strings, in the order of the maps.
        config: How they are compared.
    """

    models: tuple[str, ...]
    config: CompareConfig


def choose_comparison(lab: Lab, info: CorpusInfo) -> CompareChoice:
    """Draw the controls and return what is chosen."""
    encoders, labels, more = st.columns([7, 3, 2], vertical_alignment="bottom")
    with encoders:
        models = _models(lab)
    with labels:
        column = _label_column(info)
    with more, st.popover("More", icon=":material/tune:", width="stretch"):
        config = _advanced(column)
    return CompareChoice(tuple(models), config)


def offer_comparison(lab: Lab, info: CorpusInfo, choice: CompareChoice) -> None:
    """Say what a comparison would take, and start it."""
    job = lab.comparison.job(info.corpus_id, choice.models, choice.config)
    if job is not None and job.active:
        st.caption("The comparison appears here as soon as it is made; you can go elsewhere.")
        return
    missing = lab.comparison.not_embedded(info.corpus_id, choice.models)
    todo = [f"embed it with {', '.join(missing)}"] if missing else []
    todo += ["draw each map twice", "group the sentences", "measure"]
    if job is not None and job.status == "cancelled":
        st.info("This comparison was cancelled. What was finished is kept.")
    st.markdown(
        f"“{plain(info.name)}” ({counted(info.rows, 'sentence')}) has not been compared like this "
        f"yet. To do: {plain(', '.join(todo))}."
    )
    if st.button(
        f"Compare {counted(len(choice.models), 'encoder')}",
        type="primary",
        icon=":material/difference:",
        key="compare_start",
    ):
        lab.comparison.start(info.corpus_id, choice.models, choice.config)
        st.rerun()


def _models(lab: Lab) -> list[str]:
    """Choose the encoders; an address, a folder or a name of the hub can be typed."""
    at_hand = lab.encoders_at_hand()
    kept = state.recall("compare_models", [model for model in ARGUMENT if model in at_hand])
    return st.multiselect(
        "Encoders, two to four",
        [*at_hand, *(model for model in kept if model not in at_hand)],
        default=kept,
        max_selections=MOST_ENCODERS,
        accept_new_options=True,
        key="compare_models",
        on_change=state.keep,
        args=("compare_models",),
        help="After the colon: how the token vectors are pooled into one sentence vector. You can "
        "type a folder, or hf:organisation/name.",
    )


def _label_column(info: CorpusInfo) -> str:
    """Choose the labels that neighbours and groups are judged by."""
    others = [column for column in info.columns if column != info.text_column]
    options = [_NO_LABELS, *others]
    kept = state.recall("compare_label", info.label_column or _NO_LABELS)
    chosen: str = st.selectbox(
        "Judged by the labels in",
        options,
        index=options.index(kept) if kept in options else 0,
        key="compare_label",
        on_change=state.keep,
        args=("compare_label",),
        help="A column with a topic, intent or category. A good encoder puts sentences with the "
        "same label near each other.",
    )
    return "" if chosen == _NO_LABELS else chosen


def _advanced(column: str) -> CompareConfig:
    """Settings that few need; they apply together."""
    kept: CompareConfig = state.recall("compare_advanced", _DEFAULTS)
    with st.form("compare_advanced_form", border=False):
        k = st.number_input(
            "How many groups (k)",
            2,
            500,
            kept.k,
            placeholder="as many as labels",
            help="The same number under every encoder, so that their groups can be compared.",
        )
        neighbours = st.slider(
            "Neighbours",
            1,
            50,
            kept.neighbours,
            help="How many nearest sentences make a neighbourhood. Fewer look closer.",
        )
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, kept.seed, help="The same seed gives the same maps and groups."
        )
        if st.form_submit_button("Apply", width="stretch"):
            kept = CompareConfig(k=k, neighbours=neighbours, seed=seed)
            state.keep_value("compare_advanced", kept)
    return CompareConfig(column, kept.k, kept.neighbours, kept.seed)
