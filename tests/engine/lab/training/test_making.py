"""What the files are made with: names, pixels, choices and losses, on small made-up data."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.lab.training import scenery
from engine.lab.training.augment import COLOURS, backgrounds, colour_shares, hue_turned, moved
from engine.lab.training.drawings import SIDE
from engine.lab.training.vqgan import CodebookAverages, new_vqgan, pieces_of, reconstruction_loss
from engine.models.vqgan import nearest_codes, rows_of


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
    background = backgrounds(3, 24, 0.5, rgba.device)
    assert background.shape == (3, 3, 24, 24) and float(background.min()) >= 0 and float(background.max()) <= 1


def test_codebook_follows_its_latents_and_revives_unused_rows() -> None:
    torch.manual_seed(0)
    rows = torch.tensor([[0.0, 0.0], [9.0, 9.0]])
    averages = CodebookAverages(rows, decay=0.5)
    latents = torch.tensor([[1.0, 1.0], [1.2, 0.8]])
    for _ in range(12):
        averages.update(latents, torch.zeros(2, dtype=torch.long))
    assert torch.allclose(rows[0], torch.tensor([1.1, 0.9]), atol=0.05)
    assert rows[1].max() < 2  # moved from where nothing is to one of the latents


def test_the_vqgan_that_learns_halves_three_times_and_its_codes_are_its_rows() -> None:
    vqgan = new_vqgan(torch.device("cpu"))
    latents = vqgan.latents(torch.zeros(1, 3, 32, 48))
    codes = nearest_codes(latents, vqgan.codebook)
    assert latents.shape == (1, 16, 4, 6) and codes.shape == (1, 4, 6) and latents.requires_grad
    assert torch.equal(rows_of(codes, vqgan.codebook), vqgan.quantise(latents.detach()))
    assert vqgan.decode(rows_of(codes, vqgan.codebook)).shape == (1, 3, 32, 48)


def test_scenery_is_many_places_and_its_pieces_reach_the_edges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenery, "COUNT", 4)
    pictures = scenery.read_scenery(tmp_path)
    assert pictures.shape == (4, SIDE, SIDE, 3) and np.array_equal(pictures, scenery.read_scenery(tmp_path))
    dice = random.Random(1)
    assert len({scenery.random_background(dice).place for _ in range(100)}) > 10
    marked = np.zeros((1, 64, 64, 3), np.uint8)
    marked[:, 0] = 255
    np.random.seed(0)  # of 200 pieces a fourth has the edge, but one draw in fifty fewer than a fifth
    pieces = pieces_of(marked, 32, 200)
    assert pieces.shape == (200, 32, 32, 3) and 0.2 < (pieces[:, 0] == 255).all((1, 2)).mean() < 0.6


def test_losses_vanish_where_nothing_differs() -> None:
    pictures = torch.rand(2, 3, 16, 16)
    assert float(reconstruction_loss(pictures, pictures)) == 0
