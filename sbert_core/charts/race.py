"""Bi-encoder against cross-encoder: times on log axes, a query's two rankings, and the trade.

Layers keep to themselves, so these charts take plain numbers and texts, and escape the texts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from . import wording
from .layout import base_layout, quiet_axis
from .palette import THEMES, Mode, translucent

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Marks of a time axis as a person says them, in seconds.
_TIMES: Final = (
    (0.001, "1 ms"),
    (0.01, "10 ms"),
    (0.1, "0.1 s"),
    (1, "1 s"),
    (10, "10 s"),
    (60, "1 min"),
    (600, "10 min"),
    (3_600, "1 hour"),
    (36_000, "10 hours"),
    (259_200, "3 days"),
    (2_592_000, "30 days"),
    (31_557_600, "1 year"),
    (315_576_000, "10 years"),
)
_STAY, _NEAR = 0, 50  # places moved; characters of a text beside its line
_ROW = 30  # pixels of one candidate


@dataclass(frozen=True)
class TimePoint:
    """One time of the race.

    Attributes:
        sentences: N.
        seconds: Time for all pairs, in seconds.
        measured: False if it is extrapolated from a sample.
        card: What its hover card says; escaped here.
    """

    sentences: int
    seconds: float
    measured: bool
    card: str


def race_figure(
    bi: Sequence[TimePoint],
    cross: Sequence[TimePoint],
    published: tuple[TimePoint, TimePoint],
    mode: Mode = "light",
    *,
    height: int = 420,
) -> "go.Figure":
    """Draw seconds for all pairs against the number of sentences, both on log axes.

    Args:
        bi: The bi-encoder's times, ascending.
        cross: The cross-encoder's times, ascending.
        published: What the paper says of the bi-encoder and of the cross-encoder.
        mode: "light" or "dark".
        height: Pixels.

    Returns:
        A figure for `theme=None` and `QUIET_CONFIG`; filled marks are measured, open ones
        extrapolated, diamonds published.
    """
    import plotly.graph_objects as go

    theme = THEMES[mode]
    first, second = theme.accent, theme.categorical[1]
    traces = [
        *_time_traces(cross, "cross-encoder", second, mode),
        *_time_traces(bi, "bi-encoder", first, mode),
        _published_trace(published, (first, second), mode),
    ]
    layout = base_layout(mode, height) | {
        "margin": {"l": 8, "r": 24, "t": 8, "b": 8},
        "hovermode": "closest",
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": 13},
            "bgcolor": "rgba(0,0,0,0)",
        },
    }
    layout |= _log_axes([*bi, *cross, *published], mode)
    return go.Figure({"data": traces, "layout": layout})


def slope_figure(
    texts: Sequence[str],
    before: Sequence[int],
    after: Sequence[int],
    cards: Sequence[str],
    mode: Mode = "light",
) -> "go.Figure":
    """Draw two rankings of the same texts side by side, with a line for each text.

    Lines that rise are coloured, those that fall are another colour, those that stay are grey.

    Args:
        texts: K texts; shortened and escaped here.
        before: Their places on the left, from 1.
        after: Their places on the right, from 1.
        cards: What their hover cards say besides the text; escaped here.
        mode: "light" or "dark".

    Returns:
        A figure for `theme=None` and `QUIET_CONFIG`, higher with more texts.
    """
    import plotly.graph_objects as go

    theme = THEMES[mode]
    traces: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for text, old, new, card in zip(texts, before, after, cards, strict=True):
        colour = _slope_colour(old - new, mode)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [0, 1],
                "y": [old, new],
                "line": {"color": colour, "width": 1.5 if old == new else 2.5},
                "marker": {"color": colour, "size": 8},
                "text": [f"{wording.card(text)}<br>{wording.inert(card)}"] * 2,
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
        words = wording.label(text, _NEAR)
        notes += [
            _note(f"{words}  <b>{old}</b>", 0, old, "right", theme.ink),
            _note(f"<b>{new}</b>  {words}", 1, new, "left", theme.ink),
        ]
    rows = max([*before, *after], default=1)
    notes += [
        _note("<b>bi-encoder</b>", 0, 0.1, "center", theme.muted),
        _note("<b>cross-encoder</b>", 1, 0.1, "center", theme.muted),
    ]
    layout = base_layout(mode, _ROW * rows + 60) | {
        "hovermode": "closest",
        "showlegend": False,
        # The lines have the middle third; texts stand beside them on both sides.
        "xaxis": {"visible": False, "range": [-1.35, 2.35], "fixedrange": True},
        "yaxis": {"visible": False, "range": [rows + 0.7, -0.5], "fixedrange": True},
        "annotations": notes,
    }
    return go.Figure({"data": traces, "layout": layout})


def depth_figure(
    depths: Sequence[int],
    quality: Sequence[float],
    milliseconds: Sequence[float],
    mode: Mode = "light",
    *,
    height: int = 380,
) -> "go.Figure":
    """Draw nDCG@10 above and waiting time below, over the number of re-ranked candidates.

    Args:
        depths: Candidates re-ranked, ascending.
        quality: nDCG@10, fractions in [0, 1].
        milliseconds: Mean time that a query waits.
        mode: "light" or "dark".
        height: Pixels.
    """
    import plotly.graph_objects as go

    names = [f"{depth:,}" for depth in depths]
    place = list(range(len(depths)))
    low, high = min(quality), max(quality)
    room = max(0.02, 0.25 * (high - low))
    x_axis = quiet_axis(
        mode,
        range=[-0.5, len(depths) - 0.5],
        tickvals=place,
        ticktext=names,
        showgrid=False,
        anchor="y2",
    )
    above = quiet_axis(
        mode, domain=[0.52, 1], nticks=5, range=[max(0, low - room), high + 1.4 * room]
    )
    below = quiet_axis(
        mode, domain=[0, 0.4], nticks=4, range=[0, 1.25 * max(milliseconds)], anchor="x"
    )
    layout = base_layout(mode, height) | {
        "margin": {"l": 8, "r": 12, "t": 12, "b": 8},
        "showlegend": False,
        "xaxis": _titled(x_axis, "candidates re-ranked for each query"),
        "yaxis": _titled(above, "nDCG@10"),
        "yaxis2": _titled(below, "ms a query"),
    }
    traces = _depth_traces(names, quality, milliseconds, mode)
    return go.Figure({"data": traces, "layout": layout})


def milliseconds_in_words(value: float) -> str:
    """A waiting time: "8.5 ms", "120 ms", "2.1 s"."""
    if value >= 1000:
        return f"{value / 1000:.1f} s"
    return f"{value:.0f} ms" if value >= 20 else f"{value:.1f} ms"


def _depth_traces(
    names: Sequence[str], quality: Sequence[float], milliseconds: Sequence[float], mode: Mode
) -> list[dict[str, Any]]:
    """A curve of quality, and bars of waiting time on the lower axis; both with their numbers."""
    theme, place = THEMES[mode], list(range(len(names)))
    curve = {
        "type": "scatter",
        "mode": "lines+markers+text",
        "x": place,
        "y": list(quality),
        "text": [f"{value:.3f}" for value in quality],
        "textposition": "top center",
        "textfont": {"size": 13, "color": theme.ink},
        "line": {"color": theme.accent, "width": 2},
        "marker": {"color": theme.accent, "size": 9},
        "cliponaxis": False,
        "customdata": list(names),
        "hovertemplate": "%{customdata} re-ranked: nDCG@10 %{y:.4f}<extra></extra>",
    }
    bars = {
        "type": "bar",
        "x": place,
        "y": list(milliseconds),
        "yaxis": "y2",
        "width": 0.5,
        "text": [milliseconds_in_words(value) for value in milliseconds],
        "textposition": "outside",
        "textfont": {"size": 13, "color": theme.ink},
        "marker": {"color": translucent(theme.categorical[1], 0.75), "line": {"width": 0}},
        "cliponaxis": False,
        "customdata": list(names),
        "hovertemplate": "%{customdata} re-ranked: %{text} a query<extra></extra>",
    }
    return [curve, bars]


def _time_traces(
    points: Sequence[TimePoint], name: str, colour: str, mode: Mode
) -> list[dict[str, Any]]:
    """One line with a mark for each time; its last one is labelled in the legend's colour."""
    return [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": [point.sentences for point in points],
            "y": [point.seconds for point in points],
            "line": {"color": colour, "width": 2.5},
            "marker": {
                "size": 11,
                "color": [colour if point.measured else THEMES[mode].paper for point in points],
                "line": {"color": colour, "width": 2.5},
            },
            "text": [wording.card(point.card) for point in points],
            "hovertemplate": "%{text}<extra></extra>",
        }
    ]


