"""Encoders side by side: the ranked table, the linked maps, and how far they agree."""

from typing import Any

import streamlit as st

from sbert_core.charts.agreement_dots import AgreementLine, agreement_figure
from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.desk_results import Comparison
from sbert_core.errors import SBERTLabError
from sbert_core.lab import CorpusInfo, Lab, to_csv

from . import state
from .compare_maps import colour_options, show_linked_maps, show_morph
from .compare_neighbours import show_neighbours
from .wording import counted, plain

_TABLE_ROWS = 5000
_ALL = "encoder to encoder"
_HOW_TO_PICK = (
    "Each point is a sentence, in the same colour on every map. Draw a loop around some, click "
    "one, or press a group: the same sentences light up everywhere. Neighbourhoods count; where a "
    "group lies and how large it looks mean little."
)


def show_figures(found: Comparison) -> None:
    """The ranked table: what each encoder is worth on this corpus, and what it costs."""
    st.markdown(f"**{plain(found.headline)}**")
    judged = found.label_count > 0
    rows = sorted(found.encoders, key=lambda e: -(e.knn_label_accuracy or 0)) if judged else None
    table = [
        {
            "encoder": e.model,
            "neighbours right": e.knn_label_accuracy,
            "V-measure": e.v_measure,
            "adjusted Rand": e.ari,
            "silhouette": e.silhouette,
            "random pairs": f"{e.random_pair_cosine:.2f} ± {e.random_pair_spread:.2f}",
            "effective rank": f"{e.effective_rank:.0f} of {e.dims}",
            "sentences/s": e.sentences_per_second,
            "parameters": f"{e.parameters / 1e6:.1f} M",
            "MB": e.disk_bytes / 1e6,
        }
        for e in rows or found.encoders
    ]
    of_labels = ("neighbours right", "V-measure", "adjusted Rand")
    order = [name for name in table[0] if judged or name not in of_labels]
    st.dataframe(table, hide_index=True, column_order=order, column_config=_columns(found))
    st.caption(
        f"{'Best at the top. ' if judged else ''}Where **random pairs** already score 0.9, as "
        "under a plain BERT, a high cosine says nothing. Hover over a column's name for what it is."
    )
    for note in found.notes:
        st.caption(f":material/info: {plain(note)}")


def _columns(found: Comparison) -> dict[str, Any]:
    """What each column of the ranked table is."""
    number, bar = st.column_config.NumberColumn, st.column_config.ProgressColumn
    text = st.column_config.TextColumn
    baseline = f" Always guessing the most frequent label: {found.label_baseline or 0:.2f}."
    return {
        "encoder": text(help="After the colon: how the token vectors are pooled into one."),
        "neighbours right": bar(
            format="%.2f",
            min_value=0,
            max_value=1,
            help=f"Share of sentences whose {found.neighbours} nearest neighbours vote for the "
            f"right label in “{found.label_column}”." + baseline,
        ),
        "V-measure": bar(
            format="%.2f",
            min_value=0,
            max_value=1,
            help=f"How well {found.k} groups match the labels: 1 if they do, 0 if they say nothing "
            "about them.",
        ),
        "adjusted Rand": number(
            format="%.2f", help="The same for pairs of sentences; 0 is what chance gives."
        ),
        "silhouette": number(
            format="%.2f",
            help=f"How separate {found.k} groups are in this encoder's own space, in [-1, 1]. An "
            "encoder can be sure of itself and wrong.",
        ),
        "random pairs": text(
            help="Mean cosine of random pairs ± standard deviation. Near 0 the space is used on "
            "all sides; near 1 all sentences look alike."
        ),
        "effective rank": text(help="Directions that the vectors really use, of all they have."),
        "sentences/s": number(
            format="%.0f",
            help="All encoders on the same sentences, one after the other, on the machine and at "
            "the time of this comparison.",
        ),
        "parameters": text(help="Numbers that training has set, in millions."),
        "MB": number(format="%.0f", help="Size of the weights on disk."),
    }


@st.fragment
def show_maps(lab: Lab, info: CorpusInfo, found: Comparison) -> None:
    """All maps, what is picked on them, and the morph; a pick reruns only this part."""
    try:
        title, box = st.columns([5, 3], vertical_alignment="center")
        title.subheader("The same sentences under each encoder")
        with box:
            colour = _choose("Coloured by", "compare_colour", colour_options(found, info))
        picked = show_linked_maps(found, colour)
        st.caption(_HOW_TO_PICK)
        if len(picked) == 1:
            show_neighbours(lab, found, picked[0], list(range(len(found.models))))
        elif picked:
            _show_picked(lab, info, found, picked)
        _show_morph(found, colour, picked)
    except SBERTLabError as error:
        st.error(plain(str(error)))


