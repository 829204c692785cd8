"""Why a pair is similar: both sentences tinted by what each word adds, and the pairs of words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.tinted_text import MAX_NUMBERED, TintedWord, tinted_text
from sbert_core.charts.token_heatmap import AxisWord, token_heatmap
from sbert_core.lab import Lab

from . import state
from .pair_view import keep_and_leave_link
from .wording import counted, plain, shorten

if TYPE_CHECKING:
    from sbert_core.desk_results import PairExplanation, Word, WordEffects

# More words than this make a heat map that nobody can read: the rest is summed up.
MOST_WORDS = 24
_TOP = 4
_LONGEST_LINK = 1500

_METHODS = {
    "tokens": "Word pairs, exact",
    "gradients": "Integrated gradients",
    "words": "Leave one word out",
}
_METHODS_HELP = (
    "Word pairs: under mean pooling and its kin the cosine is a sum over pairs of words, so this "
    "is exact. Integrated gradients: for any network; how each word moves the cosine on the way "
    "from padding to the sentence. Leave one word out: how the cosine changes without the word."
)
_NO_ATTENTION = (
    "Attention is not used as an explanation: it shows where a layer looked, not what moved the "
    "result, and very different attention can give the same result (Jain & Wallace 2019)."
)


def choose_encoder(models: list[str], at_hand: list[str]) -> str:
    """Ask whose cosine is to be explained."""
    kept = state.recall("explain_model", None)
    options = list(dict.fromkeys([*models, *at_hand, *([kept] if kept else [])]))
    if "explain_model" not in st.session_state:
        usual = state.encoder() if state.encoder() in options else options[0]
        st.session_state["explain_model"] = kept or usual
    chosen: str = st.selectbox(
        "Encoder to explain",
        options,
        accept_new_options=True,
        key="explain_model",
        on_change=keep_and_leave_link,
        args=("explain_model",),
    )
    return chosen


def show_explanation(lab: Lab, a: str, b: str, model: str) -> str:
    """Which words make the cosine of a pair what it is.

    Returns:
        The method that was chosen.
    """
    methods = lab.explanation.methods(model)
    method = st.segmented_control(
        "How",
        methods,
        default=methods[0],
        required=True,
        format_func=_METHODS.__getitem__,
        key=f"explain_by_{'_'.join(methods)}",
        help=_METHODS_HELP,
    )
    explanation = _explained(lab, a, b, model, method or methods[0])
    _sentences(explanation)
    if explanation.method == "tokens":
        _word_pairs(explanation)
    else:
        _left_over(explanation)
    st.caption(_NO_ATTENTION)
    return explanation.method


def link_to_pair(a: str, b: str, model: str) -> None:
    """An address that opens this pair under this encoder."""
    query = urlencode({"a": a, "b": b, "model": model})
    with st.popover("Link to this pair", icon=":material/link:"):
        if len(query) > _LONGEST_LINK:
            st.caption("These sentences are too long for an address.")
            return
        st.code(f"{(st.context.url or '').split('?')[0]}?{query}", language=None, wrap_lines=True)
        st.caption(
            "Opens this page with this pair. The address holds both sentences: whoever gets it, "
            "and the browser's history, can read them."
        )


def _explained(lab: Lab, a: str, b: str, model: str, method: str) -> "PairExplanation":
    """Compute, or take what is known; a bar shows how far it is."""
    holder = st.empty()

    def progress(done: int, total: int, message: str = "") -> None:
        if total and method != "tokens":
            holder.progress(min(1.0, done / total), f"Explaining: {message} …")

    with st.spinner("Reading word by word …"):
        explanation = lab.explanation.explain(a, b, model, method, progress)  # type: ignore[arg-type]
    holder.empty()
    return explanation


def _sentences(explanation: "PairExplanation") -> None:
    """Both sentences, tinted on one scale."""
    largest = explanation.largest
    for column, effects in zip(
        st.columns(2, gap="large"), (explanation.a, explanation.b), strict=True
    ):
        with column:
            st.html(tinted_text(effects.sentence.text, _tinted(effects), largest, state.mode()))
            if effects.sentence.truncated:
                st.caption("Only the beginning is read by this encoder; the grey rest is not.")
    sums = ", summed over its row or column below" if explanation.method == "tokens" else ""
    longest = max(len(effects.sentence.words) for effects in (explanation.a, explanation.b))
    where = "point at a word to see" if longest > MAX_NUMBERED else "below each word stands"
    st.caption(
        f"How to read it: {where} what it adds to the cosine {explanation.cosine:.3f}{sums}. "
        "Blue adds, orange takes away, and the deeper the stronger."
    )


def _tinted(effects: "WordEffects") -> list[TintedWord]:
    """The words as the chart wants them; added tokens only where they add something."""
    return [
        TintedWord(word.start, word.end, float(value), word.text)
        for word, value in zip(effects.sentence.words, effects.values, strict=True)
        if not word.special or value != 0
    ]


def _word_pairs(explanation: "PairExplanation") -> None:
    """What each pair of words adds, in a sentence and as a heat map."""
    special = explanation.special_share or 0.0
    st.markdown(
        f"Of the cosine **{explanation.cosine:.3f}**, {explanation.cosine - special:.3f} comes "
        f"from pairs of words and **{special:.3f} comes from pairs with a special token**, such "
        "as [CLS] and [SEP], which the encoder adds to every sentence."
    )
    pairs = [
        f"**{_short(one)}** with **{_short(two)}** ({_adds(value)})"
        for one, two, value in explanation.top_pairs(_TOP)
    ]
    if pairs:
        st.markdown(f"The pairs that add most: {', '.join(pairs)}.")
    matrix = explanation.folded(MOST_WORDS)
    st.plotly_chart(
        token_heatmap(
            matrix.values,
            _axis(matrix.rows, matrix.rest_rows),
            _axis(matrix.columns, matrix.rest_columns),
            state.mode(),
        ),
        key="explain_pairs",
        width="content",
        theme=None,
        config=QUIET_CONFIG,
        alt="Heat map: what each pair of words adds to the cosine",
    )
    rest = matrix.rest_rows + matrix.rest_columns
    folded = (
        f" Shown are the {MOST_WORDS} strongest words of a sentence; the last row or column sums "
        f"up the others, {counted(rest, 'word')} in all, beyond the scale of the colours."
        if rest
        else ""
    )
    st.caption(
        f"How to read it: rows are the first sentence, columns the second; a cell is what that "
        f"pair adds, and all cells sum to {explanation.cosine:.3f}. In grey italics: what the "
        f"encoder added.{folded} A token's vector has looked at its neighbours "
        "already, so a cell speaks for a word in its sentence, not for the word alone."
    )


def _axis(words: "Sequence[Word]", rest: int) -> list[AxisWord]:
    """The words of one side of the heat map, and what sums up the others."""
    axis = [AxisWord(word.text, "added" if word.special else "word") for word in words]
    return [*axis, AxisWord(f"{rest} other words", "rest")] if rest else axis


def _left_over(explanation: "PairExplanation") -> None:
    """Where the sum over one sentence begins, what its words add, and what is left over."""
    gradients = explanation.method == "gradients"
    empty = "padding" if gradients else "nothing"
    st.dataframe(
        [
            {
                "sentence": name,
                f"cosine with {empty} in its place": effects.baseline,
                "its words add": float(effects.values.sum()),
                "left over": effects.residual,
                "cosine": explanation.cosine,
            }
            for name, effects in (("first", explanation.a), ("second", explanation.b))
        ],
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.4f")
            for name in (
                *(f"cosine with {empty} in its place", "its words add", "left over", "cosine"),
            )
        },
    )
    st.caption(
        "Each row sums to the cosine. Special tokens stay where they are on the way from padding "
        "to the sentence; what is left over is the error of the numerical integral, and rounding."
        if gradients
        else "Each row sums to the cosine. Words are left out one at a time; words that work "
        "together are counted twice or not at all, and that is what is left over."
    )


def _adds(value: float) -> str:
    """A part of a cosine; in a long text each pair adds very little."""
    return f"{value:+.3f}" if abs(value) >= 0.01 else f"{value:+.5f}"


def _short(word: str) -> str:
    return plain(shorten(word, 30))
