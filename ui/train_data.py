"""What a run learns from: bundled pairs, a file or the corpus, and what was found in it."""

from dataclasses import replace
from pathlib import PurePath

import streamlit as st

from sbert_core.errors import SBERTLabError
from sbert_core.lab import Lab
from sbert_core.training_request import DataKind, TrainData, TrainPreview

from . import state
from .cached import file_columns_of, train_preview_of
from .wording import plain

_SOURCES: dict[DataKind, str] = {
    "sample": "Bundled graded pairs",
    "file": "A file",
    "corpus": "The corpus on the table",
}
_TEXT_WIDTH = 180
_NONE = "(none)"
_ROLES = {
    "a": "First sentence",
    "b": "Second sentence",
    "negative": "One that is not similar",
    "score": "Score",
    "label": "Label",
}
_FILE = "train_file"  # where the last upload is kept, so that a refused file is not lost


def choose_data(lab: Lab, objective: str) -> tuple[TrainData, TrainPreview | None]:
    """Draw the choice of data, and say what was found.

    Args:
        lab: The Lab.
        objective: What is to learn from it.

    Returns:
        The data, and what is in it; None if it cannot serve.
    """
    st.subheader("What it learns from")
    data = _choose_source(lab)
    if data is None:
        return TrainData(), None
    try:
        with st.spinner("Reading the examples …"):
            if data.kind == "file":
                data = _choose_columns(data, objective)
            preview = train_preview_of(data, objective)
    except SBERTLabError as error:
        _show_refusal(lab, error, data, objective)
        return data, None
    _show_preview(preview)
    return data, preview


def _choose_source(lab: Lab) -> TrainData | None:
    """Choose where examples come from; None while there is nothing."""
    kind: DataKind = (
        st.segmented_control(
            "Source",
            list(_SOURCES),
            default=state.recall("train_source", "sample"),
            format_func=lambda source: _SOURCES[source],
            key="train_source",
            on_change=state.keep,
            args=("train_source",),
            label_visibility="collapsed",
        )
        or "sample"
    )
    if kind == "sample":
        return TrainData()
    if kind == "file":
        return _uploaded(lab)
    corpus_id = state.corpus_id()
    if corpus_id is None:
        st.info("There is no corpus on the table yet.")
        st.page_link("pages/1_Corpus.py", label="Open a file", icon=":material/upload_file:")
        return None
    info = lab.corpus(corpus_id)
    labels = f"with labels in “{info.label_column}”" if info.label_column else "without labels"
    st.caption(plain(f"“{info.name}”, {info.rows:,} sentences {labels}."))
    return TrainData("corpus", corpus_id)


def _uploaded(lab: Lab) -> TrainData | None:
    """The upload box, and the file that was put in last."""
    dropped = st.file_uploader(
        "File of examples",
        type=["csv", "tsv", "txt", "jsonl", "json", "parquet", "gz"],
        key="train_upload",
        label_visibility="collapsed",
        help="One example a row: two sentences and a score or label, two that belong together, "
        "three, or one sentence. STS Benchmark, SNLI and MultiNLI are read as published.",
    )
    if dropped is not None:
        path = lab.training.keep_file(dropped.name, dropped.getvalue())
        state.keep_value(_FILE, str(path))
    place: str = state.recall(_FILE, "")
    if not place:
        st.caption("CSV, TSV, JSON Lines or Parquet, also gzipped: one example a row.")
        return None
    if dropped is None:
        st.caption(f"Put in before: {plain(PurePath(place).name)}")
    return TrainData("file", place)


def _choose_columns(data: TrainData, objective: str) -> TrainData:
    """Let the user confirm or change which column is what; the guess itself needs no choice."""
    columns = file_columns_of(data, objective)
    guess = {("a" if role in ("text", "anchor") else role): c for role, c in columns.guess.items()}
    options = [_NONE, *columns.names]
    picked: dict[str, str] = {}
    with st.expander("Columns", expanded=not guess):
        boxes = st.columns(3)
        for place, (role, label) in enumerate(_ROLES.items()):
            column = boxes[place % 3].selectbox(
                label,
                options,
                index=options.index(guess.get(role, _NONE)),
                key=f"train_column_{role}_{objective}_{PurePath(data.place).parent.name}",
            )
            if column != _NONE:
                picked[role] = column
    if picked == guess or not picked:
        return data
    if set(picked) == {"a"}:
        picked = {"text": picked["a"]}
    return replace(data, columns=picked)


def _show_preview(preview: TrainPreview) -> None:
    """What was found, and the first examples as text."""
    examples = "example" if preview.count == 1 else "examples"
    st.markdown(f"**{preview.count:,} {examples} found**")
    st.caption(plain(" ".join(preview.found)))
    headings = list(preview.rows[0]) if preview.rows else []
    texts = [name for name in headings if name not in ("score", "label")]
    others = [name for name in headings if name not in texts]
    st.dataframe(
        list(preview.rows),
        hide_index=True,
        # Sentences are wide: what says something about them comes first, and all are seen.
        column_order=[*others, *texts],
        column_config={name: st.column_config.TextColumn(width=_TEXT_WIDTH) for name in texts}
        | {"score": st.column_config.NumberColumn(format="%.2f")},
    )


def _show_refusal(lab: Lab, error: SBERTLabError, data: TrainData, objective: str) -> None:
    """Why data cannot serve an objective, lines of a file that can, and what else would."""
    sentence, _, lines = str(error).partition("\n")
    st.error(plain(sentence))
    if lines:
        st.code(lines, language=None)
    if data.kind == "file":
        return
    fitting = [name for name in lab.training.objectives() if _serves(data, name)]
    if fitting:
        what = "The bundled pairs serve" if data.kind == "sample" else "This corpus serves"
        st.markdown(f"{what} **{', '.join(fitting)}**. {_other_sources(data, objective)}")


def _other_sources(data: TrainData, objective: str) -> str:
    """Where an objective would find its examples."""
    others = [TrainData(), *([TrainData("corpus", found)] if (found := state.corpus_id()) else [])]
    names = {"sample": "take the bundled graded pairs", "corpus": "take the corpus on the table"}
    fitting = [names[o.kind] for o in others if o.kind != data.kind and _serves(o, objective)]
    return f"For {objective}, {' or '.join([*fitting, 'put in a file'])}."


def _serves(data: TrainData, objective: str) -> bool:
    """Whether an objective can learn from data."""
    try:
        train_preview_of(data, objective)
    except SBERTLabError:
        return False
    return True
