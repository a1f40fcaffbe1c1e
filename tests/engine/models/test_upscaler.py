"""Enlarging: the right size by the right means, seamless tiles, and a sentence where it would be too large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.errors import InputError, PaintingError
from engine.models import published
from engine.models import upscaler as upscale
from engine.models.rrdbnet import RRDBNet, Upscaler
from engine.models.upscaler import check_enlargement, enlarged, load_upscaler

CPU = torch.device("cpu")


def a_picture(width: int = 20, height: int = 12, mode: str = "RGB") -> Image.Image:
    channels = len(mode)
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(pixels)


def a_network(seed: int = 1) -> Upscaler:
    torch.manual_seed(seed)
    network = RRDBNet(blocks=1, features=8, growth=4)
    with torch.no_grad():
        network.conv_last.bias += 0.5  # grey, so that little is clamped
    return Upscaler(network, CPU, torch.float32)


@pytest.mark.parametrize("factor", [2, 4])
def test_without_a_network_it_is_lanczos(factor: int) -> None:
    picture = a_picture()
    size = (20 * factor, 12 * factor)
    assert enlarged(picture, factor).tobytes() == picture.resize(size, Image.Resampling.LANCZOS).tobytes()


@pytest.mark.parametrize("upscaler", [None, a_network()])
def test_pixel_art_stays_squares_of_its_own_colours(upscaler: Upscaler | None) -> None:
    picture = a_picture()
    large = np.asarray(enlarged(picture, 4, cells=True, upscaler=upscaler))
    assert (large == np.asarray(picture).repeat(4, 0).repeat(4, 1)).all()


@pytest.mark.parametrize("factor", [2, 4])
def test_a_network_gives_the_same_size(factor: int) -> None:
    picture = a_picture()
    large = enlarged(picture, factor, upscaler=a_network())
    assert large.size == (20 * factor, 12 * factor) and large.mode == "RGB"
    assert large.tobytes() != enlarged(picture, factor).tobytes()


def test_tiles_show_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    """One block sees 22 pixels around itself: with so much overlap tiles make what the whole makes."""
    picture, network = a_picture(90, 70), a_network()
    whole = np.asarray(enlarged(picture, 4, upscaler=network)).astype(int)
    monkeypatch.setattr(upscale, "TILE", 32)
    tiled = np.asarray(enlarged(picture, 4, upscaler=network)).astype(int)
    assert np.abs(whole - tiled).max() <= 1


def test_a_sticker_stays_transparent() -> None:
    sticker = a_picture(mode="RGBA")
    sticker.putalpha(Image.linear_gradient("L").resize(sticker.size))
    for upscaler in (None, a_network()):
        large = enlarged(sticker, 2, upscaler=upscaler)
        assert large.mode == "RGBA" and large.size == (40, 24)
        alpha = np.asarray(large.getchannel("A"))
        assert alpha[0].max() < 30 and alpha[-1].min() > 225
    flat = Image.fromarray(np.zeros((4, 4), np.uint8))
    flat.putpalette([10, 20, 30])
    assert enlarged(flat, 2).getpixel((0, 0)) == (10, 20, 30)


@pytest.mark.parametrize(
    ("width", "height", "factor", "sentence"),
    [
        (1025, 16, 4, "4100×64 pixels, and 4096 a side are the most: enlarge it 2 times"),
        (16, 2049, 2, "32×4098 pixels.*it is large enough as it is"),
        (64, 64, 3, "enlarged 2 or 4 times, not 3 times"),
        (64, 64, -2, "2 or 4"),
    ],
)
def test_what_is_too_large_is_refused_before_any_work(width: int, height: int, factor: int, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        check_enlargement(width, height, factor)
    with pytest.raises(InputError, match=sentence):
        enlarged(Image.new("RGB", (width, height)), factor)


def test_the_largest_is_allowed() -> None:
    assert enlarged(Image.new("RGB", (1024, 2)), 4).size == (4096, 8)
    assert enlarged(Image.new("RGB", (2048, 2)), 2).size == (4096, 4)


def test_the_network_is_loaded_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_WEIGHTS", str(tmp_path))
    assert load_upscaler(CPU, torch.float32) is None
    torch.save({"params_ema": RRDBNet(1, 8, 4).state_dict()}, tmp_path / published.named(upscale.NETWORK).file)
    found = load_upscaler(CPU, torch.float32)
    assert found is not None and found.enlarge(torch.rand(3, 4, 4)).shape == (3, 16, 16)
    (tmp_path / published.named(upscale.NETWORK).file).write_bytes(b"no weights")
    with pytest.raises(PaintingError, match="pull it again"):
        load_upscaler(CPU, torch.float32)


def test_its_weights_are_no_qualitys() -> None:
    weight = published.named(upscale.NETWORK)
    assert weight.kind == "upscaler" and weight.sha256 is not None and len(weight.sha256) == 64
    assert published.names_for(upscale.NETWORK) == (upscale.NETWORK,) and upscale.NETWORK in published.names_for("all")
    assert all(upscale.NETWORK not in published.names_for(quality) for quality in ("draft", "normal", "better", "best"))
