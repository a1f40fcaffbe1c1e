"""Colour words and recolouring."""

from __future__ import annotations

import torch

from engine.embedded.scene.colours import (
    COLOUR_WORDS,
    hue_saturation_value,
    in_colour,
    object_mask,
    recoloured,
    shaded,
    share_of_colour,
)


def test_recolouring_changes_the_thing_and_keeps_the_ground() -> None:
    picture = torch.ones(3, 64, 64)
    picture[:, 16:48, 16:48] = torch.tensor([0.9, 0.1, 0.1])[:, None, None]
    blue = recoloured(picture, COLOUR_WORDS["blue"])
    assert torch.allclose(blue[:, :8], picture[:, :8])
    assert 200 < float(hue_saturation_value(blue[None])[0][0, 32, 32]) < 230
    mask = object_mask(picture[None])[0]
    assert share_of_colour(blue, mask, COLOUR_WORDS["blue"]) > 0.8
    assert share_of_colour(picture, mask, COLOUR_WORDS["blue"]) == 0


def test_dark_and_pale_colours_keep_their_hue() -> None:
    blue = COLOUR_WORDS["blue"]
    assert shaded(blue, "dark").value < blue.value < shaded(blue, "pale").value
    assert shaded(blue, "pale").saturation < shaded(blue, "light").saturation < blue.saturation
    assert {shaded(blue, word).hue for word in ("dark", "light", "pale", "bright", "")} == {blue.hue}


def test_a_black_thing_takes_a_colour_as_well() -> None:
    picture = torch.ones(3, 64, 64)
    picture[:, 16:48, 16:48] = 0.12
    mask = object_mask(picture[None])[0]
    yellow = in_colour(picture, mask, COLOUR_WORDS["yellow"])
    assert share_of_colour(yellow, mask, COLOUR_WORDS["yellow"]) > 0.8
    assert torch.equal(in_colour(yellow, mask, COLOUR_WORDS["yellow"]), yellow)
