"""Corpus: put a file in, see what was found in it, embed it."""

import streamlit as st

from sbert_core.errors import SBERTLabError
from sbert_core.scripts import embedding_script
from ui import state
from ui.cached import reading_of
from ui.corpus_view import (
    choose_columns,
    offer_opening,
    show_corpus,
    show_estimate,
    show_preview,
    show_report,
    uploaded_file,
)
from ui.jobs_panel import job_panel
from ui.page import current_corpus, setup_page
from ui.script_export import offer_script
from ui.wording import plain

lab = setup_page("Corpus")

st.title("Corpus")
st.markdown(
    "Put in a file of sentences: CSV, TSV, TXT with one sentence a line, JSON, JSON Lines, XLSX "
    "or Parquet. The text ones may be gzipped."
)
upload = uploaded_file()

if upload is None:
    info = current_corpus(lab)
    running = job_panel(lab, info.corpus_id)
    show_corpus(lab, info, state.encoder(), running=running)
    if lab.is_embedded(info.corpus_id, state.encoder()):
        offer_script("vectors", embedding_script(info, state.encoder()))
    st.stop()

try:
    with st.spinner("Reading the file …"):
        first = reading_of(upload)
    report_side, preview_side = st.columns([2, 3], gap="large")
    with preview_side:
        text_column, label_column = choose_columns(first)
        reading = reading_of(upload, text_column, label_column)
        show_preview(reading)
    with report_side:
        show_report(reading.report)
        known = lab.known_corpus(reading)
        if known and lab.is_embedded(known.corpus_id, state.encoder()):
            go = offer_opening(known, state.encoder())
        else:
            go = show_estimate(upload, reading, state.encoder())
    if go:
        info = lab.add_corpus(reading)
        lab.explore(info.corpus_id, state.encoder())
        state.set_corpus_id(info.corpus_id)
        state.forget_upload()
        st.rerun()
except SBERTLabError as error:
    st.error(plain(str(error)))
