"""The distance to the training set, on a handful of pictures."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

if importlib.util.find_spec("resvg_py") is None:
    pytest.skip("needs the packages of the extra `lab`", allow_module_level=True)

from engine.lab.evaluation.training_distance import (
    SIDE,
    TrainingSet,
    distance,
    is_scene,
    on_white,
    shrunk,
    shrunk_training_pictures,
    two_hands,
)
from engine.lab.training.drawings import Picture


def training() -> NDArray[np.uint8]:
    """Five different drawings (5, 256, 256, 4), each an L of two colours that its mirror image is not."""
    pixels = np.zeros((5, 256, 256, 4), np.uint8)
    for number in range(5):
        pixels[number, 6:250, 20 : 60 + 20 * number] = (40 * number, 120, 200 - 40 * number, 255)
        pixels[number, 200 - 20 * number : 250, 20:236] = (250 - 40 * number, 60, 30 * number, 255)
    return pixels


def test_each_picture_is_nearest_to_itself(tmp_path: Path) -> None:
    pixels = training()
    known = TrainingSet(shrunk_training_pictures(pixels, tmp_path))
    for row in range(5):
        assert known.nearest(on_white(pixels[row])) == (0, row)


def test_size_place_and_mirror_do_not_matter(tmp_path: Path) -> None:
    pixels = training()
    known = TrainingSet(shrunk_training_pictures(pixels, tmp_path))
    canvas = np.full((256, 256, 3), 255, np.uint8)
    canvas[100:228, 20:148] = on_white(pixels[3])[::2, ::-2]
    apart, row = known.nearest(canvas)
    assert row == 3 and apart < 0.02


def test_shrunk_training_pictures_are_kept_and_made_anew_for_others(tmp_path: Path) -> None:
    pixels = training()
    first = shrunk_training_pictures(pixels, tmp_path)
    assert first.shape == (5, SIDE, SIDE, 3)
    assert np.array_equal(shrunk_training_pictures(pixels, tmp_path), first)
    assert len(list(tmp_path.iterdir())) == 1
    assert not np.array_equal(shrunk_training_pictures(pixels[::-1], tmp_path), first)


def test_a_scene_is_compared_as_a_whole() -> None:
    scene = np.full((128, 128, 3), 90, np.uint8)
    scene[50:70, 50:70] = 255
    subject = np.full((128, 128, 3), 255, np.uint8)
    subject[50:70, 50:70] = 90
    assert is_scene(scene) and not is_scene(subject)
    assert shrunk(scene)[0, 0].tolist() == [90, 90, 90]
    assert shrunk(subject).max() == 90  # nothing but the subject
    assert shrunk(np.full((32, 32, 3), 255, np.uint8)).min() == 255  # an empty picture stays empty


def test_distance_is_a_share_of_the_range() -> None:
    black, white = np.zeros((SIDE, SIDE, 3), np.uint8), np.full((SIDE, SIDE, 3), 255, np.uint8)
    assert distance(black, white) == 1
    left = white.copy()
    left[:, :32] = 0
    assert distance(left, left[:, ::-1]) == 0


def test_two_vendors_drawings_of_one_thing() -> None:
    pictures = [
        Picture("noto", "1", "lemon", (), "emoji"),
        Picture("noto", "2", "drum", (), "emoji"),
        Picture("fxemoji", "3", "drum", (), "emoji"),
        Picture("fluent-emoji", "4", "lemon", (), "emoji"),
    ]
    assert two_hands(pictures) == [(0, 3)]
