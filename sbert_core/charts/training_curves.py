"""Training as it happens: loss and score, signs of collapse, and a map that takes shape.

`history` is what the trainer keeps: one mapping per logged step, with "step" and as much of the
rest as was measured there. Names and units are those of `HISTORY_KEYS`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from . import wording
from .layout import base_layout, quiet_axis
from .palette import MAX_STYLES, THEMES, Mode, group_style, translucent

if TYPE_CHECKING:
    import plotly.graph_objects as go

History = Sequence[Mapping[str, float]]
Extent = tuple[tuple[float, float], tuple[float, float]]

HISTORY_KEYS: Final[Mapping[str, str]] = {
    "step": "steps of the optimiser that are done",
    "loss": "mean since the entry before",
    "lr": "learning rate",
    "sentences_per_second": "sentences read in a second",
    "seconds": "time since the start",
    "dev_spearman": "Spearman x 100 on the dev set, in [-100, 100]",
    "random_pair_cosine": "mean cosine of random pairs, in [-1, 1]",
    "random_pair_spread": "standard deviation of these cosines",
    "effective_rank": "dimensions in use, at least 1",
    "alignment": "mean squared distance of sentences that belong together, in [0, 4]",
    "uniformity": "ln of the mean Gaussian potential, in [-8, 0]",
}
# Key, title, what it means, the range its axis shows at least, and how its number is written.
_SIGNS: Final = (
    ("random_pair_cosine", "cosine of random pairs", "1 is collapse", (0.0, 1.0), ".3f"),
    ("effective_rank", "effective rank", "1 is collapse", (0.0, 1.0), ".1f"),
    ("alignment", "alignment", "lower: pairs nearer", (0.0, 1.0), ".3f"),
    ("uniformity", "uniformity", "0 is collapse", (-1.0, 0.0), ".2f"),
)
_LEFT, _RIGHT = (0.0, 0.45), (0.55, 1.0)
_LOWER, _UPPER = (0.0, 0.4), (0.6, 1.0)
_CELLS: Final = ((_LEFT, _UPPER), (_RIGHT, _UPPER), (_LEFT, _LOWER), (_RIGHT, _LOWER))
_SMOOTHED_PARTS = 30  # the loss flows together over one part in so many of its points


def training_figure(
    history: History,
    mode: Mode = "light",
    *,
    total_steps: int | None = None,
    height: int = 440,
) -> "go.Figure":
    """Draw loss above and dev Spearman below, over one axis of steps.

    The loss is drawn faintly as measured and clearly as smoothed. Scores are marked at the
    evaluations, the best one after training began with its number; a dashed line is the score
    before training, that is at step 0.

    Args:
        history: What the trainer has kept so far; entries without a key, or with a value that is
            not a finite number, are left out of that key's curve.
        mode: "light" or "dark".
        total_steps: Where the axis ends, so that a running curve grows towards it; None ends it
            at the last step.
        height: Pixels.

    Returns:
        A figure for `theme=None` and `QUIET_CONFIG`; without a step it is a sentence.
    """
    import plotly.graph_objects as go

    steps = _steps(history)
    if not steps:
        return sentence_only("The curves appear with the first steps.", mode, height)
    loss, score = _curve(history, "loss"), _curve(history, "dev_spearman")
    traces = [*_loss_traces(history, loss, mode), *_score_traces(score, mode)]
    end = max(total_steps or 0, *steps, 1)
    x_axis = quiet_axis(mode, range=[0, end], showgrid=False, anchor="y2", nticks=8)
    layout = base_layout(mode, height) | {
        "margin": {"l": 8, "r": 20, "t": 10, "b": 8},
        "showlegend": False,
        "hovermode": "closest",
        "uirevision": "training",
        "xaxis": titled(x_axis, "step"),
        "yaxis": titled(quiet_axis(mode, domain=[0.56, 1.0], nticks=5), "loss"),
        "yaxis2": titled(
            quiet_axis(mode, domain=[0.0, 0.46], nticks=5, anchor="x"), "dev Spearman ×100"
        ),
    }
    return go.Figure({"data": traces, "layout": layout | _before_line(score, mode)})


def collapse_figure(
    history: History,
    mode: Mode = "light",
    *,
    total_steps: int | None = None,
    height: int = 340,
) -> "go.Figure":
    """Draw the four signs of collapse over steps, one small panel each.

    Args:
        history: As for `training_figure`.
        mode: "light" or "dark".
        total_steps: As for `training_figure`.
        height: Pixels.

    Returns:
        A figure for `theme=None` and `QUIET_CONFIG`; without a measurement it is a sentence.
    """
    import plotly.graph_objects as go

    curves = [_curve(history, key) for key, *_ in _SIGNS]
    if not any(steps for steps, _ in curves):
        return sentence_only("The signs appear with the first evaluation.", mode, height)
    layout = base_layout(mode, height) | {
        "margin": {"l": 8, "r": 16, "t": 28, "b": 8},
        "showlegend": False,
        "uirevision": "training",
    }
    end = max(total_steps or 0, 1.0, *(step for steps, _ in curves for step in steps))
    traces, titles = [], []
    for place, (sign, curve, cell) in enumerate(zip(_SIGNS, curves, _CELLS, strict=True)):
        _, title, meaning, (low, high), form = sign
        number = str(place + 1) if place else ""
        values = [low, high, *curve[1]]
        room = 0.05 * (max(values) - min(values))
        across, up = cell
        layout[f"xaxis{number}"] = quiet_axis(
            mode, domain=across, anchor=f"y{number}", range=[0, end], showgrid=False, nticks=4
        )
        layout[f"yaxis{number}"] = quiet_axis(
            mode,
            domain=up,
            anchor=f"x{number}",
            range=[min(values) - room, max(values) + room],
            nticks=4,
        )
        traces.append(_sign_trace(curve, title, form, number, mode))
        titles.append(panel_title(title, meaning, across[0], up[1], mode))
    return go.Figure({"data": traces, "layout": layout | {"annotations": titles}})


def map_extent(frames: Iterable[NDArray[np.floating]]) -> Extent:
    """Find ranges of both axes that hold every frame of a moving map, with a little room.

    Args:
        frames: Maps of shape (N, 2), already laid over each other; may be none at all.
    """
    points = [frame for frame in frames if len(frame)]
    if not points:
        return (-1.0, 1.0), (-1.0, 1.0)
    together = np.concatenate(points)
    low, high = together.min(axis=0), together.max(axis=0)
    room = 0.05 * float((high - low).max()) or 1.0
    (left, bottom), (right, top) = (low - room).tolist(), (high + room).tolist()
    return (left, right), (bottom, top)


def moving_map_figure(
    points: NDArray[np.floating],
    labels: Sequence[str] | None,
    texts: Sequence[str],
    mode: Mode = "light",
    *,
    extent: Extent | None = None,
    title: str = "",
    height: int = 380,
) -> "go.Figure":
    """Draw one frame of a small map; frames of the same extent compare point by point.

    Points are in plain SVG, not WebGL as on the large map: a page may show many frames, and a
    browser keeps few WebGL pictures alive at a time.

    Args:
        points: Matrix of shape (N, 2).
        labels: N labels to colour by, "" for a sentence without one; None for one colour. The
            same labels get the same colours in every frame.
        texts: N sentences for the hover cards; shortened and escaped here, as labels are.
        mode: "light" or "dark".
        extent: Ranges of both axes, from `map_extent` of all frames; None fits this one.
        title: Such as "step 400"; escaped here.
        height: Pixels.

    Raises:
        ValueError: Points, labels and texts do not fit each other.
    """
    import plotly.graph_objects as go

    points = np.asarray(points, dtype=np.float32).reshape(-1, 2) if not len(points) else points
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"points have shape {points.shape}; they should be (N, 2).")
    for name, items in (("labels", labels), ("texts", texts)):
        if items is not None and len(items) != len(points):
            raise ValueError(f"{name} has {len(items)} items; there are {len(points)} points.")
    groups = np.array([str(label) for label in labels or [""] * len(points)], dtype=object)
    names = sorted(set(groups.tolist()) - {""})
    cards = np.array([wording.card(text) for text in texts], dtype=object)
    traces = []
    for place, name in enumerate(["", *names]):
        index = np.flatnonzero(groups == name)
        if index.size:
            style_place = None if labels is not None and not place else max(0, place - 1)
            trace = _map_trace(points[index], cards[index].tolist(), style_place, mode)
            label = wording.label(name)
            traces.append(trace | {"name": label, "meta": [label], "showlegend": bool(name)})
    across, up = extent or map_extent([points])
    layout = base_layout(mode, height) | {
        "margin": {"l": 4, "r": 4, "t": 28, "b": 4},
        "hovermode": "closest",
        "showlegend": 0 < len(names) <= len(THEMES[mode].categorical),
        "legend": {"font": {"size": 12}, "itemsizing": "constant", "bgcolor": "rgba(0,0,0,0)"},
        "title": _small_title(title, mode),
        "xaxis": _bare_axis(across, mode),
        "yaxis": _bare_axis(up, mode) | {"scaleanchor": "x"},
    }
    return go.Figure({"data": traces, "layout": layout})


# --- curves --------------------------------------------------------------------------------------


def _steps(history: History) -> list[float]:
    """All steps of a history."""
    return [float(entry["step"]) for entry in history if _is_number(entry.get("step"))]


def _curve(history: History, key: str) -> tuple[list[float], list[float]]:
    """Steps and values where a key was measured."""
    found = [
        (float(entry["step"]), float(entry[key]))
        for entry in history
        if _is_number(entry.get("step")) and _is_number(entry.get(key))
    ]
    return [step for step, _ in found], [value for _, value in found]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and math.isfinite(float(value))


def smoothed(values: Sequence[float]) -> list[float]:
    """Average values with those before them, which fade exponentially.

    The weights of the first ones are corrected as in Kingma & Ba 2015 (arXiv 1412.6980), section
    3, so that the curve begins at the first value and not at zero.
    """
    keep = 1 - 1 / max(1.0, len(values) / _SMOOTHED_PARTS)
    total = weight = 0.0
    averages = []
    for value in values:
        total = keep * total + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        averages.append(total / weight)
    return averages


def _loss_traces(
    history: History, loss: tuple[list[float], list[float]], mode: Mode
) -> list[dict[str, Any]]:
    """The loss as measured, which has the hover cards, and smoothed."""
    theme = THEMES[mode]
    measured = [e for e in history if _is_number(e.get("step")) and _is_number(e.get("loss"))]
    raw = {
        "type": "scatter",
        "mode": "lines" if len(loss[0]) > 1 else "markers",
        "name": "loss",
        "x": loss[0],
        "y": loss[1],
        "line": {"color": translucent(theme.accent, 0.3), "width": 1},
        "marker": {"color": theme.accent, "size": 6},
        "text": [_card(entry) for entry in measured],
        "hovertemplate": "%{text}<extra></extra>",
    }
    smooth = {
        "type": "scatter",
        "mode": "lines",
        "name": "loss, smoothed",
        "x": loss[0],
        "y": smoothed(loss[1]),
        "line": {"color": theme.accent, "width": 2},
        "hoverinfo": "skip",
    }
    return [raw, smooth]


def _card(entry: Mapping[str, float]) -> str:
    """Say on a hover card what a step is known to have had."""
    lines = [f"step {entry['step']:,.0f}", f"loss {entry['loss']:.4f}"]
    if _is_number(entry.get("lr")):
        lines.append(f"learning rate {entry['lr']:.2g}")
    if _is_number(entry.get("sentences_per_second")):
        lines.append(f"{entry['sentences_per_second']:,.0f} sentences/s")
    if _is_number(entry.get("seconds")):
        minutes, seconds = divmod(round(entry["seconds"]), 60)
        lines.append(f"after {minutes}:{seconds:02d} min")
    return "<br>".join(lines)


def _score_traces(score: tuple[list[float], list[float]], mode: Mode) -> list[dict[str, Any]]:
    """Dev scores at the evaluations, and the best of those that training led to."""
    theme = THEMES[mode]
    curve = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "dev Spearman",
        "x": score[0],
        "y": score[1],
        "yaxis": "y2",
        "line": {"color": theme.muted, "width": 1.5},
        "marker": {"color": theme.muted, "size": 7},
        "hovertemplate": "step %{x:,}<br>dev Spearman %{y:.2f}<extra></extra>",
    }
    trained = [(value, -step) for step, value in zip(*score, strict=True) if step > 0]
    if not trained:
        return [curve]
    value, step = max(trained)  # of equal scores the first, which is the one that is kept
    best = {
        "type": "scatter",
        "mode": "markers+text",
        "name": "best",
        "x": [-step],
        "y": [value],
        "yaxis": "y2",
        "marker": {"color": theme.accent, "size": 12, "line": {"width": 2, "color": theme.paper}},
        "text": [f"<b>best {value:.1f}</b>"],
        "textposition": "bottom center",
        "textfont": {"color": theme.ink},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    return [curve, best]


def _before_line(score: tuple[list[float], list[float]], mode: Mode) -> dict[str, Any]:
    """A dashed line at the score before training, if that was measured."""
    before = [value for step, value in zip(*score, strict=True) if step == 0]
    if not before:
        return {}
    theme, value = THEMES[mode], before[0]
    shape = {
        "type": "line",
        "xref": "paper",
        "yref": "y2",
        "x0": 0,
        "x1": 1,
        "y0": value,
        "y1": value,
        "line": {"color": theme.ink, "width": 1, "dash": "dash"},
    }
    note = {
        "x": 1,
        "xref": "paper",
        "xanchor": "right",
        "y": value,
        "yref": "y2",
        "yanchor": "bottom",
        "text": f"before training {value:.1f}",
        "showarrow": False,
        "font": {"size": 12, "color": theme.ink},
    }
    return {"shapes": [shape], "annotations": [note]}


def _sign_trace(
    curve: tuple[list[float], list[float]], title: str, form: str, number: str, mode: Mode
) -> dict[str, Any]:
    theme = THEMES[mode]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": title,
        "x": curve[0],
        "y": curve[1],
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "line": {"color": theme.accent, "width": 1.5},
        "marker": {"color": theme.accent, "size": 5},
        "hovertemplate": f"step %{{x:,}}<br>{title} %{{y:{form}}}<extra></extra>",
    }


# --- maps ----------------------------------------------------------------------------------------


def _map_trace(
    points: NDArray[np.floating], cards: list[str], style_place: int | None, mode: Mode
) -> dict[str, Any]:
    """The points of one label; without a style they are grey."""
    theme = THEMES[mode]
    style = None if style_place is None else group_style(style_place % MAX_STYLES, mode)
    label = "" if style_place is None else "<br>%{meta[0]}"
    return {
        "type": "scatter",
        "mode": "markers",
        "x": points[:, 0].astype(np.float32),
        "y": points[:, 1].astype(np.float32),
        "text": cards,
        "hovertemplate": f"%{{text}}{label}<extra></extra>",
        "marker": {
            "color": style.colour if style else theme.muted,
            "symbol": style.symbol if style else "circle",
            "size": 7,
            "opacity": 0.85,
            "line": {"width": 0.6, "color": theme.paper},
        },
    }


def _bare_axis(ends: tuple[float, float], mode: Mode) -> dict[str, Any]:
    """An axis without numbers, because a place on a map has no unit."""
    return {
        "range": list(ends),
        "autorange": False,
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "ticks": "",
        "showline": True,
        "mirror": True,
        "linecolor": THEMES[mode].line,
        "fixedrange": True,
    }


# --- words ---------------------------------------------------------------------------------------


def titled(axis: dict[str, Any], title: str) -> dict[str, Any]:
    """Name an axis of `quiet_axis`."""
    return axis | {"title": axis["title"] | {"text": title}}


def _small_title(title: str, mode: Mode) -> dict[str, Any]:
    return {
        "text": wording.label(title, 60),
        "font": {"size": 13, "color": THEMES[mode].muted},
        "x": 0,
        "xref": "paper",
        "y": 1,
        "pad": {"t": 8},
        "yanchor": "top",
    }


def panel_title(title: str, meaning: str, x: float, y: float, mode: Mode) -> dict[str, Any]:
    """Write a title, and faintly what it means, above a panel whose upper left corner is given."""
    theme = THEMES[mode]
    muted = f"  <span style='color:{theme.muted}'>{meaning}</span>" if meaning else ""
    return {
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "text": f"{title}{muted}",
        "showarrow": False,
        "font": {"size": 13, "color": theme.ink},
    }


def sentence_only(sentence: str, mode: Mode, height: int) -> "go.Figure":
    """A figure without axes that says why there is nothing to see."""
    import plotly.graph_objects as go

    hidden = {"visible": False, "fixedrange": True}
    note = {
        "x": 0.5,
        "y": 0.5,
        "xref": "paper",
        "yref": "paper",
        "text": sentence,
        "showarrow": False,
        "font": {"size": 14, "color": THEMES[mode].muted},
    }
    layout = base_layout(mode, height) | {"xaxis": hidden, "yaxis": hidden, "annotations": [note]}
    return go.Figure({"data": [], "layout": layout})
