"""Joined pictures: each in its place and unspoilt, labels whatever people typed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.images.sheets import LARGEST_SIDE, PAPER, arranged, contact_sheet, grid
from engine.spec.artspec import ArtSpec

SHADES = [(10 * n, 255 - 9 * n, (37 * n) % 256) for n in range(25)]


def flat(count: int, size: tuple[int, int] = (64, 48)) -> list[Image.Image]:
    """Pictures of one colour each."""
    return [Image.new("RGB", size, SHADES[n]) for n in range(count)]


def boxes(sheet: Image.Image, shades: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Left, top, right and bottom of the area of each colour, which must be a full rectangle."""
    numbers = np.asarray(sheet).astype(np.int32) @ (65536, 256, 1)
    found = []
    for red, green, blue in shades:
        rows, columns = np.nonzero(numbers == red * 65536 + green * 256 + blue)
        box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
        assert len(rows) == (box[2] - box[0]) * (box[3] - box[1])
        found.append(box)
    return found


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (4, 2), (5, 3), (9, 3)])
def test_a_grid_goes_left_to_right_and_top_to_bottom(count: int, columns: int) -> None:
    for place, (left, top, right, bottom) in enumerate(boxes(grid(flat(count)), SHADES[:count])):
        assert (right - left, bottom - top) == (64, 48)
        assert (left // 64, top // 48) == (place % columns, place // columns)


def test_a_grid_has_thin_gaps_and_no_frame() -> None:
    joined = grid(flat(4, (100, 100)))
    assert joined.size == (202, 202) and joined.mode == "RGB"
    assert joined.getpixel((100, 50)) == joined.getpixel((50, 101)) == PAPER


def test_a_single_picture_stays_as_it_is() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))
    np.testing.assert_array_equal(np.asarray(grid([noise])), np.asarray(noise))


def test_a_large_grid_is_scaled_down_evenly() -> None:
    joined = grid(flat(9, (1024, 512)))
    assert LARGEST_SIDE * 0.95 < joined.width <= LARGEST_SIDE
    for left, top, right, bottom in boxes(joined, SHADES[:9]):
        assert abs((right - left) / (bottom - top) - 2) < 0.02


def test_pixel_art_keeps_square_cells_of_one_colour_when_scaled_down() -> None:
    cells = np.random.default_rng(0).integers(0, 256, (20, 40, 3), dtype=np.uint8)
    art = Image.fromarray(cells).resize((640, 320), Image.Resampling.NEAREST)
    joined = np.asarray(grid([art] * 4, cell=16, largest=700))
    first = joined[:160, :320]  # 8 pixels a cell: 9 would make the whole 727 wide
    np.testing.assert_array_equal(first, cells.repeat(8, 0).repeat(8, 1))


def test_a_sheet_shows_every_picture_unchanged_and_in_order() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 200, (96, 96, 3), dtype=np.uint8) for _ in range(6)]
    sheet = np.asarray(contact_sheet([Image.fromarray(each) for each in arrays], ["x"] * 6))
    places = []
    for each in arrays:
        rows, columns = np.nonzero((sheet[:-95, :-95] == each[0, 0]).all(-1))
        (place,) = [
            (r, c)
            for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
            if (sheet[r : r + 96, c : c + 96] == each).all()
        ]
        places.append(place)
    assert places == sorted(places)
    assert len({row for row, _ in places}) == 2 and len({column for _, column in places}) == 3


@pytest.mark.parametrize("count", [2, 3, 5, 7, 12, 19, 25])
@pytest.mark.parametrize("size", [(64, 64), (400, 225), (224, 280)])
def test_any_number_of_pictures_fits_with_its_labels_on_free_paper(count: int, size: tuple[int, int]) -> None:
    sheet = contact_sheet(flat(count, size), ["a rather long label for a picture"] * count, "title")
    assert max(sheet.size) <= LARGEST_SIDE and 0.4 < sheet.width / sheet.height < 2.5
    pixels, found = np.asarray(sheet), boxes(sheet, SHADES[:count])
    for left, _, right, bottom in found:
        strip = pixels[bottom + 1 : bottom + 30, left:right]
        assert strip.min() < 120  # letters
    wide = {left for left, *_ in found}
    assert len(wide) <= 5


def test_letters_are_readable_when_the_sheet_is_as_wide_as_a_phone() -> None:
    sheet = np.asarray(contact_sheet(flat(9, (400, 400)), ["HHH"] * 9).convert("L"))
    row = boxes(contact_sheet(flat(9, (400, 400)), ["HHH"] * 9), SHADES[:1])[0][3]
    dark = np.nonzero((sheet[row : row + 60, 8:400] < 100).any(1))[0]
    high = int(dark.max() - dark.min()) + 1
    assert high / sheet.shape[1] * 390 > 6  # points: capitals of a font of 9


def test_a_title_stands_above_and_one_that_cannot_be_shown_is_left_out() -> None:
    plain = contact_sheet(flat(2), ["a", "b"])
    assert contact_sheet(flat(2), ["a", "b"], "a lighthouse").height > plain.height
    assert (
        contact_sheet(flat(2), ["a", "b"], "灯台").size
        == contact_sheet(flat(2), ["a", "b"], " \x00").size
        == plain.size
    )


def test_transparent_pictures_lie_on_a_light_chequer() -> None:
    sticker = Image.new("RGBA", (96, 96), (0, 0, 0, 0))
    sticker.paste((200, 40, 60, 255), (24, 24, 72, 72))
    for joined in (grid([sticker]), contact_sheet([sticker] * 2, ["a", "b"])):
        (left, top, right, bottom) = boxes(joined, [(200, 40, 60)])[0] if joined.width == 96 else (26, 26, 74, 74)
        assert joined.getpixel((left + 5, top + 5)) == (200, 40, 60)
        chequer = np.asarray(joined)[top - 24 : top, left : right - 24]
        assert chequer.min() >= 230 and len(np.unique(chequer)) == 2
        assert (right - left, bottom - top) == (48, 48)


def test_pictures_are_arranged_in_reading_order() -> None:
    colours = ["red", "lime", "blue", "white"]
    pictures = [Image.new("RGB", (40, 40), colour) for colour in colours]
    sheet = arranged(ArtSpec("a boat", variations=4), pictures)
    width, height = sheet.size
    corners = [(5, 5), (width - 5, 5), (5, height - 5), (width - 5, height - 5)]
    assert [sheet.getpixel(each) for each in corners] == [each.getpixel((0, 0)) for each in pictures]
    assert arranged(ArtSpec("a boat"), pictures[:1]) is pictures[0]
    labelled = arranged(ArtSpec("a boat", compare=("low poly", "watercolour")), pictures[:2])
    assert labelled.width > 80 and labelled.height > 40


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=400), min_size=2, max_size=4), st.one_of(st.none(), st.text(max_size=400)))
def test_any_text_makes_a_sheet_whose_pictures_are_whole(labels: list[str], title: str | None) -> None:
    sheet = contact_sheet(flat(len(labels)), labels, title)
    for left, top, right, bottom in boxes(sheet, SHADES[: len(labels)]):
        assert (right - left, bottom - top) == (64, 48)
    assert sheet.height < 400


def test_wrong_numbers_and_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="2 to 25"):
        contact_sheet(flat(1), ["a"])
    with pytest.raises(ValueError, match="3 pictures have 2 labels"):
        contact_sheet(flat(3), ["a", "b"])
    with pytest.raises(ValueError, match="one size"):
        grid([*flat(1), *flat(1, (32, 32))])
    with pytest.raises(ValueError, match="one size"):
        grid([])
