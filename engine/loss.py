"""How far a picture is from its wishes: the spherical prompt loss of VQGAN+CLIP, with no gradient ever infinite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
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


def read_wishes(prompts: Sequence[Sequence[Prompt]], perceptor: Perceptor, device: torch.device) -> Wishes:
    """Encode the prompts of each picture."""
    longest = max(len(each) for each in prompts)
    directions = torch.zeros(len(prompts), longest, perceptor.dimensions)
    directions[..., 0] = 1.0  # padding must be a unit vector as well: weight 0 times NaN would be NaN
    weights = torch.zeros(len(prompts), longest)
    stops = torch.full((len(prompts), longest), -torch.inf)
    for row, each in enumerate(prompts):
        directions[row, : len(each)] = perceptor.encode_text([prompt.text for prompt in each]).cpu()
        weights[row, : len(each)] = torch.tensor([prompt.weight for prompt in each])
        stops[row, : len(each)] = torch.tensor([prompt.stop for prompt in each])
    return Wishes(directions.to(device), weights.to(device), stops.to(device))


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


def total_variation(images: Tensor) -> Tensor:
    """(B,) mean squared difference of neighbouring pixels of (B, 3, H, W): how rough a picture is."""
    across = (images[..., :, 1:] - images[..., :, :-1]).square().mean((1, 2, 3))
    down = (images[..., 1:, :] - images[..., :-1, :]).square().mean((1, 2, 3))
    return across + down
