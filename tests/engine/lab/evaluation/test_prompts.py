"""The lists, the ratings of what was painted, and the sheets: where tiles are, and that files stay small."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

if importlib.util.find_spec("resvg_py") is None:
    pytest.skip("needs the packages of the extra `lab`", allow_module_level=True)

from engine.errors import InputError
from engine.lab.evaluation.prompts import (
    EVERYDAY,
    GAP,
    IN_EVERY_STYLE,
    LABEL,
    NOUNS,
    SHEET,
    THINGS,
    TILE,
    contact_sheet,
    correlation,
    rated,
    read_painted,
    read_ratings,
    save_small,
)


def test_the_lists() -> None:
    for each, length in ((SHEET, 64), (THINGS, 81), (EVERYDAY, 35), (IN_EVERY_STYLE, 12), (NOUNS, 52)):
        assert len(each) == len(set(each)) == length


def test_ratings_are_read_and_others_told(tmp_path: Path) -> None:
    file = tmp_path / "ratings.json"
    file.write_text(json.dumps({"pizza": [3, 2], "猫": [0, 1]}))
    assert read_ratings(file) == {"pizza": (3, 2), "猫": (0, 1)}
    for text in ('{"nothing of these": [1, 2]}', '{"pizza": 3}', "{}", "", "[]"):
        file.write_text(text)
        with pytest.raises(InputError):
            read_ratings(file)


def test_means_of_ratings_and_how_scores_go_with_them() -> None:
    ratings = {"pizza": (3.0, 3.0), "猫": (1.0, 2.0), "hello": (0.0, 2.0)}
    figures, sentence = rated(ratings, {"pizza": 30.0, "猫": 24.0, "hello": 21.0, "the sea": 1.0})
    recognised, appeal, score, *_ = figures
    assert recognised.value == pytest.approx(4 / 3) and recognised.met is False and recognised.number == 3
    assert appeal.value == pytest.approx(7 / 3) and appeal.met is True
    assert score.value == pytest.approx(1)
    assert sentence.endswith("21.0 at 0, 24.0 at 1, 30.0 at 3.")


def test_correlation_as_pearson_has_it() -> None:
    assert correlation([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert correlation([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)
    assert math.isnan(correlation([1, 1], [1, 2])) and math.isnan(correlation([], []))


def test_what_was_painted_is_read_again(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3)).astype(np.uint8)
    np.savez(tmp_path / "one.npz", pictures=pictures, scores=[20.5, 21.5], changes=[0.25], rate=6.5)
    painted = read_painted(tmp_path / "one.npz")
    assert np.array_equal(painted.picture, pictures[0]) and len(painted.pictures) == 2
    assert (painted.scores, painted.changes, painted.rate) == ((20.5, 21.5), (0.25,), 6.5)


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
