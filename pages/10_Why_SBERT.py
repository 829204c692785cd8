"""Why BERT needed SBERT: a lesson of seven steps, on what is in the box."""

import streamlit as st

from sbert_core.errors import SBERTLabError
from ui.lesson import show_lesson
from ui.page import setup_page
from ui.wording import plain

lab = setup_page("Why BERT needed SBERT")

st.title("Why BERT needed SBERT")
st.caption("Seven short steps, about ten minutes. Predict first, then see what was measured.")
lesson, _ = st.columns([3, 1])
with lesson:
    try:
        show_lesson(lab)
    except SBERTLabError as error:
        st.error(plain(str(error)))
