"""The names of groups, and of the user's own sentences, written on the map."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import wording
from .map_data import Groups, MapData, PlacedSentence
from .palette import MAX_STYLES, THEMES, GroupStyle, Mode, group_style, translucent
from .placement import Box, Frame, dense_centres, place_names

NAME_CHARS = 40
NAME_LINE = 22
FONT_PIXELS = 13
# The page decides the width; names are placed for a narrow one and have more room on a wide one.
EXPECTED_WIDTH = 680.0
# Pixels of map for each name: more names than that would hide the points.
_PIXELS_PER_NAME = 11_000
# How far the plate of a typed sentence stands above its star.
_PLATE_SHIFT = 24
# Plotly looks at a 3-D map from (1.25, 1.25, 1.25): the screen's right and up from there.
_CAMERA = np.array([[-1, 1, 0], [-1, -1, 2]]) / np.sqrt([[2], [6]])


def name_annotations(
    data: MapData, mode: Mode, height: int, placed: Sequence[PlacedSentence] = ()
) -> list[dict[str, Any]]:
    """Return Plotly annotations: group names where their members are dense, then typed sentences.

    Args:
        data: The map; names are drawn when it is coloured by groups.
        mode: "light" or "dark".
        height: Pixels of the map.
        placed: Sentences typed by the user.
    """
    names: list[dict[str, Any]] = []
    if isinstance(data.colouring, Groups):
        names += _group_names(data, data.colouring, mode, height, placed)
    frame = _frame(data, height)
    names += [_placed_name(sentence, frame, mode) for sentence in placed]
    return names


def _group_names(
    data: MapData,
    groups: Groups,
    mode: Mode,
    height: int,
    placed: Sequence[PlacedSentence],
) -> Iterator[dict[str, Any]]:
    limit = min(int(EXPECTED_WIDTH * height / _PIXELS_PER_NAME), MAX_STYLES)
    by_size = np.argsort(-groups.sizes, kind="stable")[:limit]
    named = by_size[groups.sizes[by_size] > 0].tolist()
    centres = dense_centres(data.coordinates, groups.labels, named)
    cards = [wording.card(groups.names[group], NAME_CHARS, NAME_LINE) for group in named]
    frame = _frame(data, height)
    own = [_placed_box(sentence, frame) for sentence in placed]
    extents = [_extent(card) for card in cards]
    for spot in place_names(_on_screen(centres), extents, frame, own):
        place = int(np.searchsorted(groups.styled, named[spot.index]))
        style = group_style(place, mode)
        yield _name(cards[spot.index], centres[spot.index], spot.shift, style, mode)


def _on_screen(points: NDArray[np.floating]) -> NDArray[np.floating]:
    """Flatten 3-D points as they look at first; 2-D points stay."""
    return points @ _CAMERA.T if points.shape[1] == 3 else points


def _frame(data: MapData, height: int) -> Frame:
    """The screen area; in 3-D the room around the points leaves them two thirds of it."""
    points = _on_screen(data.coordinates)
    share = 1.0 if data.dims == 2 else 0.65
    return Frame(share * EXPECTED_WIDTH, share * height, points.min(axis=0), points.max(axis=0))


def _extent(card: str) -> tuple[float, float]:
    """Width and height of a name in pixels, from the mean width of a semi-bold letter."""
    lines = card.split("<br>")
    width = 0.54 * FONT_PIXELS * max(map(len, lines)) + 2 * FONT_PIXELS
    return width, 1.3 * FONT_PIXELS * len(lines) + 6


def _placed_box(sentence: PlacedSentence, frame: Frame) -> Box:
    """The plate of a typed sentence together with its star."""
    position = np.asarray(sentence.position, dtype=np.float64)[None]
    x, y = frame.pixels(_on_screen(position)[0])
    width, height = _extent(_placed_card(sentence))
    x += frame.inward(x, width)
    return Box.around(x, y + _PLATE_SHIFT / 2, width, height + _PLATE_SHIFT)


def _name(
    card: str,
    position: NDArray[np.floating],
    shift: tuple[float, float],
    style: GroupStyle,
    mode: Mode,
) -> dict[str, Any]:
    """A name in an outline of the page's colour, its group's mark before it."""
    theme = THEMES[mode]
    return {
        **dict(zip("xyz", position.tolist(), strict=False)),
        "text": f"<span style='color:{style.colour}'>{style.glyph}</span> {card}",
        "xshift": shift[0],
        "yshift": shift[1],
        "showarrow": False,
        "font": {
            "size": FONT_PIXELS,
            "color": theme.ink,
            "weight": 600,
            "shadow": _halo(theme.paper),
        },
        "align": "left",
    }


def _halo(colour: str) -> str:
    """An outline of the page's colour around letters: points shine through between the words."""
    outline = [f"{x}px {y}px 0 {colour}" for x in (-1, 1) for y in (-1, 1)]
    return ", ".join([*outline, *[f"0 0 3px {colour}"] * 4])


def _placed_card(sentence: PlacedSentence) -> str:
    return wording.card(sentence.text, NAME_CHARS + 20, NAME_LINE + 10)


def _placed_name(sentence: PlacedSentence, frame: Frame, mode: Mode) -> dict[str, Any]:
    """The user's own sentence, above its star, inverted so that it stands out."""
    theme = THEMES[mode]
    x, _ = frame.pixels(_on_screen(np.asarray(sentence.position, dtype=np.float64)[None])[0])
    return {
        **dict(zip("xyz", np.asarray(sentence.position).tolist(), strict=False)),
        "text": _placed_card(sentence),
        "xshift": frame.inward(x, _extent(_placed_card(sentence))[0]),
        "yshift": _PLATE_SHIFT,
        "showarrow": False,
        "font": {"size": FONT_PIXELS, "color": theme.paper, "weight": 600},
        "bgcolor": translucent(theme.ink, 0.92),
        "borderpad": 3,
    }
