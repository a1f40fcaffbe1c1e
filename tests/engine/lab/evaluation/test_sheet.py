"""The contact sheet: where its tiles are, that they are labelled, and that its file stays small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from engine.lab.evaluation.sheet import GAP, LABEL, TILE, contact_sheet, save_small


def test_tiles_and_labels_row_by_row() -> None:
    pictures = [np.full((256, 256, 3), shade, np.uint8) for shade in (0, 60, 120)]
    sheet = contact_sheet(pictures, ["black", "a label that is much too long to be set below a single tile", ""], 2)
    assert sheet.size == (2 * (TILE + GAP) + GAP, 2 * (TILE + LABEL + GAP) + GAP)
    below = GAP + TILE + LABEL + GAP + TILE // 2
    assert sheet.getpixel((GAP + 5, GAP + 5)) == (0, 0, 0)
    assert sheet.getpixel((GAP + TILE + GAP + 5, GAP + 5)) == (60, 60, 60)
    assert sheet.getpixel((GAP + 5, below)) == (120, 120, 120)
    strip = np.asarray(sheet)[GAP + TILE : GAP + TILE + LABEL]
    assert strip[:, :TILE].min() < 120  # letters
    assert strip[:, TILE + 2 * GAP + TILE :].min() > 200  # and none beyond the tile


def test_a_wide_picture_is_not_stretched() -> None:
    sheet = np.asarray(contact_sheet([np.zeros((256, 512, 3), np.uint8)], ["wide"], 1))
    tile = sheet[GAP : GAP + TILE, GAP : GAP + TILE]
    assert (tile.max(-1) < 40).mean() == 0.5


def test_the_file_has_a_palette_and_stays_below_its_size(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3)).astype(np.uint8)
    sheet = contact_sheet([noise] * 4, ["noise"] * 4, 2)
    large = save_small(sheet, tmp_path / "large.png")
    small = save_small(sheet, tmp_path / "deeper" / "small.png", largest=large - 1)
    assert small < large == (tmp_path / "large.png").stat().st_size
    assert Image.open(tmp_path / "large.png").mode == "P"
