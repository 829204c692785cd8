"""Before there are pairs: what a search does, what it costs, and its button."""

import streamlit as st

from sbert_core.lab import CorpusInfo, Lab

from .wording import counted, duration, plain


def offer_search(lab: Lab, info: CorpusInfo, model: str, busy: bool) -> None:
    """Explain the search for duplicates and offer to start it."""
    if any(job.spec.kind == "duplicates" and job.active for job in lab.jobs.jobs(info.corpus_id)):
        st.caption("The pairs appear here as soon as all sentences have been compared.")
        return
    floor = lab.duplicates.usual_floor
    st.markdown(
        "Find the sentences of this corpus that say the same. Every sentence is compared with "
        f"every other one, and each pair with a cosine of {floor:.2f} or more is kept. Then you "
        "move a line to say how alike is alike enough, and judge a few pairs to see how good "
        "that line is."
    )
    seconds = lab.duplicates.estimate(info.rows)
    pairs = info.rows * (info.rows - 1) // 2
    words = f"{counted(pairs, 'pair')} to compare, about {duration(seconds)} on this machine."
    if not lab.is_embedded(info.corpus_id, model):
        words += f" The corpus is embedded with {plain(model)} first, which takes longer."
    st.caption(words)
    label = f"Find duplicates in {counted(info.rows, 'sentence')}"
    if st.button(label, type="primary", key="duplicates_start", disabled=busy):
        lab.duplicates.start(info.corpus_id, model)
        st.rerun()
    if busy:
        st.caption("Something else is running on this corpus; the search can start after it.")
