"""Named palettes, and parsing of the palette that a user types: a name or hexadecimal colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from rapidfuzz import fuzz, process

from engine.errors import InputError, either

Colour = tuple[int, int, int]  # red, green, blue, 0 … 255 each

FEWEST: Final = 2
MOST: Final = 64

_HEX: Final = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE)
_LONGEST_TEXT: Final = 64 * 10  # characters: 64 colours and separators
_SIMILAR: Final = 50.0  # per cent, for a suggestion


@dataclass(frozen=True, slots=True)
class Palette:
    """A named set of colours."""

    name: str  # as it is typed: lower case, words joined by hyphens
    description: str  # one line, with the author where one is known
    colours: tuple[Colour, ...]


def read_palette(text: str) -> tuple[Colour, ...]:
    """The colours of a named palette ("pico-8", "PICO 8") or of a hexadecimal list ("#fff #a1b2c3", "ffffff,000000").

    Repeated colours of a list count once. Raises `InputError` for an unknown name, for anything that is no colour, and
    for fewer than 2 or more than 64 colours.
    """
    if len(text) > _LONGEST_TEXT:
        raise InputError("The palette is too long: give a name or {most} hex colours at most.", most=MOST)
    palette = _BY_KEY.get(_key(text))
    if palette is not None:
        return palette.colours
    words = [word for word in re.split(r"[\s,;|]+", text) if word]
    if not words:
        raise InputError(
            "The palette is empty: give a name, for example {names}, or hex colours.",
            names=", ".join(list(PALETTES)[:3]),
        )
    if _looks_like_colours(words):
        return _read_colours(words)
    raise _unknown(text)


def _looks_like_colours(words: list[str]) -> bool:
    """Whether a list of colours was meant, so that its errors are reported rather than an unknown name."""
    return any(word.startswith("#") or _HEX.fullmatch(word) for word in words)


def _read_colours(words: list[str]) -> tuple[Colour, ...]:
    colours = tuple(dict.fromkeys(_read_colour(word) for word in words))
    if not FEWEST <= len(colours) <= MOST:
        raise _wrong_number(len(colours))
    return colours


def _read_colour(word: str) -> Colour:
    match = _HEX.fullmatch(word)
    if match is None:
        raise InputError(
            "{word} is no colour: write each like #ffcc00 or #fc0, with spaces between.", word=repr(word[:20])
        )
    return _colour(match[1])


def _colour(digits: str) -> Colour:
    """The colour of three or six hexadecimal digits."""
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def _key(name: str) -> str:
    """The name as it is looked up: lower case, without spaces and hyphens."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def _wrong_number(number: int) -> InputError:
    if number == 1:
        return InputError(
            "A palette has {fewest} to {most} colours; this one has only one colour.", fewest=FEWEST, most=MOST
        )
    return InputError(
        "A palette has {fewest} to {most} colours; this one has {number} different colours.",
        fewest=FEWEST,
        most=MOST,
        number=number,
    )


def _unknown(text: str) -> InputError:
    typed = repr(text.strip()[:40])
    similar = process.extract(_key(text), list(_BY_KEY), scorer=fuzz.ratio, limit=3, score_cutoff=_SIMILAR)
    if not similar:
        return InputError(
            "There is no palette named {name}: known are {names}; or give hex colours like #112233 #ffeedd.",
            name=typed,
            names=", ".join(PALETTES),
        )
    return InputError(
        "There is no palette named {name}: did you mean {names}? Hex colours work too.",
        name=typed,
        names=either(list(dict.fromkeys(_BY_KEY[match].name for match, *_ in similar))),
    )


def _palette(name: str, description: str, digits: str) -> Palette:
    return Palette(name, description, tuple(_colour(each) for each in digits.split()))


_EGA_LEVELS: Final = ("00", "55", "aa", "ff")

