"""Re-ranking: one query ranked by both encoders, and what more candidates gain and cost."""

import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.race import depth_figure, milliseconds_in_words, slope_figure
from sbert_core.desk_results import RerankCurve, Reranking, SearchFiles
from sbert_core.errors import SBERTLabError
from sbert_core.lab import CorpusInfo, Lab
from sbert_core.sample import SAMPLE_NAME
from sbert_core.scripts import reranked_query_script, reranking_depths_script

from . import state
from .benchmark_data import choose_file
from .cross_choice import MEASURED, choose_cross_encoder
from .page import current_corpus, offer_embedding
from .script_export import offer_script
from .wording import counted, plain

_QUERY, _DEPTH = "rerank_query", "rerank_depth"
_FILES = {
    "docs": "Documents: doc_id and text",
    "queries": "Queries: query_id and text",
    "qrels": "Judgements: query_id, doc_id and relevance",
}
_SOURCES = {"bundled": "Bundled pairs", "files": "Three files of mine"}
_FEW, _ALL = "50 queries", "all queries"


def show_reranking(lab: Lab) -> None:
    """Draw the tab: the idea, one query, and quality against candidates."""
    st.markdown(
        "The usual way out keeps the best of both: the **bi-encoder** finds some candidates among "
        "all sentences, which is quick, and the **cross-encoder** reads only those together with "
        "the query and puts them into a better order."
    )
    cross = choose_cross_encoder(lab)
    if cross is None:
        return
    info, model = current_corpus(lab), state.encoder()
    st.subheader("One query, ranked by both")
    if lab.is_embedded(info.corpus_id, model):
        _show_query(lab, info, model, cross)
    else:
        offer_embedding(lab, info, model)
    st.subheader("How many candidates are worth re-ranking?")
    _show_depths(lab, model, cross)


@st.fragment
def _show_query(lab: Lab, info: CorpusInfo, model: str, cross: str) -> None:
    """A query over the corpus on the table; a fragment, so that typing redraws nothing else."""
    box, slider = st.columns([3, 1], gap="large", vertical_alignment="bottom")
    query = box.text_input(
        f"Look for, in “{info.name}”",
        value=state.recall(_QUERY, _example(lab, info)),
        key=_QUERY,
        on_change=state.keep,
        args=(_QUERY,),
    )
    count = slider.slider(
        "Candidates",
        5,
        50,
        value=state.recall(_DEPTH, 12),
        key=_DEPTH,
        on_change=state.keep,
        args=(_DEPTH,),
        help="How many sentences the cross-encoder reads. More may find a better one further "
        "down, and take longer.",
    )
    if not query.strip():
        st.info("Type what you are looking for.")
        return
    try:
        with st.spinner("Ranking by both …"):
            found = lab.race.rank(info.corpus_id, query, model, cross, count)
    except SBERTLabError as error:  # a fragment that runs alone has nobody above it to say so
        st.error(plain(str(error)))
        return
    st.plotly_chart(
        slope_figure(
            [move.text for move in found.moves],
            [move.before for move in found.moves],
            [move.after for move in found.moves],
            [f"cosine {move.cosine:.3f}, judged {move.score:.3f}" for move in found.moves],
            state.mode(),
        ),
        key="rerank_slopes",
        theme=None,
        config=QUIET_CONFIG,
    )
    st.caption(_reading(found))
    _show_moves(found)
    offer_script("reranked", reranked_query_script(info, query, model, cross, count))


def _reading(found: Reranking) -> str:
    """How to read the lines, and what they took."""
    moved = sum(move.climbed != 0 for move in found.moves)
    return plain(
        f"How to read it: each line is a sentence, best at the top; blue ones rose under "
        f"{found.cross}, orange ones fell, grey ones stayed. {moved} of {len(found.moves)} moved. "
        f"{found.model} took {milliseconds_in_words(found.bi_milliseconds)} for "
        f"{counted(found.rows, 'sentence')}, {found.cross} "
        f"{milliseconds_in_words(found.cross_milliseconds)} for "
        f"{counted(len(found.moves), 'pair')}. {found.note}".strip()
    )


def _show_moves(found: Reranking) -> None:
    """The same as a table, in the new order."""
    with st.expander("As a table"):
        st.dataframe(
            [
                {
                    "place": move.after,
                    "before": move.before,
                    "moved": move.climbed,
                    "sentence": move.text,
                    "cosine": move.cosine,
                    "judged": move.score,
                    "row": move.row,
                }
                for move in found.reranked
            ],
            hide_index=True,
            column_config={
                "place": st.column_config.NumberColumn(width=60, help="After re-ranking."),
                "before": st.column_config.NumberColumn(width=60, help="Under the bi-encoder."),
                "moved": st.column_config.NumberColumn(format="%+d", width=60),
                "sentence": st.column_config.TextColumn(width=520),
                "cosine": st.column_config.NumberColumn(
                    format="%.3f", width=80, help="The bi-encoder's, in [-1, 1]."
                ),
                "judged": st.column_config.NumberColumn(
                    format="%.3f",
                    width=80,
                    help="The cross-encoder's score in [0, 1]; not comparable with a cosine.",
                ),
                "row": st.column_config.NumberColumn(width=60),
            },
            key="rerank_table",
        )


