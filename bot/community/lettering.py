"""Letters on pictures: a font that has them, lines cut to their place, nothing drawn that no font can show."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from PIL import ImageFont

from engine.prompts import clean

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Pillow's own font has Latin letters only; where a machine has one of these, Cyrillic and CJK are drawn as well.
INSTALLED: Final = ("NotoSans-Regular.ttf", "DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "wqy-microhei.ttc")
OWN: Final = ""  # stands for Pillow's font
LONGEST: Final = 300  # characters that are looked at: no line holds more
_NO_CHARACTER: Final = "\uffff"  # never assigned: a font draws its box for what it lacks
_JOINERS: Final = "\u200d\ufe0e\ufe0f"
_PROBE_SIZE: Final = 16


def font_for(text: str, size: int) -> Font:
    """The first font that has all letters of this text; Pillow's where none has."""
    return _font(next((name for name in _fonts() if _has_all(name, text)), OWN), size)


def can_show(text: str) -> bool:
    """Whether some font here has all letters of this text."""
    return any(_has_all(name, text) for name in _fonts())


def shown(text: str) -> str:
    """Text of a stranger as one line that one font can draw: without accents it lacks, … for its other letters."""
    line = clean(text[: 4 * LONGEST])[:LONGEST]
    if can_show(line):
        return line
    most = max(_fonts(), key=lambda name: sum(_has(name, letter) for letter in line))
    letters: list[str] = []
    for letter in line:
        fitting = _plainest(most, letter)
        if fitting != "…" or letters[-1:] != ["…"]:
            letters.append(fitting)
    return "".join(letters).strip() or "…"


def cut(text: str, font: Font, width: float) -> str:
    """The text, or as much of its beginning as fits into `width` pixels with an ellipsis behind it."""
    if font.getlength(text) <= width:
        return text
    kept = text
    while kept and font.getlength(kept + "…") > width:
        kept = kept[:-1]
    return kept.rstrip(" .,;…") + "…"


@cache
def _fonts() -> tuple[str, ...]:
    """Pillow's font and those of `INSTALLED` that are there."""
    return (OWN, *(name for name in INSTALLED if _is_there(name)))


def _is_there(name: str) -> bool:
    try:
        ImageFont.truetype(name, _PROBE_SIZE)
    except OSError:
        return False
    return True


@cache
def _font(name: str, size: int) -> Font:
    return ImageFont.load_default(size) if name == OWN else ImageFont.truetype(name, size)


def _has_all(name: str, text: str) -> bool:
    return all(_has(name, letter) for letter in text)


@cache
def _has(name: str, letter: str) -> bool:
    if letter == " ":
        return True
    font = _font(name, _PROBE_SIZE)
    return bytes(font.getmask(letter)) != bytes(font.getmask(_NO_CHARACTER))


def _plainest(font: str, letter: str) -> str:
    if unicodedata.combining(letter) or letter in _JOINERS:
        return ""
    bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return next((each for each in (letter, bare) if each and _has_all(font, each)), "…")
