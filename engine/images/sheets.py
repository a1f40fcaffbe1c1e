"""Several pictures as one: variations as a plain grid, comparisons as a contact sheet with labels.

Labels are in Pillow's own font, so that a sheet looks the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from engine.images.lettering import Font, drawable_in_own_font, own_font, wrapped
from engine.spec.artspec import ArtSpec
from engine.spec.modifiers import find_modifier
from engine.spec.prompts import clean

LARGEST_SIDE: Final = 2048  # pixels of a sheet
MOST_ON_A_SHEET: Final = 25
MOST_COLUMNS: Final = 5  # with six, labels would be too small on a phone
LINES: Final = 2  # of a label and of the title
PAPER: Final = (250, 250, 248)
INK: Final = (32, 32, 36)
_CHEQUER: Final = ((255, 255, 255), (232, 232, 232))  # below transparent pictures
_CHEQUER_SIDE: Final = 12  # pixels
_GAP: Final = 1 / 50  # of a picture's longer side
_LETTERS: Final = 1 / 42  # font size as a share of the sheet's width: 9 points on a phone's 390
_SMALLEST_LETTERS: Final = 13  # pixels
_LEADING: Final = 1.25  # from line to line, in font sizes
_TITLE: Final = 1.3  # font size of the title, in those of a label

Size = tuple[int, int]


def arranged(spec: ArtSpec, pictures: Sequence[Image.Image], cell: int | None = None) -> Image.Image:
    """The pictures of `members` as one picture; `cell` is the side of a pixel picture's cells in pixels."""
    if spec.compare:
        labels = [find_modifier(name).name for name in spec.compare]
        return contact_sheet(pictures, labels, clean(spec.prompt), cell=cell)
    return pictures[0] if len(pictures) == 1 else grid(pictures, cell=cell)


def grid(pictures: Sequence[Image.Image], *, cell: int | None = None, largest: int = LARGEST_SIDE) -> Image.Image:
    """RGB: pictures of one size in a grid with thin gaps, as nearly square as possible, by rows.

    Scaled down if a side would be longer than `largest`; pixel pictures, whose cells have `cell` pixels, by whole
    pixels a cell. Raises ValueError for no picture and for unequal sizes.
    """
    size = _one_size(pictures)
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)

    def grid_size(one: Size) -> Size:
        gap = _gap(one)
        return columns * (one[0] + gap) - gap, rows * (one[1] + gap) - gap

    chosen = _fitting(size, cell, lambda one: max(grid_size(one)) <= largest)
    sheet = Image.new("RGB", grid_size(chosen), PAPER)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        corner = column * (chosen[0] + _gap(chosen)), row * (chosen[1] + _gap(chosen))
        sheet.paste(_scaled(picture, chosen, cell), corner)
    return sheet


