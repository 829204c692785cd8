"""What all charts share: fonts, frames, hover cards, and Plotly's options in the page."""

from typing import Any, Final

from .palette import FONT, THEMES, Mode

# For the map: the wheel zooms, a double click goes back, the tools are always in sight. Plotly's
# own "Share chart" button would send the sentences to a server, so it is taken away by every means.
PLOTLY_CONFIG: Final[dict[str, Any]] = {
    "displayModeBar": True,
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "scrollZoom": True,
    "doubleClick": "reset",
    "modeBarButtonsToRemove": [
        "sendChartToCloud",
        "zoom2d",
        "autoScale2d",
        "tableRotation",
        "resetCameraLastSave3d",
    ],
    "toImageButtonOptions": {"filename": "sbert-lab-map", "scale": 2},
}
# For the small charts beside text: hover cards and nothing else.
QUIET_CONFIG: Final[dict[str, Any]] = {"displayModeBar": False, "scrollZoom": False}


def base_layout(mode: Mode, height: int) -> dict[str, Any]:
    """Return the layout of a figure of `height` pixels before it has axes.

    Everything that Plotly or Streamlit would choose by theme is set here, so that a figure looks
    the same in the page (drawn with `theme=None`) and in a stand-alone file.
    """
    theme = THEMES[mode]
    return {
        "template": {},
        "height": height,
        "autosize": True,
        "paper_bgcolor": theme.paper,
        "plot_bgcolor": theme.paper,
        "font": {"family": FONT, "size": 14, "color": theme.ink},
        "margin": {"l": 4, "r": 4, "t": 4, "b": 4},
        "hoverlabel": {
            "bgcolor": theme.raised,
            "bordercolor": theme.line,
            "font": {"family": FONT, "size": 14, "color": theme.ink},
            "align": "left",
        },
        "modebar": {
            "bgcolor": "rgba(0,0,0,0)",
            "color": theme.muted,
            "activecolor": theme.accent,
        },
    }


def quiet_axis(mode: Mode, **changes: Any) -> dict[str, Any]:
    """Return a small, light axis for the charts that do have numbers on their axes."""
    theme = THEMES[mode]
    axis: dict[str, Any] = {
        "gridcolor": theme.line,
        "zeroline": False,
        "linecolor": theme.line,
        "tickfont": {"size": 12, "color": theme.muted},
        "title": {"font": {"size": 12, "color": theme.muted}, "standoff": 8},
        "automargin": True,
        "fixedrange": True,
    }
    return axis | changes
