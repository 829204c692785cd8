"""What came of a run: the verdict, before and after, the pairs that moved, and taking it away."""

import re
from pathlib import PurePath

import streamlit as st

from sbert_core.lab import Lab
from sbert_core.scripts import training_script
from sbert_core.training_request import TrainReport, TrainRequest

from . import state
from .script_export import offer_script
from .train_runs import data_name, delete_button
from .train_view import show_pictures
from .wording import counted, duration, plain

_ADOPTED = "train_adopted"


def show_result(lab: Lab, run_id: str, request: TrainRequest, report: TrainReport) -> None:
    """A run that has ended, from verdict to curves."""
    words, take = st.columns([5, 4], gap="large")
    with words:
        _verdict(request, report)
        _before_and_after(report)
        _how_it_went(lab, request, report)
    with take:
        _take_away(lab, run_id, request, report)
    show_pictures(lab, run_id, report.steps)
    _moved(request, report)
    offer_script("train", training_script(request))


def _verdict(request: TrainRequest, report: TrainReport) -> None:
    """The verdict, and what its numbers mean."""
    st.title(plain(report.verdict), anchor=False)
    judge = report.test or report.dev
    unseen = "that training never saw" if report.test else "that also chose the best step"
    st.markdown(
        f"In points of Spearman ×100 on {counted(judge.pairs, 'pair')} {unseen}: how well the "
        "order of the similarities agrees with the grades. The interval holds the true "
        "difference 95 times in 100."
    )
    if report.base_kept:
        st.warning(
            f"{plain(request.base)} is better than what came of it, so nothing was replaced. What "
            "usually helps: a smaller learning rate, fewer epochs, or more examples."
        )
    elif judge.low <= 0:
        st.info("The pairs are too few, or the difference too small, to tell which is better.")


def _before_and_after(report: TrainReport) -> None:
    """One row for each set of pairs."""
    gains = [("dev", report.dev), *([("test", report.test)] if report.test else [])]
    st.dataframe(
        [
            {
                "pairs of": name,
                "pairs": gain.pairs,
                "before": gain.before,
                "after": gain.after,
                "difference": gain.gain,
                "95 % interval": f"{gain.low:.1f} to {gain.high:.1f}".replace("-", "−"),
            }
            for name, gain in gains
        ],
        hide_index=True,
        column_config={
            "pairs of": st.column_config.TextColumn(
                help="dev chose the best step; test chose nothing, so believe that one."
            ),
            "before": st.column_config.NumberColumn(format="%.1f", help="Spearman ×100."),
            "after": st.column_config.NumberColumn(format="%.1f", help="Spearman ×100."),
            "difference": st.column_config.NumberColumn(format="%+.1f"),
        },
    )


def _how_it_went(lab: Lab, request: TrainRequest, report: TrainReport) -> None:
    """What was done, in two lines."""
    best = f"; step {report.best_step:,} was best on dev and was kept" if report.best_step else ""
    st.caption(
        plain(
            f"{request.base} with {request.objective} on {data_name(lab, request)}: "
            f"{counted(report.examples, 'example')}, {counted(report.steps, 'step')} in "
            f"{duration(report.seconds)}{best}."
        )
    )
    with st.expander("Data and settings"):
        st.markdown(plain(" ".join(report.found)))
        st.json(request.to_dict(), expanded=False)


def _take_away(lab: Lab, run_id: str, request: TrainRequest, report: TrainReport) -> None:
    """Make it an encoder of this workspace, download it, or delete the run."""
    st.subheader("What now?")
    adopted: dict[str, str] = state.recall(_ADOPTED, {})
    name = _free_name(lab, request)
    if request.objective == "cross":
        st.markdown(
            "A cross-encoder judges pairs and has no vectors, so it cannot draw maps. Download "
            "it to use it."
        )
    elif run_id in adopted:
        st.success(f"{plain(adopted[run_id])} is chosen now, and listed on every page.")
        st.page_link(
            "pages/4_Sentence_pair.py",
            label="Compare it on a sentence pair",
            icon=":material/compare_arrows:",
        )
        st.page_link(
            "pages/2_Map_and_clusters.py",
            label="See the map under it",
            icon=":material/scatter_plot:",
        )
    else:
        name = st.text_input(
            "Name of the new encoder",
            name,
            max_chars=60,
            key=f"train_name_{run_id}",
            help="Letters, digits, dots, hyphens and underscores.",
        )
        if st.button(
            "Make it available",
            type="secondary" if report.base_kept else "primary",
            width="stretch",
            key="train_adopt",
            help="Lists it among the encoders of every page, and chooses it.",
        ):
            made = lab.training.adopt(run_id, name)
            state.keep_value(_ADOPTED, adopted | {run_id: made})
            state.set_encoder(made)
            st.rerun()
    download, delete = st.columns([2, 1])
    folder = adopted.get(run_id, re.sub(r"[^\w.-]", "-", name) or "encoder")
    download.download_button(
        "Download (zip)",
        lambda: lab.training.zipped(run_id, folder),
        file_name=f"{folder}.zip",
        mime="application/zip",
        on_click="ignore",
        width="stretch",
        key="train_download",
        help="A folder that sentence-transformers loads, with a model card.",
    )
    delete_button(lab, run_id, delete)


def _free_name(lab: Lab, request: TrainRequest) -> str:
    """Suggest a name that no encoder has."""
    base = re.sub(r"[^\w.-]+", "-", PurePath(request.base).name).strip("-.") or "encoder"
    stem = f"{base}-{request.objective}"[:56]
    taken = {info.id for info in lab.models()}
    number = 2
    name = stem
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    return name


def _moved(request: TrainRequest, report: TrainReport) -> None:
    """The pairs that moved most among all."""
    st.subheader("The pairs that moved most")
    st.caption(
        "Those whose place in the order of all pairs changed most, from the pairs held back."
    )
    what = "judgement" if request.objective == "cross" else "cosine"
    st.dataframe(
        [
            {
                "first sentence": pair.a,
                "second sentence": pair.b,
                "grade": pair.gold,
                f"{what} before": pair.before,
                f"{what} after": pair.after,
            }
            for pair in report.moved
        ],
        hide_index=True,
        column_config={
            "first sentence": st.column_config.TextColumn(width=320),
            "second sentence": st.column_config.TextColumn(width=320),
            "grade": st.column_config.NumberColumn(
                format="%.2f", help="As in the data; 1 is most alike."
            ),
            f"{what} before": st.column_config.NumberColumn(format="%.2f"),
            f"{what} after": st.column_config.NumberColumn(format="%.2f"),
        },
    )
