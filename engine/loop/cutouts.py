"""Cutouts: the augmented crops of a picture that a perceptor embeds in a step.

The picture is pooled once to about the perceptor's size, and all cutouts are sampled from that base by one
`grid_sample`, whose homographies combine crop, perspective, rotation and flip. Other VQGAN+CLIP code does a resize and
four augmentations for each cutout; `make bench` prints the ratio.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from kornia.geometry.transform import get_affine_matrix2d, get_perspective_transform
from torch import Tensor

ZOOM_SHARE: Final = 0.65  # of the cutouts show a part of the picture; the others (nearly) all of it
ZOOM_AREA: Final = (0.10, 0.75)  # of the largest square in the picture
PERSPECTIVE: Final = 0.4  # how far a corner may move towards the middle, as a share of half the side
WIDE_SIZE: Final = (0.9, 1.25)  # side of a wide cutout, in shorter sides; beyond 1 it includes padding
WIDE_TURN: Final = 15.0  # degrees
WIDE_SHIFT: Final = 0.1  # of half the side
HUE: Final = 0.1  # of a full turn
SATURATION: Final = 0.1
NOISE: Final = 0.1  # largest standard deviation of the noise added to a cutout

_YIQ: Final = torch.tensor([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
_FROM_YIQ: Final[Tensor] = torch.linalg.inv(_YIQ)
_CORNERS: Final = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


@dataclass(frozen=True, slots=True)
class Cutouts:
    """The positions and augmentations of n cutouts of each of B pictures.

    Coordinates run from -1 to 1 across a cutout and across the picture.
    """

    homographies: Tensor  # (B, n, 3, 3) from points of the cutout to points of the picture
    reflects: Tensor  # (B, n) padding, 1: reflection; 0: border
    greys: Tensor  # (B, n) padding, 1: grey instead of either
    colours: Tensor  # (B, n, 3, 3) applied to RGB: jitter of hue and saturation
    noise_strengths: Tensor  # (B, n) standard deviation of the noise
    shifts: Tensor | None = None  # (B, n, 2) for seamless tiles: how far each cutout is shifted around

    def to(self, device: torch.device) -> Cutouts:
        """The same tensors on `device`, copied without waiting for it."""

        def moved(numbers: Tensor) -> Tensor:
            return numbers.to(device, non_blocking=True)

        return Cutouts(
            moved(self.homographies),
            moved(self.reflects),
            moved(self.greys),
            moved(self.colours),
            moved(self.noise_strengths),
            None if self.shifts is None else moved(self.shifts),
        )


def draw_cutouts(
    count: int, width: int, height: int, generators: Sequence[torch.Generator], *, tile: bool = False
) -> Cutouts:
    """Random cutouts, `count` of each picture of `width` × `height` pixels, one CPU generator a picture.

    A cutout is square in pixels whatever the picture's shape, as CLIP's training pictures were. Random numbers come
    from the explicit generators: kornia's own augmentations draw from torch's global one, so that the pictures in a
    batch would change each other.
    """
    drawn = [_draw_for_one(count, width, height, each) for each in generators]
    shifts = torch.stack([2 * torch.rand(count, 2, generator=each) for each in generators]) if tile else None
    homographies, reflects, greys, colours, noise_strengths = (torch.stack(parts) for parts in zip(*drawn, strict=True))
    return Cutouts(homographies, reflects, greys, colours, noise_strengths, shifts)


def sample_cutouts(images: Tensor, cutouts: Cutouts, size: int, noise: Tensor | None = None) -> Tensor:
    """(B·n, 3, size, size) cutouts of pictures (B, 3, H, W) in [0, 1], differentiable.

    `noise` is standard normal (B, n, 3, size, size), scaled here by the strength of each cutout.
    """
    _batch, count = cutouts.noise_strengths.shape
    points, outside = _sample_points(cutouts, size)
    base = pooled_base(images, size)
    # A view of the base for each cutout: on the CPU `grid_sample` runs in parallel over the batch.
    bases = base.unsqueeze(1).expand(-1, count, -1, -1, -1).flatten(0, 1)
    crops = F.grid_sample(bases, points.flatten(0, 1), padding_mode="border", align_corners=False)
    grey = (outside * cutouts.greys[..., None, None]).flatten(0, 1).unsqueeze(1)
    crops = torch.lerp(crops, crops.new_tensor(0.5), grey)
    crops = (cutouts.colours.flatten(0, 1) @ crops.flatten(2)).view_as(crops)
    if noise is not None:
        crops = torch.addcmul(crops, noise.flatten(0, 1), cutouts.noise_strengths.flatten()[:, None, None, None])
    return crops


def pooled_base(images: Tensor, size: int) -> Tensor:
    """(B, 3, H, W) → the mean of average and maximum pooling, its shorter side `size` pixels."""
    height, width = images.shape[-2:]
    shorter = min(height, width)
    sides = (round(height * size / shorter), round(width * size / shorter))
    return (F.adaptive_avg_pool2d(images, sides) + F.adaptive_max_pool2d(images, sides)) / 2


def _draw_for_one(count: int, width: int, height: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """The fields of `Cutouts` up to `noise_strengths` for one picture, without its dimension."""
    zoom = round(count * ZOOM_SHARE)
    uniform = torch.rand(count, 18, generator=generator)
    shorter = min(width, height)
    extent = torch.tensor([shorter / width, shorter / height])
    homographies = torch.cat([_zoom_homographies(uniform[:zoom], extent), _wide_homographies(uniform[zoom:], extent)])
    padding = uniform[:, 14]
    return (
        homographies,
        (padding < 1 / 3).float(),
        (padding > 2 / 3).float(),
        _colour_matrices(uniform[:, 15], uniform[:, 16]),
        uniform[:, 17] * NOISE,
    )


def _zoom_homographies(uniform: Tensor, extent: Tensor) -> Tensor:
    """Perspective cutouts of a part of the picture, entirely inside it."""
    count = len(uniform)
    corners = _CORNERS.expand(count, 4, 2)
    moved = corners * (1 - PERSPECTIVE * uniform[:, :8].view(count, 4, 2))
    perspective: Tensor = get_perspective_transform(corners.contiguous(), moved.contiguous())
    side = _within(uniform[:, 8], *ZOOM_AREA).sqrt()
    stretch = torch.exp(_within(uniform[:, 9], -1.0, 1.0) * math.log(4 / 3) / 2)
    sides = torch.stack([side * stretch, side / stretch], 1).clamp(max=1.0) * extent
    middle = _within(uniform[:, 10:12], -1.0, 1.0) * (1 - sides)
    return _placed(sides, middle) @ perspective @ _flips(uniform[:, 12])


def _wide_homographies(uniform: Tensor, extent: Tensor) -> Tensor:
    """Rotated and shifted cutouts of the whole height or width, which may reach beyond the edge."""
    count = len(uniform)
    turned: Tensor = get_affine_matrix2d(
        _within(uniform[:, 0:2], -WIDE_SHIFT, WIDE_SHIFT),
        torch.zeros(count, 2),
        _within(uniform[:, 2:3], *WIDE_SIZE).expand(count, 2).contiguous(),
        _within(uniform[:, 3], -WIDE_TURN, WIDE_TURN),
    )
    middle = _within(uniform[:, 4:6], -1.0, 1.0) * (1 - extent)
    return _placed(extent.expand(count, 2), middle) @ turned @ _flips(uniform[:, 12])


def _placed(sides: Tensor, middle: Tensor) -> Tensor:
    """(n, 3, 3): scale by `sides` (n, 2) and move to `middle` (n, 2)."""
    matrix = torch.eye(3).repeat(len(sides), 1, 1)
    matrix[:, 0, 0], matrix[:, 1, 1] = sides[:, 0], sides[:, 1]
    matrix[:, :2, 2] = middle
    return matrix


def _flips(uniform: Tensor) -> Tensor:
    """(n, 3, 3): a horizontal flip with probability 1/2."""
    matrix = torch.eye(3).repeat(len(uniform), 1, 1)
    matrix[:, 0, 0] = torch.where(uniform < 0.5, -1.0, 1.0)
    return matrix


def _colour_matrices(hue: Tensor, saturation: Tensor) -> Tensor:
    """(n, 3, 3): hue rotation and saturation scale as one matrix in YIQ, cheap to apply and to differentiate."""
    angle = _within(hue, -HUE, HUE) * 2 * math.pi
    strength = _within(saturation, 1 - SATURATION, 1 + SATURATION)
    matrix = torch.zeros(len(hue), 3, 3)
    matrix[:, 0, 0] = 1.0
    matrix[:, 1, 1] = matrix[:, 2, 2] = strength * angle.cos()
    matrix[:, 1, 2] = -strength * angle.sin()
    matrix[:, 2, 1] = strength * angle.sin()
    return _FROM_YIQ @ matrix @ _YIQ


def _within(uniform: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * uniform


def _sample_points(cutouts: Cutouts, size: int) -> tuple[Tensor, Tensor]:
    """Sampling points (B, n, S, S, 2) of the cutouts' pixels, padding applied, and (B, n, S, S): 1 outside the picture.

    A seamless tile has no outside: its points wrap around.
    """
    line = (torch.arange(size, device=cutouts.noise_strengths.device) * 2 + 1) / size - 1
    matrix = cutouts.homographies[..., None, None]  # (B, n, 3, 3, 1, 1)
    across, down = line[None, :], line[:, None]
    projected = matrix[:, :, :, 0] * across + (matrix[:, :, :, 1] * down + matrix[:, :, :, 2])  # (B, n, 3, S, S)
    points = projected[:, :, :2] / projected[:, :, 2:]
    if cutouts.shifts is not None:
        wrapped = torch.remainder(points + cutouts.shifts[..., None, None] + 1, 2) - 1
        return wrapped.permute(0, 1, 3, 4, 2), torch.zeros_like(wrapped[:, :, 0])
    inside = points.clamp(-1, 1)
    outside = (points != inside).any(2).float()
    # Clamped to the border, or reflected at it (a cutout never reaches beyond it by more than 2).
    folded = torch.addcmul(inside, inside - points, cutouts.reflects[..., None, None, None])
    return folded.permute(0, 1, 3, 4, 2), outside
