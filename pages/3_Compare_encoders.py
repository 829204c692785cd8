"""Compare encoders: the same sentences under two to four of them, in pictures and in numbers."""

import streamlit as st

from sbert_core.errors import SBERTLabError
from sbert_core.scripts import comparison_script
from ui.compare_neighbours import show_changed
from ui.compare_settings import choose_comparison, offer_comparison
from ui.compare_view import show_agreement, show_figures, show_maps
from ui.jobs_panel import job_panel
from ui.page import current_corpus, setup_page
from ui.script_export import offer_script
from ui.wording import plain

lab = setup_page("Compare encoders")
info = current_corpus(lab)

st.title("Compare encoders")
try:
    choice = choose_comparison(lab, info)
    job_panel(lab, info.corpus_id)
    if len(choice.models) < 2:
        st.info("Choose at least two encoders to compare.")
        st.stop()
    found = lab.comparison.stored(info.corpus_id, choice.models, choice.config)
    if found is None:
        offer_comparison(lab, info, choice)
        st.stop()
    show_figures(found)
    show_maps(lab, info, found)
    st.divider()
    show_agreement(found)
    st.divider()
    show_changed(lab, found)
    offer_script("compare", comparison_script(info, choice.models, choice.config))
except SBERTLabError as error:
    st.error(plain(str(error)))
