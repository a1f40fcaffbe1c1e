"""How far a picture is from its wishes: the spherical prompt loss of VQGAN+CLIP, with no gradient ever infinite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.perceptor import Perceptor
from engine.prompts import Prompt

_TINY = 1e-12  # under the root, where the gradient of a norm has no limit


@dataclass(frozen=True, slots=True)
class Wishes:
    """The prompts of B pictures as one perceptor reads them, padded to P with prompts of weight 0."""

    directions: Tensor  # (B, P, D) unit vectors
    weights: Tensor  # (B, P)
    stops: Tensor  # (B, P)


@dataclass(frozen=True, slots=True)
class PictureWish:
    """A picture to look like, or with a negative weight unlike."""

    picture: Tensor  # (3, H, W) in [0, 1]
    weight: float


def read_wishes(
    prompts: Sequence[Sequence[Prompt]],
    perceptor: Perceptor,
    device: torch.device,
    pictures: Sequence[Sequence[PictureWish]] | None = None,
) -> Wishes:
    """Encode the prompts of each of the B pictures, and the pictures that each is to look like."""
    shown = pictures or [()] * len(prompts)
    longest = max(len(told) + len(seen) for told, seen in zip(prompts, shown, strict=True))
    directions = torch.zeros(len(prompts), longest, perceptor.dimensions)
    directions[..., 0] = 1.0  # padding must be a unit vector as well: weight 0 times NaN would be NaN
    weights = torch.zeros(len(prompts), longest)
    stops = torch.full((len(prompts), longest), -torch.inf)
    for row, (told, seen) in enumerate(zip(prompts, shown, strict=True)):
        texts, count = len(told), len(told) + len(seen)
        directions[row, :texts] = perceptor.encode_text([prompt.text for prompt in told]).cpu()
        for place, wish in enumerate(seen, start=texts):
            directions[row, place] = look(wish.picture[None].to(device), perceptor)[0].cpu()
        weights[row, :count] = torch.tensor([prompt.weight for prompt in told] + [wish.weight for wish in seen])
        stops[row, :texts] = torch.tensor([prompt.stop for prompt in told])
    return Wishes(directions.to(device), weights.to(device), stops.to(device))


@torch.no_grad()
def look(pictures: Tensor, perceptor: Perceptor) -> Tensor:
    """(B, D) unit vectors: how a perceptor sees whole pictures (B, 3, H, W) of any shape, squeezed to its square."""
    size = perceptor.input_size
    seen: Tensor = perceptor.encode_image(F.interpolate(pictures, (size, size), mode="area"))
    return seen.float()


def clip_score(seen: Tensor, wishes: Wishes) -> Tensor:
    """(B,) how well pictures seen as (B, D) fit what is wished for: 100 · cosine, the mean over the positive wishes by
    weight, and not below 0 (Hessel et al. 2021, scaled as most tools print it)."""
    wanted = Wishes(wishes.directions, wishes.weights.clamp(min=0), wishes.stops)
    return 100 * likeness(seen, wanted).clamp_min(0)


def likeness(seen: Tensor, wishes: Wishes) -> Tensor:
    """(B,) -1 … 1: the mean cosine of pictures seen as (B, D) with their wishes, by weight; unwanted ones count
    against them."""
    cosines = (wishes.directions * seen.unsqueeze(1)).sum(-1)
    return (cosines * wishes.weights).sum(1) / wishes.weights.abs().sum(1).clamp_min(_TINY)


def spherical_distance(left: Tensor, right: Tensor) -> Tensor:
    """Half the squared angle between unit vectors (..., D), in 0 … π²/2.

    Equal to the field's 2·arcsin(‖x−y‖/2)², whose arcsin has an infinite slope between opposite vectors and whose
    norm has none between equal ones; the arctangent of the two half-chords (Kahan) is smooth at both ends.
    """
    apart = ((left - right).square().sum(-1) + _TINY).sqrt()
    together = ((left + right).square().sum(-1) + _TINY).sqrt()
    return 2 * torch.atan2(apart, together).square()


def prompt_loss(seen: Tensor, wishes: Wishes) -> Tensor:
    """(B,) losses of B pictures whose n cutouts a perceptor sees as unit vectors `seen` (B, n, D).

    The sum over prompts of |w| · mean over cuts of sign(w) · distance, as in VQGAN+CLIP (Crowson 2021). A cut already
    nearer than the prompt's stop counts, but pulls no more.
    """
    distances = spherical_distance(seen.unsqueeze(2), wishes.directions.unsqueeze(1))  # (B, n, P)
    signed = distances * wishes.weights.sign().unsqueeze(1)
    held = torch.where(signed > wishes.stops.unsqueeze(1), signed, signed.detach())
    return (held.mean(1) * wishes.weights.abs()).sum(1)


def dullness(images: Tensor) -> Tensor:
    """(B,) 1 less the mean spread of each pixel's three values, for pictures (B, 3, H, W): grey ones have 1."""
    return 1 - (images.var(1, unbiased=False) + _TINY).sqrt().mean((1, 2))


def total_variation(images: Tensor) -> Tensor:
    """(B,) mean squared difference of neighbouring pixels of (B, 3, H, W): how rough a picture is."""
    across = (images[..., :, 1:] - images[..., :, :-1]).square().mean((1, 2, 3))
    down = (images[..., 1:, :] - images[..., :-1, :]).square().mean((1, 2, 3))
    return across + down
