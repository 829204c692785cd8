"""Sentence pair: how similar are two sentences under each encoder, is that much, and why?"""

import streamlit as st

from sbert_core.sample import ARGUMENT
from sbert_core.scripts import pair_script
from ui import state
from ui.anatomy_view import show_anatomy
from ui.explain_view import choose_encoder, link_to_pair, show_explanation
from ui.page import current_corpus, setup_page
from ui.pair_view import follow_link, pair_text, said_plainly, show_heatmap, show_scores
from ui.script_export import offer_script

lab = setup_page("Sentence pair")
info = current_corpus(lab)
follow_link()

st.title("Sentence pair")
left, right = st.columns(2)
with left:
    a = pair_text("pair_a", "First sentence", "The parcel arrived two days late.")
with right:
    b = pair_text("pair_b", "Second sentence", "My package came later than promised.")
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
typed = bool(a.strip() and b.strip())

with said_plainly():
    if not models:
        st.info("Choose at least one encoder.")
    elif typed:
        show_scores(lab, info, a, b, models)
    else:
        st.info("Type two sentences to compare them.")

st.divider()
st.subheader("Why is this pair similar?", anchor="why")
chosen, link = st.columns([3, 1], vertical_alignment="bottom")
with chosen:
    model = choose_encoder(models, at_hand)
with link:
    link_to_pair(a, b, model)
with said_plainly():
    if typed:
        method = show_explanation(lab, a, b, model)
        if models:
            offer_script("pair", pair_script(info, a, b, models, model, method))
    else:
        st.caption("Here the words of both sentences will be weighed.")

st.divider()
many, inside = st.tabs(["Many sentences at once", "Inside the encoder"])
with many, said_plainly():
    show_heatmap(lab, at_hand)
with inside, said_plainly():
    if typed:
        show_anatomy(lab, a, b, model)
    else:
        st.caption("Here one of the two sentences is followed through the encoder.")
