"""Neighbours of one sentence under several encoders, and the sentences that changed theirs most."""

from collections.abc import Callable, Sequence

import streamlit as st

from sbert_core.desk_results import Comparison
from sbert_core.lab import Lab

from .wording import plain, shorten

_SHOWN = 8
_CHARS = 140


def show_neighbours(lab: Lab, found: Comparison, row: int, encoders: Sequence[int]) -> None:
    """A sentence, and its nearest ones under each encoder side by side.

    Args:
        lab: The Lab.
        found: The comparison.
        row: The sentence's row.
        encoders: Numbers of the encoders.
    """
    labels = _labels(lab, found)
    st.markdown(f"> {plain(shorten(lab.texts(found.run.corpus_id, [row])[0], 400))}{labels(row)}")
    everywhere = set.intersection(*(set(found.near[i][row].tolist()) for i in encoders))
    for column, i in zip(st.columns(len(encoders), gap="medium"), encoders, strict=True):
        near, cosines = found.near[i][row][:_SHOWN], found.cosines[i][row][:_SHOWN]
        texts = lab.texts(found.run.corpus_id, near)
        lines = [
            f"{':material/done_all: ' if other in everywhere else ''}**{cosine:.2f}** "
            f"{plain(shorten(text, _CHARS))}{labels(other)}"
            for other, cosine, text in zip(near.tolist(), cosines, texts, strict=True)
        ]
        with column:
            st.markdown(f"**Nearest under {plain(found.models[i])}**")
            st.markdown("\n".join(f"- {line}" for line in lines))
    st.caption(
        "The number is the cosine under that encoder. :material/done_all: marks neighbours that "
        "all encoders shown here have in common."
    )


@st.fragment
def show_changed(lab: Lab, found: Comparison) -> None:
    """The sentences that two encoders see most differently, and their neighbours under both."""
    pairs = [pair for pair in found.agreement if pair.changed]
    if not pairs:
        return
    title, box = st.columns([5, 3], vertical_alignment="bottom")
    names = {f"{pair.a} and {pair.b}": pair for pair in pairs}
    first_last = f"{found.models[0]} and {found.models[-1]}"
    usual = list(names).index(first_last) if first_last in names else 0
    with box:
        chosen = st.selectbox("Between", list(names), index=usual, key="compare_changed_pair")
    pair = names[chosen]
    title.subheader(f"These {len(pair.changed)} sentences see the world most differently")
    a, b = found.models.index(pair.a), found.models.index(pair.b)
    shared = found.row_overlap(a, b)
    texts = lab.texts(found.run.corpus_id, pair.changed)
    listed, detail = st.columns([4, 7], gap="medium")
    with listed:
        picked = st.dataframe(
            [
                {"in common": round(found.neighbours * float(shared[row])), "sentence": text}
                for text, row in zip(texts, pair.changed, strict=True)
            ],
            hide_index=True,
            height=420,
            on_select="rerun",
            selection_mode="single-row",
            key=f"compare_changed_{found.run.run_id}_{a}_{b}",
            column_config={
                "sentence": st.column_config.TextColumn(width="large"),
                "in common": st.column_config.NumberColumn(
                    width="small", help=f"Of {found.neighbours} nearest neighbours."
                ),
            },
        )
        st.caption("Tick a sentence to see its neighbours; the first is shown otherwise.")
    places = picked["selection"]["rows"] if picked else []
    place = places[0] if places and places[0] < len(pair.changed) else 0
    with detail:
        show_neighbours(lab, found, pair.changed[place], [a, b])


def _labels(lab: Lab, found: Comparison) -> Callable[[int], str]:
    """Return what shows a row's label as a badge, or nothing where there are no labels."""
    if not found.label_count:
        return lambda row: ""
    frame = lab.workspace.frame(found.run.corpus_id, columns=[found.label_column])
    cells = frame[found.label_column].astype(str).tolist()
    return lambda row: f" :gray-badge[{plain(shorten(cells[row], 40))}]"
