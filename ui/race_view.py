"""All pairs by a bi-encoder and by a cross-encoder: the paper's argument, timed on this machine."""

import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.race import TimePoint, race_figure
from sbert_core.desk_results import RaceResult
from sbert_core.lab import Lab
from sbert_core.scripts import race_script

from . import state
from .cross_choice import MEASURED, PUBLISHED, choose_cross_encoder
from .page import current_corpus
from .rerank_view import show_reranking
from .script_export import offer_script
from .wording import plain

# The Benchmark page finds both of its tabs about cross-encoders here.
__all__ = ["show_race", "show_reranking"]


def show_race(lab: Lab) -> None:
    """Draw the tab: the question, the button, the curve, the arithmetic."""
    info, model = current_corpus(lab), state.encoder()
    published = lab.race.PUBLISHED
    st.markdown(
        "Which two of N sentences are most alike? A **cross-encoder** reads two sentences together "
        "and has to read every pair. A **bi-encoder** reads each sentence once and then only "
        "compares vectors. The number of pairs grows with the square of N: that is why "
        "Sentence-BERT was made."
    )
    cross = choose_cross_encoder(lab)
    if cross is None:
        return
    result = lab.race.stored_race(info.corpus_id, model, cross)
    job = lab.race.race_job(info.corpus_id, model, cross)
    if job is None or not job.active:
        words, button = st.columns([5, 2], vertical_alignment="center")
        words.caption(
            f"{plain(model)} against {plain(cross)} on “{plain(info.name)}”: 100, 1,000 and 10,000 "
            "sentences. Takes about half a minute with a small encoder. Choose another bi-encoder "
            "at the side."
        )
        if button.button(
            "Measure again" if result else "Start the race",
            type="secondary" if result else "primary",
            width="stretch",
            key="race_start",
        ):
            lab.race.start_race(info.corpus_id, model, cross)
            st.rerun()
    if result is None:
        st.info(
            f"Published: with BERT on a GPU, {published.sentences:,} sentences took about "
            f"{_hours(published.cross_seconds)} as pairs and about {published.bi_seconds:.0f} "
            "seconds as vectors. What do you expect of this machine?"
        )
        return
    _show_result(lab, result)
    offer_script("race", race_script(info, model, cross))


def _show_result(lab: Lab, result: RaceResult) -> None:
    """The longest lap in big letters, the curve, and how its numbers came about."""
    last = result.laps[-1]
    bi, cross, ratio = st.columns(3)
    bi.metric(
        f"{last.sentences:,} sentences by {result.model}",
        result.in_words(last.bi_seconds),
        help="Reading all sentences, and one matrix product for all pairs. Measured here.",
    )
    cross.metric(
        f"{last.sentences:,} sentences by {result.cross}",
        result.in_words(last.cross_seconds),
        help=result.arithmetic(last),
    )
    ratio.metric("The cross-encoder takes", f"{last.ratio:,.0f} times as long")
    left, right = st.columns([6, 5], gap="large")
    with left:
        _show_curve(lab, result)
    with right:
        _show_arithmetic(lab, result)


def _show_curve(lab: Lab, result: RaceResult) -> None:
    """Both lines, and the paper's two points."""
    said = lab.race.PUBLISHED
    bi = [
        TimePoint(
            lap.sentences,
            lap.bi_seconds,
            True,
            f"{lap.sentences:,} sentences by {result.model}: {result.in_words(lap.bi_seconds)}, "
            "measured",
        )
        for lap in result.laps
    ]
    cross = [
        TimePoint(lap.sentences, lap.cross_seconds, lap.cross_measured, result.arithmetic(lap))
        for lap in result.laps
    ]
    published = (
        TimePoint(
            said.sentences, said.bi_seconds, False, f"About 5 seconds, published. {said.source}"
        ),
        TimePoint(
            said.sentences, said.cross_seconds, False, f"About 65 hours, published. {said.source}"
        ),
    )
    st.markdown(f"**Time for all pairs** {MEASURED} {PUBLISHED}")
    st.plotly_chart(
        race_figure(bi, cross, published, state.mode()),
        key="race_curve",
        theme=None,
        config=QUIET_CONFIG,
    )
    st.caption(
        "How to read it: each line on the time axis is about ten times the one below. Filled "
        "marks were measured, open ones are extrapolated from a sample, diamonds are the paper's."
    )


def _show_arithmetic(lab: Lab, result: RaceResult) -> None:
    """Every number of the curve, in words."""
    st.markdown(f"**By {plain(result.cross)}**, one pair after another")
    st.markdown("\n".join(f"- {plain(result.arithmetic(lap))}" for lap in result.laps))
    st.caption(
        f"The speed: {result.sample_pairs:,} random pairs of these sentences, read in "
        f"{result.sample_seconds:.1f} s in fp32."
    )
    st.markdown(f"**By {plain(result.model)}**, each sentence once, in {result.precision}")
    st.markdown(
        "\n".join(
            f"- {lap.sentences:,} sentences: {result.in_words(lap.encode_seconds)} to read, "
            f"{result.in_words(lap.compare_seconds)} for all {lap.pairs:,} cosines"
            for lap in result.laps
        )
    )
    last = result.laps[-1]
    st.caption(
        f"The most similar pair it found, cosine {last.cosine:.2f}: “{plain(last.first)}” and "
        f"“{plain(last.second)}”"
    )
    said = lab.race.PUBLISHED
    st.markdown(f"**The paper** {PUBLISHED}")
    st.caption(
        f"{said.sentences:,} sentences: about {_hours(said.cross_seconds)} against about "
        f"{said.bi_seconds:.0f} seconds ({plain(said.source)}). Another machine and a larger "
        "network: compare the gap, not the numbers."
    )
    st.caption(plain(f"Measured on {result.machine}. {result.note}".strip()))


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.0f} hours"
