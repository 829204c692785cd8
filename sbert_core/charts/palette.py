"""The colours of every picture, designed once for a light and once for a dark page.

The twelve categorical hues were searched, not picked: candidates on an OKLCH grid, annealed so
that the two closest of them stay as far apart as possible (CIEDE2000) to normal eyes and to eyes
without red, green or blue cones (Machado, Oliveira and Fernandes 2009, severity 1.0), while each
keeps a contrast of at least 2.5:1 to the page. `tests/charts/test_palette.py` measures all this.

Twelve is near the most that eyes can hold apart, so a thirteenth group takes the first hue again
with another marker symbol: colour and symbol together are unique for `MAX_STYLES` groups.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Mode = Literal["light", "dark"]
MODES: tuple[Mode, ...] = ("light", "dark")

# Plotly symbols that exist in 2-D and in 3-D, so that a group looks the same on both maps.
SYMBOLS = ("circle", "diamond", "square", "cross", "x", "circle-open", "diamond-open")
# The same symbols as characters, for the names on the map and for tables.
GLYPHS = ("●", "◆", "■", "✚", "✖", "○", "◇")

FONT = '"Source Sans", "Source Sans Pro", system-ui, -apple-system, "Segoe UI", sans-serif'

ColourScale = tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class ChartTheme:
    """All colours of one mode, as `#rrggbb`.

    Attributes:
        paper: Page and plot background; equals Streamlit's `backgroundColor`.
        raised: Hover cards and other surfaces above the page.
        ink: Text and rings.
        muted: Secondary text and rows without a group.
        line: Frames and grid lines.
        accent: What the user chose: their pair, their sentence, the chosen k.
        categorical: Hues of groups, most different first.
        sequential: Numbers from low to high: viridis without the end that fades into the page.
        diverging: Positions in [0, 1] for a cosine in [-1, 1]; 0 fades into the page.
    """

    paper: str
    raised: str
    ink: str
    muted: str
    line: str
    accent: str
    categorical: tuple[str, ...]
    sequential: tuple[str, ...]
    diverging: ColourScale


@dataclass(frozen=True)
class GroupStyle:
    """How one group of sentences is drawn: a colour, a Plotly symbol and its character."""

    colour: str
    symbol: str
    glyph: str


_LIGHT = ChartTheme(
    paper="#ffffff",
    raised="#ffffff",
    ink="#1c2a30",
    muted="#66757c",
    line="#d8e0e3",
    accent="#116781",
    categorical=(
        *("#116781", "#e88b0e", "#8f5aec", "#881356", "#0d957e", "#79a2f9"),
        *("#c95b0a", "#2e31bc", "#84a873", "#bd87af", "#5b4c03", "#905155"),
    ),
    sequential=(
        *("#440154", "#472272", "#413e84", "#37598c", "#2d718e"),
        *("#25888d", "#209f88", "#32b47b", "#5ec861", "#96d73f"),
    ),
    diverging=(
        *((0.0, "#8a3a06"), (0.25, "#e0a06b"), (0.5, "#f3f6f7"), (0.625, "#cde3e8")),
        *((0.75, "#86bccb"), (0.875, "#2f8aa6"), (1.0, "#0a3f52")),
    ),
)

_DARK = ChartTheme(
    paper="#12181b",
    raised="#1c2529",
    ink="#e4eaec",
    muted="#93a1a7",
    line="#2f3b40",
    accent="#42b4d3",
    categorical=(
        *("#42d9fa", "#e29508", "#9082b8", "#fbb8cb", "#48b49c", "#7d96fe"),
        *("#cd4805", "#6967e1", "#9ee57b", "#9c6786", "#b6a86d", "#c37076"),
    ),
    sequential=(
        *("#3c4e8a", "#32668e", "#2a7a8e", "#238e8c", "#23a386"),
        *("#34b67a", "#5ec861", "#90d642", "#c6e02a", "#fde725"),
    ),
    diverging=(
        *((0.0, "#ffb98a"), (0.25, "#a4572a"), (0.5, "#1b2428"), (0.625, "#1d4454")),
        *((0.75, "#23708b"), (0.875, "#4bb0cd"), (1.0, "#d9f6fd")),
    ),
)

THEMES: Mapping[Mode, ChartTheme] = MappingProxyType({"light": _LIGHT, "dark": _DARK})

MAX_STYLES = len(_LIGHT.categorical) * len(SYMBOLS)


def group_style(index: int, mode: Mode) -> GroupStyle:
    """Return the look of group `index`: hue `index % 12`, symbol `index // 12`.

    Args:
        index: Number of the group, from 0; the look repeats after `MAX_STYLES` groups.
        mode: "light" or "dark"; the symbol is the same in both.
    """
    hues = THEMES[mode].categorical
    turn = (index // len(hues)) % len(SYMBOLS)
    return GroupStyle(hues[index % len(hues)], SYMBOLS[turn], GLYPHS[turn])


def sequential_scale(mode: Mode) -> ColourScale:
    """Return the colour scale for numbers, from low (position 0) to high (position 1)."""
    colours = THEMES[mode].sequential
    return tuple((i / (len(colours) - 1), colour) for i, colour in enumerate(colours))


def translucent(colour: str, opacity: float) -> str:
    """Return `#rrggbb` as an `rgba(...)` string; `opacity` is a fraction in [0, 1]."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
