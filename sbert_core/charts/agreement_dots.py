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

    theme, names = THEMES[mode], [wording.label(line.name, 60) for line in lines]
    places = list(range(len(lines)))
    said = f"%{{x:.2f}} of {neighbours} neighbours"
    dots = [
        ("in embedding space", [line.embedding for line in lines], "circle", theme.accent, 13),
        ("on their maps", [line.maps for line in lines], "circle-open", theme.accent, 12),
        (
            "one encoder, two seeds",
            [line.redrawn for line in lines],
            "line-ns-open",
            theme.ink,
            18,
        ),
    ]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": values,
            "y": places,
            "customdata": names,
            "marker": {
                "symbol": symbol,
                "size": size,
                "color": colour,
                "line": {"width": 2, "color": colour},
            },
            "hovertemplate": f"%{{customdata}}<br>{name}: {said}<extra></extra>",
        }
        for name, values, symbol, colour, size in dots
    ]
    layout = base_layout(mode, _FRAME_HEIGHT + _LINE_HEIGHT * len(lines)) | {
        "margin": {"l": 4, "r": 12, "t": 68, "b": 40},
        "hovermode": "closest",
        "legend": {
            "orientation": "h",
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "font": {"size": 12},
            "itemclick": False,
            "itemdoubleclick": False,
        },
        "xaxis": quiet_axis(mode, range=[0, 1.02], dtick=0.2)
        | {"title": {"text": "share of neighbours in common", "font": {"size": 12}}},
        "yaxis": quiet_axis(
            mode,
            range=[len(lines) - 0.5, -0.5],
            tickvals=places,
            ticktext=names,
            tickfont={"size": 13, "color": theme.ink},
        ),
        "shapes": [_chance_line(chance, mode), *_spans(lines, mode)],
        "annotations": [
            {
                "x": chance,
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "xanchor": "left",
                "text": "chance",
                "showarrow": False,
                "font": {"size": 11, "color": theme.muted},
            }
        ],
    }
    return go.Figure({"data": traces, "layout": layout})


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
