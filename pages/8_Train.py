"""Train: turn an encoder into a better one for one's own sentences, and watch it happen."""

import streamlit as st

from sbert_core.errors import SBERTLabError
from ui import state
from ui.page import setup_page
from ui.train_data import choose_data
from ui.train_result import show_result
from ui.train_runs import choose_run, show_unfinished
from ui.train_settings import choose_base_and_objective, choose_settings, offer_start
from ui.train_view import watch_run
from ui.wording import plain

lab = setup_page("Train")

st.title("Train")
try:
    runs = lab.training.runs()
    run_id = choose_run(lab, runs)
    if run_id is None:
        st.markdown(
            "Train an encoder further on examples, so that its cosines agree better with what "
            "they say is similar. The encoder you begin with stays as it is."
        )
        left, right = st.columns(2, gap="large")
        with left:
            base, objective = choose_base_and_objective(lab)
        with right:
            data, preview = choose_data(lab, objective)
        request = choose_settings(lab, base, objective, data, preview.count if preview else 0)
        if offer_start(lab, request, ready=preview is not None):
            state.set_run_id(request.run_id)
            if lab.training.report(request.run_id) is None:
                lab.training.start(request)
            st.rerun()
        st.stop()
    request, job = runs[run_id], lab.training.job(runs[run_id])
    report = lab.training.report(run_id)
    if report is not None:
        show_result(lab, run_id, request, report)
    elif job is not None and job.active:
        watch_run(lab, run_id, request)
    else:
        show_unfinished(lab, run_id, request, job)
except SBERTLabError as error:
    st.error(plain(str(error)))
