"""The hits of a search: as lists to read, on the map, and as a file."""

from collections.abc import Sequence

import streamlit as st

from sbert_core.charts.hit_marks import mark_hits
from sbert_core.charts.layout import PLOTLY_CONFIG
from sbert_core.desk_results import SearchHit, SearchResult
from sbert_core.lab import CorpusInfo, Lab, to_csv

from . import state
from .cached import GROUPS, map_figure_of
from .search_settings import WAYS
from .wording import plain, shorten

_LISTED = 50
_TEXT_CHARS = 400
_LIKE = "search_like"


def like_row(info: CorpusInfo) -> int | None:
    """The row that more like it is wanted of, or None."""
    kept = state.recall(_LIKE, None)
    return kept[1] if kept and kept[0] == info.corpus_id and kept[1] < info.rows else None


def show_like(lab: Lab, info: CorpusInfo, row: int) -> None:
    """Say that the hits are like a row, and offer the way back."""
    words, back = st.columns([6, 1], vertical_alignment="center")
    text = shorten(lab.texts(info.corpus_id, [row])[0], _TEXT_CHARS)
    words.markdown(f"More like row {row + 1:,}: **{plain(text)}**")
    if back.button("Back", icon=":material/undo:", key="search_back", width="stretch"):
        state.keep_value(_LIKE, None)
        st.rerun()


def show_hits(lab: Lab, info: CorpusInfo, result: SearchResult, *, narrow: bool = False) -> None:
    """List the hits of one search, with what else to know.

    Args:
        lab: The Lab.
        info: The corpus.
        result: What was found.
        narrow: Whether other lists stand beside it; then it has a heading and its time.
    """
    if narrow:
        st.markdown(f"**{WAYS[result.request.mode]}**  \n:small[:gray[{timing(result)}]]")
    if result.note:
        st.info(plain(result.note))
    labels = _labels(lab, info, result.hits[:_LISTED])
    for rank, hit in enumerate(result.hits[:_LISTED], start=1):
        _show_hit(info, hit, rank, labels.get(hit.row, ""), result.request.mode)
    if len(result.hits) > _LISTED:
        st.caption(f"The first {_LISTED} of {len(result.hits)} are listed; the file has all.")


def timing(result: SearchResult) -> str:
    """Say in words how long a search took, and on what."""
    parts = []
    if result.embedding:
        parts.append(f"{in_milliseconds(result.embedding)} to read the query")
    parts.append(f"{in_milliseconds(result.searching)} to search")
    if result.request.rerank:
        parts.append(f"{in_milliseconds(result.reranking)} to read hits again")
    return f"{in_milliseconds(result.milliseconds)}: {', '.join(parts)}"


def in_milliseconds(value: float) -> str:
    """Say a short time: "0.4 ms", "12 ms"."""
    return f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"


def show_map(
    lab: Lab, info: CorpusInfo, result: SearchResult, model: str, like: int | None
) -> None:
    """Mark the hits on the corpus map, if it has been drawn."""
    if not result.hits:
        return
    drawn = lab.stored_map(info.corpus_id, model)
    if drawn is None:
        st.caption("The hits are marked on the map as soon as it has been drawn.")
        st.page_link(
            "pages/2_Map_and_clusters.py", label="Draw the map", icon=":material/scatter_plot:"
        )
        return
    grouped = lab.stored_clusters(info.corpus_id, model)
    rows = [hit.row for hit in result.hits]
    place = drawn.coordinates[like] if like is not None else lab.place(drawn, [result.query])[0]
    figure = mark_hits(
        map_figure_of(drawn, grouped, GROUPS),
        drawn.coordinates[rows],
        [hit.text for hit in result.hits],
        result.query,
        place,
        state.mode(),
    )
    st.plotly_chart(figure, key="search_map", theme=None, config=PLOTLY_CONFIG)
    what = "the row you started from" if like is not None else "where your query would fall"
    st.caption(
        f"How to read it: the numbers are the hits in their order, small discs are hits close to a "
        f"numbered one, the star is {what}. Hits by meaning lie near it, unless the flat map had "
        "to tear neighbours apart."
    )


def show_export(lab: Lab, info: CorpusInfo, results: Sequence[SearchResult], key: str) -> None:
    """All hits as a file, with the user's own columns."""
    if any(result.hits for result in results):
        st.download_button(
            "Hits as CSV",
            lambda: to_csv(lab.search.table(info.corpus_id, results)),
            file_name="hits.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            key=key,
            help="One line a hit: query, rank, row (from 0), scores, and your own columns.",
        )


def _show_hit(info: CorpusInfo, hit: SearchHit, rank: int, label: str, mode: str) -> None:
    """One hit: its text, its scores, and the way to others like it."""
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        text = plain(shorten(hit.text, _TEXT_CHARS)) or "(blank)"
        facts = [*_scores(hit), *([plain(label)] if label else []), f"row {hit.row + 1:,}"]
        with st.container(gap=None):
            st.markdown(f"**{rank}** · {text}")
            st.caption(" · ".join(facts))
        if st.button(
            "Similar",
            type="tertiary",
            key=f"like_{mode}_{hit.row}",
            help="Find more like this",
            width="content",
        ):
            state.keep_value(_LIKE, (info.corpus_id, hit.row))
            st.rerun()


def _scores(hit: SearchHit) -> list[str]:
    """The scores of a hit, in words."""
    parts = []
    if hit.judged is not None:
        parts.append(f"second reader {hit.judged:.2f}")
    if hit.semantic_rank is not None and hit.keyword_rank is not None:
        parts.append(f"meaning no. {hit.semantic_rank}, words no. {hit.keyword_rank}")
    if hit.cosine is not None:
        parts.append(f"cosine {hit.cosine:.2f}")
    if hit.bm25 is not None:
        parts.append(f"BM25 {hit.bm25:.1f}")
    return parts


def _labels(lab: Lab, info: CorpusInfo, hits: Sequence[SearchHit]) -> dict[int, str]:
    """The known label of each hit, where the corpus has a label column."""
    if info.label_column is None or not hits:
        return {}
    rows = [hit.row for hit in hits]
    column = lab.workspace.frame(info.corpus_id, [info.label_column], rows)[info.label_column]
    return {
        row: "" if value is None or value != value else str(value)
        for row, value in zip(rows, column, strict=True)
    }
