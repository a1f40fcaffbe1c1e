"""What the files are made with: names, pixels, choices and losses, on small made-up data."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from engine.mini.augment import COLOURS, backgrounds, colour_shares, hue_turned, moved
from engine.mini.gather import MARGIN, SIDE, EmojiNames, Picture, fit, kind_of_emoji, plain, vendors_by_name
from engine.mini.make_bank import choose_emoji, cut_off, everyday_names
from engine.mini.networks import VQGAN, VQGANShape, quantised_rows, restored_rows
from engine.mini.train_clip import held_out_names, lengths
from engine.mini.train_vqgan import CodebookAverages, reconstruction_loss

NAMES = EmojiNames({}, {"redapple": "red apple"}, {}, frozenset({"curry", "and", "rice", "red"}))


def test_names_are_brought_to_one_spelling() -> None:
    assert plain("Woman’s  Hat!") == "womans hat"
    assert NAMES.canonical("redapple") == "red apple"
    assert NAMES.canonical("curryandrice") == "curry and rice"
    assert NAMES.canonical("qwertz") == "qwertz"
    assert (kind_of_emoji("flag peru"), kind_of_emoji("up arrow"), kind_of_emoji("cat")) == ("flag", "symbol", "emoji")


def test_objects_are_centred_with_a_margin() -> None:
    image = Image.new("RGBA", (100, 50))
    image.paste((255, 0, 0, 255), (20, 10, 60, 30))
    pixels = fit(image)
    assert pixels is not None and pixels.shape == (SIDE, SIDE, 4)
    columns = np.flatnonzero((pixels[..., 3] > 128).any(0))
    assert (columns[0], columns[-1]) == (MARGIN, SIDE - MARGIN - 1)
    assert tuple(pixels[SIDE // 2, SIDE // 2]) == (255, 0, 0, 255)
    assert fit(Image.new("RGBA", (10, 10))) is None


def test_a_page_too_small_is_noticed() -> None:
    rgba = np.zeros((SIDE, SIDE, 4), np.uint8)
    y, x = np.mgrid[:SIDE, :SIDE]
    rgba[(y - 128) ** 2 + (x - 128) ** 2 < 110**2] = 255
    assert not cut_off(rgba)
    rgba[:, 150:] = 0
    assert cut_off(rgba)


def test_bank_takes_the_clearest_vendors_and_leaves_families_out() -> None:
    pictures = [
        Picture(source, "", name, (), "emoji")
        for name in ("cat", "family man woman boy", "man cook")
        for source in ("fxemoji", "noto", "fluent-emoji", "noto-v1", "fluent-emoji-flat")
    ]
    chosen = {item.name: item.sources for item in choose_emoji(pictures)}
    assert chosen == {"cat": ("noto", "fluent-emoji", "fluent-emoji-flat"), "man cook": ("noto",)}
    assert vendors_by_name(pictures)["cat"] >= {"noto", "fxemoji"}
    assert "cat" not in held_out_names(pictures, 10)
    assert everyday_names()["car"][0] == "automobile"


def test_colours_of_an_object_are_told() -> None:
    pictures = torch.zeros(2, 3, 8, 8)
    pictures[0, 0] = 0.9
    pictures[1, 2] = 0.9
    shares = colour_shares(pictures, torch.ones(2, 8, 8))
    assert [COLOURS[index] for index in shares.argmax(1)] == ["red", "blue"]
    turned = hue_turned(pictures, torch.tensor([0.0, 0.0]))
    assert torch.allclose(turned, pictures, atol=1e-3)


def test_composites_keep_their_size() -> None:
    rgba = moved(torch.rand(3, 4, 32, 32), 24, scale=(0.8, 1.2), degrees=10, shift=0.1)
    assert rgba.shape == (3, 4, 24, 24)
    ground = backgrounds(3, 24, 0.5)
    assert ground.shape == (3, 3, 24, 24) and float(ground.min()) >= 0 and float(ground.max()) <= 1


def test_int8_rows_are_near_their_origin() -> None:
    weight = torch.randn(16, 4, 3, 3)
    numbers, scale = quantised_rows(weight)
    assert numbers.dtype == torch.int8
    assert (restored_rows(numbers, scale) - weight).abs().max() < 0.02


def test_codebook_follows_its_latents_and_revives_unused_rows() -> None:
    torch.manual_seed(0)
    rows = torch.tensor([[0.0, 0.0], [9.0, 9.0]])
    averages = CodebookAverages(rows, decay=0.5)
    latents = torch.tensor([[1.0, 1.0], [1.2, 0.8]])
    for _ in range(12):
        averages.update(latents, torch.zeros(2, dtype=torch.long))
    assert torch.allclose(rows[0], torch.tensor([1.1, 0.9]), atol=0.05)
    assert rows[1].max() < 2  # moved from where nothing is to one of the latents


def test_vqgan_has_tamings_keys_and_halves_three_times() -> None:
    vqgan = VQGAN(VQGANShape()).eval()
    keys = set(vqgan.state_dict())
    wanted = {
        "quantize.embedding.weight",
        "quant_conv.weight",
        "post_quant_conv.bias",
        "decoder.up.0.block.0.conv1.weight",
    }
    assert wanted <= keys
    with torch.no_grad():
        latent = vqgan.encode(torch.zeros(1, 3, 32, 48))
        codes = vqgan.quantize.indices(latent)
        assert latent.shape == (1, 16, 4, 6) and codes.shape == (1, 4, 6)
        assert vqgan.decode(vqgan.quantize.lookup(codes)).shape == (1, 3, 32, 48)


def test_losses_vanish_where_nothing_differs() -> None:
    pictures = torch.rand(2, 3, 16, 16)
    assert float(reconstruction_loss(pictures, pictures)) == 0
    assert torch.allclose(lengths(torch.ones(2, 3, 4, 4)).flatten(), torch.tensor(48**0.5))
