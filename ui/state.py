"""What a browser session remembers: ids and small choices, behind typed accessors.

Nobody else writes these keys. Matrices and models live in the workspace and in `ui.cached`.
"""

from typing import Any, Literal

import streamlit as st

from sbert_core.lab import DEFAULT_ENCODER

_CORPUS = "lab_corpus_id"
_ENCODER = "lab_encoder"
_UPLOADS = "lab_uploads"
_RUN = "lab_run_id"


def corpus_id() -> str | None:
    """Id of the corpus on the table, or None."""
    found: str | None = st.session_state.get(_CORPUS) or st.query_params.get("corpus")
    return found


def set_corpus_id(corpus_id: str | None) -> None:
    """Put another corpus on the table; the address bar keeps it through a refresh."""
    st.session_state[_CORPUS] = corpus_id
    if corpus_id is None:
        st.query_params.pop("corpus", None)
    else:
        st.query_params["corpus"] = corpus_id


def encoder() -> str:
    """Encoder string in use."""
    found: str = st.session_state.get(_ENCODER) or st.query_params.get("encoder") or DEFAULT_ENCODER
    return found


def set_encoder(model: str) -> None:
    """Use another encoder; the address bar keeps it through a refresh."""
    st.session_state[_ENCODER] = model
    st.query_params["encoder"] = model


def run_id() -> str | None:
    """Id of the training run on the table, or None."""
    found: str | None = st.session_state.get(_RUN) or st.query_params.get("run")
    return found


def set_run_id(run_id: str | None) -> None:
    """Put another training run on the table; the address keeps it through a refresh."""
    st.session_state[_RUN] = run_id
    if run_id is None:
        st.query_params.pop("run", None)
    else:
        st.query_params["run"] = run_id


def keep_in_address() -> None:
    """Write the choices into the address again: Streamlit empties it on a page change."""
    if st.session_state.get(_CORPUS):
        st.query_params["corpus"] = st.session_state[_CORPUS]
    if st.session_state.get(_ENCODER, DEFAULT_ENCODER) != DEFAULT_ENCODER:
        st.query_params["encoder"] = st.session_state[_ENCODER]


def recall(name: str, default: Any) -> Any:
    """Return a page's own setting, which outlives a page change as a widget's value does not."""
    return st.session_state.get(f"kept_{name}", default)


def keep(name: str) -> None:
    """Keep the value of the widget with this key (its `on_change`)."""
    st.session_state[f"kept_{name}"] = st.session_state[name]


def mode() -> Literal["light", "dark"]:
    """Which of the two themes the browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"


def upload_key() -> str:
    """Key of the upload box; a new key empties it."""
    return f"upload_{st.session_state.get(_UPLOADS, 0)}"


def forget_upload() -> None:
    """Empty the upload box: its file is a corpus now."""
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1


def keep_value(name: str, value: Any) -> None:
    """Keep a setting that no single widget holds."""
    st.session_state[f"kept_{name}"] = value


def kept_text(name: str, label: str, default: str, height: int = 90) -> str:
    """Draw a text box whose content survives a page change."""
    typed: str = st.text_area(
        label,
        value=recall(name, default),
        height=height,
        key=name,
        on_change=keep,
        args=(name,),
    )
    return typed
