"""A run as it goes: progress, curves, signs of collapse, and the small map that takes shape."""

import math

import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.training_curves import (
    collapse_figure,
    map_extent,
    moving_map_figure,
    training_figure,
)
from sbert_core.jobs import Job
from sbert_core.lab import Lab
from sbert_core.training_request import TrainRequest

from . import state
from .jobs_panel import describe
from .wording import duration, plain

_REFRESH_S = 1.0
_CURVES_HEIGHT, _MAP_HEIGHT = 460, 440
_LEGEND_ROW = 19  # pixels
_SIGNS = (
    "**Cosine of random pairs.** Two random sentences should not be alike. Near 0 is good; rising "
    "towards 1 means that all vectors become one.",
    "**Effective rank.** How many directions the vectors really use. Falling towards 1 means that "
    "they come to lie on a line.",
    "**Alignment.** The mean squared distance of sentences that mean the same. Lower is nearer, "
    "and good as long as uniformity stays low, too.",
    "**Uniformity.** How evenly the vectors are spread. More negative is more even; 0 would be a "
    "single point.",
)


@st.fragment(run_every=_REFRESH_S)
def watch_run(lab: Lab, run_id: str, request: TrainRequest) -> None:
    """Draw a run that goes on; when it has ended, rerun the page so that it shows the result."""
    job = lab.training.job(request)
    if job is None or not job.active:
        st.rerun()
    _progress(lab, run_id, job)
    _pictures(lab, run_id, job.total)


def show_pictures(lab: Lab, run_id: str, total_steps: int | None) -> None:
    """Curves and maps of a run that does not go on."""
    if lab.training.history(run_id):
        _still(lab, run_id, total_steps)


@st.fragment
def _still(lab: Lab, run_id: str, total_steps: int | None) -> None:
    """A fragment, so that the slider of the map redraws nothing else."""
    _pictures(lab, run_id, total_steps)


def _progress(lab: Lab, run_id: str, job: Job) -> None:
    """How far a run is, how fast, and Cancel."""
    bar, button = st.columns([6, 1], vertical_alignment="center")
    bar.progress(job.fraction, text=f"**{plain(job.spec.title)}** · {_stage(job)}")
    if button.button("Cancel", key="train_cancel", width="stretch"):
        with st.spinner("Stopping …"):
            lab.jobs.cancel(job.job_id)
        st.rerun()
    history = lab.training.history(run_id)
    loss, score, rate, left = st.columns(4)
    loss.metric("Loss", _latest(history, "loss", "{:.4f}"), help="What training makes smaller.")
    first = next((entry["dev_spearman"] for entry in history if "dev_spearman" in entry), None)
    last = next((e["dev_spearman"] for e in reversed(history) if "dev_spearman" in e), None)
    score.metric(
        "Dev Spearman ×100",
        "…" if last is None else f"{last:.1f}",
        None if last is None or first is None else f"{last - first:+.1f} since the start",
        help="How well the order of the cosines agrees with the grades of pairs that are held "
        "back; 100 is perfect, 0 is chance.",
    )
    rate.metric("Sentences a second", _latest(history, "sentences_per_second", "{:,.0f}"))
    left.metric("Time left", "…" if job.seconds_left is None else duration(job.seconds_left))


def _stage(job: Job) -> str:
    """Say in words what a run is doing."""
    if job.status == "queued":
        return describe(job)
    if job.total > 1:
        return plain(f"{job.message.partition(',')[0]}, step {job.done:,} of {job.total:,}")
    return plain(job.message)


def _latest(history: list[dict[str, float]], key: str, form: str) -> str:
    """The last measurement of a key."""
    found = next((entry[key] for entry in reversed(history) if key in entry), None)
    return "…" if found is None else form.format(found)


def _pictures(lab: Lab, run_id: str, total_steps: int | None) -> None:
    """Curves beside the small map, and the signs of collapse below."""
    history = lab.training.history(run_id)
    curves, small_map = st.columns([5, 4], gap="large")
    with curves:
        st.markdown("**Loss and agreement with the dev pairs**")
        st.plotly_chart(
            training_figure(history, state.mode(), total_steps=total_steps, height=_CURVES_HEIGHT),
            key=f"train_curves_{run_id}",
            theme=None,
            config=QUIET_CONFIG,
        )
    with small_map:
        _small_map(lab, run_id)
    if not any("effective_rank" in entry for entry in history):
        return
    figure, words = st.columns([5, 4], gap="large")
    with figure:
        st.markdown("**Signs of collapse**")
        st.plotly_chart(
            collapse_figure(history, state.mode(), total_steps=total_steps),
            key=f"train_signs_{run_id}",
            theme=None,
            config=QUIET_CONFIG,
        )
    with words:
        st.markdown("**How to read them**")
        for sentence in _SIGNS:
            st.markdown(sentence)


def _small_map(lab: Lab, run_id: str) -> None:
    """The map of the watched sentences at one evaluation; a slider goes through them."""
    st.markdown("**The same sentences, at each evaluation**")
    frames = lab.training.frames(run_id)
    if not frames:
        evaluated = any("dev_spearman" in entry for entry in lab.training.history(run_id))
        st.caption(
            "A cross-encoder has no vectors, so there is no map."
            if evaluated
            else "The small map appears with the first evaluation."
        )
        return
    texts, labels = lab.training.watched(run_id)
    step = _choose_step(run_id, sorted(frames))
    figure = moving_map_figure(
        frames[step],
        labels or None,
        texts,
        state.mode(),
        extent=map_extent(frames.values()),
        height=_MAP_HEIGHT,
    )
    if figure.layout.showlegend:
        # Beside the curves there is no room for names beside the map. Plotly would find the
        # height of those below it too late, when a new map takes the place of another.
        rows = math.ceil(len(set(labels)) / 2)
        figure.update_layout(
            legend={"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top"},
            margin={"b": 12 + _LEGEND_ROW * rows},
        )
    st.plotly_chart(
        figure,
        key=f"train_map_{run_id}",
        theme=None,
        config=QUIET_CONFIG,
    )


def _choose_step(run_id: str, steps: list[int]) -> int:
    """Follow the latest map, until the user has put the slider elsewhere."""
    if len(steps) == 1:
        return steps[0]
    key, name = f"train_step_{run_id}", f"train_frame_{run_id}"

    def keep() -> None:
        picked = st.session_state[key]
        state.keep_value(name, None if picked == steps[-1] else picked)

    kept = state.recall(name, None)
    wanted = kept if kept in steps else steps[-1]
    if st.session_state.get(key) != wanted:
        st.session_state[key] = wanted
    chosen: int = st.select_slider(
        "After step", steps, key=key, on_change=keep, format_func=lambda step: f"{step:,}"
    )
    return chosen
