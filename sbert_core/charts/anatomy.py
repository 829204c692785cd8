"""Inside an encoder: the tokens of a sentence, its vectors as strips, and its layers compared."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import wording
from .layout import base_layout, quiet_axis
from .palette import THEMES, Mode, translucent

if TYPE_CHECKING:
    import plotly.graph_objects as go

# More tokens than this get no name below their bar; the pointer tells it.
MAX_NAMED = 48
_LAYER_CELL = 44


def token_bars(
    pieces: Sequence[str],
    special: NDArray[np.bool_],
    norms: NDArray[np.floating],
    to_pooled: NDArray[np.floating],
    mode: Mode = "light",
) -> "go.Figure":
    """Draw two bars for each token: its vector's length, and its cosine with the pooled vector.

    Args:
        pieces: T tokens; escaped here.
        special: Bool (T,), tokens that the encoder added, drawn paler.
        norms: Float (T,), >= 0.
        to_pooled: Float (T,), in [-1, 1].
        mode: "light" or "dark".
    """
    import plotly.graph_objects as go

    theme = THEMES[mode]
    places = list(range(len(pieces)))
    names = [wording.label(piece, 24) for piece in pieces]
    colours = [translucent(theme.accent, 0.4) if added else theme.accent for added in special]
    shared = {"type": "bar", "x": places, "customdata": names, "marker": {"color": colours}}
    traces = [
        shared
        | {
            "y": norms.astype(np.float32),
            "yaxis": "y2",
            "hovertemplate": "%{customdata}: length %{y:.2f}<extra></extra>",
        },
        shared
        | {
            "y": to_pooled.astype(np.float32),
            "hovertemplate": "%{customdata}: cosine %{y:.3f}<extra></extra>",
        },
    ]
    named = len(pieces) <= MAX_NAMED
    ticks = {"tickvals": places if named else [], "ticktext": names if named else []}
    low = min(0.0, float(to_pooled.min(initial=0.0)) - 0.02)
    layout = base_layout(mode, 380) | {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "bargap": 0.25,
        "showlegend": False,
        "xaxis": quiet_axis(mode, showgrid=False, anchor="y", **ticks)
        | {"tickfont": {"size": 13, "color": theme.ink}},
        "yaxis": _titled(quiet_axis(mode, domain=[0, 0.46], range=[low, 1]), "cosine with pooled"),
        "yaxis2": _titled(quiet_axis(mode, domain=[0.54, 1], rangemode="tozero"), "length"),
    }
    return go.Figure({"data": traces, "layout": layout})


def vector_strips(
    vectors: Sequence[NDArray[np.floating]], names: Sequence[str], mode: Mode = "light"
) -> "go.Figure":
    """Draw vectors below each other, one thin column of colour per dimension.

    Each is scaled to length 1 first, so that strips look alike where the cosine is high.

    Args:
        vectors: V vectors of equal width, float (H,).
        names: What each is called; escaped here.
        mode: "light" or "dark".
    """
    import plotly.graph_objects as go

    rows = np.stack([vector / (float(np.linalg.norm(vector)) or 1.0) for vector in vectors])
    # A few dimensions are often far larger than the rest: they may saturate.
    reach = float(np.quantile(np.abs(rows), 0.98)) or 1.0
    places = list(range(len(names)))
    trace = {
        "type": "heatmap",
        "z": rows.astype(np.float32),
        "zmin": -reach,
        "zmax": reach,
        "colorscale": THEMES[mode].diverging,
        "ygap": 4,
        "showscale": False,
        "hovertemplate": "%{y}, dimension %{x}: %{z:.3f}<extra></extra>",
    }
    down = {"tickvals": places, "ticktext": [f"{wording.label(name, 40)} " for name in names]}
    layout = base_layout(mode, 46 * len(names) + 40) | {
        "margin": {"l": 8, "r": 8, "t": 4, "b": 28},
        "xaxis": quiet_axis(mode, showgrid=False),
        "yaxis": quiet_axis(mode, autorange="reversed", showgrid=False, **down)
        | {"tickfont": {"size": 13, "color": THEMES[mode].ink}},
    }
    return go.Figure({"data": [trace], "layout": layout})


def layer_heatmap(cosines: NDArray[np.floating], mode: Mode = "light") -> "go.Figure":
    """Draw how alike the pooled vectors of all layers are.

    Args:
        cosines: Float (L + 1, L + 1) in [-1, 1]; row 0 is the embeddings, before any layer.
        mode: "light" or "dark".
    """
    import plotly.graph_objects as go

    count = len(cosines)
    names = ["embeddings", *(f"layer {i}" for i in range(1, count))]
    numbered = count <= 13
    cell = _LAYER_CELL if numbered else 20
    trace = {
        "type": "heatmap",
        "z": cosines.astype(np.float32),
        "zmin": -1,
        "zmax": 1,
        "colorscale": THEMES[mode].diverging,
        "xgap": 1,
        "ygap": 1,
        "showscale": False,
        "texttemplate": "%{z:.2f}" if numbered else "",
        "textfont": {"size": 12},
        "hovertemplate": "%{y} and %{x}: cosine <b>%{z:.3f}</b><extra></extra>",
    }
    shared: dict[str, Any] = {
        "tickfont": {"size": 12, "color": THEMES[mode].ink},
        "tickvals": list(range(count)),
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "constrain": "domain",
        "fixedrange": True,
        "automargin": True,
    }
    short = ["emb.", *map(str, range(1, count))]
    layout = base_layout(mode, cell * count + 44) | {
        "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
        "xaxis": shared | {"ticktext": short, "side": "top", "constraintoward": "left"},
        "yaxis": shared
        | {"ticktext": [f"{name} " for name in names], "autorange": "reversed"}
        | {"scaleanchor": "x", "constraintoward": "top"},
    }
    return go.Figure({"data": [trace], "layout": layout})


def _titled(axis: dict[str, Any], title: str) -> dict[str, Any]:
    """The axis with a name beside it."""
    return axis | {"title": axis["title"] | {"text": title}}
