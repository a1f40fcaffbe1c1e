"""Random composites for training: affine moves, backgrounds, colours turned, and what colour a subject then has."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.embedded.scene.colours import hue_saturation_value

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown", "black", "white", "gray")


def premultiplied(pictures: Tensor) -> Tensor:
    """uint8 (B, 4, H, W) with straight alpha -> float32 [0, 1] with colour times alpha."""
    pictures = pictures.float() / 255
    return torch.cat([pictures[:, :3] * pictures[:, 3:], pictures[:, 3:]], 1)


def moved(
    pictures: Tensor, side: int, *, scale: tuple[float, float], degrees: float, shift: float, flip: bool = True
) -> Tensor:
    """Each picture turned, scaled, stretched, shifted and mirrored at random, sampled at `side` pixels."""
    count, device = pictures.shape[0], pictures.device

    def die() -> Tensor:
        return torch.rand(count, device=device)

    angle = (die() * 2 - 1) * math.radians(degrees)
    zoom = 1 / (scale[0] + (scale[1] - scale[0]) * die())
    mirror = torch.where(die() < 0.5, -1.0, 1.0) if flip else torch.ones(count, device=device)
    stretch = 1 + (die() * 2 - 1) * 0.12
    cosine, sine = torch.cos(angle), torch.sin(angle)
    matrix = torch.zeros(count, 2, 3, device=device)
    matrix[:, 0, 0] = cosine * zoom * mirror * stretch
    matrix[:, 0, 1] = -sine * zoom
    matrix[:, 1, 0] = sine * zoom * mirror
    matrix[:, 1, 1] = cosine * zoom / stretch
    matrix[:, :, 2] = (torch.rand(count, 2, device=device) * 2 - 1) * shift
    grid = F.affine_grid(matrix, [count, pictures.shape[1], side, side], align_corners=False)
    return F.grid_sample(pictures, grid, align_corners=False, padding_mode="zeros")


def backgrounds(count: int, side: int, white: float, device: torch.device) -> Tensor:
    """(count, 3, side, side): white for the share `white`, else black, plain or blurred colours."""

    def colours(cells: int) -> Tensor:
        coarse = torch.rand(count, 3, cells, cells, device=device)
        return F.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=True)

    die = ((torch.rand(count, 1, 1, 1, device=device) - white) / (1 - white)).expand(-1, 3, side, side)
    background = torch.where(die < 0.6, colours(1), torch.where(die < 0.85, colours(2), colours(5)))
    return torch.where(die < 0, 1.0, torch.where(die < 0.15, 0.0, background))


YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def hue_turned(pictures: Tensor, angles: Tensor) -> Tensor:
    """(B, 3, H, W) with the hue of picture i turned by angles[i] radians, brightness kept."""
    cosine, sine = torch.cos(angles), torch.sin(angles)
    turn = torch.zeros(len(angles), 3, 3, device=angles.device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1], turn[:, 1, 2] = cosine, -sine
    turn[:, 2, 1], turn[:, 2, 2] = sine, cosine
    bright = YIQ.to(angles.device)
    matrix = (torch.linalg.inv(bright) @ turn @ bright).to(pictures)
    return torch.einsum("bij,bjhw->bihw", matrix, pictures)


def colour_shares(pictures: Tensor, alpha: Tensor) -> Tensor:
    """How much of each object has which of the twelve `COLOURS`.

    pictures (B, 3, H, W) in [0, 1], straight; alpha (B, H, W). Returns (B, 12), each row summing to 1 (or 0 where
    nothing is opaque).
    """
    hue, saturation, most = hue_saturation_value(pictures)
    label = torch.zeros_like(hue, dtype=torch.long)
    limits = ((14, 40, 1), (40, 68, 2), (68, 165, 3), (165, 198, 4), (198, 255, 5), (255, 295, 6), (295, 345, 7))
    for low, high, colour in limits:
        label[(hue >= low) & (hue < high)] = colour
    label[(hue > 10) & (hue < 55) & (most < 0.66)] = 8
    label[(label == 0) & (saturation < 0.5) & (most > 0.75)] = 7
    grey = (saturation < 0.18) | (saturation * most < 0.1)
    label[grey & (most < 0.25)] = 9
    label[grey & (most >= 0.25) & (most < 0.85)] = 11
    label[grey & (most >= 0.85)] = 10
    label[most < 0.18] = 9
    counts = (F.one_hot(label, 12).float() * (alpha > 0.5).float()[..., None]).sum((1, 2))
    return counts / counts.sum(1, keepdim=True).clamp_min(1)
