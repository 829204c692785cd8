"""The parts of the Corpus page: upload box, columns, report, preview, forecast."""

import streamlit as st

from sbert_core.lab import CorpusInfo, Lab, Reading, ReadReport
from sbert_core.results import EmbedEstimate

from . import state
from .cached import Upload, estimate_of
from .wording import counted, duration, plain, size

_PREVIEW_ROWS = 200
_NO_LABELS = "(none)"


def uploaded_file() -> Upload | None:
    """Draw the upload box; return what is in it."""
    dropped = st.file_uploader(
        "Your file",
        key=state.upload_key(),
        label_visibility="collapsed",
        help="Encoding, separator and header are found for you.",
    )
    return Upload.of(dropped.name, dropped.getvalue()) if dropped else None


def choose_columns(guess: Reading) -> tuple[str, str | None]:
    """Let the user confirm or change which column holds the sentences, and which labels."""
    columns = [column.name for column in guess.report.columns]
    confidence = guess.report.text_column_confidence
    left, right = st.columns(2)
    text_column = left.selectbox(
        "Sentences are in",
        columns,
        index=columns.index(guess.report.text_column),
        key="corpus_text_column",
        help="Guessed from how much each column reads like sentences. "
        f"This guess is {_surety(confidence)} ({confidence:.2f} of 1).",
    )
    options = [_NO_LABELS, *(name for name in columns if name != text_column)]
    guessed = guess.report.label_column
    label = right.selectbox(
        "Labels are in (optional)",
        options,
        index=options.index(guessed) if guessed in options else 0,
        key="corpus_label_column",
        help="A category for each row, if the file has one: the map can be coloured by it, and "
        "the groups compared with it.",
    )
    return text_column, None if label == _NO_LABELS else label


def show_preview(reading: Reading) -> None:
    """The first rows, as text: nothing in a cell is interpreted."""
    shown = min(_PREVIEW_ROWS, len(reading.frame))
    first = [reading.text_column, reading.label_column]
    order = [c for c in first if c] + [c for c in reading.frame.columns if c not in first]
    st.dataframe(reading.frame.loc[: shown - 1, order], height=430, hide_index=True)
    if shown < len(reading.frame):
        st.caption(f"The first {shown:,} of {len(reading.frame):,} rows.")


def show_report(report: ReadReport) -> None:
    """What was found in the file, and what was done about it."""
    st.subheader("What was found")
    rows, dropped, duplicates = st.columns(3)
    rows.metric("Sentences", f"{report.rows:,}")
    dropped.metric("Empty, dropped", f"{report.dropped_empty:,}")
    duplicates.metric("Exact duplicates", f"{report.duplicates:,}")
    st.caption(_origin(report))
    confidence = report.text_column_confidence
    if confidence < 0.6:
        st.warning(
            f"The column of sentences was hard to tell: the guess is {_surety(confidence)}. "
            "Check it beside the preview."
        )
    for warning in report.warnings:
        st.warning(plain(warning))
    if report.unparsed:
        with st.expander(f"{report.unparsed_total:,} lines needed mending"):
            st.dataframe(
                [
                    {"line": line.line, "begins with": line.excerpt, "what was done": line.action}
                    for line in report.unparsed
                ],
                hide_index=True,
            )


def show_estimate(upload: Upload, reading: Reading, model: str) -> bool:
    """Say what embedding will cost, and offer it.

    Returns:
        Whether the user has pressed Embed.
    """
    st.subheader("What embedding will take")
    estimate = estimate_of(upload, reading.text_column, model, reading)
    time, disk, length = st.columns(3)
    time.metric("Time, about", duration(estimate.seconds), help=_how_known(estimate))
    disk.metric("Disk", size(estimate.disk_bytes))
    length.metric(
        "Length, median",
        f"{estimate.tokens_median} tokens",
        help=f"The longest text has {estimate.tokens_longest:,} tokens; {model} reads "
        f"{estimate.max_length or 'all of them'}.",
    )
    if estimate.truncated:
        st.warning(
            f"Of {estimate.rows:,} texts, {estimate.truncated:,} will be cut: {plain(model)} reads "
            f"the first {estimate.max_length} tokens of a text."
        )
    label = f"Embed {counted(estimate.rows, 'sentence')}"
    return st.button(label, type="primary", width="stretch", key="corpus_embed")


def offer_opening(known: CorpusInfo, model: str) -> bool:
    """Say that this very content is embedded already.

    Returns:
        Whether the user wants to open it.
    """
    st.success(
        f"cached: “{plain(known.name)}” is already in your workspace, embedded with {model}."
    )
    return st.button("Open it", type="primary", width="stretch", key="corpus_open")


def show_corpus(lab: Lab, info: CorpusInfo, model: str, *, running: bool) -> None:
    """The corpus on the table: what is known of it, and where to go with it."""
    st.subheader(plain(info.name))
    label = f", labels in “{plain(info.label_column)}”" if info.label_column else ""
    st.caption(f"{counted(info.rows, 'sentence')} in “{plain(info.text_column)}”{label}.")
    if lab.is_embedded(info.corpus_id, model):
        st.success(f"Embedded with {model}; kept on this machine, so opening it is instant.")
        st.page_link(
            "pages/2_Map_and_clusters.py", label="See its map", icon=":material/scatter_plot:"
        )
    elif not running and st.button(f"Embed with {model}", type="primary", key="corpus_embed_again"):
        lab.explore(info.corpus_id, model)
        st.rerun()
    frame = lab.table(info.corpus_id, range(min(_PREVIEW_ROWS, info.rows)))
    st.dataframe(frame, height=430, hide_index=True)


def _origin(report: ReadReport) -> str:
    """One line on how the file was understood."""
    parts = [f"{report.rows_in_file:,} rows in the file"]
    if report.encoding:
        parts.append(f"encoding {report.encoding}")
    if report.delimiter:
        names = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
        parts.append(f"separator {names.get(report.delimiter, report.delimiter)}")
    parts.append("with a header" if report.header else "no header")
    return " · ".join(parts)


def _surety(confidence: float) -> str:
    """A word for a confidence in [0, 1]."""
    if confidence >= 0.8:
        return "sure"
    return "fairly sure" if confidence >= 0.6 else "unsure"


def _how_known(estimate: EmbedEstimate) -> str:
    """Where the forecast comes from."""
    if estimate.measured:
        return "From this encoder's last run on this machine."
    return "From a short trial of how fast this machine multiplies matrices."
