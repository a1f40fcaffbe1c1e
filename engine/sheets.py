"""Pictures joined to one: variations as a plain grid, comparisons as a contact sheet with labels.

Labels are what people typed. Pillow's own font is used, so that a sheet looks the same everywhere; it has Latin
letters only, and what it cannot show is left out.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from engine.prompts import clean

LARGEST_SIDE: Final = 2048  # pixels of a whole sheet
MOST_ON_A_SHEET: Final = 25
MOST_COLUMNS: Final = 5  # a sixth would leave no room for labels on a phone
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
_LONGEST_TEXT: Final = 300  # characters: no two lines hold more
_NO_CHARACTER: Final = "\uffff"  # never assigned: the font draws its box for what it lacks
_UNSHOWN: Final = "…"
_SPELLED: Final = {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}

Size = tuple[int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def grid(pictures: Sequence[Image.Image], *, cell: int | None = None, largest: int = LARGEST_SIDE) -> Image.Image:
    """RGB: pictures of one size with thin gaps, left to right and top to bottom, as near to a square as they go.

    Scaled down where a side would be longer than `largest`. `cell` is for pixel art: the side of its cells in pixels,
    which then are scaled by whole numbers. Raises ValueError for no picture and for unequal sizes.
    """
    size = _one_size(pictures)
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)

    def whole(one: Size) -> Size:
        gap = _gap(one)
        return columns * (one[0] + gap) - gap, rows * (one[1] + gap) - gap

    chosen = _fitting(size, cell, lambda one: max(whole(one)) <= largest)
    joined = Image.new("RGB", whole(chosen), PAPER)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        at = column * (chosen[0] + _gap(chosen)), row * (chosen[1] + _gap(chosen))
        joined.paste(_scaled(picture, chosen, cell), at)
    return joined


def contact_sheet(
    pictures: Sequence[Image.Image],
    labels: Sequence[str],
    title: str | None = None,
    *,
    cell: int | None = None,
    largest: int = LARGEST_SIDE,
) -> Image.Image:
    """RGB: 2 to 25 pictures of one size, each with its label below, in rows from the left, below a title.

    Labels and title are cleaned and wrapped to two lines; what is longer ends in an ellipsis. `cell` and `largest` as
    in `grid`. Raises ValueError for another number of pictures, for unequal sizes, and unless each has one label.
    """
    if not 2 <= len(pictures) <= MOST_ON_A_SHEET:
        raise ValueError(f"a sheet takes 2 to {MOST_ON_A_SHEET} pictures, not {len(pictures)}")
    if len(labels) != len(pictures):
        raise ValueError(f"{len(pictures)} pictures have {len(labels)} labels")
    size = _one_size(pictures)
    columns = _columns(len(pictures), size)
    texts, heading = [_showable(label) for label in labels], _showable(title or "")

    def layout(one: Size) -> _Layout:
        return _Layout.of(one, columns, texts, heading)

    chosen = layout(_fitting(size, cell, lambda one: max(layout(one).whole) <= largest))
    sheet = Image.new("RGB", chosen.whole, PAPER)
    drawing = ImageDraw.Draw(sheet)
    _write(drawing, chosen.heading, chosen.heading_font, chosen.whole[0] // 2, chosen.gap)
    for place, (picture, lines) in enumerate(zip(pictures, chosen.labels, strict=True)):
        left, top = chosen.corner(place)
        sheet.paste(_scaled(picture, chosen.picture, cell), (left, top))
        below = top + chosen.picture[1] + chosen.gap // 2
        _write(drawing, lines, chosen.label_font, left + chosen.picture[0] // 2, below)
    return sheet


@dataclass(frozen=True)
class _Layout:
    """Where everything on a sheet is when its pictures have the size `picture`."""

    picture: Size
    columns: int
    gap: int
    labels: tuple[tuple[str, ...], ...]  # lines
    label_font: Font
    heading: tuple[str, ...]
    heading_font: Font
    tops: tuple[int, ...]  # upper edge of each row, and of what would be the next

    @classmethod
    def of(cls, picture: Size, columns: int, labels: Sequence[str], heading: str) -> _Layout:
        gap = _gap(picture)
        width = columns * (picture[0] + gap) + gap
        letters = max(_SMALLEST_LETTERS, round(width * _LETTERS))
        label_font, heading_font = _font(letters), _font(round(letters * _TITLE))
        written = tuple(wrapped(label, label_font, picture[0]) for label in labels)
        title = wrapped(heading, heading_font, width - 2 * gap)
        tops = [gap + (_height(title, heading_font) + gap if title else 0)]
        for first in range(0, len(written), columns):
            most_lines = max(written[first : first + columns], key=len)
            tops.append(tops[-1] + picture[1] + gap // 2 + _height(most_lines, label_font) + gap)
        return cls(picture, columns, gap, written, label_font, title, heading_font, tuple(tops))

    @property
    def whole(self) -> Size:
        return self.columns * (self.picture[0] + self.gap) + self.gap, self.tops[-1]

    def corner(self, place: int) -> tuple[int, int]:
        """Left and upper edge of a picture."""
        row, column = divmod(place, self.columns)
        return self.gap + column * (self.picture[0] + self.gap), self.tops[row]


def wrapped(text: str, font: Font, width: int, lines: int = LINES) -> tuple[str, ...]:
    """The text in at most `lines` lines of at most `width` pixels, broken at blanks; an ellipsis where it is cut."""
    broken: list[str] = []
    left = text.split()
    while left and len(broken) < lines:
        last = len(broken) == lines - 1
        count = _words_that_fit(left, font, width)
        if last and count < len(left):
            broken.append(_cut(" ".join(left), font, width))
            break
        if count == 0:  # a word that is wider than the line
            broken.append(_cut(left.pop(0), font, width))
        else:
            broken.append(" ".join(left[:count]))
            del left[:count]
    return tuple(broken)


def _words_that_fit(words: Sequence[str], font: Font, width: int) -> int:
    count = 0
    while count < len(words) and font.getlength(" ".join(words[: count + 1])) <= width:
        count += 1
    return count


def _cut(text: str, font: Font, width: int) -> str:
    """The beginning that fits with an ellipsis behind it."""
    kept = text
    while kept and font.getlength(kept + "…") > width:
        kept = kept[:-1]
    return kept.rstrip(" .,;…") + "…"


def _showable(text: str) -> str:
    """The text as the font can show it: letters without the accents it lacks, the rest as an ellipsis.

    Nothing where nothing can be shown.
    """
    shown: list[str] = []
    for letter in clean(text[: 4 * _LONGEST_TEXT])[:_LONGEST_TEXT]:
        fitting = _shown_letter(letter)
        if fitting != _UNSHOWN or shown[-1:] != [_UNSHOWN]:
            shown.append(fitting)
    joined = "".join(shown)
    return " ".join(joined.split()) if joined.strip(" …") else ""


@cache
def _shown_letter(letter: str) -> str:
    if unicodedata.combining(letter) or letter in "\u200d\ufe0e\ufe0f":
        return ""  # accents that stand alone, and what joins emoji
    plain = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return next((each for each in (letter, _SPELLED.get(letter), plain) if each and all(map(_in_font, each))), _UNSHOWN)


def _in_font(letter: str) -> bool:
    if letter == " ":
        return True
    font = _font(16)
    return bytes(font.getmask(letter)) != bytes(font.getmask(_NO_CHARACTER))


@cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _write(drawing: ImageDraw.ImageDraw, lines: Sequence[str], font: Font, middle: int, top: int) -> None:
    for number, line in enumerate(lines):
        drawing.text((middle, top + round((number + 0.5) * _line(font))), line, INK, font, anchor="mm")


def _height(lines: Sequence[str], font: Font) -> int:
    return math.ceil(len(lines) * _line(font))


def _line(font: Font) -> float:
    return _LEADING * getattr(font, "size", _SMALLEST_LETTERS)


def _columns(count: int, size: Size) -> int:
    """The number whose sheet comes nearest to a square with few empty places."""

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
    """The largest size for a picture with which the sheet fits; the smallest where none does."""
    sizes = list(_sizes(size, cell))
    return next((each for each in sizes if fits(each)), sizes[-1])


def _sizes(size: Size, cell: int | None) -> Iterator[Size]:
    """From the picture's own size down."""
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
    """RGB in that size; pixel art by way of one pixel a cell, so that each cell stays one colour."""
    if picture.size == size:
        return _opaque(picture)
    if cell is None:
        return _opaque(picture.resize(size, Image.Resampling.LANCZOS))
    native = picture.resize((picture.width // cell, picture.height // cell), Image.Resampling.NEAREST)
    return _opaque(native.resize(size, Image.Resampling.NEAREST))


def _opaque(picture: Image.Image) -> Image.Image:
    """RGB; a transparent picture lies on a light chequer."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, _CHEQUER[0])
    drawing = ImageDraw.Draw(ground)
    for top in range(0, picture.height, _CHEQUER_SIDE):
        for left in range(top // _CHEQUER_SIDE % 2 * _CHEQUER_SIDE, picture.width, 2 * _CHEQUER_SIDE):
            drawing.rectangle((left, top, left + _CHEQUER_SIDE - 1, top + _CHEQUER_SIDE - 1), _CHEQUER[1])
    ground.alpha_composite(picture.convert("RGBA"))
    return ground.convert("RGB")
