"""Colour control, on discs whose colour is known."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from engine.lab.evaluation.colour_control import HUES, NO_HUE, hue_error, is_near, main_colour, measure_colours
from engine.lab.evaluation.judge import Pixels


def disc(hue: float, saturation: float = 0.9, value: float = 0.9, background: int = 255) -> Pixels:
    """One colour on a plain background, with a dark outline as emoji have it."""
    rows, columns = np.mgrid[:96, :96]
    radius = np.hypot(rows - 48, columns - 48)
    picture = np.full((96, 96, 3), background, np.uint8)
    picture[radius < 34] = 40
    picture[radius < 30] = np.round(255 * np.array(colorsys.hsv_to_rgb(hue / 360, saturation, value)))
    return picture


@pytest.mark.parametrize("hue", [0, 27, 60, 122, 222, 286, 331, 355])
def test_the_main_hue_of_a_disc(hue: float) -> None:
    main = main_colour(disc(hue))
    assert main is not None
    assert abs((main.hue - hue + 180) % 360 - 180) < 0.5
    assert main.value == pytest.approx(0.9, abs=0.02)


def test_the_larger_colour_wins_and_the_ground_does_not_count() -> None:
    picture = disc(222, background=210)
    picture[40:50, 40:50] = (230, 30, 30)
    main = main_colour(picture)
    assert main is not None and abs(main.hue - 222) < 2


def test_errors_go_round_the_circle() -> None:
    assert hue_error(disc(350), "red") == pytest.approx(10, abs=0.5)
    assert hue_error(disc(10), "pink") == pytest.approx(39.3, abs=0.5)
    assert hue_error(disc(HUES["blue"]), "blue") < 0.5


def test_a_thing_without_colour() -> None:
    assert main_colour(disc(0, saturation=0.0, value=0.5)) is None
    assert hue_error(disc(0, saturation=0.0), "green") == NO_HUE
    assert main_colour(np.full((96, 96, 3), 255, np.uint8)) is None


def test_brown_must_be_dark() -> None:
    assert is_near(disc(30, value=0.5), "brown")
    assert not is_near(disc(30, value=0.95), "brown")
    assert is_near(disc(30, value=0.95), "orange")


def test_means_over_pictures() -> None:
    found = measure_colours([disc(0), disc(100)], ["red", "red"])
    assert found.pictures == 2 and found.near == 0.5
    assert found.error == pytest.approx(50, abs=2)
