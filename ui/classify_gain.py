"""What would make it better: more labels (learning curve), or a better encoder (fine-tuning)."""

import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.learning_curve import learning_curve_figure
from sbert_core.desk_results import FewShotConfig
from sbert_core.lab import CorpusInfo, Lab

from . import state
from .wording import duration, plain


def show_curve(lab: Lab, info: CorpusInfo, model: str, config: FewShotConfig) -> None:
    """Accuracy against examples, or the button that measures it."""
    st.markdown("**Would more labels help?**")
    curve = lab.classification.stored_curve(info.corpus_id, model, config)
    if curve is None:
        st.caption(
            "The learning curve learns from 1, 2, 4, … examples a class, ten times each, and tests "
            "on labelled sentences that were not drawn."
        )
        _job_button(lab, info, model, config, "curve", "Draw the learning curve")
        return
    places = [(p.shots, p.accuracy, p.low, p.high) for p in curve.points]
    st.plotly_chart(
        learning_curve_figure(places, state.mode()),
        key="classify_curve",
        theme=None,
        config=QUIET_CONFIG,
    )
    st.caption(
        f"{curve.sentence} The line is the mean of {curve.points[0].draws} draws of examples; 95 "
        "of 100 draws lie in the band, so its width is the luck of the draw. The heads here learn "
        "from the examples alone."
    )


def show_tuning(lab: Lab, info: CorpusInfo, model: str, config: FewShotConfig) -> None:
    """Fine-tuning of the encoder: what it is, the button, and before and after."""
    st.divider()
    st.subheader("Fine-tune the encoder on these labels")
    tuned = lab.classification.stored_tuning(info.corpus_id, model, config)
    if tuned is None:
        st.markdown(
            "So far the encoder stayed as it was. It can also learn itself: from pairs of examples "
            "of one class, which it draws together, and of two classes, which it pushes apart. "
            "Whether that helps is measured on labelled sentences that were held out."
        )
        _job_button(lab, info, model, config, "tune", "Fine-tune and compare")
        return
    before, after, pairs = st.columns(3)
    before.metric("Accuracy before", f"{tuned.before.accuracy:.1%}")
    after.metric(
        "Accuracy after",
        f"{tuned.after.accuracy:.1%}",
        f"{100 * tuned.gain:+.1f} points",
        help=f"With 95 % confidence between {100 * tuned.low:+.1f} and {100 * tuned.high:+.1f}.",
    )
    pairs.metric("Pairs learnt from", f"{tuned.pairs:,}", help=f"Of {tuned.examples:,} examples.")
    (st.success if tuned.low > 0 else st.info)(plain(tuned.sentence))
    st.caption(
        "Both heads learnt from the same examples and were tested on the same held-out sentences."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name of the new encoder", f"{info.name.split('.')[0][:40]}-sbert", key="classify_name"
        )
        if st.button("Make it available", key="classify_adopt"):
            state.set_encoder(lab.training.adopt(tuned.training_run, name))
            st.rerun()
    st.caption("It is then in the list of encoders at the left, on every page.")


def _job_button(
    lab: Lab, info: CorpusInfo, model: str, config: FewShotConfig, task: str, label: str
) -> None:
    """Start a job, or say that it runs; its bar is at the top of the page."""
    job = lab.classification.job(task, info.corpus_id, model, config)
    if job is not None and job.active:
        st.caption(":material/hourglass_top: In progress, see the bar at the top of the page.")
        return
    seconds = lab.classification.estimate(task, info.corpus_id, model, config)
    if st.button(label, key=f"classify_{task}", help=f"Takes about {duration(seconds)}."):
        lab.classification.start(task, info.corpus_id, model, config)
        st.rerun()
