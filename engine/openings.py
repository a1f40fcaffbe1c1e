"""What a painting begins with and is held to: a person's picture, noise, or what the prior imagines for the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from PIL import Image
from torch import Tensor

from engine.errors import InputError
from engine.loss import PictureWish
from engine.models import Models, Prior
from engine.pictures import fitted, open_picture
from engine.presets import Plan
from engine.prompts import parse_story
from engine.quantisation import blended, fitted_tones, palette_of, toned_distances
from engine.randomness import Stream, generator
from engine.spec import SIDE_STEP, ArtSpec
from engine.starts import Opening, colour_gradient, fractal_noise, haze, in_mist, periodic

# Strokes of random colours are noise that a perceptor has to fight before it can draw anything.
FROM_HAZE: Final = ("painting",)
BLEND: Final = 0.002  # squared distance in OKLab: small enough for flat colours, large enough for soft edges
LUMA: Final = (0.299, 0.587, 0.114)  # ITU-R BT.601


def opening_of(spec: ArtSpec, planned: Plan, models: Models, images: Mapping[str, Path]) -> Opening:
    """What to begin with and to hold to; a given picture goes before what the spec's `start` says.

    `images` finds the pictures that the spec names. Raises `InputError` for one that is gone or is none.
    """
    opening = _opening(spec, planned, models, images)
    if spec.palette_image is not None:
        source = picture_of(spec.palette_image, images, planned.width, planned.height)
        opening = replace(opening, palette=palette_of(source, planned.colours))
    begins = None if opening.begins is None else suited(opening.begins, planned, opening.palette)
    same = opening.held is opening.begins
    held = begins if same or opening.held is None else suited(opening.held, planned, opening.palette)
    return replace(opening, begins=begins, held=held)


def suited(picture: Tensor, planned: Plan, palette: Tensor | None = None) -> Tensor:
    """(3, H, W) in the colours that were asked for, and periodic for a tile: what a picture is held to must not keep
    it from being what it is to be."""
    if planned.tile:
        picture = periodic(picture)
    if planned.saturation:
        grey = (picture * torch.tensor(LUMA)[:, None, None]).sum(0, keepdim=True)
        picture = torch.lerp(grey, picture, 1 + planned.saturation).clamp(0, 1)
    if planned.palette:
        palette = torch.tensor(planned.palette) / 255
    if palette is None or planned.style == "pixel":
        return picture  # the cells of style pixel have their own way with palettes
    distances = toned_distances(picture[None], fitted_tones(palette[None]))
    return blended(distances, palette[None], BLEND)[0]


def next_opening(
    spec: ArtSpec, planned: Plan, models: Models, stage: int, palette: Tensor | None = None
) -> Tensor | None:
    """(3, H, W): what the prior imagines for a later stage of the story; None where nothing proposes."""
    if not planned.imagined or models.prior is None:
        return None
    chance = generator(spec.seed or 0, 0, Stream.START)
    return suited(_proposal(spec, planned, models.prior, models, chance, stage), planned, palette)


def picture_wishes(spec: ArtSpec, planned: Plan, images: Mapping[str, Path]) -> list[PictureWish]:
    """The image prompts of a spec. Raises `InputError` for one that is gone or is none."""
    return [
        PictureWish(picture_of(each.image, images, planned.width, planned.height), each.weight)
        for each in spec.image_prompts
    ]


def picture_of(digest: str, images: Mapping[str, Path], width: int, height: int) -> Tensor:
    """(3, height, width) in [0, 1]: a person's picture, cropped to the shape of the painting."""
    return as_tensor(fitted(open_picture(picture_file(digest, images)), width, height))


def picture_file(digest: str, images: Mapping[str, Path]) -> Path:
    """Where the picture with this SHA-256 lies. Raises `InputError` where it is gone."""
    if digest not in images:
        raise InputError("A picture that this painting needs is not at hand any more: attach it again.")
    return images[digest]


def as_tensor(picture: Image.Image) -> Tensor:
    """(3, H, W) in [0, 1]."""
    pixels = torch.frombuffer(bytearray(picture.convert("RGB").tobytes()), dtype=torch.uint8)
    return pixels.view(picture.height, picture.width, 3).permute(2, 0, 1).float() / 255


def _opening(spec: ArtSpec, planned: Plan, models: Models, images: Mapping[str, Path]) -> Opening:
    size = (planned.width, planned.height)
    chance = generator(spec.seed or 0, 0, Stream.START)
    if spec.start_image is not None:
        picture = picture_of(spec.start_image, images, *size)
        strength = planned.strength or 0.0
        hidden = torch.lerp(picture, in_mist(picture, strength, chance), strength) if strength else picture
        return Opening(hidden, picture, given=True)
    if spec.start == "noise":
        noise = fractal_noise(*size, chance)
        return Opening(noise, noise)
    if spec.start == "gradient":
        blend = colour_gradient(*size, chance)
        return Opening(blend, blend)
    if spec.start == "auto" and models.prior is not None:
        proposal = _proposal(spec, planned, models.prior, models, chance)
        return Opening(in_mist(proposal, planned.mist, chance) if planned.mist else proposal, proposal)
    if spec.start == "auto" and planned.style in FROM_HAZE:
        return Opening(haze(*size, chance), None)
    return Opening(None, None)


def _proposal(
    spec: ArtSpec, planned: Plan, prior: Prior, models: Models, chance: torch.Generator, stage: int = 0
) -> Tensor:
    """(3, H, W): what the prior imagines for the words that are wished for, modifiers left aside: it knows things."""
    stages = parse_story(spec.prompt)
    words = " ".join(prompt.text for prompt in stages[stage] if prompt.weight > 0)
    # Its pictures are whole latents; the grid of a pixel picture need not be.
    width, height = (-(-side // SIDE_STEP) * SIDE_STEP for side in (planned.width, planned.height))
    vqgan = models.vqgan(planned.vqgan)
    imagined = prior.propose(words, width=width, height=height, generator=chance, vqgan=vqgan)
    if (width, height) == (planned.width, planned.height):
        return imagined[0]
    return torch.nn.functional.interpolate(imagined, (planned.height, planned.width), mode="area")[0]
