"""The map, what is picked on it, and what can be taken away from it."""

from typing import TYPE_CHECKING

import streamlit as st

from sbert_core.charts.layout import PLOTLY_CONFIG
from sbert_core.errors import SBERTLabError
from sbert_core.lab import MAP_CAVEAT, CorpusInfo, Lab, to_csv, to_parquet
from sbert_core.results import ClusterResult, MapResult

from .cached import map_figure_of
from .cluster_view import list_groups
from .selection import selected_rows
from .wording import plain, shorten

if TYPE_CHECKING:
    import pandas as pd

_PLACED = "map_placed"
_HOW_TO_PICK = (
    "Click a point to read it and see its nearest neighbours. Choose the lasso or the box above "
    "the map, or tick groups in the list, to see many sentences here. Double-click lets go."
)
_HOW_TO_TURN = "Turn the map with the mouse. Points are picked in 2-D; groups in the list."
_NEIGHBOURS = 10
_NEIGHBOUR_CHARS = 160
_LIST_HEIGHT = 430
_TABLE_ROWS = 5000
_TEXT_CHARS = 2000


@st.fragment
def explore_map(
    lab: Lab, info: CorpusInfo, drawn: MapResult, grouped: ClusterResult | None, colour: str
) -> None:
    """The map with what is picked on it beside and below; a pick reruns only this part."""
    try:
        _explore(lab, info, drawn, grouped, colour)
    except SBERTLabError as error:
        st.error(plain(str(error)))


def _explore(
    lab: Lab, info: CorpusInfo, drawn: MapResult, grouped: ClusterResult | None, colour: str
) -> None:
    """Draw the map, and what is picked."""
    placed = st.session_state.get(_PLACED, "").strip()
    picture, panel = st.columns([11, 4], gap="medium")
    with picture:
        event = st.plotly_chart(
            map_figure_of(drawn, grouped, colour, placed),
            key=f"map_{drawn.run.run_id}",
            on_select="rerun",
            selection_mode=("points", "box", "lasso"),
            config=PLOTLY_CONFIG,
            theme=None,
        )
    rows = [row for row in selected_rows(event) if row < info.rows]
    with panel:
        _place_box()
        if len(rows) == 1:
            _one_sentence(lab, info, drawn, rows[0])
        elif grouped:
            ticked = list_groups(grouped)
            rows = rows or ticked
    _trust_line(drawn)
    if len(rows) > 1:
        _selection(lab, info, grouped, rows)
    elif not rows:
        st.caption(_HOW_TO_PICK if drawn.coordinates.shape[1] == 2 else _HOW_TO_TURN)


def _place_box() -> None:
    """Where a person types a sentence of their own to see where it would fall."""
    st.text_input(
        "Place a sentence of your own",
        key=_PLACED,
        placeholder="Type a sentence, press Enter",
        help="It appears as a star where its nearest neighbours are; nothing else moves.",
    )


def _trust_line(drawn: MapResult) -> None:
    """How far to believe the picture, and what it does not mean."""
    measured = len(drawn.coordinates)
    sample = (
        f" (measured on {drawn.rows_measured:,} of {measured:,} rows)"
        if drawn.rows_measured < measured
        else ""
    )
    st.caption(
        f"**How far to trust this map:** trustworthiness {drawn.trustworthiness:.2f}, kNN overlap "
        f"{drawn.knn_overlap:.2f} of 1{sample}. {drawn.sentence} {MAP_CAVEAT}"
    )
    if drawn.note:
        st.caption(drawn.note)


def _one_sentence(lab: Lab, info: CorpusInfo, drawn: MapResult, row: int) -> None:
    """The full text of one point and its nearest neighbours in embedding space."""
    st.markdown(f"**Row {row + 1:,}**")
    st.text(shorten(lab.texts(info.corpus_id, [row])[0], _TEXT_CHARS))
    neighbours = lab.neighbours(info.corpus_id, drawn.run.encoder, [row], _NEIGHBOURS)[0]
    st.markdown("**Nearest sentences**, by cosine in embedding space")
    # As text, not as a table: the panel is narrow, and text wraps.
    with st.container(height=_LIST_HEIGHT, border=False, gap="xsmall"):
        for neighbour in neighbours:
            st.text(f"{neighbour.cosine:.2f}  {shorten(neighbour.text, _NEIGHBOUR_CHARS)}")


def _selection(
    lab: Lab,
    info: CorpusInfo,
    grouped: ClusterResult | None,
    rows: list[int],
) -> None:
    """The picked rows as a table, and as a file."""
    shown = rows[:_TABLE_ROWS]
    table = lab.table(info.corpus_id, rows, clusters=grouped)
    title, button = st.columns([4, 1], vertical_alignment="bottom")
    more = f", the first {len(shown):,} shown" if len(shown) < len(rows) else ""
    title.markdown(f"**{len(rows):,} sentences picked**{more}")
    button.download_button(
        "Export as CSV",
        to_csv(table),
        file_name="selection.csv",
        mime="text/csv",
        on_click="ignore",
        width="stretch",
        key="map_export_selection",
    )
    first = [c for c in (info.text_column, info.label_column) if c]
    order = [*first, *(c for c in table.columns if c not in first)]
    st.dataframe(table.iloc[: len(shown)][order], hide_index=True, height=300)


def show_exports(
    lab: Lab, info: CorpusInfo, drawn: MapResult | None, grouped: ClusterResult
) -> None:
    """The whole corpus with its results, and the map as a page; made when asked for."""
    stem = info.name.rsplit(".", 1)[0] or "corpus"

    def table() -> "pd.DataFrame":
        return lab.table(info.corpus_id, clusters=grouped, drawn=drawn)

    st.markdown("**Take it with you**")
    as_csv, as_parquet, as_page = st.columns(3)
    as_csv.download_button(
        "CSV",
        lambda: to_csv(table()),
        file_name=f"{stem}-groups.csv",
        mime="text/csv",
        on_click="ignore",
        width="stretch",
        key="map_export_csv",
        help="Your columns with group number, group name and map coordinates.",
    )
    as_parquet.download_button(
        "Parquet",
        lambda: to_parquet(table()),
        file_name=f"{stem}-groups.parquet",
        on_click="ignore",
        width="stretch",
        key="map_export_parquet",
    )
    if drawn is not None:
        as_page.download_button(
            "Map as HTML",
            lambda: lab.map_page(drawn, grouped),
            file_name=f"{stem}-map.html",
            mime="text/html",
            on_click="ignore",
            width="stretch",
            key="map_export_html",
            help="One page that opens anywhere, without a network.",
        )
