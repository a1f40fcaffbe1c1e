"""Palettes: the named ones are what their makers published, and whatever is typed gives colours or a sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.spec.palettes import FEWEST, MOST, PALETTES, read_palette

HEX_COLOUR = st.tuples(*[st.integers(0, 255)] * 3)


def test_there_are_palettes_enough_for_a_menu_and_not_too_many() -> None:
    assert 16 <= len(PALETTES) <= 25  # Discord shows 25 choices at most
    for name, palette in PALETTES.items():
        assert palette.name == name == name.lower() and " " not in name
        assert FEWEST <= len(palette.colours) <= MOST
        assert len(set(palette.colours)) == len(palette.colours)
        assert all(0 <= channel <= 255 for colour in palette.colours for channel in colour)
        assert 10 < len(palette.description) <= 100 and "\n" not in palette.description


@pytest.mark.parametrize(
    ("name", "count", "some"),
    [
        ("pico-8", 16, (255, 0, 77)),
        ("game-boy", 4, (139, 172, 15)),
        ("commodore-64", 16, (53, 40, 121)),
        ("zx-spectrum", 15, (0, 0, 215)),
        ("cga-16", 16, (170, 85, 0)),
        ("ega-64", 64, (170, 85, 0)),
        ("sweetie-16", 16, (177, 62, 83)),
        ("endesga-32", 32, (254, 174, 52)),
        ("dawnbringer-32", 32, (223, 113, 38)),
        ("1-bit", 2, (0, 0, 0)),
    ],
)
def test_known_palettes_have_their_colours(name: str, count: int, some: tuple[int, int, int]) -> None:
    colours = read_palette(name)
    assert len(colours) == count and some in colours


@pytest.mark.parametrize("text", ["pico-8", "PICO 8", "pico_8", "Pico8", " pico-8 ", "pico"])
def test_names_are_read_however_they_are_written(text: str) -> None:
    assert read_palette(text) == PALETTES["pico-8"].colours


@pytest.mark.parametrize(
    "text", ["#fff #a1b2c3", "ffffff,a1b2c3", "FFF; #A1B2C3", "#fff | #a1b2c3", "#fff\n#a1b2c3 fff,"]
)
def test_colours_are_read_however_they_are_written(text: str) -> None:
    assert read_palette(text) == ((255, 255, 255), (161, 178, 195))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        (" , ", "empty"),
        ("pica-8", "did you mean pico-8"),
        ("gameboi", "did you mean game-boy"),
        ("qqqqqqqq", "known are pico-8, .*hex colours"),
        ("#fff", "2 to 64 colours; this one has only one"),
        ("#fff #ffffff", "only one"),
        ("#fff #ggg", "'#ggg' is no colour: write each like #ffcc00"),
        ("#ffff #000", "'#ffff' is no colour"),
        (" ".join(f"{number:06x}" for number in range(65)), "65 different colours"),
        ("f" * 10_000, "too long"),
    ],
)
def test_anything_else_is_answered_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as raised:
        read_palette(text)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 600


@given(st.lists(HEX_COLOUR, min_size=2, max_size=64, unique=True), st.sampled_from([" ", ",", ", ", ";", "|", "\t"]))
def test_every_list_of_colours_is_read_back(colours: list[tuple[int, int, int]], between: str) -> None:
    text = between.join("#{:02x}{:02X}{:02x}".format(*colour) for colour in colours)
    assert read_palette(text) == tuple(colours)


@given(st.one_of(st.text(max_size=80), st.text("#0123456789abcdefg ,;|-_", max_size=80)))
def test_every_text_gives_a_palette_or_a_sentence(text: str) -> None:
    try:
        colours = read_palette(text)
    except InputError as error:
        assert str(error).endswith((".", "?")) or "Hex" in str(error)
    else:
        assert FEWEST <= len(colours) <= MOST


def test_the_names_are_there_without_torch() -> None:
    """A bot lists them, and its process never imports torch."""
    check = "import sys, engine.spec.palettes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0
