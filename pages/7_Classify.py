"""Classify: sort sentences under names, or teach by a few examples what belongs where."""

import streamlit as st

from sbert_core.errors import SBERTLabError
from ui import state
from ui.classify_examples import classify_from_examples
from ui.classify_head import use_saved_head
from ui.classify_names import classify_by_names
from ui.jobs_panel import job_panel
from ui.page import current_corpus, offer_embedding, setup_page
from ui.wording import plain

_WAYS = {
    "names": ":material/label: By names",
    "examples": ":material/school: From examples",
    "head": ":material/file_open: With a saved head",
}

lab = setup_page("Classify")
info = current_corpus(lab)
model = state.encoder()

st.title("Classify")
# From the address after a refresh, so that who waits for a head is not sent back to the names.
asked = state.recall("classify_way", st.query_params.get("way"))
way = st.segmented_control(
    "How",
    list(_WAYS),
    default=asked if asked in _WAYS else "names",
    required=True,
    format_func=_WAYS.__getitem__,
    key="classify_way",
    on_change=state.keep,
    args=("classify_way",),
    label_visibility="collapsed",
)
st.query_params["way"] = way
try:
    job_panel(lab, info.corpus_id)
    if not lab.is_embedded(info.corpus_id, model):
        offer_embedding(lab, info, model)
        st.stop()
    if way == "examples":
        classify_from_examples(lab, info, model)
    elif way == "head":
        use_saved_head(lab, info, model)
    else:
        classify_by_names(lab, info, model)
except SBERTLabError as error:
    st.error(plain(str(error)))
