"""Grounds look like themselves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.embedded.scene.backgrounds import Background, background_of, joined
from engine.embedded.scene.landscapes import draw_background


def draw(words: str, seed: int = 0, width: int = 128, height: int = 128) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return draw_background(background_of(words.split()), width, height, generator, alone=True).picture


def mean(picture: Tensor) -> tuple[float, float, float]:
    red, green, blue = picture.mean((0, 2, 3)).tolist()
    return red, green, blue


def test_places_and_hours_join() -> None:
    assert background_of(["snowy", "forest", "night"]) == Background("forest", "night", "snow")
    assert joined(Background("sky", "night"), Background("city")) == Background("city", "night")
    assert not background_of(["cat"])


@pytest.mark.parametrize(("width", "height"), [(256, 256), (320, 176), (224, 288), (640, 640), (800, 448)])
def test_a_ground_has_the_asked_size_and_range(width: int, height: int) -> None:
    picture = draw("forest night storm", width=width, height=height)
    assert picture.shape == (1, 3, height, width)
    assert picture.min() >= 0 and picture.max() <= 1


PLACES = """
    sea underwater lake snow forest space desert mountain meadow garden city beach sky lava lunar mars cave room
    stage
"""


@pytest.mark.parametrize(
    "place", [*PLACES.split(), "rainbow", "aurora", "fog", "autumn", "spring", "winter", "rain", "storm"]
)
def test_every_ground_reaches_the_edges_and_varies_with_its_seed(place: str) -> None:
    picture = draw(place)
    for edge in (picture[..., 0, :], picture[..., -1, :], picture[..., 0], picture[..., -1]):
        assert (edge.amin(1) < 0.999).float().mean() > 0.5  # hardly anything is left white but snow and foam
    assert torch.equal(picture, draw(place))
    assert (picture - draw(place, 1)).abs().mean() > 0.001


def test_grounds_have_their_colours() -> None:
    red, green, blue = mean(draw("forest"))
    assert green > red and green > blue
    red, green, blue = mean(draw("sea"))
    assert blue > green > red
    red, green, blue = mean(draw("sunset"))
    assert red > 1.3 * blue
    red, green, blue = mean(draw("lava"))
    assert red > 2 * blue
    assert min(mean(draw("snow"))) > 0.6
    assert max(mean(draw("space"))) < 0.35
    red, green, blue = mean(draw("desert"))
    assert red > blue


def test_night_is_darker_and_shows_a_moon_when_it_is_alone() -> None:
    for place in ("forest", "city", "sea", "mountain"):
        night = draw(f"{place} night", width=256, height=256)
        assert night.mean() < 0.6 * draw(place).mean()
        assert (night[:, :, :128].amin(1) > 0.7).float().mean() > 0.005  # the disc


def test_rain_falls_before_things_as_well() -> None:
    scenery = draw_background(background_of(["rain"]), 128, 128, torch.Generator().manual_seed(0), alone=False)
    assert scenery.overlay is not None and 0.005 < float(scenery.overlay[:, 3].mean()) < 0.3
    assert (
        draw_background(background_of(["meadow"]), 128, 128, torch.Generator().manual_seed(0), alone=False).overlay
        is None
    )


def test_a_plain_ground_is_plain() -> None:
    red = draw("red background")
    assert red.std((2, 3)).max() < 0.01 and red[0, 0].mean() > 0.7 > 0.4 > red[0, 2].mean()
