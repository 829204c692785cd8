"""What can be taken away: the pairs, the groups, and the corpus with one row per group."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from sbert_core.desk_results import Duplicates
from sbert_core.lab import CorpusInfo, Lab, to_csv

from . import state
from .wording import counted, plain

if TYPE_CHECKING:
    from pandas import DataFrame

_KEEP = {
    "longest": "The longest text",
    "first": "The first row in the file",
    "central": "The most central: nearest to all others",
}


def show_exports(
    lab: Lab,
    info: CorpusInfo,
    found: Duplicates,
    line: float,
    doubted: NDArray[np.bool_] | None,
) -> None:
    """Three files, each made when it is asked for."""
    stem = info.name.rsplit(".", 1)[0] or "corpus"
    looked = lab.duplicates.looked_with(info.corpus_id)
    parts = found.groups_at(line, doubted)
    left = found.rows - sum(len(part) for part in parts) + len(parts)
    keep = st.radio(
        "Of each group, keep",
        list(_KEEP),
        format_func=_KEEP.__getitem__,
        index=list(_KEEP).index(state.recall("duplicates_keep", "longest")),
        key="duplicates_keep",
        on_change=state.keep,
        args=("duplicates_keep",),
        horizontal=True,
    )
    st.caption(
        f"With the line at {line:.3f}, {counted(len(parts), 'group')} become one row each: "
        f"{left:,} of {found.rows:,} rows stay. Of equally long or central rows the first is kept."
    )
    tables = lab.duplicates
    cross = looked[0] if looked else None
    one, groups, pairs = st.columns(3)
    with one:
        _download(
            "Corpus with one row per group",
            f"{stem}-without-duplicates.csv",
            lambda: tables.keep_one(found, line, keep, doubted),
            "Your columns, the row number, and for how many rows each one stands.",
            primary=True,
        )
    with groups:
        _download(
            "Groups",
            f"{stem}-duplicate-groups.csv",
            lambda: tables.group_table(found, line, keep, doubted),
            "Every row that is in a group, with the group's number and whether it is kept.",
        )
    with pairs:
        _download(
            "Pairs",
            f"{stem}-duplicate-pairs.csv",
            lambda: tables.pair_table(found, line, cross, doubted),
            "Every pair of different texts above the line, with both texts, cosine and kind.",
        )
    run = found.run
    st.caption(
        f"How this was made: encoder {plain(run.encoder)}, every pair with a cosine of "
        f"{found.floor:.2f} or more, exact, in {run.seconds:.1f} s; row numbers in the files "
        "count from 0."
    )


def _download(
    label: str, file_name: str, table: Callable[[], "DataFrame"], about: str, primary: bool = False
) -> None:
    """A button for a table that is made when it is pressed."""
    st.download_button(
        label,
        lambda: to_csv(table()),
        file_name=file_name,
        mime="text/csv",
        on_click="ignore",
        width="stretch",
        type="primary" if primary else "secondary",
        key=f"duplicates_export_{label.lower()}",
        help=about,
    )
