"""Map and clusters: see what the sentences are about."""

import streamlit as st

from sbert_core.errors import SBERTLabError
from sbert_core.scripts import map_script
from ui import state
from ui.cluster_view import show_group_details
from ui.jobs_panel import ask_for, job_panel
from ui.map_settings import map_settings
from ui.map_view import explore_map, show_exports
from ui.page import current_corpus, offer_embedding, setup_page
from ui.script_export import offer_script
from ui.wording import plain

lab = setup_page("Map and clusters")
info = current_corpus(lab)
model = state.encoder()

try:
    job_panel(lab, info.corpus_id)
    if not lab.is_embedded(info.corpus_id, model):
        offer_embedding(lab, info, model)
        st.stop()
    settings = map_settings(info)
    drawn = lab.stored_map(info.corpus_id, model, settings.projection)
    grouped = lab.stored_clusters(info.corpus_id, model, settings.clusters)
    if drawn is None:
        ask_for(lab, "map", info, model, settings.projection)
    if grouped is None:
        ask_for(lab, "cluster", info, model, settings.clusters)
    if drawn is not None:
        explore_map(lab, info, drawn, grouped, settings.colour)
    if grouped is not None:
        st.divider()
        show_group_details(lab, info, drawn, grouped)
        show_exports(lab, info, drawn, grouped)
        offer_script("map", map_script(info, model, settings.projection, settings.clusters))
except SBERTLabError as error:
    st.error(plain(str(error)))