def _choose(label: str, name: str, options: list[str]) -> str:
    """A select box that remembers its choice across pages."""
    kept = state.recall(name, options[0])
    chosen: str = st.selectbox(
        label,
        options,
        index=options.index(kept) if kept in options else 0,
        key=name,
        format_func=lambda option: f"{label} {option}",
        label_visibility="collapsed",
        on_change=state.keep,
        args=(name,),
    )
    return chosen


def _show_picked(lab: Lab, info: CorpusInfo, found: Comparison, rows: list[int]) -> None:
    """The picked rows as a table, and as a file."""
    table = lab.table(info.corpus_id, rows)
    table["in common"] = found.mean_row_overlap()[rows]
    shown = min(len(rows), _TABLE_ROWS)
    more = f", the first {shown:,} shown" if shown < len(rows) else ""
    title, button = st.columns([4, 1], vertical_alignment="bottom")
    title.markdown(f"**{counted(len(rows), 'sentence')} picked**{more}")
    button.download_button(
        "Export as CSV",
        to_csv(table),
        file_name="selection.csv",
        mime="text/csv",
        on_click="ignore",
        width="stretch",
        key="compare_export_selection",
    )
    first = [c for c in (info.text_column, found.label_column, "in common") if c]
    order = [*first, *(c for c in table.columns if c not in first)]
    st.dataframe(
        table.iloc[:shown][order],
        hide_index=True,
        height=260,
        column_config={
            "in common": st.column_config.ProgressColumn(
                format="%.2f",
                min_value=0,
                max_value=1,
                help="Share of a sentence's nearest neighbours that two of these encoders have in "
                "common, mean of all pairs.",
            )
        },
    )


def _show_morph(found: Comparison, colour: str, picked: list[int]) -> None:
    """One map that turns into the next, or into itself with another seed."""
    title, box = st.columns([5, 3], vertical_alignment="center")
    title.subheader("Watch one map turn into the next")
    twice = {f"{model} to itself, drawn twice": model for model in found.models}
    with box:
        chosen = _choose("From", "compare_morph", [_ALL, *twice])
    show_morph(found, colour, twice.get(chosen, ""), picked)
    st.caption(
        "Move the slider, or press Play. Points that travel together are neighbours under both "
        "encoders; “drawn twice” shows how much moves when nothing but the seed has changed."
    )


def show_agreement(found: Comparison) -> None:
    """How far each pair agrees, in embedding space and on the maps, beside chance and dice."""
    st.subheader("Do they agree?")
    known = [pair for pair in found.agreement if pair.knn_overlap is not None]
    if not known:
        st.info("There is nothing to measure: an encoder gives every sentence the same vector.")
        return
    known.sort(key=lambda pair: -(pair.knn_overlap or 0))
    lines = [
        AgreementLine(
            f"{pair.a} · {pair.b}",
            pair.knn_overlap or 0.0,
            pair.map_overlap or 0.0,
            found.null_of(pair),
        )
        for pair in known
    ]
    figure = agreement_figure(lines, found.chance_overlap, found.neighbours, state.mode())
    picture, numbers = st.columns([6, 5], gap="medium")
    with picture:
        st.plotly_chart(figure, key="compare_agreement", theme=None, config=QUIET_CONFIG)
    with numbers:
        _agreement_table(found)
    st.caption(
        f"{plain(found.about_chance)} Filled dots are measured in embedding space, so no drawing "
        "is involved; where a ring lies far left of its upright line, the encoders disagree by "
        "more than the dice of the drawing."
    )


def _agreement_table(found: Comparison) -> None:
    """The numbers behind the figure."""
    st.dataframe(
        [
            {
                "pair": f"{pair.a} · {pair.b}",
                "in common": pair.knn_overlap,
                "CKA": pair.cka,
                "unrelated": pair.cka_shuffled,
                "distances": pair.rank_correlation,
            }
            for pair in sorted(found.agreement, key=lambda pair: -(pair.knn_overlap or 0))
        ],
        hide_index=True,
        column_config={
            "in common": st.column_config.NumberColumn(
                format="%.2f",
                help=f"Share of the {found.neighbours} nearest neighbours in common, mean of all "
                f"sentences; two unrelated encoders have {found.chance_overlap:.3f}.",
            ),
            "CKA": st.column_config.NumberColumn(
                format="%.2f",
                help="Linear centred kernel alignment, in [0, 1]: how alike the two spaces are as "
                "a whole, however they are turned.",
            ),
            "unrelated": st.column_config.NumberColumn(
                format="%.2f",
                help="What CKA gives when the sentences of one encoder are shuffled: the zero to "
                "compare with.",
            ),
            "distances": st.column_config.NumberColumn(
                format="%.2f",
                help="Rank correlation of the distances of the same pairs of sentences, in "
                "[-1, 1]: is what is far for one far for the other?",
            ),
        },
    )
