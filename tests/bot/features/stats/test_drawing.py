"""Cards: they are readable, show the given numbers, and accept any text."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.features.stats.drawing import (
    INNER,
    LABEL,
    MARGIN,
    MEDALS,
    PANEL,
    WIDTH,
    WORDS_LENGTH,
    Bar,
    Card,
    Chart,
    Tile,
    draw,
)
from engine.images.lettering import can_show, cut, drawable, font_for

FULL = Card(
    "alice",
    "Atelier guests",
    (Tile("1,204", "pictures painted"), Tile("98", "stars given"), Tile("Saturday", "busiest day")),
    (Chart("Styles", (Bar("image", 80, "80"), Bar("pixel", 20, "20"), Bar("sketch", 0, "0"))),),
)


def painted(card: Card) -> Image.Image:
    picture = Image.open(io.BytesIO(draw(card)))
    assert picture.format == "PNG" and picture.width == WIDTH
    return picture.convert("RGB")


def run_of(picture: Image.Image, row: int, colour: tuple[int, int, int]) -> int:
    return sum(picture.getpixel((column, row)) == colour for column in range(WIDTH))


def test_bars_are_as_long_as_their_amounts() -> None:
    bars = tuple(Bar(f"number {amount}", amount, str(amount)) for amount in (40, 20, 10, 0))
    picture = painted(Card("x", "", charts=(Chart("", bars, ranked=True),)))
    lengths = [max(run_of(picture, row, medal) for row in range(picture.height)) for medal in MEDALS]
    assert lengths[0] > lengths[1] > lengths[2] > 0
    assert lengths[1] / lengths[0] == pytest.approx(0.5, abs=0.03)
    assert lengths[2] / lengths[0] == pytest.approx(0.25, abs=0.03)
    assert max(run_of(picture, row, PANEL) for row in range(picture.height - 2 * MARGIN, picture.height)) > INNER / 2


def test_letters_are_large_enough_for_a_phone() -> None:
    """A phone shows the picture 360 points wide; nothing on it is smaller than 12 points."""
    assert LABEL * 360 / WIDTH >= 12


def test_a_card_grows_with_what_is_on_it() -> None:
    assert painted(Card("x", "")).height < painted(Card("x", "", FULL.tiles)).height < painted(FULL).height


def test_words_say_the_same_to_who_cannot_see() -> None:
    words = FULL.words()
    for expected in ("alice", "pictures painted: 1,204", "busiest day: Saturday", "image: 80"):
        assert expected in words
    long = Card("x", "", charts=(Chart("", tuple(Bar("y" * 200, 1, "1") for _ in range(20))),))
    assert len(long.words()) == WORDS_LENGTH


def test_what_no_font_has_is_left_out_and_said() -> None:
    assert drawable("plain ñandú") == "plain ñandú"
    assert drawable("apple \U0001faa8") == "apple …"
    assert drawable("\U0001faa8") == "…" and drawable("") == ""
    assert not can_show("\uffff")
    assert not Card("x", "", (Tile("1", "\U0001faa8"),)).is_readable() and FULL.is_readable()


def test_text_is_cut_where_its_place_ends() -> None:
    font = font_for("a", 40)
    assert cut("short", font, 500) == "short"
    assert font.getlength(cut("a very long line " * 9, font, 500)) <= 500


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=400), st.text(max_size=60), st.floats(0, 1e12))
def test_no_text_breaks_a_card(text: str, value: str, amount: float) -> None:
    chart = Chart(text, (Bar(text, amount, value[:20]), Bar("other", 1, "1")), ranked=True)
    painted(Card(text, text, (Tile(value, text),), (chart,)))
