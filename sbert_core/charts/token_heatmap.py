"""Each word of one sentence against each of another: what every pair adds to their cosine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import wording
from .layout import base_layout
from .palette import THEMES, Mode

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Up to this many rows and columns a cell has room for its number on a full page.
MAX_NUMBERED = 14
_LABEL_CHARS = 16
_SMALLEST_CELL, _LARGEST_CELL, _SIDE = 22, 46, 620
_LETTER, _SCALE, _BOTTOM = 8, 70, 8  # pixels: one of a label, the colour scale, below


@dataclass(frozen=True)
class AxisWord:
    """One row or column.

    Attributes:
        text: The word as typed; shortened and escaped here.
        kind: "word" of the sentence; "added" by the encoder; or "rest", which sums up several.
            The last two are set apart.
    """

    text: str
    kind: Literal["word", "added", "rest"] = "word"


def token_heatmap(
    values: NDArray[np.floating],
    rows: Sequence[AxisWord],
    columns: Sequence[AxisWord],
    mode: Mode = "light",
    *,
    width: int | None = None,
) -> "go.Figure":
    """Draw what each pair of words adds; the sum of all cells is the cosine.

    Args:
        values: Float (R, C), in units of cosine.
        rows: R words of the first sentence, the first one at the top.
        columns: C words of the second one.
        mode: "light" or "dark".
        width: Pixels that there are, if cells should shrink to fit; they then lose their numbers,
            which a pointer still shows.

    Returns:
        A figure as wide as it needs to be, whose colours reach from the largest amount of a
        single pair below 0 to the same above 0.
    """
    import plotly.graph_objects as go

    if values.shape != (len(rows), len(columns)):
        raise ValueError(f"values has shape {values.shape}; there are {len(rows)} x {len(columns)}")
    most = max(len(rows), len(columns), 1)
    left = max((len(_label(word)) for word in rows), default=0) * _LETTER + 16
    across = max((len(_label(word)) for word in columns), default=0) * _LETTER
    cell = float(np.clip(_SIDE / most, _SMALLEST_CELL, _LARGEST_CELL))
    if width is not None:
        cell = min(cell, (width - left - 0.71 * across) / max(len(columns), 1))
    largest = _largest(values, rows, columns)
    numbered = most <= MAX_NUMBERED and width is None
    scaled = not numbered and width is None
    trace = {
        "type": "heatmap",
        "z": values.astype(np.float32),
        "zmin": -largest,
        "zmax": largest,
        "colorscale": THEMES[mode].diverging,
        "xgap": 1,
        "ygap": 1,
        "hovertext": _cards(rows, columns),
        "hovertemplate": "%{hovertext}<br>adds <b>%{z:.4f}</b><extra></extra>",
        "texttemplate": "%{z:.3f}" if numbered else "",
        "textfont": {"size": 11},
        "showscale": scaled,
        "colorbar": _scale(mode),
    }
    tilted = across > cell
    top = int(across * 0.71) + 24 if tilted else 30
    # A label that leans out beyond the last column needs room as well.
    right = (_SCALE if scaled else 0) + (int(across * 0.71) if tilted else 8)
    layout = base_layout(mode, int(cell * len(rows)) + top + _BOTTOM)
    layout |= _axes(rows, columns, mode, tilted) | {
        "autosize": False,
        "width": int(left + cell * len(columns) + right),
        "margin": {"l": left, "r": right, "t": top, "b": _BOTTOM},
        "shapes": [*_seams(rows, "y", mode), *_seams(columns, "x", mode)],
    }
    return go.Figure({"data": [trace], "layout": layout})


def _largest(
    values: NDArray[np.floating], rows: Sequence[AxisWord], columns: Sequence[AxisWord]
) -> float:
    """The amount of the deepest colour; a sum of many words would leave all others pale."""
    single = [np.array([word.kind != "rest" for word in side], bool) for side in (rows, columns)]
    return float(np.abs(values[np.ix_(*single)]).max(initial=0.0)) or 1.0


def _label(word: AxisWord) -> str:
    return wording.shortened(word.text, _LABEL_CHARS)


def _cards(rows: Sequence[AxisWord], columns: Sequence[AxisWord]) -> list[list[str]]:
    """The two words of every cell."""
    one, two = ([wording.label(word.text, 40) for word in side] for side in (rows, columns))
    return [[f"{a} × {b}" for b in two] for a in one]


def _scale(mode: Mode) -> dict[str, Any]:
    muted = THEMES[mode].muted
    return {
        "title": {"text": "adds", "font": {"size": 12, "color": muted}},
        "tickfont": {"size": 12, "color": muted},
        "tickformat": ".2~g",
        "nticks": 5,
        "thickness": 10,
        "len": 0.9,
        "outlinewidth": 0,
    }


def _axes(
    rows: Sequence[AxisWord], columns: Sequence[AxisWord], mode: Mode, tilted: bool
) -> dict[str, Any]:
    """Words on both sides; square cells at the left."""
    shared: dict[str, Any] = {
        "tickfont": {"size": 13, "color": THEMES[mode].ink},
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "constrain": "domain",
        "fixedrange": True,
    }
    across = {"side": "top", "tickangle": -45 if tilted else 0, "constraintoward": "left"}
    down = {"autorange": "reversed", "scaleanchor": "x", "constraintoward": "top"}
    return {
        "xaxis": shared | _ticks(columns, mode) | across,
        "yaxis": shared | _ticks(rows, mode) | down | {"ticksuffix": " "},
    }


def _ticks(words: Sequence[AxisWord], mode: Mode) -> dict[str, Any]:
    """A word for each place; those that are not of the sentence in grey italics."""
    grey = THEMES[mode].muted
    labels = [wording.inert(_label(word)) for word in words]
    return {
        "tickvals": list(range(len(words))),
        "ticktext": [
            label if word.kind == "word" else f'<i style="color:{grey}">{label}</i>'
            for label, word in zip(labels, words, strict=True)
        ],
    }


def _seams(words: Sequence[AxisWord], axis: str, mode: Mode) -> list[dict[str, Any]]:
    """A line where the words of the sentence meet what is set apart."""
    across = "x" if axis == "y" else "y"
    line = {"width": 2, "color": THEMES[mode].muted}
    places = [i - 0.5 for i in range(1, len(words)) if words[i].kind != words[i - 1].kind]
    return [
        {
            "type": "line",
            f"{axis}0": place,
            f"{axis}1": place,
            f"{across}ref": f"{across} domain",
            f"{across}0": 0,
            f"{across}1": 1,
            "line": line,
        }
        for place in places
    ]
