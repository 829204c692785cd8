"""What a search asks: the query, the way, and what is folded away."""

from dataclasses import dataclass

import streamlit as st

from sbert_core.desk_results import EngineChoice, SearchMode, SearchRequest
from sbert_core.lab import CorpusInfo, Lab

from . import state

SIDE_BY_SIDE = "compare"
WAYS: dict[str, str] = {
    "semantic": "By meaning",
    "keyword": "By words",
    "hybrid": "Both",
    SIDE_BY_SIDE: "Side by side",
}
_ENGINES: dict[EngineChoice, str] = {
    "auto": "Chosen for me",
    "exact": "Compare all rows",
    "approximate": "Ask an index",
}
_NO_FILTER, _NO_JUDGE = "(all rows)", "(none)"
_QUERY, _WAY = "search_query", "search_way"


@dataclass(frozen=True)
class SearchSettings:
    """What is chosen on the page.

    Attributes:
        way: A mode, or `SIDE_BY_SIDE`.
        request: Everything else; its mode is that of the way, or hybrid.
    """

    way: str
    request: SearchRequest

    @property
    def modes(self) -> list[SearchMode]:
        """The modes to search by."""
        if self.way == SIDE_BY_SIDE:
            return ["semantic", "keyword", "hybrid"]
        return [self.request.mode]


def ask_query() -> str:
    """Draw the box for one query; the address holds it, so that a search can be passed on."""

    def changed() -> None:
        state.keep(_QUERY)
        state.keep_value("search_like", None)

    typed: str = st.text_input(
        "Look for",
        value=state.recall(_QUERY, st.query_params.get("q", "")),
        key=_QUERY,
        on_change=changed,
        placeholder="Type what you are looking for, press Enter",
        help="By meaning: a sentence in your own words. By words: one or more words, without any "
        "syntax.",
    )
    return typed.strip()


def choose_settings(lab: Lab, info: CorpusInfo, *, one: bool) -> SearchSettings:
    """Draw the way to search and the folded settings.

    Args:
        lab: The Lab.
        info: The corpus.
        one: Whether there is one query, whose hits can stand side by side.
    """
    ways, more = st.columns([7, 2], vertical_alignment="bottom", gap="small")
    kept = state.recall(_WAY, st.query_params.get("way", "semantic"))
    names = [name for name in WAYS if one or name != SIDE_BY_SIDE]
    key = f"{_WAY}_{len(names)}"
    with ways:
        way = st.segmented_control(
            "How",
            names,
            default=kept if kept in names else "semantic",
            format_func=lambda name: WAYS[name],
            key=key,
            on_change=lambda: state.keep_value(_WAY, st.session_state[key]),
            required=True,
            help="By meaning compares sentence vectors by cosine. By words ranks rows that share "
            "words with the query (BM25: rare words and short rows count more). Both merges the "
            "two lists by their ranks.",
        )
    with more, st.popover("More", icon=":material/tune:", width="stretch"):
        request = _folded(lab, info, way)
    return SearchSettings(way, request)


def _folded(lab: Lab, info: CorpusInfo, way: str) -> SearchRequest:
    """How many hits, which rows, a second reader, and how vectors are compared."""
    mode: SearchMode = (
        "semantic" if way == "semantic" else "keyword" if way == "keyword" else "hybrid"
    )
    k = st.number_input(
        "Hits",
        min_value=1,
        max_value=200,
        value=state.recall("search_k", 10),
        key="search_k",
        on_change=state.keep,
        args=("search_k",),
    )
    where = _choose_filter(lab, info)
    judge = _choose_judge(lab)
    engine: EngineChoice = st.selectbox(
        "Search by meaning",
        list(_ENGINES),
        index=list(_ENGINES).index(state.recall("search_engine", "auto")),
        format_func=lambda name: _ENGINES[name],
        key="search_engine",
        on_change=state.keep,
        args=("search_engine",),
        help="Comparing all rows is exact, and instant up to some 260,000 rows. Beyond that an "
        "index looks only where hits are likely, and may miss a few.",
    )
    return SearchRequest(mode, int(k), where, judge, engine)


def _choose_filter(lab: Lab, info: CorpusInfo) -> tuple[tuple[str, str], ...]:
    """Choose a column and the values that a hit may have."""
    columns = [_NO_FILTER, *(name for name in info.columns if name != info.text_column)]
    kept = state.recall("search_column", _NO_FILTER)
    column = st.selectbox(
        "Only rows where",
        columns,
        index=columns.index(kept) if kept in columns else 0,
        key="search_column",
        on_change=state.keep,
        args=("search_column",),
        disabled=len(columns) == 1,
    )
    if column == _NO_FILTER:
        return ()
    key = f"search_values_{info.corpus_id}_{column}"
    values = lab.search.values(info.corpus_id, column)
    chosen = state.recall(key, [])
    picked = st.multiselect(
        "is one of",
        [*values, *(value for value in chosen if value not in values)],
        default=chosen,
        accept_new_options=True,
        key=key,
        on_change=state.keep,
        args=(key,),
    )
    return tuple((column, value) for value in picked)


def _choose_judge(lab: Lab) -> str:
    """Choose the cross-encoder that reads the first hits again; "" for none."""
    at_hand = [info.id for info in lab.cross_encoders() if info.available]
    kept = state.recall("search_judge", _NO_JUDGE)
    names = [_NO_JUDGE, *dict.fromkeys([*at_hand, *([kept] if kept != _NO_JUDGE else [])])]
    judge: str = st.selectbox(
        "Second reader",
        names,
        index=names.index(kept),
        accept_new_options=True,
        key="search_judge",
        on_change=state.keep,
        args=("search_judge",),
        help="A cross-encoder reads the first 50 hits together with the query and puts them into "
        "its own order: slower, often better. You can type a folder, or hf:organisation/name.",
    )
    return "" if not judge or judge == _NO_JUDGE else judge
