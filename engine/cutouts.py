"""Cutouts: the views of a picture that a perceptor is shown in a step.

The picture is pooled once to about the perceptor's size, and all views are taken from that base by ONE
`grid_sample` whose homographies join crop, perspective, rotation and flip. The field does a resize and four
augmentations for each view; `make bench` prints the ratio.
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

ZOOM_SHARE: Final = 0.65  # of the views look at a part; the others at (nearly) the whole
ZOOM_AREA: Final = (0.10, 0.75)  # of the largest square in the picture
PERSPECTIVE: Final = 0.4  # how far a corner may move towards the middle, as a share of half the side
WIDE_SIZE: Final = (0.9, 1.25)  # side of a wide view: beyond 1 it sees the padding
WIDE_TURN: Final = 15.0  # degrees
WIDE_SHIFT: Final = 0.1  # of half the side
HUE: Final = 0.1  # of a full turn
SATURATION: Final = 0.1
GRAIN: Final = 0.1  # strongest standard deviation of the noise laid over a view

_YIQ: Final = torch.tensor([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
_FROM_YIQ: Final[Tensor] = torch.linalg.inv(_YIQ)
_CORNERS: Final = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


@dataclass(frozen=True, slots=True)
class Views:
    """The numbers of n views of each of B pictures; coordinates are -1 … 1 over a view and over the picture."""

    homographies: Tensor  # (B, n, 3, 3) from a point of the view to a point of the picture
    reflects: Tensor  # (B, n) 1: outside the picture is its mirror image; 0: its border goes on
    greys: Tensor  # (B, n) 1: outside the picture is grey
    colours: Tensor  # (B, n, 3, 3) applied to RGB: hue and saturation jitter
    grains: Tensor  # (B, n) standard deviation of the noise
    shifts: Tensor | None = None  # (B, n, 2) for tiles: how far each view is moved over the edges, which go on

    def to(self, device: torch.device) -> Views:
        """The same numbers on `device`, sent without waiting for it."""

        def sent(numbers: Tensor) -> Tensor:
            return numbers.to(device, non_blocking=True)

        return Views(
            sent(self.homographies),
            sent(self.reflects),
            sent(self.greys),
            sent(self.colours),
            sent(self.grains),
            None if self.shifts is None else sent(self.shifts),
        )


def draw_views(
    count: int, width: int, height: int, generators: Sequence[torch.Generator], *, tile: bool = False
) -> Views:
    """Choose `count` views of each picture of `width` × `height` pixels, one CPU generator a picture.

    A view is square in pixels whatever the picture's shape, as CLIP's training pictures were. The numbers are drawn
    on the CPU from explicit generators (kornia's own augmentations draw from torch's global one, so that pictures in
    a batch would change each other), and kornia turns them into homographies.
    """
    drawn = [_draw_for_one(count, width, height, each) for each in generators]
    shifts = torch.stack([2 * torch.rand(count, 2, generator=each) for each in generators]) if tile else None
    homographies, reflects, greys, colours, grains = (torch.stack(parts) for parts in zip(*drawn, strict=True))
    return Views(homographies, reflects, greys, colours, grains, shifts)


def take_views(images: Tensor, views: Views, size: int, grain: Tensor | None = None) -> Tensor:
    """(B·n, 3, size, size) views of pictures (B, 3, H, W) in [0, 1], differentiable.

    `grain` is standard normal noise (B, n, 3, size, size), scaled here by each view's own strength.
    """
    batch, count = views.grains.shape
    points, outside = _sample_points(views, size)
    base = pooled_base(images, size)
    # One copy of the base a view, though all could be one tall picture: on the CPU grid_sample shares its work out by
    # picture, and `expand` copies nothing.
    bases = base.unsqueeze(1).expand(-1, count, -1, -1, -1).flatten(0, 1)
    seen = F.grid_sample(bases, points.flatten(0, 1), padding_mode="border", align_corners=False)
    greyed = (outside * views.greys[..., None, None]).flatten(0, 1).unsqueeze(1)
    seen = torch.lerp(seen, seen.new_tensor(0.5), greyed)
    seen = (views.colours.flatten(0, 1) @ seen.flatten(2)).view_as(seen)
    if grain is not None:
        seen = torch.addcmul(seen, grain.flatten(0, 1), views.grains.flatten()[:, None, None, None])
    return seen


def pooled_base(images: Tensor, size: int) -> Tensor:
    """(B, 3, H, W) → the mean of average and maximum pooling, its shorter side `size` pixels."""
    height, width = images.shape[-2:]
    shorter = min(height, width)
    sides = (round(height * size / shorter), round(width * size / shorter))
    return (F.adaptive_avg_pool2d(images, sides) + F.adaptive_max_pool2d(images, sides)) / 2


def _draw_for_one(count: int, width: int, height: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    zoom = round(count * ZOOM_SHARE)
    chance = torch.rand(count, 18, generator=generator)
    shorter = min(width, height)
    extent = torch.tensor([shorter / width, shorter / height])
    homographies = torch.cat([_zoom_homographies(chance[:zoom], extent), _wide_homographies(chance[zoom:], extent)])
    padding = chance[:, 14]
    return (
        homographies,
        (padding < 1 / 3).float(),
        (padding > 2 / 3).float(),
        _colour_matrices(chance[:, 15], chance[:, 16]),
        chance[:, 17] * GRAIN,
    )


def _zoom_homographies(chance: Tensor, extent: Tensor) -> Tensor:
    """Perspective views of a part, wholly inside the picture."""
    count = len(chance)
    corners = _CORNERS.expand(count, 4, 2)
    moved = corners * (1 - PERSPECTIVE * chance[:, :8].view(count, 4, 2))
    perspective: Tensor = get_perspective_transform(corners.contiguous(), moved.contiguous())
    side = _within(chance[:, 8], *ZOOM_AREA).sqrt()
    stretch = torch.exp(_within(chance[:, 9], -1.0, 1.0) * math.log(4 / 3) / 2)
    sides = torch.stack([side * stretch, side / stretch], 1).clamp(max=1.0) * extent
    middle = _within(chance[:, 10:12], -1.0, 1.0) * (1 - sides)
    return _placed(sides, middle) @ perspective @ _flips(chance[:, 12])


def _wide_homographies(chance: Tensor, extent: Tensor) -> Tensor:
    """Turned and shifted views of the whole height or width, which may look over the edge."""
    count = len(chance)
    turned: Tensor = get_affine_matrix2d(
        _within(chance[:, 0:2], -WIDE_SHIFT, WIDE_SHIFT),
        torch.zeros(count, 2),
        _within(chance[:, 2:3], *WIDE_SIZE).expand(count, 2).contiguous(),
        _within(chance[:, 3], -WIDE_TURN, WIDE_TURN),
    )
    middle = _within(chance[:, 4:6], -1.0, 1.0) * (1 - extent)
    return _placed(extent.expand(count, 2), middle) @ turned @ _flips(chance[:, 12])


def _placed(sides: Tensor, middle: Tensor) -> Tensor:
    """Scale by `sides` (n, 2) and move to `middle` (n, 2): (n, 3, 3)."""
    matrix = torch.eye(3).repeat(len(sides), 1, 1)
    matrix[:, 0, 0], matrix[:, 1, 1] = sides[:, 0], sides[:, 1]
    matrix[:, :2, 2] = middle
    return matrix


def _flips(chance: Tensor) -> Tensor:
    """Mirror left and right every second time: (n, 3, 3)."""
    matrix = torch.eye(3).repeat(len(chance), 1, 1)
    matrix[:, 0, 0] = torch.where(chance < 0.5, -1.0, 1.0)
    return matrix


def _colour_matrices(hue: Tensor, saturation: Tensor) -> Tensor:
    """Turn the hue and scale the saturation as one matrix in YIQ: linear, so cheap to apply and to differentiate."""
    angle = _within(hue, -HUE, HUE) * 2 * math.pi
    strength = _within(saturation, 1 - SATURATION, 1 + SATURATION)
    matrix = torch.zeros(len(hue), 3, 3)
    matrix[:, 0, 0] = 1.0
    matrix[:, 1, 1] = matrix[:, 2, 2] = strength * angle.cos()
    matrix[:, 1, 2] = -strength * angle.sin()
    matrix[:, 2, 1] = strength * angle.sin()
    return _FROM_YIQ @ matrix @ _YIQ


def _within(chance: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * chance


def _sample_points(views: Views, size: int) -> tuple[Tensor, Tensor]:
    """Where in the picture each pixel of each view looks: (B, n, S, S, 2) folded into -1 … 1, and (B, n, S, S) that
    is 1 where it looked outside. A tile has no outside: beyond an edge lies the opposite one."""
    line = (torch.arange(size, device=views.grains.device) * 2 + 1) / size - 1
    matrix = views.homographies[..., None, None]  # (B, n, 3, 3, 1, 1)
    across, down = line[None, :], line[:, None]
    looked = matrix[:, :, :, 0] * across + (matrix[:, :, :, 1] * down + matrix[:, :, :, 2])  # (B, n, 3, S, S)
    points = looked[:, :, :2] / looked[:, :, 2:]
    if views.shifts is not None:
        wrapped = torch.remainder(points + views.shifts[..., None, None] + 1, 2) - 1
        return wrapped.permute(0, 1, 3, 4, 2), torch.zeros_like(wrapped[:, :, 0])
    inside = points.clamp(-1, 1)
    outside = (points != inside).any(2).float()
    # Going on from the border, or turned back at it by as much as the view looks beyond (never over 2).
    folded = torch.addcmul(inside, inside - points, views.reflects[..., None, None, None])
    return folded.permute(0, 1, 3, 4, 2), outside
