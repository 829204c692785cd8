"""How quick an encoder is: the whole way, batches of several shapes, and the share of the peak."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .layout import base_layout, quiet_axis
from .palette import THEMES, Mode, sequential_scale, translucent

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Length in tokens and batch in sentences, to a number.
Grid = Mapping[tuple[int, int], float]


def path_figure(
    names: Sequence[str],
    sentences_per_second: Sequence[float],
    shares: Sequence[float | None],
    mode: Mode = "light",
) -> "go.Figure":
    """Draw one bar for each runtime and precision: sentences per second on the corpus itself.

    Args:
        names: Such as "torch, fp32".
        sentences_per_second: Length of each bar.
        shares: Share of the matrix-product peak, fraction of 1; None where there is none.
        mode: "light" or "dark".
    """
    import plotly.graph_objects as go

    theme = THEMES[mode]
    labels = [
        f"<b>{rate:,.0f}</b>" + (f" · {100 * share:.0f} % of the peak" if share is not None else "")
        for rate, share in zip(sentences_per_second, shares, strict=True)
    ]
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": list(names),
        "x": list(sentences_per_second),
        "text": labels,
        "textposition": "outside",
        "textfont": {"size": 13, "color": theme.ink},
        "cliponaxis": False,
        "marker": {"color": translucent(theme.accent, 0.85), "line": {"width": 0}},
        "hovertemplate": "%{y}: %{x:,.0f} sentences a second<extra></extra>",
    }
    layout = base_layout(mode, 46 * len(names) + 56) | {
        "margin": {"l": 8, "r": 12, "t": 4, "b": 8},
        "bargap": 0.35,
        "showlegend": False,
        # Room for the words behind the longest bar.
        "xaxis": _titled(
            quiet_axis(mode, range=[0, 1.5 * max(sentences_per_second)], nticks=6),
            "sentences a second",
        ),
        "yaxis": quiet_axis(
            mode, autorange="reversed", showgrid=False, tickfont={"size": 13, "color": theme.ink}
        ),
    }
    return go.Figure({"data": [bars], "layout": layout})


def batch_figure(rates: Grid, mode: Mode = "light", *, height: int = 320) -> "go.Figure":
    """Draw sentences per second against sentence length, one line for each size of batch.

    Args:
        rates: Sentences per second of the network alone, by length and batch.
        mode: "light" or "dark".
        height: Pixels.
    """
    import plotly.graph_objects as go

    lengths = sorted({length for length, _ in rates})
    batches = sorted({batch for _, batch in rates})
    shades = _shades(len(batches), mode)
    traces = []
    for batch, colour in zip(batches, shades, strict=True):
        known = [length for length in lengths if (length, batch) in rates]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"{batch} at a time",
                "x": known,
                "y": [rates[length, batch] for length in known],
                "line": {"color": colour, "width": 2.5},
                "marker": {"color": colour, "size": 8},
                "hovertemplate": (
                    f"batch of {batch}, %{{x}} tokens each<br>%{{y:,.0f}} sentences a second"
                    "<extra></extra>"
                ),
            }
        )
    layout = base_layout(mode, height) | {
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "closest",
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": 12},
            "bgcolor": "rgba(0,0,0,0)",
        },
        "xaxis": _titled(
            quiet_axis(
                mode,
                type="log",
                tickvals=lengths,
                ticktext=[str(length) for length in lengths],
                showgrid=False,
            ),
            "tokens in a sentence",
        ),
        "yaxis": _titled(
            quiet_axis(mode, type="log", tickvals=_marks(rates.values()), tickformat=",~r"),
            "sentences a second",
        ),
    }
    return go.Figure({"data": traces, "layout": layout})


def share_figure(shares: Grid, mode: Mode = "light", *, height: int = 320) -> "go.Figure":
    """Draw the share of the machine's peak as a table of colours: batch by sentence length.

    Args:
        shares: Fraction of 1, by length and batch; shapes that were not timed are left blank.
        mode: "light" or "dark".
        height: Pixels.
    """
    import plotly.graph_objects as go

    theme = THEMES[mode]
    lengths = sorted({length for length, _ in shares})
    batches = sorted({batch for _, batch in shares})
    cells = [[shares.get((length, batch)) for length in lengths] for batch in batches]
    trace = {
        "type": "heatmap",
        "z": cells,
        "x": [str(length) for length in lengths],
        "y": [str(batch) for batch in batches],
        "zmin": 0,
        "zmax": max(0.5, *shares.values()),
        "colorscale": sequential_scale(mode),
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
        "text": [[_percent(value) for value in row] for row in cells],
        "texttemplate": "%{text}",
        "textfont": {"size": 14},
        "hovertemplate": ("batch of %{y}, %{x} tokens each<br>%{text} of the peak<extra></extra>"),
    }
    names = {"showgrid": False, "type": "category", "tickfont": {"size": 12, "color": theme.muted}}
    layout = base_layout(mode, height) | {
        "margin": {"l": 8, "r": 8, "t": 34, "b": 8},
        "xaxis": _titled(quiet_axis(mode) | names, "tokens in a sentence"),
        "yaxis": _titled(quiet_axis(mode) | names, "sentences in a batch"),
    }
    return go.Figure({"data": [trace], "layout": layout})


def _percent(share: float | None) -> str:
    """A share as a whole percentage; one that is not there is blank."""
    return "" if share is None else f"{100 * share:.0f} %"


def _marks(values: Iterable[float]) -> list[float]:
    """Marks at 1, 2 and 5 times each power of ten that a log axis of these values reaches."""
    low, high = min(values), max(values)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [step * 10.0**power for power in powers for step in (1, 2, 5)]


def _shades(count: int, mode: Mode) -> list[str]:
    """Colours of an ordered quantity, spread over the scale of numbers."""
    scale = THEMES[mode].sequential
    last = len(scale) - 1
    return [scale[round(i * last / max(1, count - 1))] for i in range(count)]


def _titled(axis: dict[str, Any], title: str) -> dict[str, Any]:
    """Name an axis of `quiet_axis`."""
    return axis | {"title": axis["title"] | {"text": title}}
