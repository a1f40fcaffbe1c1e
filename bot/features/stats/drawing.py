"""Drawing cards of tiles and bar charts, with text large enough for a phone.

A phone shows a picture about 360 points wide, a third of `WIDTH`, so 36 pixels are 12 points.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from engine.images.lettering import can_show, cut, drawable, font_for

WIDTH: Final = 1080  # pixels
MARGIN: Final = 56
GAP: Final = 24
INNER: Final = WIDTH - 2 * MARGIN
BACKGROUND: Final = (30, 31, 38)
PANEL: Final = (43, 45, 54)
INK: Final = (242, 243, 245)
FAINT: Final = (170, 174, 184)
ACCENT: Final = (240, 178, 50)
MEDALS: Final = ((240, 178, 50), (190, 198, 210), (205, 127, 80))  # first, second, third
TITLE, SUBTITLE, HEADING, LABEL, VALUE = 60, 38, 44, 38, 76  # font sizes in pixels
SMALLEST: Final = 30  # font size: text too long for its tile is drawn smaller, down to this, then cut
LEADING: Final = 1.35  # line height in font sizes
TILE_HEIGHT: Final = 184
BAR: Final = 18  # height of a bar
RANK: Final = 76  # width of the column with the ranks
WORDS_LENGTH: Final = 1024  # characters of a file's description in Discord

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Tile:
    """A number and its label."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart; `label` may be text that a user wrote."""

    label: str
    amount: float
    value: str  # the amount as text


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars below a heading, which may be empty; `ranked` bars have ranks, the first three in medal colours."""

    heading: str
    bars: tuple[Bar, ...]
    ranked: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """The content of one picture."""

    title: str
    subtitle: str
    tiles: tuple[Tile, ...] = ()
    charts: tuple[Chart, ...] = ()

    def words(self) -> str:
        """The content as text, for screen readers; cut to what Discord allows."""
        lines = [self.title, self.subtitle, *(f"{each.label}: {each.value}" for each in self.tiles)]
        for chart in self.charts:
            lines += [chart.heading, *(f"{each.label}: {each.value}" for each in chart.bars)]
        text = "\n".join(line for line in lines if line)
        return text if len(text) <= WORDS_LENGTH else text[: WORDS_LENGTH - 1] + "…"

    def is_readable(self) -> bool:
        """Whether the installed fonts have all letters of the labels."""
        return all(map(can_show, self._labels()))

    def _labels(self) -> Iterator[str]:
        yield self.subtitle
        yield from (f"{each.value}{each.label}" for each in self.tiles)
        yield from (chart.heading for chart in self.charts)


def draw(card: Card) -> bytes:
    """A PNG, `WIDTH` pixels wide and as high as needed. Takes tens of milliseconds: not for the event loop."""
    picture = Image.new("RGB", (WIDTH, _height(card)), BACKGROUND)
    drawing = ImageDraw.Draw(picture)
    top = MARGIN
    top = _line(drawing, card.title, TITLE, INK, top)
    if card.subtitle:
        top = _line(drawing, card.subtitle, SUBTITLE, FAINT, top)
    top += GAP
    for number, tile in enumerate(card.tiles):
        _tile(drawing, tile, number, top, alone=number == len(card.tiles) - 1 and number % 2 == 0)
    top += _tiles_height(card)
    for chart in card.charts:
        top = _chart(drawing, chart, top)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=6)
    return buffer.getvalue()


def _height(card: Card) -> int:
    head = round(TITLE * LEADING) + (round(SUBTITLE * LEADING) if card.subtitle else 0) + GAP
    return 2 * MARGIN - GAP + head + _tiles_height(card) + sum(_chart_height(chart) for chart in card.charts)


def _tiles_height(card: Card) -> int:
    return (len(card.tiles) + 1) // 2 * (TILE_HEIGHT + GAP)


def _chart_height(chart: Chart) -> int:
    heading = round(HEADING * LEADING) + GAP // 2 if chart.heading else 0
    return heading + len(chart.bars) * _bar_height() + GAP


def _bar_height() -> int:
    return round(LABEL * LEADING) + BAR + GAP


def _line(drawing: ImageDraw.ImageDraw, text: str, size: int, colour: Colour, top: int) -> int:
    """Draw one line of text across the picture; returns the top of the next line."""
    line = drawable(text)
    font = font_for(line, size)
    height = round(size * LEADING)
    drawing.text((MARGIN, top + height / 2), cut(line, font, INNER), colour, font, anchor="lm")
    return top + height


def _tile(drawing: ImageDraw.ImageDraw, tile: Tile, number: int, top: int, *, alone: bool) -> None:
    """Draw tile `number` in the left or right column; one that is `alone` in its row takes both."""
    width = INNER if alone else (INNER - GAP) // 2
    left = MARGIN + number % 2 * (width + GAP)
    upper = top + number // 2 * (TILE_HEIGHT + GAP)
    drawing.rounded_rectangle((left, upper, left + width, upper + TILE_HEIGHT), 20, PANEL)
    room = width - 2 * GAP
    for text, size, colour, middle in ((tile.value, VALUE, ACCENT, 0.38), (tile.label, LABEL, FAINT, 0.78)):
        line = drawable(text)
        font = font_for(line, size)
        if font.getlength(line) > room:
            font = font_for(line, max(SMALLEST, int(size * room / font.getlength(line))))
        place = (left + GAP, upper + TILE_HEIGHT * middle)
        drawing.text(place, cut(line, font, room), colour, font, anchor="lm")


def _chart(drawing: ImageDraw.ImageDraw, chart: Chart, top: int) -> int:
    """Draw each bar below a line with its label and value; returns the top of what follows."""
    if chart.heading:
        top = _line(drawing, chart.heading, HEADING, INK, top) + GAP // 2
    most = max((bar.amount for bar in chart.bars), default=0.0)
    left = MARGIN + (RANK if chart.ranked else 0)
    for number, bar in enumerate(chart.bars):
        colour = MEDALS[number] if chart.ranked and number < len(MEDALS) else ACCENT
        middle = top + round(LABEL * LEADING) / 2
        if chart.ranked:
            place = str(number + 1)
            medal = colour if number < len(MEDALS) else FAINT
            drawing.text((MARGIN, middle), place, medal, font_for(place, HEADING), anchor="lm")
        value, label = drawable(bar.value), drawable(bar.label)
        font = font_for(value, LABEL)
        drawing.text((MARGIN + INNER, middle), value, INK, font, anchor="rm")
        room = MARGIN + INNER - left - font.getlength(value) - GAP
        font = font_for(label, LABEL)
        drawing.text((left, middle), cut(label, font, room), INK, font, anchor="lm")
        upper = top + round(LABEL * LEADING)
        drawing.rounded_rectangle((left, upper, MARGIN + INNER, upper + BAR), BAR // 2, PANEL)
        if bar.amount > 0:
            long = max(BAR, round((MARGIN + INNER - left) * bar.amount / most))
            drawing.rounded_rectangle((left, upper, left + long, upper + BAR), BAR // 2, colour)
        top += _bar_height()
    return top + GAP
