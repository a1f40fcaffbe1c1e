"""The spherical prompt loss of VQGAN+CLIP, between the embeddings of cutouts and of targets; and CLIP scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models.perceptor import Perceptor
from engine.spec.prompts import Prompt

_TINY = 1e-12  # added under a root, whose gradient at 0 is infinite


@dataclass(frozen=True, slots=True)
class PromptTargets:
    """The prompts and image prompts of B pictures as one perceptor embeds them, padded to P with weight 0."""

    embeddings: Tensor  # (B, P, D) unit vectors
    weights: Tensor  # (B, P)
    stops: Tensor  # (B, P) signed distances below which there is no gradient


@dataclass(frozen=True, slots=True)
class ImageTarget:
    """An image prompt: a picture to resemble, or with a negative weight to differ from."""

    picture: Tensor  # (3, H, W) in [0, 1]
    weight: float


def encode_targets(
    prompts: Sequence[Sequence[Prompt]],
    perceptor: Perceptor,
    device: torch.device,
    image_prompts: Sequence[Sequence[ImageTarget]] | None = None,
) -> PromptTargets:
    """Embed the prompts and the image prompts of each of the B pictures."""
    pairs = list(zip(prompts, image_prompts or [()] * len(prompts), strict=True))
    longest = max(len(texts) + len(pictures) for texts, pictures in pairs)
    embeddings = torch.zeros(len(prompts), longest, perceptor.dimensions)
    embeddings[..., 0] = 1.0  # padding must be a unit vector as well: weight 0 times NaN would be NaN
    weights = torch.zeros(len(prompts), longest)
    stops = torch.full((len(prompts), longest), -torch.inf)
    for row, (texts, pictures) in enumerate(pairs):
        count = len(texts) + len(pictures)
        embeddings[row, : len(texts)] = perceptor.encode_text([prompt.text for prompt in texts]).cpu()
        for column, target in enumerate(pictures, start=len(texts)):
            embeddings[row, column] = embed(target.picture[None].to(device), perceptor)[0].cpu()
        weights[row, :count] = torch.tensor([each.weight for each in texts] + [each.weight for each in pictures])
        stops[row, : len(texts)] = torch.tensor([prompt.stop for prompt in texts])
    return PromptTargets(embeddings.to(device), weights.to(device), stops.to(device))


@torch.no_grad()
def embed(pictures: Tensor, perceptor: Perceptor) -> Tensor:
    """(B, D) unit vectors of whole pictures (B, 3, H, W) of any shape, resized to the perceptor's square."""
    size = perceptor.input_size
    embedded: Tensor = perceptor.encode_image(F.interpolate(pictures, (size, size), mode="area"))
    return embedded.float()


def clip_score(embedded: Tensor, targets: PromptTargets) -> Tensor:
    """(B,) CLIP scores of pictures embedded as (B, D): 100 · cosine, at least 0 (Hessel et al. 2021, usual scale).

    Of several targets the weighted mean, without those of negative weight.
    """
    positive = PromptTargets(targets.embeddings, targets.weights.clamp(min=0), targets.stops)
    return 100 * similarity(embedded, positive).clamp_min(0)


def similarity(embedded: Tensor, targets: PromptTargets) -> Tensor:
    """(B,) -1 … 1: weighted mean cosine of pictures embedded as (B, D) with their targets, negative ones included."""
    cosines = (targets.embeddings * embedded.unsqueeze(1)).sum(-1)
    return (cosines * targets.weights).sum(1) / targets.weights.abs().sum(1).clamp_min(_TINY)


def spherical_distance(left: Tensor, right: Tensor) -> Tensor:
    """Half the squared angle between unit vectors (..., D), in 0 … π²/2.

    Equal to VQGAN+CLIP's usual 2·arcsin(‖x−y‖/2)², but with a finite gradient everywhere: arcsin's is infinite between
    opposite vectors, the norm's undefined between equal ones. Kahan's arctangent of the two chords is smooth at both.
    """
    difference = ((left - right).square().sum(-1) + _TINY).sqrt()
    total = ((left + right).square().sum(-1) + _TINY).sqrt()
    return 2 * torch.atan2(difference, total).square()


def prompt_loss(embedded: Tensor, targets: PromptTargets) -> Tensor:
    """(B,) losses of B pictures whose n cutouts are embedded as unit vectors (B, n, D).

    The sum over targets of |w| · mean over cutouts of sign(w) · distance, as in VQGAN+CLIP (Crowson 2021). A cutout
    that is already nearer than the prompt's stop counts, but has no gradient.
    """
    distances = spherical_distance(embedded.unsqueeze(2), targets.embeddings.unsqueeze(1))  # (B, n, P)
    signed = distances * targets.weights.sign().unsqueeze(1)
    stopped = torch.where(signed > targets.stops.unsqueeze(1), signed, signed.detach())
    return (stopped.mean(1) * targets.weights.abs()).sum(1)
