"""Lists of pairs: paraphrases with a second look at them, and trivial copies apart."""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from sbert_core.desk_results import Duplicates
from sbert_core.lab import Lab

from . import state
from .wording import counted, plain, shorten

_SHOWN = 500
_TEXT_CHARS = 300
_HEIGHT = 440
_ROW_HEIGHT = 54
_ORDERS = ("Strongest first", "Nearest the line first")


def show_paraphrases(
    lab: Lab, found: Duplicates, line: float, doubted: NDArray[np.bool_] | None
) -> None:
    """Pairs whose words differ, with what a cross-encoder says of them."""
    places = found.places_at(line, trivial=False, doubted=doubted)
    order_box, look_box = st.columns([2, 3], gap="large", vertical_alignment="bottom")
    with order_box:
        order = st.segmented_control(
            "Order",
            _ORDERS,
            default=state.recall("duplicates_order", _ORDERS[0]),
            required=True,
            key="duplicates_order",
            on_change=state.keep,
            args=("duplicates_order",),
        )
    with look_box:
        cross = _second_look(lab, found, line)
    if not len(places):
        st.info("No paraphrases lie above this line. Move it to the left to see more.")
        return
    if order == _ORDERS[1]:
        places = places[::-1]
    table = pair_rows(lab, found, places[:_SHOWN])
    if cross:
        scores = lab.duplicates.second_look(found, cross)[places[:_SHOWN]]
        for row, score in zip(table, scores.tolist(), strict=True):
            row["second look"] = None if np.isnan(score) else score
    _table(table, "duplicates_pairs")
    _shown(len(places), _SHOWN)


def show_trivial(lab: Lab, found: Duplicates, line: float) -> None:
    """Copies that differ in nothing but dress, and texts that stand in the file more than once."""
    st.caption(
        "These pairs have the same words but for capitals, punctuation, spacing, word order or "
        "numbers. Look at the last kind: “order 12” and “order 13” may well be two matters."
    )
    places = found.places_at(line, trivial=True)
    if len(places):
        rows = pair_rows(lab, found, places[:_SHOWN], kinds=True)
        _table(rows, "duplicates_trivial")
        _shown(len(places), _SHOWN)
    else:
        st.info("No trivial copies lie above this line.")
    if found.copies:
        _repeated(lab, found)


def pair_rows(
    lab: Lab, found: Duplicates, places: NDArray[np.intp], *, kinds: bool = False
) -> list[dict[str, Any]]:
    """Make table rows of pairs: cosine, both row numbers (from 1) and both texts."""
    a, b = found.pairs.a[places].tolist(), found.pairs.b[places].tolist()
    texts = dict(zip([*a, *b], lab.texts(found.run.corpus_id, [*a, *b]), strict=True))
    rows = []
    for place, i, j in zip(places.tolist(), a, b, strict=True):
        row: dict[str, Any] = {"cosine": float(found.pairs.cosines[place])}
        if kinds:
            row["differ in"] = lab.duplicates.kind_name(int(found.kinds[place]))
        row |= {
            "first sentence": shorten(texts[i], _TEXT_CHARS),
            "second sentence": shorten(texts[j], _TEXT_CHARS),
            "rows": f"{i + 1:,} · {j + 1:,}",
        }
        rows.append(row)
    return rows


def _table(rows: list[dict[str, Any]], key: str) -> None:
    """Show pairs; long sentences take two lines."""
    st.dataframe(
        rows,
        hide_index=True,
        height=min(_HEIGHT, 40 + _ROW_HEIGHT * len(rows)),
        row_height=_ROW_HEIGHT,
        key=key,
        column_config={
            "cosine": st.column_config.NumberColumn(format="%.3f", width=70),
            "differ in": st.column_config.TextColumn(width=110),
            "rows": st.column_config.TextColumn(width=110, help="Row numbers in your file"),
            "second look": st.column_config.NumberColumn(
                format="%.2f",
                width=100,
                help="A cross-encoder's score from 0 (not the same) to 1 (the same); empty where "
                "it has not looked.",
            ),
        },
    )


def _shown(total: int, most: int) -> None:
    """Say so if not all pairs are in the table."""
    if total > most:
        st.caption(f"Showing {most:,} of {total:,}. “Take it with you” has them all.")


def _repeated(lab: Lab, found: Duplicates) -> None:
    """Texts that stand in several rows, word for word."""
    sizes = np.bincount(found.place)
    often = np.argsort(-sizes, kind="stable")
    often = often[sizes[often] > 1]
    st.markdown(
        f"**{counted(len(often), 'text')} in more than one row**, word for word; they are always "
        "in one group."
    )
    shown = often[:_SHOWN]
    texts = lab.texts(found.run.corpus_id, found.first[shown].tolist())
    st.dataframe(
        [
            {"rows": int(sizes[place]), "text": shorten(text, _TEXT_CHARS)}
            for place, text in zip(shown.tolist(), texts, strict=True)
        ],
        hide_index=True,
        height=min(_HEIGHT, 40 + 35 * len(shown)),
        column_config={"rows": st.column_config.NumberColumn(width=70)},
        key="duplicates_repeated",
    )
    _shown(len(often), _SHOWN)


# --- the second look ----------------------------------------------------------------------------


def _second_look(lab: Lab, found: Duplicates, line: float) -> str | None:
    """Offer a cross-encoder's opinion; return the one whose scores to show."""
    looked = lab.duplicates.looked_with(found.run.corpus_id)
    at_hand = [info.id for info in lab.cross_encoders() if info.available]
    names = list(dict.fromkeys([*looked, *at_hand]))
    if not names:
        return None
    chosen, button = st.columns([2, 1], vertical_alignment="bottom")
    cross = chosen.selectbox(
        "Second look by a cross-encoder",
        names,
        key="duplicates_cross",
        help="It reads both sentences of a pair at once: slower than comparing vectors, and "
        "surer. It reads the 2,000 pairs nearest the line, each in both orders.",
    )
    if button.button("Look again", width="stretch", key="duplicates_look"):
        lab.duplicates.start_second_look(found.run.corpus_id, found.run.encoder, line, cross)
        st.rerun()
    if cross in looked:
        _verdict(lab, found, line, cross, first=looked[0])
        return cross
    return None


def _verdict(lab: Lab, found: Duplicates, line: float, cross: str, first: str) -> None:
    """Say how many pairs above the line the cross-encoder doubts, and offer to leave them out."""
    places = found.places_at(line, trivial=False)
    scores = lab.duplicates.second_look(found, cross)[places]
    read, doubts = int((~np.isnan(scores)).sum()), int((scores < lab.duplicates.doubt).sum())
    st.caption(
        f"{plain(cross)} has read {read:,} of the {counted(len(places), 'paraphrase')} above the "
        f"line and doubts {doubts:,} of them (score below {lab.duplicates.doubt})."
    )
    if cross == first:
        st.toggle(
            "Leave out the pairs that it doubts",
            value=state.recall("duplicates_leave_out", False),
            key="duplicates_leave_out",
            on_change=state.keep,
            args=("duplicates_leave_out",),
        )
