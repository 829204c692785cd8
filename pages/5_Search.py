"""Search: find rows by meaning, by words, or by both; and more like any of them."""

from dataclasses import replace

import streamlit as st

from sbert_core.errors import SBERTLabError
from sbert_core.scripts import search_script
from ui import state
from ui.jobs_panel import job_panel
from ui.page import current_corpus, offer_embedding, setup_page
from ui.script_export import offer_script
from ui.search_engine import remember_query, show_engine
from ui.search_hits import like_row, show_export, show_hits, show_like, show_map, timing
from ui.search_many import search_many
from ui.search_settings import ask_query, choose_settings
from ui.wording import plain

_ONE, _MANY = "One query", "Several queries"

lab = setup_page("Search")
info = current_corpus(lab)
model = state.encoder()

st.title("Search")
try:
    job_panel(lab, info.corpus_id)
    asking = st.segmented_control(
        "What to ask",
        [_ONE, _MANY],
        default=state.recall("search_asking", _ONE),
        key="search_asking",
        on_change=state.keep,
        args=("search_asking",),
        label_visibility="collapsed",
        required=True,
    )
    if asking == _ONE:
        box, settings_box = st.columns([4, 5], gap="medium", vertical_alignment="bottom")
        with box:
            query = ask_query()
        with settings_box:
            settings = choose_settings(lab, info, one=True)
    else:
        query, settings = "", choose_settings(lab, info, one=False)
    request = settings.request
    embedded = lab.is_embedded(info.corpus_id, model)
    if settings.modes != ["keyword"] and not embedded:
        offer_embedding(lab, info, model)
        st.caption("A search by words works without that.")
        st.stop()
    if asking == _MANY:
        search_many(lab, info, model, request)
        st.stop()
    if query:
        st.query_params["q"] = query
        st.query_params["way"] = settings.way
        remember_query(query)
    else:
        st.query_params.pop("q", None)

    like = like_row(info)
    if like is not None:
        show_like(lab, info, like)
    elif not query:
        st.info("Type what you are looking for.")
        st.stop()
    results = []
    for mode in settings.modes:
        asked = replace(request, mode=mode)
        if like is not None:
            results.append(lab.search.like(info.corpus_id, like, asked, model))
        else:
            results.append(lab.search.search(info.corpus_id, query, asked, model))
    took = timing(results[0]) if len(results) == 1 else ""
    if settings.modes != ["keyword"]:
        show_engine(lab, info, model, request, took)
    else:
        st.caption(took)
    if len(results) > 1:
        for column, result in zip(st.columns(len(results), gap="large"), results, strict=True):
            with column:
                show_hits(lab, info, result, narrow=True)
        st.divider()
        show_export(lab, info, [results[-1]], "search_export")
        show_map(lab, info, results[-1], model, like)
    else:
        hits, picture = st.columns([5, 6], gap="large")
        with hits:
            show_hits(lab, info, results[0])
            show_export(lab, info, results, "search_export")
        if embedded:
            with picture:
                show_map(lab, info, results[0], model, like)
    script = search_script(info, model, query, request, settings.modes, like)
    offer_script("search", script)
except SBERTLabError as error:
    st.error(plain(str(error)))
