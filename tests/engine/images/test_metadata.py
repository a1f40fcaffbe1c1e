from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.errors import InputError
from engine.images.metadata import SPEC_KEY, read_spec, write_png
from engine.spec.artspec import ArtSpec

SPEC = ArtSpec(prompt="ein Schloß im Nebel | 霧:0.4 | “people”:-1", quality="normal", width=64, height=32, seed=7)


def picture() -> Image.Image:
    return Image.linear_gradient("L").convert("RGB").resize((64, 32))


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of one pixel with chunks of our own before its data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    rest = chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*each) for each in chunks) + rest


def itxt(text: bytes, flag: bytes = b"\0") -> tuple[bytes, bytes]:
    return b"iTXt", SPEC_KEY.encode() + b"\0" + flag + b"\0" + b"\0" + b"\0" + text


def test_the_spec_comes_back_and_the_picture_is_untouched(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    write_png(picture(), path, SPEC, seed=7, models="mini")
    assert read_spec(path) == SPEC
    with Image.open(path) as opened:
        assert opened.convert("RGB").tobytes() == picture().tobytes()
        assert opened.info["Atelier-Seed"] == "7"
        assert opened.info["Software"].startswith("Atelier ") and "models mini" in opened.info["Software"]
    assert [each.name for each in tmp_path.iterdir()] == ["picture.png"]


def test_the_seed_that_was_drawn_is_the_seed_of_the_definition(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    write_png(picture(), path, SPEC.with_seed(None), seed=123, models="mini")
    assert read_spec(path) == SPEC.with_seed(123)


def test_a_picture_that_cannot_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    write_png(picture(), path, SPEC, seed=7, models="mini")
    before = path.read_bytes()
    with pytest.raises(ValueError):
        write_png(Image.new("RGB", (0, 0)), path, SPEC, seed=8, models="mini")
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


@given(prompt=st.text(min_size=1, max_size=200).filter(lambda text: text.strip()), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_prompt_survives(tmp_path: Path, prompt: str, seed: int) -> None:
    spec = ArtSpec(prompt=prompt)
    write_png(Image.new("RGB", (2, 2)), tmp_path / "p.png", spec, seed=seed, models="mini")
    assert read_spec(tmp_path / "p.png") == spec.with_seed(seed)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a PNG"),
        (b"GIF89a" + b"\0" * 50, "not a PNG"),
        (png_with(), "no picture definition"),
        (png_with((b"tEXt", b"Comment\0hello")), "no picture definition"),
        (png_with((b"tEXt", SPEC_KEY.encode() + b"\0" + SPEC.to_json().encode())), "no picture definition"),
        (png_with(itxt(b"{}")), "version"),
        (png_with(itxt(b"[" * 60_000)), "valid JSON"),
        (png_with(itxt(b"\xff\xfe")), "damaged"),
        (png_with(itxt(zlib.compress(b" " * 10_000_000), flag=b"\1")), "damaged"),
        (png_with(itxt(b'{"version":1,"prompt":"' + b"x" * 100_000 + b'"}')), "too long"),
        (png_with(itxt(b'{"version":1,"prompt":"x","quality":"bad"}')), "quality"),
        (png_with((b"iTXt", SPEC_KEY.encode() + b"\0")), "damaged"),
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**32 - 1) + b"iTXt", "no picture definition"),
    ],
)
def test_other_files_get_a_sentence(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "file.png"
    path.write_bytes(data)
    with pytest.raises(InputError, match=words) as caught:
        read_spec(path)
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 200


def test_absent_and_oversized_files_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="could not be read"):
        read_spec(tmp_path / "absent.png")
    with pytest.raises(InputError, match="could not be read"):
        read_spec(tmp_path)
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(10**10)
    with pytest.raises(InputError, match="larger than"):
        read_spec(huge)


def test_a_png_from_elsewhere_with_other_text_is_none_of_ours(tmp_path: Path) -> None:
    words = PngInfo()
    words.add_itxt("Description", "a castle")
    picture().save(tmp_path / "p.png", pnginfo=words)
    with pytest.raises(InputError, match="no picture definition"):
        read_spec(tmp_path / "p.png")


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_pngs_give_a_spec_or_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "mutant.png"
    if not (tmp_path / "whole.png").exists():
        write_png(Image.new("RGB", (4, 4)), tmp_path / "whole.png", SPEC, seed=7, models="mini")
    mutant = bytearray((tmp_path / "whole.png").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        mutant[data.draw(st.integers(0, len(mutant) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(mutant[: data.draw(st.integers(0, len(mutant)))])
    try:
        assert isinstance(read_spec(path), ArtSpec)
    except InputError as error:
        assert str(error)