# The values are as published by each palette's author or the machine's users.
_ALL: Final = (
    _palette(
        "pico-8",
        "The 16 colours of the PICO-8 fantasy console, by Lexaloffle (Joseph White).",
        "000000 1d2b53 7e2553 008751 ab5236 5f574f c2c3c7 fff1e8 "
        "ff004d ffa300 ffec27 00e436 29adff 83769c ff77a8 ffccaa",
    ),
    _palette("game-boy", "The four greens of the first Game Boy's screen (1989).", "0f380f 306230 8bac0f 9bbc0f"),
    _palette(
        "game-boy-pocket", "The four olive greys of the Game Boy Pocket's screen (1996).", "1f1f1f 4d533c 8b956d c4cfa1"
    ),
    _palette(
        "sweetie-16",
        "Sweetie 16 by GrafxKid: bright and soft, the default of TIC-80.",
        "1a1c2c 5d275d b13e53 ef7d57 ffcd75 a7f070 38b764 257179 "
        "29366f 3b5dc9 41a6f6 73eff7 f4f4f4 94b0c2 566c86 333c57",
    ),
    _palette(
        "endesga-32",
        "Endesga 32 by ENDESGA: strong colours for games, with skin and earth.",
        "be4a2f d77643 ead4aa e4a672 b86f50 733e39 3e2731 a22633 "
        "e43b44 f77622 feae34 fee761 63c74d 3e8948 265c42 193c3e "
        "124e89 0099db 2ce8f5 ffffff c0cbdc 8b9bb4 5a6988 3a4466 "
        "262b44 181425 ff0044 68386c b55088 f6757a e8b796 c28569",
    ),
    _palette(
        "dawnbringer-16",
        "DawnBringer's 16 colours (Richard Fhager, 2011): muted and earthy.",
        "140c1c 442434 30346d 4e4a4e 854c30 346524 d04648 757161 "
        "597dce d27d2c 8595a1 6daa2c d2aa99 6dc2ca dad45e deeed6",
    ),
    _palette(
        "dawnbringer-32",
        "DawnBringer's 32 colours (Richard Fhager, 2012): for nearly everything.",
        "000000 222034 45283c 663931 8f563b df7126 d9a066 eec39a "
        "fbf236 99e550 6abe30 37946e 4b692f 524b24 323c39 3f3f74 "
        "306082 5b6ee1 639bff 5fcde4 cbdbfc ffffff 9badb7 847e87 "
        "696a6a 595652 76428a ac3232 d95763 d77bba 8f974a 8a6f30",
    ),
    _palette(
        "commodore-64",
        "The 16 colours of the Commodore 64 (1982), as measured by Philip “Pepto” Timmermann.",
        "000000 ffffff 68372b 70a4b2 6f3d86 588d43 352879 b8c76f "
        "6f4f25 433900 9a6759 444444 6c6c6c 9ad284 6c5eb5 959595",
    ),
    _palette(
        "zx-spectrum",
        "The 15 colours of the ZX Spectrum (1982): seven, the same brighter, and black.",
        "000000 0000d7 d70000 d700d7 00d700 00d7d7 d7d700 d7d7d7 0000ff ff0000 ff00ff 00ff00 00ffff ffff00 ffffff",
    ),
    _palette(
        "cga-16",
        "The 16 colours of IBM's Color Graphics Adapter (1981).",
        "000000 0000aa 00aa00 00aaaa aa0000 aa00aa aa5500 aaaaaa "
        "555555 5555ff 55ff55 55ffff ff5555 ff55ff ffff55 ffffff",
    ),
    _palette("cga-4", "Black, cyan, magenta and white: CGA's games of the eighties.", "000000 55ffff ff55ff ffffff"),
    Palette(
        "ega-64",
        "All 64 colours of IBM's Enhanced Graphics Adapter (1984).",
        tuple(_colour(red + green + blue) for red in _EGA_LEVELS for green in _EGA_LEVELS for blue in _EGA_LEVELS),
    ),
    _palette(
        "windows-16",
        "The 16 colours that VGA screens and the first web pages had names for.",
        "000000 800000 008000 808000 000080 800080 008080 c0c0c0 "
        "808080 ff0000 00ff00 ffff00 0000ff ff00ff 00ffff ffffff",
    ),
    _palette(
        "teletext",
        "The eight colours of teletext: every channel on or off.",
        "000000 ff0000 00ff00 ffff00 0000ff ff00ff 00ffff ffffff",
    ),
    _palette("1-bit", "Black and white.", "000000 ffffff"),
    _palette("paper", "Two inks, near black on warm paper.", "22201c f2eecb"),
    _palette("grey-4", "Four greys from black to white.", "000000 555555 aaaaaa ffffff"),
    _palette("grey-8", "Eight greys from black to white.", "000000 242424 494949 6d6d6d 929292 b6b6b6 dbdbdb ffffff"),
    _palette(
        "sepia",
        "Eight browns of an old photograph.",
        "1e140d 3b2717 5a3e26 7b5838 9d764f bf976d dcbb94 f6e6c8",
    ),
    _palette(
        "sunset",
        "Twelve warm colours from night violet over reds to pale yellow.",
        "1b1026 3a1a3d 5f2349 8c2d4f b83b4b dc5540 f0763a f99a45 fdbd5d fedd86 fff2bd 6a4a78",
    ),
    _palette(
        "ocean",
        "Twelve cool colours from the deep to foam, with one of sand.",
        "07101f 0d2139 123a5a 175a7c 1f7d9b 35a2b3 63c4c4 9fe0d8 d7f5ec f6fffb 2d4f4a e6d3a3",
    ),
    _palette(
        "forest",
        "Twelve colours of leaves, bark, moss and mist.",
        "10150f 1f2d1b 314a27 4b6b33 6f8f45 9db565 cdd79a eef0d2 3a2a1e 5f4630 8d6b48 a9b7a8",
    ),
    _palette(
        "pastel",
        "Sixteen light and friendly colours with one dark for outlines.",
        "4a4458 8f879e c8c2d6 fffdf7 ff9aa8 ffc3b8 ffdcae fff2b3 "
        "d6efb0 a9e2b8 9fe0dc a8d5f7 a9b8f5 c9b1f0 f0b8e6 d59b7f",
    ),
    _palette(
        "neon",
        "Twelve glowing colours on night blue.",
        "0b0620 1c0f45 3b1a78 6a1fb0 b026e0 ff2fd0 ff4f7b ff9a3c fff25a 5cff8f 2ce6ff f5f5ff",
    ),
    _palette(
        "colour-blind-safe",
        "The eight colours of Okabe and Ito (2008) that everybody can tell apart, and white.",
        "000000 e69f00 56b4e9 009e73 f0e442 0072b2 d55e00 cc79a7 ffffff",
    ),
)

PALETTES: Final[Mapping[str, Palette]] = MappingProxyType({each.name: each for each in _ALL})

_BY_KEY: Final = {_key(each.name): each for each in _ALL} | {
    _key(other): PALETTES[name]
    for other, name in {
        "pico": "pico-8",
        "gameboy": "game-boy",
        "dmg": "game-boy",
        "gb": "game-boy",
        "gb pocket": "game-boy-pocket",
        "sweetie": "sweetie-16",
        "edg32": "endesga-32",
        "db16": "dawnbringer-16",
        "db32": "dawnbringer-32",
        "c64": "commodore-64",
        "spectrum": "zx-spectrum",
        "cga": "cga-4",
        "ega": "ega-64",
        "ega-16": "cga-16",
        "vga-16": "windows-16",
        "black and white": "1-bit",
        "gray-4": "grey-4",
        "gray-8": "grey-8",
        "grey": "grey-8",
        "gray": "grey-8",
        "okabe-ito": "colour-blind-safe",
    }.items()
}
