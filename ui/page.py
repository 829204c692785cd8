"""The frame of every page: title, navigation, the corpus and encoder on the table, status."""

from pathlib import Path

import streamlit as st

from sbert_core.errors import SBERTLabError
from sbert_core.lab import DEFAULT_ENCODER, CorpusInfo, Lab

from . import state
from .cached import lab as open_lab
from .wording import counted, duration, plain

_PAGES = (
    ("app.py", "Home", ":material/home:"),
    ("pages/1_Corpus.py", "Corpus", ":material/upload_file:"),
    ("pages/2_Map_and_clusters.py", "Map and clusters", ":material/scatter_plot:"),
    ("pages/3_Compare_encoders.py", "Compare encoders", ":material/difference:"),
    ("pages/4_Sentence_pair.py", "Sentence pair", ":material/compare_arrows:"),
    ("pages/5_Search.py", "Search", ":material/search:"),
    ("pages/6_Duplicates.py", "Duplicates", ":material/content_copy:"),
    ("pages/7_Classify.py", "Classify", ":material/label:"),
    ("pages/8_Train.py", "Train", ":material/model_training:"),
    ("pages/9_Benchmark.py", "Benchmark", ":material/leaderboard:"),
    ("pages/10_Why_SBERT.py", "Why SBERT", ":material/school:"),
)

_ICON = str(Path(__file__).with_name("icon.png"))

# Streamlit's wide pages keep a tenth of the window empty on each side: a map needs the room.
_ROOM = """<style>
[data-testid="stMainBlockContainer"] { padding: 3.75rem 2rem 3rem; }
[data-testid="stSidebarHeader"] { height: 2.5rem; margin-bottom: 0; }
</style>"""

PRIVACY = "Everything runs here: your sentences never leave this machine."


def setup_page(title: str) -> Lab:
    """Begin a page: configuration, state, sidebar.

    Args:
        title: Name of the page, also in the browser tab.

    Returns:
        The Lab; if the workspace cannot be used, the page says why and stops here.
    """
    # The tab's icon is a file of ours: a named one would be fetched from the network.
    st.set_page_config(page_title=f"{title} · SBERT Lab", page_icon=_ICON, layout="wide")
    st.html(_ROOM)
    try:
        lab = open_lab()
        with st.sidebar:
            _navigation()
            _corpus_and_encoder(lab)
            st.caption(f":material/lock: {PRIVACY}")
    except SBERTLabError as error:
        st.error(plain(str(error)))
        st.stop()
    return lab


def current_corpus(lab: Lab) -> CorpusInfo:
    """Return the corpus on the table; without one, say how to get one and stop the page."""
    found = state.corpus_id()
    if found is None:
        st.info("There is no corpus on the table yet.")
        st.page_link("pages/1_Corpus.py", label="Open a file", icon=":material/upload_file:")
        st.stop()
    try:
        return lab.corpus(found)
    except SBERTLabError as error:
        st.warning(plain(str(error)))
        state.set_corpus_id(None)
        st.stop()


def offer_embedding(lab: Lab, info: CorpusInfo, model: str) -> None:
    """Say that a corpus has no vectors under an encoder yet, and offer to make them."""
    if any(job.spec.kind == "embed" and job.active for job in lab.jobs.jobs(info.corpus_id)):
        st.caption("The map appears here as soon as the sentences are embedded.")
        return
    st.info(f"“{plain(info.name)}” is not embedded with {model} yet.")
    if st.button(f"Embed {counted(info.rows, 'sentence')}", type="primary", key="offer_embed"):
        lab.explore(info.corpus_id, model)
        st.rerun()


def _navigation() -> None:
    """Links to all pages."""
    st.markdown("### SBERT Lab")
    for path, label, icon in _PAGES:
        st.page_link(path, label=label, icon=icon)


def _corpus_and_encoder(lab: Lab) -> None:
    """Choose what is on the table, and see what is running."""
    state.keep_in_address()
    corpora = lab.corpora()
    known = [info.corpus_id for info in corpora]
    if state.corpus_id() not in known:
        state.set_corpus_id(known[0] if known else None)
    chosen = state.corpus_id()
    if chosen is not None:
        _choose_corpus({info.corpus_id: info for info in corpora}, chosen)
        _manage_corpus(lab, next(info for info in corpora if info.corpus_id == chosen))
        _choose_encoder(lab)
    _running(lab)


def _choose_corpus(corpora: dict[str, CorpusInfo], chosen: str) -> None:
    """The corpus picker. Its key holds the choice, so that a choice made elsewhere shows here."""
    key = f"sidebar_corpus_{chosen}"
    st.selectbox(
        "Corpus",
        list(corpora),
        index=list(corpora).index(chosen),
        format_func=lambda corpus_id: f"{corpora[corpus_id].name} · {corpora[corpus_id].rows:,}",
        key=key,
        on_change=lambda: state.set_corpus_id(st.session_state[key]),
        help="The file whose sentences the pages show. Add another on the Corpus page.",
    )


def _manage_corpus(lab: Lab, info: CorpusInfo) -> None:
    """Rename or delete the corpus on the table."""
    with st.popover("Rename or delete", width="stretch"):
        name = st.text_input("Name", info.name, key=f"sidebar_name_{info.corpus_id}")
        if st.button("Rename", width="stretch", key="sidebar_rename"):
            lab.workspace.rename_corpus(info.corpus_id, name)
            st.rerun()
        st.caption("Deleting takes its vectors, maps and groups with it. Your own file stays.")
        if st.button("Delete this corpus", width="stretch", key="sidebar_delete"):
            lab.delete_corpus(info.corpus_id)
            state.set_corpus_id(None)
            st.rerun()


def _choose_encoder(lab: Lab) -> None:
    """The encoder picker: those at hand, those that need the hub, or a name typed in."""
    at_hand = lab.encoders_at_hand()
    if state.encoder() not in at_hand:
        _look_for(lab, state.encoder())
    chosen = state.encoder()
    distant = [info.id for info in lab.models() if not info.available]
    options = [*at_hand, *distant]
    if chosen not in options:
        options.insert(0, chosen)
    key = f"sidebar_encoder_{chosen}"
    st.selectbox(
        "Encoder",
        options,
        index=options.index(chosen),
        format_func=lambda model: f"{model} · needs the hub" if model in distant else model,
        accept_new_options=True,
        key=key,
        on_change=lambda: state.set_encoder(st.session_state[key] or chosen),
        help="The model that turns a sentence into a vector. After the colon: how its token "
        "vectors are pooled into one. You can type a folder, or hf:organisation/name.",
    )


def _look_for(lab: Lab, model: str) -> None:
    """Find an encoder that is not at hand; where that fails, say why and go on with the default."""
    try:
        with st.spinner(f"Looking for {plain(model)} …"):
            lab.resolve(model)
    except SBERTLabError as error:
        st.error(plain(str(error)))
        state.set_encoder(DEFAULT_ENCODER)


def _running(lab: Lab) -> None:
    """One line for work that goes on in the background, whichever page is open."""
    active = [job for job in lab.jobs.jobs() if job.active]
    if active:
        left = active[0].seconds_left
        more = f", {duration(left)} left" if left is not None else ""
        st.caption(f":material/hourglass_top: {plain(active[0].spec.title)}{more}")
