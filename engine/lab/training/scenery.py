"""The backgrounds that the prior draws, as training pictures: the VQGAN must be able to reproduce them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.embedded.scene.backgrounds import HOURS, LIGHTS, PLACES, SEASONS, WEATHERS, Background
from engine.embedded.scene.landscapes import draw_background
from engine.lab.training.drawings import SIDE

COUNT = 600


def random_background(dice: random.Random) -> Background:
    """A place at some hour, in some weather and season; what is rare in prompts is rare here."""

    def sometimes(words: dict[str, str], share: float) -> str:
        return dice.choice(sorted(set(words.values()))) if dice.random() < share else ""

    light = sometimes(LIGHTS, 0.15)
    return Background(
        place=dice.choice(sorted(set(PLACES.values()))),
        hour=sometimes(HOURS, 0.5),
        weather=sometimes(WEATHERS, 0.25),
        season=sometimes(SEASONS, 0.15),
        lights=frozenset({light} if light else ()),
    )


def read_scenery(work: Path) -> NDArray[np.uint8]:
    """(COUNT, 256, 256, 3), mapped from disk; drawn once, in about a minute."""
    file = work / "scenery.npy"
    if not file.exists():
        dice = random.Random(0)
        pictures = np.empty((COUNT, SIDE, SIDE, 3), np.uint8)
        for number in range(COUNT):
            rng = torch.Generator().manual_seed(number)
            scene = draw_background(random_background(dice), SIDE, SIDE, rng, alone=dice.random() < 0.4).picture
            pictures[number] = (scene[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
        partial = file.with_suffix(".partial.npy")
        np.save(partial, pictures)
        partial.replace(file)
    pictures_on_disk: NDArray[np.uint8] = np.load(file, mmap_mode="r")
    return pictures_on_disk
