"""What the parts of the Benchmark page share: the button that measures, and taking tables away."""

from collections.abc import Mapping, Sequence

import streamlit as st

from sbert_core.desk_results import BenchmarkTask
from sbert_core.lab import Lab

from .wording import counted


def offer_measuring(
    lab: Lab, task: BenchmarkTask, models: Sequence[str], origins: Mapping[str, str]
) -> None:
    """Draw the button that measures what is not measured yet; a job does the work.

    Args:
        lab: The Lab.
        task: What to measure on.
        models: The chosen encoders.
        origins: Encoder to "measured" or "shipped", of those with figures.
    """
    if not models:
        st.info("Choose at least one encoder.")
        return
    missing = [model for model in models if origins.get(model) != "measured"]
    if not missing or lab.leaderboard.measuring(task):
        return
    again = all(model in origins for model in missing)
    which = missing[0] if len(missing) == 1 else counted(len(missing), "encoder")
    if st.button(
        f"Measure {which} on this machine" if again else f"Measure {which}",
        type="secondary" if again else "primary",
        key=f"benchmark_measure_{task.kind}",
    ):
        with st.spinner("Looking for the encoders …"):
            lab.leaderboard.start(task, missing)
        st.rerun()


def csv_button(label: str, records: Sequence[Mapping[str, object]], stem: str, key: str) -> None:
    """Offer a table as a CSV file."""
    import pandas as pd

    st.download_button(
        label,
        lambda: pd.DataFrame(records).to_csv(index=False).encode("utf-8-sig"),
        file_name=f"{stem}.csv",
        mime="text/csv",
        on_click="ignore",
        key=key,
    )