def _show_depths(lab: Lab, model: str, cross: str) -> None:
    """Quality and waiting time for several numbers of candidates."""
    files = _choose_files(lab)
    if files is None:
        st.caption("Put in all three files, as for “Search” under Other tasks.")
        return
    curve = lab.race.stored_depths(files, model, cross)
    job = lab.race.depths_job(files, model, cross)
    if (job is None or not job.active) and st.button(
        "Measure again" if curve else "Measure 0, 10, 20, 50 and 100 candidates",
        type="secondary" if curve else "primary",
        key="rerank_measure",
    ):
        lab.race.start_depths(files, model, cross)
        st.rerun()
    if curve is not None:
        _show_curve(curve)
        offer_script("depths", reranking_depths_script(files, model, cross))


def _choose_files(lab: Lab) -> SearchFiles | None:
    """The bundled search, or three files; None while one is missing."""
    left, right = st.columns([3, 2], vertical_alignment="center")
    source = left.segmented_control(
        "Searched",
        list(_SOURCES),
        default="bundled",
        required=True,
        format_func=lambda kind: _SOURCES[kind],
        key="rerank_source",
        label_visibility="collapsed",
    )
    few = right.segmented_control(
        "How many queries",
        [_FEW, _ALL],
        default=_FEW,
        required=True,
        key="rerank_queries",
        label_visibility="collapsed",
        help="Fifty, taken evenly, are quicker; all are steadier.",
    )
    most = 50 if few == _FEW else None
    if source == "bundled":
        st.caption(
            "Bundled pairs: the first sentence of each pair that people graded 4 or more of 5 is a "
            "query, and its partner, among all 450 second sentences, is what should be found. "
            "Short and easy; your own documents say more."
        )
        return SearchFiles(most_queries=most)
    boxes = st.columns(3)
    paths = []
    for box, (name, label) in zip(boxes, _FILES.items(), strict=True):
        with box:
            paths.append(choose_file(lab, label, f"rerank_{name}", label))
    if any(path is None for path in paths):
        return None
    docs, queries, qrels = map(str, paths)
    return SearchFiles(docs, queries, qrels, most)


def _show_curve(curve: RerankCurve) -> None:
    """Both panels, the table of their numbers, and how to read them."""
    st.markdown(
        f"**Quality and waiting time** on {plain(curve.data)}: "
        f"{counted(curve.documents, 'document')}, {curve.queries:,} of {curve.queries_in_all:,} "
        f"queries {MEASURED}"
    )
    picture, table = st.columns([3, 2], gap="large")
    with picture:
        st.plotly_chart(
            depth_figure(
                [score.depth for score in curve.depths],
                [score.ndcg_at_10 for score in curve.depths],
                [score.milliseconds for score in curve.depths],
                state.mode(),
            ),
            key="rerank_depths",
            theme=None,
            config=QUIET_CONFIG,
        )
    with table:
        st.markdown(plain(_verdict(curve)))
        st.dataframe(
            [
                {
                    "candidates": score.depth,
                    "nDCG@10": score.ndcg_at_10,
                    "ms a query": score.milliseconds,
                }
                for score in curve.depths
            ],
            hide_index=True,
            column_config={
                "candidates": st.column_config.NumberColumn(help="0 is the bi-encoder alone."),
                "nDCG@10": st.column_config.NumberColumn(
                    format="%.4f", help="1 if no better order of the first ten is possible."
                ),
                "ms a query": st.column_config.NumberColumn(format="%.1f"),
            },
            key="rerank_depth_table",
        )
    st.caption(
        "How to read it: above, higher is better, and 0 candidates is the bi-encoder alone; below, "
        "how long one query waits. The upper axis does not begin at 0. "
        + plain(f"Measured on {curve.machine}. {curve.note}".strip())
    )


def _verdict(curve: RerankCurve) -> str:
    """One sentence: does this cross-encoder help here, and at what price?"""
    alone, best = curve.depths[0], curve.best
    if best.depth == alone.depth:
        return (
            f"Here {curve.cross} does not help: no order of its own is better than that of "
            f"{curve.model} alone ({alone.ndcg_at_10:.3f}). A cross-encoder has to be the better "
            "judge of the two to be worth its time: try a weaker bi-encoder at the side, or a "
            "cross-encoder that was trained on searches."
        )
    return (
        f"Best with {best.depth} candidates: nDCG@10 {best.ndcg_at_10:.3f} instead of "
        f"{alone.ndcg_at_10:.3f}, for {milliseconds_in_words(best.milliseconds)} a query instead "
        f"of {milliseconds_in_words(alone.milliseconds)}."
    )


def _example(lab: Lab, info: CorpusInfo) -> str:
    """A query that has an answer in this corpus."""
    if info.name == SAMPLE_NAME:
        return "my card does not work"
    return lab.texts(info.corpus_id, [info.rows // 3])[0]
