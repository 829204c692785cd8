"""Benchmark: encoders measured on judged data, and what their quality costs in time."""

import streamlit as st

from sbert_core.errors import SBERTLabError
from ui.benchmark_sts import show_sts
from ui.benchmark_tasks import show_tasks
from ui.jobs_panel import job_panel
from ui.page import setup_page
from ui.race_view import show_race, show_reranking
from ui.speed_view import show_speed
from ui.wording import plain

# The titles stand in the address (`?tab=Speed`), so that a tab can be linked to.
TABS = {
    "Graded pairs": show_sts,
    "Other tasks": show_tasks,
    "Cross-encoder race": show_race,
    "Re-ranking": show_reranking,
    "Speed": show_speed,
}

lab = setup_page("Benchmark")

st.title("Benchmark")
job_panel(lab, lab.leaderboard.JOBS)
# Only the open tab is drawn: the others may have much to read.
for tab, show in zip(
    st.tabs(list(TABS), key="tab", bind="query-params"), TABS.values(), strict=True
):
    if tab.open:
        with tab:
            try:
                show(lab)
            except SBERTLabError as error:
                st.error(plain(str(error).partition("\n")[0]))
                if lines := str(error).partition("\n")[2]:
                    st.code(lines, language=None)
