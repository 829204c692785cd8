"""How far pairs of encoders agree: a line for each pair, with chance and the dice of UMAP on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import wording
from .layout import base_layout, quiet_axis
from .palette import THEMES, Mode, translucent

if TYPE_CHECKING:
    import plotly.graph_objects as go

_LINE_HEIGHT = 34
_FRAME_HEIGHT = 116
_LEGEND = {
    "orientation": "h",
    "x": 0,
    "xref": "container",
    "y": 1,
    "yref": "container",
    "yanchor": "top",
    "font": {"size": 12},
    "itemclick": False,
    "itemdoubleclick": False,
}


@dataclass(frozen=True)
class AgreementLine:
    """One pair of encoders; all numbers are fractions in [0, 1].

    Attributes:
        name: The pair.
        embedding: Neighbours in common in embedding space.
        maps: Neighbours in common on their two maps.
        redrawn: Neighbours that the same encoders' maps keep when drawn with another seed.
    """

    name: str
    embedding: float
    maps: float
    redrawn: float


def agreement_figure(
    lines: Sequence[AgreementLine], chance: float, neighbours: int, mode: Mode = "light"
) -> "go.Figure":
    """Draw for each pair the neighbours in common, on maps and in embedding space.

    Args:
        lines: Pairs, the first at the top.
        chance: What two unrelated encoders have in common, a fraction in [0, 1].
        neighbours: Neighbours looked at, K.
        mode: "light" or "dark".
    """
    import plotly.graph_objects as go

    names = [wording.label(line.name, 60) for line in lines]
    layout = base_layout(mode, _FRAME_HEIGHT + _LINE_HEIGHT * len(lines)) | {
        "margin": {"l": 4, "r": 12, "t": 68, "b": 40},
        "hovermode": "closest",
        "legend": _LEGEND,
        "shapes": [_chance_line(chance, mode), *_spans(lines, mode)],
        "annotations": [_chance_label(chance, mode)],
    }
    layout |= _axes(names, mode)
    return go.Figure({"data": _dots(lines, names, neighbours, mode), "layout": layout})


def _dots(
    lines: Sequence[AgreementLine], names: Sequence[str], neighbours: int, mode: Mode
) -> list[dict[str, Any]]:
    """A trace for each of the three shares, so that the legend can name them."""
    theme = THEMES[mode]
    shares = [
        ("in embedding space", [line.embedding for line in lines], "circle", theme.accent, 13),
        ("on their maps", [line.maps for line in lines], "circle-open", theme.accent, 12),
        ("one encoder, two seeds", [line.redrawn for line in lines], "line-ns-open", theme.ink, 18),
    ]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": values,
            "y": list(range(len(lines))),
            "customdata": names,
            "marker": {
                "symbol": symbol,
                "size": size,
                "color": colour,
                "line": {"width": 2, "color": colour},
            },
            "hovertemplate": f"%{{customdata}}<br>{name}: %{{x:.2f}} of {neighbours} neighbours"
            "<extra></extra>",
        }
        for name, values, symbol, colour, size in shares
    ]


def _axes(names: Sequence[str], mode: Mode) -> dict[str, Any]:
    """Shares from left to right, a line for each pair from the top down."""
    return {
        "xaxis": quiet_axis(mode, range=[0, 1.02], dtick=0.2)
        | {"title": {"text": "share of neighbours in common", "font": {"size": 12}}},
        "yaxis": quiet_axis(
            mode,
            range=[len(names) - 0.5, -0.5],
            tickvals=list(range(len(names))),
            ticktext=names,
            tickfont={"size": 13, "color": THEMES[mode].ink},
        ),
    }


def _chance_label(chance: float, mode: Mode) -> dict[str, Any]:
    return {
        "x": chance,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "xanchor": "left",
        "text": "chance",
        "showarrow": False,
        "font": {"size": 11, "color": THEMES[mode].muted},
    }


def _chance_line(chance: float, mode: Mode) -> dict[str, Any]:
    return {
        "type": "line",
        "yref": "paper",
        "x0": chance,
        "x1": chance,
        "y0": 0,
        "y1": 1,
        "line": {"width": 1, "dash": "dot", "color": THEMES[mode].muted},
    }


def _spans(lines: Sequence[AgreementLine], mode: Mode) -> list[dict[str, Any]]:
    """From what the maps share to what they would if only the seed were another."""
    return [
        {
            "type": "line",
            "x0": line.maps,
            "x1": line.redrawn,
            "y0": place,
            "y1": place,
            "layer": "below",
            "line": {"width": 6, "color": translucent(THEMES[mode].muted, 0.25)},
        }
        for place, line in enumerate(lines)
    ]
