"""Home: opens on a sample that is already embedded, mapped and grouped."""

import streamlit as st

from sbert_core.sample import ARGUMENT, SAMPLE_MODEL, shipped_pair
from sbert_core.scripts import home_script
from ui.home_view import show_argument, show_pair, show_sample_map
from ui.page import PRIVACY, setup_page
from ui.script_export import offer_script

lab = setup_page("Home")
pair = shipped_pair()

st.title("What are your sentences about?")
st.markdown(
    "Drop in a file of sentences and see them as a map with named groups; type two and see how "
    f"similar they are. :material/lock: {PRIVACY}"
)
picture, side = st.columns([5, 3], gap="large")
with side:
    own, compare = st.columns(2)
    if own.button(
        "Use my own file", type="primary", width="stretch", icon=":material/upload_file:"
    ):
        st.switch_page("pages/1_Corpus.py")
    if compare.button("Compare encoders", width="stretch", icon=":material/compare_arrows:"):
        st.switch_page("pages/3_Compare_encoders.py")
    st.page_link(
        "pages/10_Why_SBERT.py",
        label="See why BERT needed SBERT, in ten minutes",
        icon=":material/school:",
    )
    show_pair(pair)
    show_argument()
with picture:
    show_sample_map(lab)
offer_script("home", home_script(pair["a"], pair["b"], ARGUMENT, SAMPLE_MODEL))
