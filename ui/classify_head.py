"""A head from a file: sort this corpus as another one was sorted."""

import streamlit as st

from sbert_core.lab import CorpusInfo, Lab, to_csv

from .script_export import offer_script
from .wording import plain

_SHOWN = 1_000


def use_saved_head(lab: Lab, info: CorpusInfo, model: str) -> None:
    """Read a file that "Save the head" wrote, and sort the rows with it."""
    st.markdown(
        "A head that was learnt on one corpus sorts the sentences of another in the same way, as "
        "long as the encoder is the same."
    )
    upload = st.file_uploader("Head", type=["safetensors"], key="classify_head_file")
    if upload is None:
        return
    head = lab.classification.read_head(upload.getvalue())
    st.caption(
        f"{len(head.head.classes)} classes, learnt on "
        f"vectors of {plain(head.encoder)}"
        + (f" from {head.about['examples']:,} examples." if "examples" in head.about else ".")
    )
    table = lab.classification.use_head(info.corpus_id, model, head)
    label, probability, margin = table.columns[-3:]
    counts, rows = st.columns([2, 3], gap="large")
    with counts:
        st.dataframe(
            table[label].value_counts().rename_axis("class").reset_index(name="sentences"),
            hide_index=True,
        )
    with rows:
        st.dataframe(
            table[[info.text_column, label, probability, margin]]
            .sort_values(margin, kind="stable")
            .head(_SHOWN),
            column_config={
                name: st.column_config.NumberColumn(format="%.2f") for name in (probability, margin)
            },
            hide_index=True,
        )
        st.caption("The least certain sentences come first.")
    st.download_button(
        "Labels as CSV",
        lambda: to_csv(table),
        file_name=f"{info.name.rsplit('.', 1)[0] or 'corpus'}-labels.csv",
        mime="text/csv",
        on_click="ignore",
        key="classify_head_export",
    )
    offer_script(
        "classify-with-head",
        lab.classification.head_script(info.corpus_id, model, upload.name),
    )
