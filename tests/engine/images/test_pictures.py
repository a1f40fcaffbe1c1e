from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.errors import InputError, PaintingError
from engine.images.pictures import fitted, open_picture, preview, shrink_picture


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def halves() -> Image.Image:
    """Left red, right blue."""
    image = Image.new("RGB", (40, 20), "red")
    image.paste((0, 0, 255), (20, 0, 40, 20))
    return image


def noise(side: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (side, side, 3), dtype=np.uint8))


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as that."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_the_four_formats_open_from_files_and_bytes(tmp_path: Path, kind: str) -> None:
    data = encoded(halves(), kind)
    (tmp_path / "file").write_bytes(data)
    for source in (data, tmp_path / "file"):
        image = open_picture(source)
        assert image.mode == "RGB" and image.size == (40, 20)
        pixels = np.asarray(image).astype(int)
        assert np.abs(pixels[10, 5] - (255, 0, 0)).max() < 12 and np.abs(pixels[10, 35] - (0, 0, 255)).max() < 12


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "PPM", "ICO", "TGA"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(InputError, match="PNG, JPEG, WebP or GIF"):
        open_picture(encoded(Image.new("RGB", (16, 16)), kind))


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0" * 1000])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="PNG, JPEG, WebP or GIF"):
        open_picture(data)


@pytest.mark.parametrize("size", [(20_000, 20_000), (7000, 6000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_decompression_bombs_are_refused_unopened(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="40 million pixels|damaged"):
        open_picture(png_claiming(*size))


def test_too_many_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"larger than 0\.00191 MB"):
        open_picture(encoded(noise(64), "PNG"), limit_bytes=2000)
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(10**10)
    with pytest.raises(InputError, match="larger than 25 MB"):
        open_picture(huge)


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        open_picture(tmp_path / "absent.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_truncated_files_are_refused(kind: str) -> None:
    data = encoded(noise(64), kind)
    with pytest.raises(InputError, match="damaged|PNG, JPEG"):
        open_picture(data[: len(data) // 2])


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert open_picture(data).getpixel((4, 4))[0] > 240  # type: ignore[index]


def test_pictures_are_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by 90°
    image = open_picture(encoded(halves(), "JPEG", exif=exif))
    assert image.size == (20, 40)
    assert image.getpixel((10, 5))[0] > 240 and image.getpixel((10, 35))[2] > 240  # type: ignore[index]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_is_ignored() -> None:
    image = open_picture(encoded(halves(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40))
    assert image.size == (40, 20)


def test_transparency_becomes_white() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    half = Image.new("RGBA", (4, 4), (255, 0, 0, 128))
    assert open_picture(encoded(clear, "PNG")).getpixel((0, 0)) == (255, 255, 255)
    assert open_picture(encoded(half, "PNG")).getpixel((0, 0)) == (255, 127, 127)
    palette = Image.new("P", (4, 4), 0)
    assert open_picture(encoded(palette, "GIF", transparency=0)).getpixel((0, 0)) == (255, 255, 255)
    grey = Image.new("LA", (4, 4), (0, 0))
    assert open_picture(encoded(grey, "PNG")).getpixel((0, 0)) == (255, 255, 255)


def test_odd_modes_become_rgb() -> None:
    deep = Image.fromarray(np.full((4, 4), 32896, np.uint16))
    assert open_picture(encoded(deep, "PNG")).getpixel((0, 0)) == (128, 128, 128)
    assert open_picture(encoded(Image.new("1", (4, 4), 1), "PNG")).getpixel((0, 0)) == (255, 255, 255)
    cmyk = open_picture(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    assert cmyk.getpixel((4, 4))[0] > 200 and cmyk.getpixel((4, 4))[1] < 60  # type: ignore[index]


def test_fitted_covers_and_crops_around_the_middle() -> None:
    image = fitted(halves(), 16, 16)
    assert image.size == (16, 16)
    assert image.getpixel((0, 8))[0] > 240 and image.getpixel((15, 8))[2] > 240  # type: ignore[index]
    assert fitted(Image.new("RGB", (1, 3000), "red"), 64, 32).getpixel((9, 9)) == (255, 0, 0)
    assert fitted(Image.new("RGB", (1, 1), "red"), 512, 32).size == (512, 32)


def test_previews_are_small_webp() -> None:
    data = preview(noise(800))
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.format == "WEBP" and opened.size == (512, 512)


@pytest.mark.parametrize("limit", [200_000, 40_000, 5_000, 1_500])
def test_pictures_shrink_to_a_limit(tmp_path: Path, limit: int) -> None:
    noise(400).save(tmp_path / "p.png")
    data = shrink_picture(tmp_path / "p.png", limit)
    assert 0 < len(data) <= limit
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        assert opened.format == "WEBP" and opened.width == opened.height


def test_a_generous_limit_keeps_the_size(tmp_path: Path) -> None:
    noise(100).save(tmp_path / "p.png")
    with Image.open(io.BytesIO(shrink_picture(tmp_path / "p.png", 10**6))) as opened:
        assert opened.size == (100, 100)


def test_an_absurd_limit_is_told(tmp_path: Path) -> None:
    noise(400).save(tmp_path / "p.png")
    with pytest.raises(PaintingError, match="20 bytes"):
        shrink_picture(tmp_path / "p.png", 20)


SEEDS = [encoded(noise(12), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")]


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_mutated_files_open_or_give_a_sentence(data: st.DataObject) -> None:
    mutant = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 6))):
        mutant[data.draw(st.integers(0, len(mutant) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert open_picture(bytes(mutant), limit_pixels=10_000_000).mode == "RGB"
    except InputError as error:
        assert str(error).endswith(".")
