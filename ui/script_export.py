"""Export as Python script: what a page shows as a short program, to download or to copy."""

import streamlit as st

_HOW_TO_RUN = (
    "Repeats what this page shows with its settings of now. Put the file beside `app.py` and run "
    "it with Python; in this workspace it finds the results that are stored already."
)


def offer_script(name: str, text: str) -> None:
    """Offer a script at the foot of a page: a button that downloads it, and its code, folded.

    Args:
        name: Name of the file without its ending; no two scripts of one page may share it.
        text: The script.
    """
    with st.container(key=f"script_{name}"):
        button, code = st.columns([3, 10], gap="small")
        button.download_button(
            "Export as Python script",
            text.encode("utf-8"),
            file_name=f"{name}.py",
            mime="text/x-python",
            on_click="ignore",
            icon=":material/code:",
            width="stretch",
            key=f"script_download_{name}",
            help=_HOW_TO_RUN,
        )
        with code.expander("Read the script"):
            st.code(text, language="python")
