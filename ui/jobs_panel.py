"""The job panel: progress, rate, time left and Cancel for whatever runs outside the page."""

import streamlit as st

from sbert_core.jobs import Job
from sbert_core.lab import ClusterConfig, CorpusInfo, Lab, ProjectionConfig

from .wording import duration, plain

_REFRESH_S = 0.8


def job_panel(lab: Lab, corpus_id: str) -> bool:
    """Show the jobs of a corpus; the page reruns by itself when one of them ends.

    Args:
        lab: The Lab.
        corpus_id: Whose jobs.

    Returns:
        Whether any job waits or runs.
    """
    jobs = lab.jobs.jobs(corpus_id)
    active = tuple(job.job_id for job in jobs if job.active)
    if active:
        _live(lab, corpus_id, active)
    for job in jobs:
        if job.status == "failed":
            _ended(lab, job)
    return bool(active)


def ask_for(
    lab: Lab,
    kind: str,
    info: CorpusInfo,
    model: str,
    config: ClusterConfig | ProjectionConfig,
) -> None:
    """See that a missing result is being made; one that was cancelled waits for a click.

    Args:
        lab: The Lab.
        kind: "map" or "cluster".
        info: The corpus.
        model: Encoder string.
        config: Settings of the result.
    """
    before = {job.job_id for job in lab.jobs.jobs(info.corpus_id) if job.active}
    job = lab.start(kind, info.corpus_id, model, config, again=False)
    if job.active and job.job_id not in before:
        # The panel at the top was drawn before this job was there.
        st.rerun()
    if job.status == "cancelled":
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.info(f"“{plain(job.spec.title)}” was cancelled.")
        if button.button("Start it again", key=f"restart_{job.job_id}", width="stretch"):
            lab.start(kind, info.corpus_id, model, config)
            st.rerun()


@st.fragment(run_every=_REFRESH_S)
def _live(lab: Lab, corpus_id: str, known: tuple[str, ...]) -> None:
    """Draw running jobs; when one of them has ended, rerun the page so that it shows the result."""
    jobs = [job for job in lab.jobs.jobs(corpus_id) if job.active]
    if tuple(job.job_id for job in jobs) != known:
        st.rerun()
    with st.container(border=True):
        for job in jobs:
            _progress(lab, job)


def _progress(lab: Lab, job: Job) -> None:
    """One job: its bar, what it is doing, and Cancel."""
    bar, button = st.columns([6, 1], vertical_alignment="center")
    bar.progress(job.fraction, text=f"**{plain(job.spec.title)}** · {describe(job)}")
    if button.button("Cancel", key=f"cancel_{job.job_id}", width="stretch"):
        with st.spinner("Stopping …"):
            lab.jobs.cancel(job.job_id)
        st.rerun()


def _ended(lab: Lab, job: Job) -> None:
    """A job that failed: why, and the way on."""
    st.error(plain(f"{job.spec.title}: {job.error}"))
    again, forget, _ = st.columns([1, 1, 5])
    if again.button("Try again", key=f"again_{job.job_id}", width="stretch"):
        lab.jobs.submit(job.spec)
        st.rerun()
    if forget.button("Dismiss", key=f"dismiss_{job.job_id}", width="stretch"):
        lab.jobs.dismiss(job.job_id)
        st.rerun()


def describe(job: Job) -> str:
    """Say in words how far a job is: stage, count, rate, time left."""
    if job.status == "queued":
        return plain(job.message or "waiting for its turn")
    parts = [job.message] if job.message else []
    if job.total > 1:
        parts.append(f"{job.done:,} of {job.total:,}")
    if job.per_second and job.per_second >= 1:
        parts.append(f"{job.per_second:,.0f} a second")
    if job.seconds_left is not None:
        parts.append(f"{duration(job.seconds_left)} left")
    return " · ".join(parts)
