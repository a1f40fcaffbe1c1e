"""Text in lines of a width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from engine.images.lettering import wrapped

LINES = 2


def test_a_label_is_broken_at_blanks_and_cut_at_its_end() -> None:
    font = ImageFont.load_default(16)
    lines = wrapped("a lighthouse on a cliff in a terrible storm at night", font, 120, LINES)
    assert len(lines) == LINES and lines[0] == "a lighthouse on" and lines[1].endswith("…")
    assert all(font.getlength(line) <= 120 for line in lines)
    assert wrapped("short", font, 120, LINES) == ("short",)
    assert wrapped("", font, 120, LINES) == ()


@given(st.text(max_size=120), st.integers(20, 300))
def test_lines_are_never_wider_than_their_place(text: str, width: int) -> None:
    font = ImageFont.load_default(14)
    lines = wrapped(text, font, width, LINES)
    assert len(lines) <= LINES and all(font.getlength(line) <= width for line in lines)