def _published_trace(
    published: tuple[TimePoint, TimePoint], colours: tuple[str, str], mode: Mode
) -> dict[str, Any]:
    """The paper's two figures, as diamonds in the colours of the lines."""
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "published, on a GPU",
        "x": [point.sentences for point in published],
        "y": [point.seconds for point in published],
        "marker": {
            "symbol": "diamond",
            "size": 13,
            "color": list(colours),
            "line": {"color": THEMES[mode].ink, "width": 1.5},
        },
        "text": ["paper: 5 s", "paper: 65 hours"],
        "textposition": ["bottom left", "top left"],
        "textfont": {"size": 12, "color": THEMES[mode].muted},
        "cliponaxis": False,
        "customdata": [wording.card(point.card) for point in published],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _log_axes(points: Sequence[TimePoint], mode: Mode) -> dict[str, Any]:
    """Sentences across and time up, both logarithmic, with room for every point."""
    across = sorted({point.sentences for point in points})
    low, high = _decades([point.seconds for point in points])
    x_axis = quiet_axis(
        mode,
        type="log",
        range=[math.log10(across[0]) - 0.15, math.log10(across[-1]) + 0.15],
        tickvals=across,
        ticktext=[f"{count:,}" for count in across],
    )
    y_axis = quiet_axis(
        mode,
        type="log",
        range=[low, high],
        tickvals=[value for value, _ in _TIMES],
        ticktext=[name for _, name in _TIMES],
    )
    return {
        "xaxis": _titled(x_axis, "sentences"),
        "yaxis": _titled(y_axis, "time for all pairs"),
    }


def _decades(values: Sequence[float]) -> tuple[float, float]:
    """Ends of a log axis that hold all values, with a little room."""
    logs = [math.log10(max(value, 1e-6)) for value in values]
    return min(logs) - 0.4, max(logs) + 0.5


def _slope_colour(climbed: int, mode: Mode) -> str:
    """Risen, fallen, or as it was."""
    theme = THEMES[mode]
    if climbed == _STAY:
        return translucent(theme.muted, 0.7)
    return theme.accent if climbed > 0 else theme.categorical[1]


def _note(text: str, x: float, y: float, anchor: str, colour: str) -> dict[str, Any]:
    """A text beside the end of a line."""
    shift = {"left": 14, "right": -14, "center": 0}[anchor]
    return {
        "text": text,
        "x": x,
        "y": y,
        "xanchor": anchor,
        "yanchor": "middle",
        "xshift": shift,
        "showarrow": False,
        "font": {"size": 13, "color": colour},
    }


def _titled(axis: dict[str, Any], title: str) -> dict[str, Any]:
    """Name an axis of `quiet_axis`."""
    return axis | {"title": axis["title"] | {"text": title}}
