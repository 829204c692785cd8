"""How a search by meaning goes: said, built when it is needed, and measured."""

import streamlit as st

from sbert_core.desk_results import SearchRequest
from sbert_core.lab import CorpusInfo, Lab

from . import state
from .search_hits import in_milliseconds
from .wording import counted, duration

_ASKED = "search_asked"
_REMEMBERED = 100


def remember_query(query: str) -> None:
    """Keep the queries of this session: an index is measured on them."""
    asked = [known for known in state.recall(_ASKED, []) if known != query]
    state.keep_value(_ASKED, [*asked, query][-_REMEMBERED:])


def show_engine(
    lab: Lab, info: CorpusInfo, model: str, request: SearchRequest, took: str = ""
) -> None:
    """Say how vectors are compared; see to an index where comparing all is not instant.

    Args:
        lab: The Lab.
        info: The corpus.
        model: Encoder string.
        request: What is asked.
        took: How long it took, in words.
    """
    engine = lab.search.engine(info.corpus_id, model, request)
    st.caption(f"{took} · {engine.sentence}" if took else engine.sentence)
    wanted = request.engine == "approximate" or (request.engine == "auto" and not engine.instant)
    if wanted and engine.info is None and not request.where:
        _see_to_index(lab, info, model, automatic=not engine.instant)
    if engine.info is None:
        return
    with st.expander("How good is the index?"):
        st.markdown(
            f"It was built in {duration(engine.info.seconds)} and divides {info.rows:,} rows into "
            f"{engine.info.cells:,} regions. Recall is the share of the true first ten that it "
            f"finds: {engine.info.recall:.3f} for {counted(engine.info.sample, 'sample row')}."
        )
        _measure(lab, info, model)
        if st.button("Build it anew", key="search_index_again"):
            lab.search.start_index(info.corpus_id, model)
            st.rerun()


def _measure(lab: Lab, info: CorpusInfo, model: str) -> None:
    """Measure the index on the user's own queries."""
    queries = state.recall(_ASKED, [])
    if not queries:
        st.caption("Search for something, and it can be measured on your own queries.")
        return
    mine = "my last query" if len(queries) == 1 else f"my last {len(queries)} queries"
    if st.button(f"Measure on {mine}", key="search_measure"):
        found = lab.search.recall(info.corpus_id, model, queries)
        st.success(
            f"The index found {found.recall:.3f} of the true first {found.k}: "
            f"{in_milliseconds(found.approximate)} a query, and {in_milliseconds(found.exact)} "
            "for comparing all rows."
        )


def _see_to_index(lab: Lab, info: CorpusInfo, model: str, *, automatic: bool) -> None:
    """Start the build by itself in a large corpus, on a click in a small one."""
    active = {job.job_id for job in lab.jobs.jobs(info.corpus_id) if job.active}
    if automatic:
        job = lab.search.start_index(info.corpus_id, model, again=False)
        if job.active and job.job_id not in active:
            st.rerun()  # the panel above was drawn before this job was there
        if job.active:
            return
    elif any(job.spec.kind == "index" for job in lab.jobs.jobs(info.corpus_id) if job.active):
        return
    if st.button("Build the index", key="search_build", icon=":material/speed:"):
        lab.search.start_index(info.corpus_id, model)
        st.rerun()
