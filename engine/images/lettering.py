"""Text on pictures: choice of a font by its glyphs, wrapping, and truncation to a width."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

from PIL import ImageFont

from engine.spec.prompts import clean

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Pillow's own font has Latin letters only; if one of these is installed, Cyrillic and CJK are drawn as well.
INSTALLED: Final = ("NotoSans-Regular.ttf", "DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "wqy-microhei.ttc")
OWN: Final = ""  # Pillow's font
_SPELLED: Final = {  # if a font lacks the letter
    "ß": "ss",
    "æ": "ae",
    "Æ": "Ae",
    "œ": "oe",
    "Œ": "Oe",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
}
LONGEST: Final = 300  # characters: no line holds more
_NO_CHARACTER: Final = "\uffff"  # never assigned, so a font draws its box for missing glyphs
_JOINERS: Final = "\u200d\ufe0e\ufe0f"
_PROBE_SIZE: Final = 16


def own_font(size: int) -> Font:
    """Pillow's font, which is the same on every machine."""
    return _font(OWN, size)


def font_for(text: str, size: int) -> Font:
    """The first font that has all letters of this text; Pillow's if none has."""
    return _font(next((name for name in _fonts() if _has_all(name, text)), OWN), size)


def can_show(text: str) -> bool:
    """Whether an installed font has all letters of this text."""
    return any(_has_all(name, text) for name in _fonts())


def drawable(text: str) -> str:
    """Text as one line that one font can draw: without accents that it lacks, and with … for other missing letters."""
    line = clean(text[: 4 * LONGEST])[:LONGEST]
    if can_show(line):
        return line
    font = max(_fonts(), key=lambda name: sum(_has(name, letter) for letter in line))
    return _letters_of(font, line).strip() or "…"


def drawable_in_own_font(text: str) -> str:
    """As `drawable`, in Pillow's font; empty if it has none of the letters."""
    line = _letters_of(OWN, clean(text[: 4 * LONGEST])[:LONGEST])
    return " ".join(line.split()) if line.strip(" …") else ""


def cut(text: str, font: Font, width: float) -> str:
    """The text, truncated with an ellipsis if it is wider than `width` pixels."""
    if font.getlength(text) <= width:
        return text
    kept = text
    while kept and font.getlength(kept + "…") > width:
        kept = kept[:-1]
    return kept.rstrip(" .,;…") + "…"


def wrapped(text: str, font: Font, width: int, lines: int) -> tuple[str, ...]:
    """The text in at most `lines` lines of at most `width` pixels, broken at spaces; truncated with an ellipsis."""
    broken: list[str] = []
    words = text.split()
    while words and len(broken) < lines:
        last = len(broken) == lines - 1
        count = _words_that_fit(words, font, width)
        if last and count < len(words):
            broken.append(cut(" ".join(words), font, width))
            break
        if count == 0:  # a word that is wider than the line
            broken.append(cut(words.pop(0), font, width))
        else:
            broken.append(" ".join(words[:count]))
            del words[:count]
    return tuple(broken)


def _words_that_fit(words: Sequence[str], font: Font, width: int) -> int:
    count = 0
    while count < len(words) and font.getlength(" ".join(words[: count + 1])) <= width:
        count += 1
    return count


@cache
def _fonts() -> tuple[str, ...]:
    """Pillow's font and those of `INSTALLED` that this machine has."""
    return (OWN, *(name for name in INSTALLED if _is_installed(name)))


def _is_installed(name: str) -> bool:
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


def _letters_of(font: str, line: str) -> str:
    """The line in letters that the font has, with one ellipsis for each run of others."""
    letters: list[str] = []
    for letter in line:
        substitute = _substitute(font, letter)
        if substitute != "…" or letters[-1:] != ["…"]:
            letters.append(substitute)
    return "".join(letters)


@cache
def _substitute(font: str, letter: str) -> str:
    """The first that the font has of the letter, its spelling, and the letter without accents; else an ellipsis."""
    if unicodedata.combining(letter) or letter in _JOINERS:
        return ""
    bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return next((each for each in (letter, _SPELLED.get(letter), bare) if each and _has_all(font, each)), "…")
