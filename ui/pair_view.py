"""Scores of a sentence pair beside what is usual for each encoder, and the heat map of many."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from sbert_core.charts.heatmap import similarity_heatmap
from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.strips import percentile_strip
from sbert_core.errors import DataError, SBERTLabError
from sbert_core.lab import CorpusInfo, Lab
from sbert_core.results import PairSimilarity, RandomPairs
from sbert_core.scripts import matrix_script

from . import state
from .script_export import offer_script
from .wording import plain

MOST_SENTENCES = 50

_EXAMPLES = """The parcel arrived two days late.
My package came later than promised.
The courier left it with a neighbour.
This soup is far too salty.
The waiter forgot our drinks twice.
How often should I water a lemon tree?"""


_LINK = ("a", "b", "model")
# What each part of a link fills in.
_FILLED_IN = {"a": "pair_a", "b": "pair_b", "model": "explain_model"}


def follow_link() -> None:
    """Fill the page in from its address (?a=…&b=…&model=…), once for each link that is opened."""
    link = {name: st.query_params[name] for name in _LINK if name in st.query_params}
    if not link or link == state.recall("pair_link", None):
        return
    state.keep_value("pair_link", link)
    for name, value in link.items():
        state.keep_value(_FILLED_IN[name], value)
        st.session_state[_FILLED_IN[name]] = value


def pair_text(name: str, label: str, default: str) -> str:
    """Draw a box for one sentence; a link or an earlier visit may have filled it in."""
    if name not in st.session_state:
        st.session_state[name] = state.recall(name, default)
    typed: str = st.text_area(
        label, height=90, key=name, on_change=keep_and_leave_link, args=(name,)
    )
    return typed


def keep_and_leave_link(name: str) -> None:
    """Keep what was typed; a link in the address no longer says what the page shows."""
    state.keep(name)
    state.keep_value("pair_link", None)
    for part in _LINK:
        st.query_params.pop(part, None)


@contextmanager
def said_plainly() -> Iterator[None]:
    """Show what a user can mend as a sentence, so that the rest of the page goes on."""
    try:
        yield
    except SBERTLabError as error:
        st.error(plain(str(error)))


def show_scores(lab: Lab, info: CorpusInfo, a: str, b: str, models: list[str]) -> None:
    """Four measures under each encoder, and where its cosine falls among random pairs."""
    with st.spinner("Reading both sentences …"):
        scores = lab.similarity(a, b, models)
    st.dataframe(
        [
            {
                "encoder": score.model,
                "cosine": score.cosine,
                "dot product": score.dot,
                "Euclidean distance": score.euclidean,
                "Manhattan distance": score.manhattan,
            }
            for score in scores
        ],
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in ("cosine", "dot product", "Euclidean distance", "Manhattan distance")
        },
    )
    cut = [plain(score.model) for score in scores if score.truncated]
    if cut:
        st.warning(f"Only the beginning of a sentence this long is read by {', '.join(cut)}.")
    st.subheader("Is that much?")
    if info.rows < 2:
        st.caption(
            "The corpus on the table has one row: there are no random pairs to compare with."
        )
        return
    st.markdown(
        f"The same cosine means different things under different encoders. Each strip shows the "
        f"cosines of random pairs of “{plain(info.name)}”; the line is this pair."
    )
    with st.spinner("Drawing random pairs …"):
        yardsticks = [lab.random_pairs(info.corpus_id, model) for model in models]
    _strips(scores, yardsticks)


def _strips(scores: list[PairSimilarity], yardsticks: list[RandomPairs]) -> None:
    """One histogram per encoder on a common axis, two in a row."""
    low = min(float(y.cosines[0]) for y in yardsticks)
    span = (min(low, *(s.cosine for s in scores)) - 0.02, 1.02)
    columns: list[Any] = []
    for i, (score, yardstick) in enumerate(zip(scores, yardsticks, strict=True)):
        columns = columns or list(st.columns(2, gap="large"))
        with columns.pop(0):
            st.markdown(f"**{plain(score.model)}** · {in_words(score, yardstick)}")
            st.plotly_chart(
                percentile_strip(yardstick.cosines, score.cosine, state.mode(), x_range=span),
                key=f"pair_strip_{i}",
                theme=None,
                config=QUIET_CONFIG,
            )


def in_words(score: PairSimilarity, yardstick: RandomPairs) -> str:
    """Say where a cosine falls among random pairs."""
    percentile = yardstick.percentile(score.cosine)
    place = (
        "above every random pair"
        if percentile >= 100 - 50 / len(yardstick.cosines)
        else f"percentile {percentile:.1f} of random pairs"
    )
    sampled = f", from {yardstick.rows} sampled rows" if yardstick.sampled else ""
    return f"cosine {score.cosine:.2f}: {place} (their mean is {yardstick.mean:.2f}{sampled})"


def show_heatmap(lab: Lab, models: list[str]) -> None:
    """Up to fifty sentences, each against each."""
    box, picture = st.columns([2, 3], gap="large")
    with box:
        pasted = state.kept_text(
            "pair_many", f"One sentence a line, at most {MOST_SENTENCES}", _EXAMPLES, height=260
        )
        usual = models.index(state.encoder()) if state.encoder() in models else 0
        model = st.selectbox("Encoder", models, index=usual, key="pair_heat_model")
    sentences = sentences_of(pasted)
    with picture:
        matrix = lab.similarity_matrix(sentences, model)
        st.plotly_chart(
            similarity_heatmap(matrix, sentences, state.mode()),
            key="pair_heat",
            theme=None,
            config=QUIET_CONFIG,
        )
    offer_script("cosines", matrix_script(sentences, model))


def sentences_of(pasted: str) -> list[str]:
    """Split pasted text into sentences, one a line; blank lines do not count.

    Raises:
        DataError: Fewer than two, or more than `MOST_SENTENCES`.
    """
    sentences = [line.strip() for line in pasted.splitlines() if line.strip()]
    if not 2 <= len(sentences) <= MOST_SENTENCES:
        raise DataError(
            f"The heat map takes 2 to {MOST_SENTENCES} sentences, one a line; "
            f"here are {len(sentences)}."
        )
    return sentences
