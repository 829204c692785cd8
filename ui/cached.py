"""Cached accessors: short keys in, shared read-only values out. The only caches of the app."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from sbert_core.charts.map_chart import map_figure
from sbert_core.charts.map_data import Colouring, Groups, MapData, PlacedSentence
from sbert_core.charts.palette import Mode
from sbert_core.lab import Lab, Reading
from sbert_core.results import ClusterResult, EmbedEstimate, MapResult
from sbert_core.sample import install
from sbert_core.training_request import DataKind, FileColumns, TrainData, TrainPreview

from . import state
from .colouring import colouring_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

# What colours a map unless the user picks a column.
GROUPS = "Groups"
MAP_HEIGHT = 680


@dataclass(frozen=True)
class Upload:
    """A file that a person has dropped.

    Attributes:
        name: Its name.
        digest: SHA-256 of its bytes: what caches know it by.
        data: Its bytes.
    """

    name: str
    digest: str
    data: bytes

    @classmethod
    def of(cls, name: str, data: bytes) -> "Upload":
        """Take a file and its digest."""
        return cls(name, hashlib.sha256(data).hexdigest(), data)


def lab() -> Lab:
    """Return the one Lab of this server, with the bundled sample in its workspace."""
    return _lab(str(Lab.default_root()))


def reading_of(
    upload: Upload, text_column: str | None = None, label_column: str | None = None
) -> Reading:
    """Read an uploaded file, once for each choice of columns.

    Raises:
        FileError: It cannot be read as a corpus.
    """
    return _reading(upload.digest, upload.name, text_column, label_column, upload.data)


def estimate_of(upload: Upload, text_column: str, model: str, _reading: Reading) -> EmbedEstimate:
    """Forecast the cost of embedding an uploaded file, once for each column and encoder."""
    return _estimate(upload.digest, text_column, model, _reading)


def file_columns_of(data: TrainData, objective: str) -> FileColumns:
    """List the columns of a file of examples, once for each objective.

    Raises:
        FileError: It cannot be read.
    """
    return _file_columns(data.place, objective)


def train_preview_of(data: TrainData, objective: str) -> TrainPreview:
    """Read examples and say what was found, once for each choice of data and objective.

    Raises:
        SBERTLabError: They cannot be read, or do not fit the objective.
    """
    # The place of a file is named by its content. A corpus can get another label column.
    label = lab().corpus(data.place).label_column if data.kind == "corpus" else None
    return _train_preview(data.kind, data.place, tuple(data.columns.items()), objective, label)


def map_figure_of(
    drawn: MapResult, grouped: ClusterResult | None, colour: str, placed: str = ""
) -> "go.Figure":
    """Draw a map, or return the figure if it is drawn: it depends on runs, names and theme only.

    Args:
        drawn: The map.
        grouped: The groups, or None while they are being found.
        colour: `GROUPS`, or the column that colours the points.
        placed: A sentence of the user's own to place on it, or "".
    """
    names = grouped.names if grouped else ()
    group_run = grouped.run.run_id if grouped else ""
    return _map_figure(
        drawn.run.run_id, group_run, names, colour, placed, state.mode(), drawn, grouped
    )


@st.cache_resource(show_spinner=False, max_entries=24)
def _map_figure(
    map_run: str,
    group_run: str,
    names: tuple[str, ...],
    colour: str,
    placed: str,
    mode: Mode,
    _drawn: MapResult,
    _grouped: ClusterResult | None,
) -> "go.Figure":
    """The two runs and the names stand for the results in the key."""
    corpus_id, opened = _drawn.run.corpus_id, lab()
    colouring: Colouring | None = None
    if colour != GROUPS:
        frame = opened.workspace.frame(corpus_id, columns=[colour])
        colouring = colouring_of(frame[colour].tolist(), colour)
    elif _grouped:
        colouring = Groups(_grouped.labels, names, "Groups of similar sentences")
    texts = opened.texts(corpus_id)
    data = MapData(_drawn.coordinates, np.arange(len(texts)), texts, colouring)
    stars = []
    if placed:
        stars = [PlacedSentence(placed, opened.place(_drawn, [placed])[0])]
    figure = map_figure(data, mode, MAP_HEIGHT, placed=stars)
    if colour == GROUPS:
        # The list beside the map has the same colours, and room for the names.
        figure.update_layout(showlegend=False)
    return figure


@st.cache_resource(show_spinner=False, max_entries=4)
def _lab(root: str) -> Lab:
    """Open a workspace once per server."""
    opened = Lab(Path(root))
    install(opened)
    return opened


@st.cache_resource(show_spinner=False, max_entries=4)
def _reading(
    digest: str, name: str, text_column: str | None, label_column: str | None, _data: bytes
) -> Reading:
    """`digest` stands for the bytes in the key."""
    return lab().read(_data, name=name, text_column=text_column, label_column=label_column)


@st.cache_data(show_spinner=False, max_entries=16)
def _file_columns(place: str, objective: str) -> FileColumns:
    """The path of an uploaded file names its content."""
    return lab().training.columns(TrainData("file", place), objective)


@st.cache_data(show_spinner=False, max_entries=32)
def _train_preview(
    kind: DataKind,
    place: str,
    columns: tuple[tuple[str, str], ...],
    objective: str,
    label_column: str | None,
) -> TrainPreview:
    """Everything that decides the examples is in the key."""
    return lab().training.preview(TrainData(kind, place, dict(columns)), objective)


@st.cache_data(show_spinner=False, max_entries=32)
def _estimate(digest: str, text_column: str, model: str, _reading: Reading) -> EmbedEstimate:
    """`digest` and `text_column` stand for the texts in the key."""
    return lab().estimate(_reading.texts, model)