def contact_sheet(
    pictures: Sequence[Image.Image],
    labels: Sequence[str],
    title: str | None = None,
    *,
    cell: int | None = None,
    largest: int = LARGEST_SIDE,
) -> Image.Image:
    """RGB: 2 to 25 pictures of one size in a grid, each with its label below, under a title.

    Labels and title are cleaned, wrapped to two lines and truncated with an ellipsis. `cell` and `largest` as in
    `grid`. Raises ValueError for another number of pictures, another number of labels, and unequal sizes.
    """
    if not 2 <= len(pictures) <= MOST_ON_A_SHEET:
        raise ValueError(f"a sheet takes 2 to {MOST_ON_A_SHEET} pictures, not {len(pictures)}")
    if len(labels) != len(pictures):
        raise ValueError(f"{len(pictures)} pictures have {len(labels)} labels")
    size = _one_size(pictures)
    columns = _columns(len(pictures), size)
    texts, heading = [drawable_in_own_font(label) for label in labels], drawable_in_own_font(title or "")

    def layout(one: Size) -> _Layout:
        return _Layout.of(one, columns, texts, heading)

    chosen = layout(_fitting(size, cell, lambda one: max(layout(one).size) <= largest))
    sheet = Image.new("RGB", chosen.size, PAPER)
    drawing = ImageDraw.Draw(sheet)
    _write(drawing, chosen.heading, chosen.heading_font, chosen.size[0] // 2, chosen.gap)
    for number, (picture, lines) in enumerate(zip(pictures, chosen.labels, strict=True)):
        left, top = chosen.corner(number)
        sheet.paste(_scaled(picture, chosen.picture, cell), (left, top))
        below = top + chosen.picture[1] + chosen.gap // 2
        _write(drawing, lines, chosen.label_font, left + chosen.picture[0] // 2, below)
    return sheet


@dataclass(frozen=True)
class _Layout:
    """The layout of a sheet whose pictures have the size `picture`."""

    picture: Size
    columns: int
    gap: int
    labels: tuple[tuple[str, ...], ...]  # lines
    label_font: Font
    heading: tuple[str, ...]
    heading_font: Font
    tops: tuple[int, ...]  # upper edge of each row, and of one more

    @classmethod
    def of(cls, picture: Size, columns: int, labels: Sequence[str], heading: str) -> _Layout:
        gap = _gap(picture)
        width = columns * (picture[0] + gap) + gap
        letters = max(_SMALLEST_LETTERS, round(width * _LETTERS))
        label_font, heading_font = own_font(letters), own_font(round(letters * _TITLE))
        written = tuple(wrapped(label, label_font, picture[0], LINES) for label in labels)
        title = wrapped(heading, heading_font, width - 2 * gap, LINES)
        tops = [gap + (_height(title, heading_font) + gap if title else 0)]
        for first in range(0, len(written), columns):
            most_lines = max(written[first : first + columns], key=len)
            tops.append(tops[-1] + picture[1] + gap // 2 + _height(most_lines, label_font) + gap)
        return cls(picture, columns, gap, written, label_font, title, heading_font, tuple(tops))

    @property
    def size(self) -> Size:
        """Of the sheet."""
        return self.columns * (self.picture[0] + self.gap) + self.gap, self.tops[-1]

    def corner(self, number: int) -> tuple[int, int]:
        """Left and upper edge of the picture with this number."""
        row, column = divmod(number, self.columns)
        return self.gap + column * (self.picture[0] + self.gap), self.tops[row]


def _write(drawing: ImageDraw.ImageDraw, lines: Sequence[str], font: Font, middle: int, top: int) -> None:
    for number, line in enumerate(lines):
        drawing.text((middle, top + round((number + 0.5) * _line(font))), line, INK, font, anchor="mm")


def _height(lines: Sequence[str], font: Font) -> int:
    return math.ceil(len(lines) * _line(font))


def _line(font: Font) -> float:
    return _LEADING * getattr(font, "size", _SMALLEST_LETTERS)


def _columns(count: int, size: Size) -> int:
    """The number of columns that makes the sheet as nearly square as possible, with few empty cells."""

    def badness(columns: int) -> float:
        rows = math.ceil(count / columns)
        shape = math.log(columns * size[0] / (rows * size[1] * 1.15))  # labels make a picture taller
        return abs(shape) + 0.5 * (rows * columns - count) / count

    return min(range(min(count, MOST_COLUMNS), 0, -1), key=badness)


def _one_size(pictures: Sequence[Image.Image]) -> Size:
    sizes = {picture.size for picture in pictures}
    if len(sizes) != 1:
        raise ValueError(f"pictures of one size were expected, not of {len(sizes)}")
    return sizes.pop()


def _gap(size: Size) -> int:
    return max(2, round(max(size) * _GAP))


def _fitting(size: Size, cell: int | None, fits: Callable[[Size], bool]) -> Size:
    """The largest size of a picture with which the sheet fits; the smallest if none does."""
    sizes = list(_sizes(size, cell))
    return next((each for each in sizes if fits(each)), sizes[-1])


def _sizes(size: Size, cell: int | None) -> Iterator[Size]:
    """Possible sizes, from the picture's own down."""
    width, height = size
    if cell is not None:
        for side in range(cell, 0, -1):
            yield width // cell * side, height // cell * side
        return
    share = 1.0
    while share * min(size) >= 1:
        yield round(width * share), round(height * share)
        share *= 0.98


def _scaled(picture: Image.Image, size: Size, cell: int | None) -> Image.Image:
    """RGB in that size; a pixel picture is resampled at one pixel a cell, so that each cell stays one colour."""
    if picture.size == size:
        return _opaque(picture)
    if cell is None:
        return _opaque(picture.resize(size, Image.Resampling.LANCZOS))
    native = picture.resize((picture.width // cell, picture.height // cell), Image.Resampling.NEAREST)
    return _opaque(native.resize(size, Image.Resampling.NEAREST))


def _opaque(picture: Image.Image) -> Image.Image:
    """RGB; a transparent picture on a light chequerboard."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    background = Image.new("RGBA", picture.size, _CHEQUER[0])
    drawing = ImageDraw.Draw(background)
    for top in range(0, picture.height, _CHEQUER_SIDE):
        for left in range(top // _CHEQUER_SIDE % 2 * _CHEQUER_SIDE, picture.width, 2 * _CHEQUER_SIDE):
            drawing.rectangle((left, top, left + _CHEQUER_SIDE - 1, top + _CHEQUER_SIDE - 1), _CHEQUER[1])
    background.alpha_composite(picture.convert("RGBA"))
    return background.convert("RGB")
