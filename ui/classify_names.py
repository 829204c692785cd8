"""Zero-shot: type names, and every sentence goes to the one that it is nearest to."""

import streamlit as st

from sbert_core.lab import CorpusInfo, Lab

from . import state
from .classify_result import show_counts, show_exports, show_rows
from .script_export import offer_script
from .wording import plain

# A label column with more values than this is no help as a list of names.
_MOST_VALUES = 100
_LABELS_HEIGHT = 210


def classify_by_names(lab: Lab, info: CorpusInfo, model: str) -> None:
    """The names, and what came of them."""
    st.markdown(
        "Type what the sentences may be about. Each goes to the name whose meaning is nearest: no "
        "examples are needed, so it is a quick first look, and less exact than learning from a few."
    )
    names, result = st.columns([2, 3], gap="large")
    with names:
        typed, template = _names(lab, info)
    labels = [line.strip() for line in typed.replace(",", "\n").splitlines() if line.strip()]
    with result:
        if len(labels) < 2:
            st.info("Type at least two names, one a line, to see how many sentences fit each.")
            return
        with st.spinner("Reading the names …"):
            found = lab.classification.zero_shot(info.corpus_id, model, labels, template)
        agreed = None
        if info.label_column:
            agreed = lab.classification.agreement(found, info.label_column)
        if agreed and info.label_column:
            st.metric(
                f"Agree with “{plain(info.label_column)}”",
                f"{agreed.accuracy:.1%}",
                help=f"Of the {agreed.rows:,} sentences whose “{plain(info.label_column)}” is one "
                "of these names, so many were put there.",
            )
        show_counts(found)
    show_rows(lab, info, found)
    show_exports(lab, info, found)
    offer_script("classify-by-names", lab.classification.as_script(found))


def _names(lab: Lab, info: CorpusInfo) -> tuple[str, str]:
    """Where names and template are typed; kept for each corpus."""
    name = f"classify_names_{info.corpus_id}"
    if info.label_column:
        _offer_values(lab, info, info.label_column, name)
    # Not as the box's default: the button below its title may write here, too.
    if name not in st.session_state:
        last = state.recall(name, None)  # None after a refresh; an emptied box stays empty
        if last is None:
            last = "\n".join(lab.classification.last_names(info.corpus_id))
        st.session_state[name] = last
    typed = st.text_area(
        "Names, one a line",
        height=_LABELS_HEIGHT,
        placeholder="complaint\nquestion\npraise",
        key=name,
        on_change=state.keep,
        args=(name,),
        help="A few plain words each work best: “late delivery” rather than “DEL-02”.",
    )
    template = st.text_input(
        "Sentence for a name",
        value=state.recall("classify_template", lab.classification.TEMPLATE),
        key="classify_template",
        on_change=state.keep,
        args=("classify_template",),
        help="Encoders read sentences better than single words: {} is where the name goes. Empty "
        "takes the bare names.",
    )
    return typed, template


def _offer_values(lab: Lab, info: CorpusInfo, column: str, name: str) -> None:
    """Offer the values of the label column as names."""
    values = lab.classification.values(info.corpus_id, column)
    if not 2 <= len(values) <= _MOST_VALUES:
        return

    def take() -> None:
        words = "\n".join(value.replace("_", " ") for value in values)
        st.session_state[name] = words
        state.keep_value(name, words)

    st.button(
        f"Take the {len(values)} values of “{plain(column)}”",
        on_click=take,
        key="classify_take_values",
        help="The labels themselves are not looked at, except to say how many agree.",
    )
