"""Sentence pair: how similar are two sentences, under each encoder, and is that much?"""

import streamlit as st

from sbert_core.errors import SBERTLabError
from sbert_core.sample import ARGUMENT
from ui import state
from ui.page import current_corpus, setup_page
from ui.pair_view import show_heatmap, show_scores
from ui.wording import plain

lab = setup_page("Sentence pair")
info = current_corpus(lab)

st.title("Sentence pair")
left, right = st.columns(2)
with left:
    a = state.kept_text("pair_a", "First sentence", "The parcel arrived two days late.")
with right:
    b = state.kept_text("pair_b", "Second sentence", "My package came later than promised.")
at_hand = lab.encoders_at_hand()
kept = state.recall("pair_models", [model for model in ARGUMENT if model in at_hand])
models = st.multiselect(
    "Encoders",
    [*at_hand, *(model for model in kept if model not in at_hand)],
    default=kept,
    accept_new_options=True,
    key="pair_models",
    on_change=state.keep,
    args=("pair_models",),
    help="After the colon: how the token vectors are pooled into one sentence vector. You can "
    "type a folder, or hf:organisation/name.",
)

try:
    if not models:
        st.info("Choose at least one encoder.")
    elif a.strip() and b.strip():
        show_scores(lab, info, a, b, models)
    else:
        st.info("Type two sentences to compare them.")
    st.divider()
    show_heatmap(lab, at_hand)
except SBERTLabError as error:
    st.error(plain(str(error)))
