"""The arithmetic of the figures of painting, on made-up pictures."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

if importlib.util.find_spec("resvg_py") is None:
    pytest.skip("needs the packages of the extra `lab`", allow_module_level=True)

from engine.lab.evaluation.eye import Pixels
from engine.lab.evaluation.painting import by_second, calmest, from_white, mean, overlap, share_of_green, subject
from engine.lab.evaluation.prompts import change


def square(colour: tuple[int, int, int], left: int = 60) -> Pixels:
    """A square of 100 pixels on white."""
    picture = np.full((256, 256, 3), 255, np.uint8)
    picture[80:180, left : left + 100] = colour
    return picture


def test_the_change_is_a_share_of_the_range() -> None:
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    assert change(black, white) == change(white, black) == 1
    assert change(square((0, 0, 0)), square((0, 0, 0), 110)) == pytest.approx(2 * 50 * 100 / 256**2)


def test_only_the_border_is_compared_with_white() -> None:
    assert from_white(square((200, 0, 0))) == 0
    assert from_white(np.zeros((64, 64, 3), np.uint8)) == 1
    frame = np.full((64, 64, 3), 255, np.uint8)
    frame[:2] = 0
    assert from_white(frame) == pytest.approx(2 * 64 / (64**2 - 56**2))


def test_intersection_over_union() -> None:
    one, other = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert overlap(one, other) == 1
    one[:2], other[1:3] = True, True
    assert overlap(one, other) == pytest.approx(1 / 3)
    assert overlap(one, one) == 1 and overlap(one, ~one) == 0


def test_a_moved_subject_overlaps_by_a_third() -> None:
    assert overlap(subject(square((200, 20, 20))), subject(square((20, 160, 40), 110))) == pytest.approx(
        1 / 3, abs=0.03
    )


def test_the_share_of_green_is_of_the_subject() -> None:
    assert share_of_green(square((20, 160, 40))) > 0.95
    assert share_of_green(square((200, 20, 20))) == 0
    half = square((200, 20, 20))
    half[80:130, 60:160] = (20, 160, 40)
    assert share_of_green(half) == pytest.approx(0.5, abs=0.03)


def test_seconds_of_a_film() -> None:
    assert by_second([1.0] * 12, 2) == [1, 2, 2, 2, 2, 2, 1]  # 13 frames at 2 a second: from 0 to 6.0
    assert by_second([0.5] * 40, 41 / 6) == pytest.approx([3, 3.5, 3.5, 3.5, 3.5, 3])  # as a draft's film
    assert by_second([], 7) == [0]


def test_the_calmest_second_beside_the_mean() -> None:
    assert calmest([1.0] * 11, 2) == pytest.approx(1 / (11 / 6))
    assert calmest([1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0], 2) == 0
    assert calmest([0.0] * 5, 2) == 0


def test_the_mean_of_nothing_is_no_number() -> None:
    assert mean([1, 2]) == 1.5 and np.isnan(mean([]))
