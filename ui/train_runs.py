"""The training runs of a workspace: choosing one, and what to do with one that did not finish."""

from pathlib import PurePath

import streamlit as st

from sbert_core.jobs import Job
from sbert_core.lab import Lab
from sbert_core.training_request import TrainRequest

from . import state
from .train_view import show_pictures
from .wording import counted, plain

_NEW = "new"
_STATUS = {
    "queued": "in progress",
    "running": "in progress",
    "failed": "failed",
    "cancelled": "cancelled",
}


def choose_run(lab: Lab, runs: dict[str, TrainRequest]) -> str | None:
    """Choose an earlier run, or begin a new one.

    Args:
        lab: The Lab.
        runs: All of them by id, newest first.

    Returns:
        Id of the run on the table, or None for a new one.
    """
    chosen = state.run_id()
    if chosen not in runs:
        state.set_run_id(None)
        chosen = None
    else:
        state.set_run_id(chosen)  # into the address, which a page change empties
    if not runs:
        return None
    jobs = lab.training.jobs_of(runs.values())
    titles = {_NEW: "A new run"} | {
        run_id: _title(lab, run_id, request, job)
        for (run_id, request), job in zip(runs.items(), jobs, strict=True)
    }
    picker, button = st.columns([6, 1], vertical_alignment="bottom")
    key = f"train_run_{titles[chosen or _NEW]}"  # a box keeps its words as long as its key
    picker.selectbox(
        "Run",
        [_NEW, *runs],
        index=0 if chosen is None else 1 + list(runs).index(chosen),
        format_func=lambda run_id: titles[run_id],
        key=key,
        on_change=lambda: state.set_run_id(_run_or_none(st.session_state[key])),
    )
    if button.button("New run", width="stretch", disabled=chosen is None, key="train_new"):
        state.set_run_id(None)
        st.rerun()
    return chosen


def show_unfinished(lab: Lab, run_id: str, request: TrainRequest, job: Job | None) -> None:
    """A run that failed, was cancelled or left behind: why, and the way on."""
    status = job.status if job else "stopped"
    if job is not None and job.status == "failed":
        st.error(plain(job.error))
    else:
        words = "cancelled" if status == "cancelled" else "stopped before it was done"
        st.info(f"This run was {words}. Nothing is lost: going on resumes where it stopped.")
    steps = int(max((entry["step"] for entry in lab.training.history(run_id)), default=0))
    go, delete, _ = st.columns([2, 1, 4])
    label = f"Go on after {counted(steps, 'step')}" if steps else "Start it again"
    if go.button(label, type="primary", width="stretch", key="train_go_on"):
        lab.training.start(request)
        state.set_run_id(request.run_id)
        st.rerun()
    delete_button(lab, run_id, delete)
    show_pictures(lab, run_id, None)


def delete_button(lab: Lab, run_id: str, place: st.delta_generator.DeltaGenerator) -> None:
    """Delete a run, after a second click."""
    with place.popover("Delete", width="stretch"):
        st.caption(
            "Deletes curves, maps and trained weights of this run, but no encoder made of it."
        )
        if st.button("Delete this run", width="stretch", key="train_delete"):
            lab.training.delete(run_id)
            state.set_run_id(None)
            st.rerun()


def data_name(lab: Lab, request: TrainRequest) -> str:
    """Say in a few words what a run learns from."""
    if request.data.kind == "sample":
        return "bundled pairs"
    if request.data.kind == "file":
        return PurePath(request.data.place).name
    names = {info.corpus_id: info.name for info in lab.corpora()}
    return names.get(request.data.place, "a deleted corpus")


def _title(lab: Lab, run_id: str, request: TrainRequest, job: Job | None) -> str:
    """One line for a run: what, from what, how, and how it went."""
    report = lab.training.report(run_id)
    if report is not None:
        how = f"{(report.test or report.dev).gain:+.1f}".replace("-", "−")
    else:
        how = _STATUS.get(job.status, "stopped") if job else "stopped"
    passes = counted(request.config.epochs, "epoch")
    return f"{request.base} · {request.objective} · {data_name(lab, request)} · {passes} · {how}"


def _run_or_none(choice: str) -> str | None:
    """The choice as a run."""
    return None if choice == _NEW else choice
