"""The init image and the target image of a painting: the user's picture, noise, or the prior's proposal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers import Init
from engine.drawers.quantisation import blended, fitted_tones, palette_of, toned_distances
from engine.errors import InputError
from engine.images.noise import colour_gradient, fractal_noise, haze, periodic, with_noise
from engine.images.pictures import fitted, open_picture
from engine.images.tensors import as_tensor, luminance
from engine.loop.loss import ImageTarget
from engine.loop.randomness import Stream, generator
from engine.models.prior import Prior, Proposal
from engine.registry import Models
from engine.spec.artspec import SIDE_STEP
from engine.spec.plan import Plan

BLEND: Final = 0.002  # squared distance in OKLab: small enough for flat colours, large enough for soft edges


def make_init(plan: Plan, models: Models, images: Mapping[str, Path]) -> Init:
    """Init image, target image and image palette of one picture; a start image overrides the spec's `start`.

    `images` has the files of the pictures that the spec names. Raises `InputError` if one is missing or no picture.
    """
    init = _init(plan, models, images)
    if plan.spec.palette_image is not None:
        source = picture_of(plan.spec.palette_image, images, plan.width, plan.height)
        init = replace(init, palette=palette_of(source, plan.colours))
    init_image = None if init.init_image is None else adapted(init.init_image, plan, init.palette)
    if init.target_image is None or init.target_image is init.init_image:
        return replace(init, init_image=init_image, target_image=init_image)
    return replace(init, init_image=init_image, target_image=adapted(init.target_image, plan, init.palette))


def adapted(picture: Tensor, plan: Plan, palette: Tensor | None = None) -> Tensor:
    """(3, H, W) in the colours that the spec asks for, and periodic for a tile, so that the target loss does not work
    against the spec."""
    if plan.spec.tile:
        picture = periodic(picture)
    if plan.spec.saturation:
        picture = torch.lerp(luminance(picture)[None], picture, 1 + plan.spec.saturation).clamp(0, 1)
    if plan.palette:
        palette = torch.tensor(plan.palette) / 255
    if palette is None or plan.style.has_cells:
        return picture  # cells are bound to the palette by their drawer
    distances = toned_distances(picture[None], fitted_tones(palette[None]))
    return blended(distances, palette[None], BLEND)[0]


def next_target(plan: Plan, models: Models, stage: int, palette: Tensor | None = None) -> Tensor | None:
    """(3, H, W): the target image of a later stage of the story; None without a prior's proposal."""
    if not plan.has_proposal or models.prior is None:
        return None
    rng = generator(plan.spec.seed or 0, 0, Stream.INIT)
    return adapted(_proposal(plan, models.prior, models, rng, stage).picture, plan, palette)


def image_targets(plan: Plan, images: Mapping[str, Path]) -> list[ImageTarget]:
    """The image prompts of a spec. Raises `InputError` if one is missing or no picture."""
    return [
        ImageTarget(picture_of(each.image, images, plan.width, plan.height), each.weight)
        for each in plan.spec.image_prompts
    ]


def picture_of(digest: str, images: Mapping[str, Path], width: int, height: int) -> Tensor:
    """(3, height, width) in [0, 1]: a picture of the user's, scaled and cropped to the size of the painting."""
    return as_tensor(fitted(open_picture(picture_file(digest, images)), width, height))


def picture_file(digest: str, images: Mapping[str, Path]) -> Path:
    """The file of the picture with this SHA-256. Raises `InputError` if it is missing."""
    if digest not in images:
        raise InputError("A picture that this painting needs is not at hand any more: attach it again.")
    return images[digest]


def _init(plan: Plan, models: Models, images: Mapping[str, Path]) -> Init:
    spec, size = plan.spec, (plan.width, plan.height)
    rng = generator(spec.seed or 0, 0, Stream.INIT)
    if spec.start_image is not None:
        picture = picture_of(spec.start_image, images, *size)
        strength = spec.strength or 0.0
        noisy = torch.lerp(picture, with_noise(picture, strength, rng), strength) if strength else picture
        return Init(noisy, picture)
    if spec.start == "noise":
        noise = fractal_noise(*size, rng)
        return Init(noise, noise)
    if spec.start == "gradient":
        gradient = colour_gradient(*size, rng)
        return Init(gradient, gradient)
    if spec.start == "auto" and models.prior is not None:
        proposal = _proposal(plan, models.prior, models, rng)
        picture = proposal.picture
        noisy = with_noise(picture, plan.init_noise, rng) if plan.init_noise else picture
        # What a camera or a story brings into view lies elsewhere than the hold says.
        hold = proposal.hold if plan.spec.camera == "still" and plan.stages == 1 else None
        return Init(noisy, picture, hold=hold)
    if spec.start == "auto" and plan.style.haze_init:
        return Init(haze(*size, rng), None)
    return Init(None, None)


def _proposal(plan: Plan, prior: Prior, models: Models, rng: torch.Generator, stage: int = 0) -> Proposal:
    """What the prior proposes for the prompts of positive weight, without their modifiers."""
    words = " ".join(prompt.text for prompt in plan.story[stage] if prompt.weight > 0)
    # Its pictures are decoded from whole latents; the size of a pixel picture may be no multiple of them.
    width, height = (-(-side // SIDE_STEP) * SIDE_STEP for side in (plan.width, plan.height))
    vqgan = models.vqgan(plan.vqgan)
    proposed = prior.propose(words, width=width, height=height, generator=rng, vqgan=vqgan)
    if (width, height) == (plan.width, plan.height):
        return proposed
    size = (plan.height, plan.width)
    return Proposal(F.adaptive_avg_pool2d(proposed.picture, size), F.adaptive_avg_pool2d(proposed.hold[None], size)[0])
