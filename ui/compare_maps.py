"""The linked maps of several encoders, and the map that turns from one into the next.

They are drawn by a script of our own in `ui/linked_maps`, because what is picked in one map has to
light up in all of them at once: through the server it would take a second, and every map would be
drawn anew. The script uses the Plotly library of the Python package; nothing is fetched.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from plotly import __file__ as plotly_home
from streamlit.components.v1 import declare_component

from sbert_core.charts.linked_maps import LinkedMaps, linked_maps_payload
from sbert_core.charts.map_data import Colouring, Groups, Values
from sbert_core.charts.palette import Mode
from sbert_core.desk_results import Comparison
from sbert_core.lab import CorpusInfo

from . import state
from .cached import lab
from .colouring import colouring_of

IN_COMMON = "Neighbours in common"
_GROUPS_OF = "Groups under {}"
_MISSING = {"None", "nan", "<NA>", "NaT"}

# The first only gives the second the library to load: `../ui.compare_maps.plotly/plotly.min.js`.
declare_component("plotly", path=Path(plotly_home).parent / "package_data")
_linked_maps = declare_component("linked_maps", path=Path(__file__).with_name("linked_maps"))


def show_linked_maps(found: Comparison, colour: str) -> list[int]:
    """Draw all maps side by side.

    Args:
        found: The comparison.
        colour: One of `colour_options`.

    Returns:
        The rows that are picked, ascending.
    """
    mode = state.mode()
    picked = _linked_maps(
        payload=_payload(found.run.run_id, colour, mode, "linked", found),
        identity=f"{found.run.run_id} {colour} {mode}",
        key=f"compare_maps_{found.run.run_id}",
        default=[],
    )
    rows = len(found.counted)
    return [row for row in picked or [] if isinstance(row, int) and 0 <= row < rows]


def show_morph(found: Comparison, colour: str, between: str, picked: Sequence[int]) -> None:
    """Draw one map that turns into the next.

    Args:
        found: The comparison.
        colour: One of `colour_options`.
        between: "" for all encoders in turn, or the encoder whose two drawings are shown.
        picked: Rows that are lit up.
    """
    mode = state.mode()
    _linked_maps(
        payload=_payload(found.run.run_id, colour, mode, f"morph {between}", found),
        identity=f"{found.run.run_id} {colour} {mode} {between}",
        selected=list(picked),
        key=f"compare_morph_{found.run.run_id}",
        default=None,
    )


def colour_options(found: Comparison, info: CorpusInfo) -> list[str]:
    """List what the maps can be coloured by, the usual first."""
    labels = [found.label_column] if found.label_count else []
    groups = [_GROUPS_OF.format(model) for model in reversed(found.models)]
    others = [c for c in info.columns if c not in (*labels, info.text_column)]
    return [*labels, *groups, IN_COMMON, *others]


@st.cache_data(show_spinner=False, max_entries=24)
def _payload(run_id: str, colour: str, mode: Mode, kind: str, _found: Comparison) -> str:
    """What the script draws, as JSON; the run stands for the comparison in the key."""
    corpus_id = _found.run.corpus_id
    titles: list[str] = list(_found.models)
    subtitles = [_subtitle(figures.knn_label_accuracy) for figures in _found.encoders]
    coordinates = list(_found.maps)
    between = kind.removeprefix("morph").strip() if kind.startswith("morph") else ""
    if between in titles:
        i = titles.index(between)
        coordinates = [_found.maps[i], _found.redrawn[i]]
        titles, subtitles = [between, f"{between}, another seed"], ["", ""]
    data = LinkedMaps(
        titles, subtitles, coordinates, lab().texts(corpus_id), _colouring(_found, colour)
    )
    return json.dumps(linked_maps_payload(data, mode, morph=kind != "linked"))


def _subtitle(accuracy: float | None) -> str:
    return "" if accuracy is None else f"neighbours right: {100 * accuracy:.0f} of 100"


def _colouring(found: Comparison, colour: str) -> Colouring:
    """The colours of all maps alike."""
    if colour == IN_COMMON:
        return Values(found.mean_row_overlap(), colour)
    for i, model in enumerate(found.models):
        if colour == _GROUPS_OF.format(model):
            return Groups(found.groups[i], found.group_names[i], colour)
    frame: Any = lab().workspace.frame(found.run.corpus_id, columns=[colour])
    cells = frame[colour].tolist()
    return _by_label(cells, colour) if colour == found.label_column else colouring_of(cells, colour)


def _by_label(cells: Sequence[Any], title: str) -> Groups:
    """A colour for every label, most frequent first: here numbers are names, and none is rare."""
    words = ["" if str(cell) in _MISSING else str(cell).strip() for cell in cells]
    names = [name for name, _ in Counter(word for word in words if word).most_common()]
    number = {name: place for place, name in enumerate(names)} | {"": -1}
    return Groups(np.array([number[word] for word in words], dtype=np.int32), names, title)
