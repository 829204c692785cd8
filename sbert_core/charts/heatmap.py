"""How similar each of up to 50 sentences is to each other one, as a square of colours."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import wording
from .layout import base_layout
from .palette import THEMES, Mode

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Up to this many sentences a cell has room for its number.
MAX_NUMBERED = 12
_LABEL_CHARS = 34
_LABEL_PIXELS = 230
# Every cell carries both of its sentences for the hover card, so their length is what weighs.
_CARD_BUDGET = 4_000


def similarity_heatmap(
    cos_sim: NDArray[np.floating], sentences: Sequence[str], mode: Mode = "light"
) -> "go.Figure":
    """Draw all cosines between N sentences; colours are pinned to the whole range [-1, 1].

    Args:
        cos_sim: float array (N, N), cosine of sentence i (row) and j (column) in [-1, 1].
        sentences: N sentences as typed; shortened and escaped here.
        mode: "light" or "dark".

    Returns:
        A figure that is higher with more sentences; row 1 is at the top.
    """
    import plotly.graph_objects as go

    count = len(sentences)
    if cos_sim.shape != (count, count):
        raise ValueError(f"cos_sim has shape {cos_sim.shape}; {count} sentences need a square.")
    cell = float(np.clip(640 / max(count, 1), 14, 64))
    numbered = count <= MAX_NUMBERED
    trace = {
        "type": "heatmap",
        "z": cos_sim.astype(np.float32),
        "zmin": -1,
        "zmax": 1,
        "colorscale": THEMES[mode].diverging,
        "xgap": 1,
        "ygap": 1,
        "hovertext": _cards(sentences),
        "hovertemplate": "cosine <b>%{z:.3f}</b><br>%{hovertext}<extra></extra>",
        "texttemplate": "%{z:.2f}" if numbered else "",
        "textfont": {"size": 13},
        "showscale": not numbered,
        "colorbar": _scale(mode),
    }
    layout = base_layout(mode, int(cell * count) + 60)
    layout |= _axes(sentences, cell, mode)
    return go.Figure({"data": [trace], "layout": layout})


def _cards(sentences: Sequence[str]) -> list[list[str]]:
    """Both sentences of every cell; with many sentences each is cut shorter."""
    limit = int(np.clip(_CARD_BUDGET // max(len(sentences), 1), 80, 280))
    cards = [
        f"{number} · {wording.card(text, limit, 64)}" for number, text in enumerate(sentences, 1)
    ]
    return [[row if row == column else f"{row}<br>{column}" for column in cards] for row in cards]


def _scale(mode: Mode) -> dict[str, Any]:
    muted = THEMES[mode].muted
    return {
        "title": {"text": "cosine", "font": {"size": 12, "color": muted}},
        "tickfont": {"size": 12, "color": muted},
        "tickvals": [-1, -0.5, 0, 0.5, 1],
        "thickness": 10,
        "len": 0.9,
        "outlinewidth": 0,
    }


def _axes(sentences: Sequence[str], cell: float, mode: Mode) -> dict[str, Any]:
    """Sentences on the left, their numbers on top; square cells."""
    roomy = cell > 24
    shared: dict[str, Any] = {
        "tickfont": {"size": 13 if roomy else 10, "color": THEMES[mode].ink},
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "constrain": "domain",
        "constraintoward": "left",
        "fixedrange": True,
    }
    columns = range(0, len(sentences)) if roomy else range(4, len(sentences), 5)
    numbers = {"tickvals": list(columns), "ticktext": [str(column + 1) for column in columns]}
    names = {
        "tickvals": list(range(len(sentences))),
        "ticktext": [
            f"{wording.label(text, _LABEL_CHARS)}  <b>{number}</b> "
            for number, text in enumerate(sentences, 1)
        ],
    }
    rows = {"autorange": "reversed", "scaleanchor": "x", "constraintoward": "top"}
    return {
        "margin": {"l": _LABEL_PIXELS, "r": 4, "t": 32, "b": 8},
        "xaxis": shared | numbers | {"side": "top", "tickangle": 0},
        "yaxis": shared | names | rows | {"automargin": True},
    }
