"""How quick an encoder is here, and how much of this machine's arithmetic it uses."""

import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.speed import batch_figure, path_figure, share_figure
from sbert_core.desk_results import SpeedResult
from sbert_core.lab import Lab
from sbert_core.scripts import speed_script

from . import state
from .cross_choice import MEASURED
from .page import current_corpus
from .script_export import offer_script
from .wording import plain


def show_speed(lab: Lab) -> None:
    """Draw the tab: the button, the whole way, and batches of several shapes."""
    info, model = current_corpus(lab), state.encoder()
    st.markdown(
        "How many sentences a second does this machine turn into vectors, and what decides it? "
        "Nearly all the work is matrix products; how much of the machine's speed in plain matrix "
        "products an encoder reaches says what is left to gain."
    )
    result = lab.race.stored_speed(info.corpus_id, model)
    job = lab.race.speed_job(info.corpus_id, model)
    if job is None or not job.active:
        words, button = st.columns([5, 2], vertical_alignment="center")
        words.caption(
            f"{plain(model)} on sentences of “{plain(info.name)}”; takes about 20 seconds. Choose "
            "another encoder at the side."
        )
        if button.button(
            "Measure again" if result else "Measure the speed",
            type="secondary" if result else "primary",
            width="stretch",
            key="speed_start",
        ):
            lab.race.start_speed(info.corpus_id, model)
            st.rerun()
    if result is not None:
        _show_paths(result)
        _show_batches(result)
        offer_script("speed", speed_script(info, model))


def _show_paths(result: SpeedResult) -> None:
    """From texts to vectors, in every precision that the machine has units for."""
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.markdown(f"**From texts to vectors** {MEASURED}")
        st.plotly_chart(
            path_figure(
                [f"{path.runtime}, {path.precision}" for path in result.paths],
                [path.sentences_per_second for path in result.paths],
                [path.share for path in result.paths],
                state.mode(),
            ),
            key="speed_paths",
            theme=None,
            config=QUIET_CONFIG,
        )
        st.caption(
            "How to read it: longer is quicker. This is the whole way, splitting into tokens "
            f"included, for sentences of {result.mean_tokens:.0f} tokens on average. fp32 computes "
            "with 32 bits, bf16 with 16 where the processor has units for it."
        )
    with right:
        st.markdown("**The machine's peak**")
        st.dataframe(
            [{"precision": name, "GFLOP a second": peak} for name, peak in result.peaks.items()],
            hide_index=True,
            column_config={
                "GFLOP a second": st.column_config.NumberColumn(
                    format="%,.0f",
                    help="Thousand million multiplications and additions a second in a plain "
                    "product of two square matrices.",
                )
            },
            key="speed_peaks",
        )
        st.caption(_formula(result))
        st.caption(plain(f"Measured on {result.machine}. {result.note}".strip()))


def _formula(result: SpeedResult) -> str:
    """How the operations of a token were counted, with this encoder's numbers."""
    if not result.layers:
        return ""
    tokens = result.mean_tokens
    work = result.flops_per_token / 1e6
    return plain(
        f"Share of the peak = tokens a second × operations a token / peak. Operations a token: "
        f"{result.formula} = {work:.1f} million, with L = {result.layers} layers, "
        f"D = {result.hidden_size} dimensions and T = {tokens:.0f} tokens in a sentence."
    )


def _show_batches(result: SpeedResult) -> None:
    """The network alone, for several lengths and sizes of batch."""
    names = list(result.peaks)
    chosen = names[-1]
    if len(names) > 1:
        chosen = st.segmented_control(
            "Precision",
            names,
            default=names[-1],
            required=True,
            key="speed_precision",
            label_visibility="collapsed",
        )
    cells = [cell for cell in result.cells if cell.precision == chosen]
    if not cells:
        return
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.markdown(f"**Sentences a second**, the network alone, {chosen} {MEASURED}")
        st.plotly_chart(
            batch_figure(
                {(cell.length, cell.batch): cell.sentences_per_second for cell in cells},
                state.mode(),
            ),
            key="speed_batches",
            theme=None,
            config=QUIET_CONFIG,
        )
        st.caption(
            "How to read it: a line that rises above the next one is what a larger batch gains; "
            "where lines meet, a larger batch gains nothing. Twice as long costs about twice as "
            "much, so sentences of like length are put together and padding is avoided."
        )
    shares = {(c.length, c.batch): c.share for c in cells if c.share is not None}
    if not shares:
        return
    with right:
        st.markdown(f"**Share of the machine's peak**, {chosen} {MEASURED}")
        st.plotly_chart(
            share_figure(shares, state.mode()),
            key="speed_shares",
            theme=None,
            config=QUIET_CONFIG,
        )
        left_out = (
            f" {result.left_out} shapes were left out, because the time box was used up."
            if result.left_out
            else ""
        )
        st.caption(
            "How to read it: 100 % would be a plain matrix product and nothing else. Single short "
            f"sentences keep the machine waiting; that is why texts are batched.{left_out}"
        )
