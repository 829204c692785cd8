"""Several queries at once: typed, pasted or from a file; all hits as one table and one file."""

import streamlit as st

from sbert_core.desk_results import SearchRequest, SearchResult, checked_queries
from sbert_core.lab import CorpusInfo, Lab
from sbert_core.scripts import many_searches_script

from . import state
from .cached import Upload, reading_of
from .script_export import offer_script
from .search_hits import in_milliseconds, show_export
from .wording import counted, plain

_MANY = "search_many"
_INLINE = 100  # more than this, or with a second reader, is a job
_SHOWN = 1_000


def search_many(lab: Lab, info: CorpusInfo, model: str, request: SearchRequest) -> None:
    """Draw the box for queries, search, and show what was found."""
    queries = _ask()
    if not queries:
        st.info("Put in one query a line, or a file of them.")
        return
    asked = checked_queries(queries)
    found = lab.search.stored_batch(info.corpus_id, asked, request, model)
    if found is not None:
        _show(lab, info, model, request, found[1])
        script = many_searches_script(info, model, asked, request, found[0].run_id)
        offer_script("searches", script)
        return
    if any(job.spec.kind == "search" and job.active for job in lab.jobs.jobs(info.corpus_id)):
        st.caption("The hits appear here as soon as all queries have been answered.")
        return
    words = counted(len(asked), "query") if len(asked) == 1 else f"{len(asked):,} queries"
    if st.button(f"Search for {words}", type="primary", key="search_many_start"):
        if len(asked) > _INLINE or request.rerank:
            lab.search.start_batch(info.corpus_id, asked, request, model)
        else:
            with st.spinner("Searching …"):
                lab.search.batch(info.corpus_id, asked, request, model)
        st.rerun()


def _ask() -> list[str]:
    """Queries typed or pasted, or those of a file."""
    typed, dropped = st.columns(2, gap="large")
    with typed:
        lines = state.kept_text(_MANY, "Queries, one a line", "", height=150)
    with dropped:
        file = st.file_uploader(
            "Or a file of queries",
            type=["txt", "csv", "tsv", "json", "jsonl", "xlsx", "parquet"],
            key="search_many_file",
            help="One query a line, or a table: the column that reads like text is taken.",
        )
    if file is None:
        return [line for line in lines.splitlines() if line.strip()]
    upload = Upload.of(file.name, file.getvalue())
    if file.name.lower().endswith(".txt"):
        text = upload.data.decode("utf-8-sig", errors="replace")
        return [line for line in text.splitlines() if line.strip()]
    return reading_of(upload).texts


def _show(
    lab: Lab, info: CorpusInfo, model: str, request: SearchRequest, results: list[SearchResult]
) -> None:
    """All hits as a table, and as a file."""
    hits = sum(len(result.hits) for result in results)
    empty = sum(not result.hits for result in results)
    words, button = st.columns([4, 1], vertical_alignment="center")
    each = sum(result.milliseconds for result in results) / len(results)
    none = f", {empty:,} of them without a hit" if empty else ""
    words.markdown(
        f"**{hits:,} hits for {len(results):,} queries**{none} · {in_milliseconds(each)} a query"
    )
    with button:
        show_export(lab, info, results, "search_many_export")
    table = lab.search.table(info.corpus_id, results).head(_SHOWN)
    if hits > _SHOWN:
        st.caption(f"The first {_SHOWN:,} hits are shown; the file has all.")
    first = ["query", "rank", info.text_column, "score"]
    shown = [name for name in first if name in table.columns]
    st.dataframe(
        table[[*shown, *(name for name in table.columns if name not in shown)]],
        hide_index=True,
        height=480,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in ("score", "cosine", "bm25", "judged")
        },
    )
    if results[0].engine == "approximate":
        asked = [result.query for result in results[:_INLINE]]
        found = lab.search.recall(info.corpus_id, model, asked, request.k)
        st.caption(
            f"The index found {found.recall:.3f} of the true first {found.k}, measured on "
            f"{found.queries:,} of these queries."
        )
    if notes := {result.note for result in results if result.note and result.hits}:
        st.caption(plain(" ".join(sorted(notes))))
