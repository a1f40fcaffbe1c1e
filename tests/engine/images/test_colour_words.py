"""The main colours of a picture in words: as people name them, and without the paper that a thing is drawn on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor, ImageDraw

from engine.images.colour_words import WORDS, main_colours, named


@pytest.mark.parametrize(
    ("word", "colours"),
    [
        ("red", "red firebrick crimson darkred"),
        ("orange", "orange darkorange"),
        ("yellow", "yellow gold"),
        ("green", "green lime forestgreen olive darkgreen lightgreen"),
        ("turquoise", "turquoise teal cyan"),
        ("blue", "blue navy skyblue royalblue lightblue midnightblue"),
        ("purple", "purple indigo violet rebeccapurple"),
        ("pink", "pink hotpink deeppink"),
        ("brown", "saddlebrown sienna"),
        ("beige", "beige tan wheat"),
        ("black", "black #202020"),
        ("grey", "grey silver dimgrey slategrey"),
        ("white", "white snow"),
    ],
)
def test_colours_have_the_names_that_people_give_them(word: str, colours: str) -> None:
    pixels = np.array([ImageColor.getrgb(colour) for colour in colours.split()], np.uint8)
    assert named(pixels).tolist() == [word] * len(pixels)


def drawn(ground: str, *rectangles: tuple[str, tuple[int, int, int, int]]) -> Image.Image:
    """100 × 100 pixels with rectangles: left, upper, right and lower edge."""
    picture = Image.new("RGB", (100, 100), ground)
    for colour, edges in rectangles:
        ImageDraw.Draw(picture).rectangle(edges, fill=colour)
    return picture


def test_the_largest_comes_first_and_small_spots_do_not_count() -> None:
    picture = drawn("blue", ("red", (0, 0, 30, 99)), ("yellow", (40, 0, 58, 99)), ("lime", (90, 0, 92, 99)))
    assert main_colours(picture) == ("blue", "red", "yellow")


def test_there_are_three_at_most() -> None:
    stripes = [(colour, (20 * place, 0, 20 * place + 19, 99)) for place, colour in enumerate(("red", "lime", "gold"))]
    assert len(main_colours(drawn("blue", *stripes, ("hotpink", (60, 0, 79, 99))))) == 3


@pytest.mark.parametrize("ground", ["white", "#f4f4f2"])
def test_a_plain_white_ground_does_not_count(ground: str) -> None:
    assert main_colours(drawn(ground, ("red", (40, 40, 60, 60)))) == ("red",)
    transparent = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    transparent.paste("red", (40, 40, 60, 60))
    assert main_colours(transparent) == ("red",)


def test_white_that_belongs_to_the_thing_counts() -> None:
    """Stripes of a lighthouse within its outline, and snow below a sky."""
    outlined = drawn("white", ("red", (20, 20, 80, 80)), ("white", (30, 30, 70, 70)))
    assert main_colours(outlined) == ("red", "white")
    assert main_colours(drawn("skyblue", ("white", (0, 70, 99, 99)))) == ("blue", "white")


def test_a_white_sheet_is_white() -> None:
    assert main_colours(Image.new("RGB", (50, 50), "white")) == ("white",)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"]),
    st.integers(1, 300),
    st.integers(1, 300),
)
def test_a_picture_of_any_mode_and_size_has_a_colour(mode: str, width: int, height: int) -> None:
    colours = main_colours(Image.new(mode, (width, height)))
    assert len(colours) == 1 and set(colours) <= WORDS.keys()
