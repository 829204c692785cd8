"""Duplicates: sentences that say the same, how sure that is, and the corpus without them."""

import streamlit as st

from sbert_core.errors import SBERTLabError
from ui import state
from ui.duplicates_search import offer_search
from ui.duplicates_view import explore_duplicates
from ui.jobs_panel import job_panel
from ui.page import current_corpus, setup_page
from ui.wording import plain

lab = setup_page("Duplicates")
info = current_corpus(lab)
model = state.encoder()

st.title("Duplicates")
try:
    busy = job_panel(lab, info.corpus_id)
    found = lab.duplicates.stored(info.corpus_id, model)
    if found is None:
        offer_search(lab, info, model, busy)
    else:
        explore_duplicates(lab, info, found)
except SBERTLabError as error:
    st.error(plain(str(error)))
