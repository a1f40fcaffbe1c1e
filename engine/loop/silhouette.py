"""Stickers: an opacity learned with the picture, which the perceptors see on another plain background at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers import Init
from engine.images.tensors import border_colour, mirrored
from engine.spec.plan import Plan

CELL: Final = 4  # pixels of the opacity grid's cells: fine enough for an edge, too coarse for speckles
LEARNING_RATE: Final = 0.15  # Adam's, of the logits
AREA_WEIGHT: Final = 0.4  # of the opaque area: what does not help the prompt becomes transparent
HALF_OPAQUE_WEIGHT: Final = 0.1
SOFT_EDGE: Final = 0.15  # in the finished sticker a smaller opacity is 0, one above 1 minus this is 1
DIFFERENT: Final = 0.1  # RGB distance from which colours count as different; black and white have √3
INIT_LOGIT: Final = 3.0  # of an outline found in a picture: the prompt can change it, noise cannot


class Silhouette:
    """Opacities of B pictures as logits (B, 1, rows, columns) of a coarse grid."""

    def __init__(self, plan: Plan, inits: Sequence[Init], device: torch.device) -> None:
        """Initialised to what differs from the border in the target images; to an oval where there is none."""
        self._size = (plan.height, plan.width)
        self._symmetry = plan.spec.symmetry
        grid = (max(2, plan.height // CELL), max(2, plan.width // CELL))
        logits = [_oval(*grid) if each.target_image is None else _outline(each.target_image, grid) for each in inits]
        self.logits = torch.stack(logits).to(device).requires_grad_()

    def opacity(self) -> Tensor:
        """(B, 1, H, W) in [0, 1], differentiable."""
        fine = F.interpolate(self.logits, self._size, mode="bicubic", align_corners=False)
        return mirrored(fine.sigmoid(), self._symmetry)

    def over(self, pictures: Tensor, backgrounds: Tensor) -> Tensor:
        """The pictures (B, 3, H, W) composited on plain backgrounds (B, 3)."""
        return torch.lerp(backgrounds[..., None, None].expand_as(pictures), pictures, self.opacity())

    def penalty(self) -> Tensor:
        """(B,) penalties for opaque area and for half opacity."""
        opacity = self.opacity()
        half_opaque = 4 * (opacity * (1 - opacity)).mean((1, 2, 3))
        return AREA_WEIGHT * opacity.mean((1, 2, 3)) + HALF_OPAQUE_WEIGHT * half_opaque

    @torch.no_grad()
    def cut_out(self) -> Tensor:
        """(B, 1, H, W) opacities of the finished sticker: 0 or 1 except at a soft edge."""
        return ((self.opacity() - SOFT_EDGE) / (1 - 2 * SOFT_EDGE)).clamp(0, 1)


def _oval(rows: int, columns: int) -> Tensor:
    """(1, rows, columns) logits."""
    down, across = torch.linspace(-1, 1, rows)[:, None], torch.linspace(-1, 1, columns)[None, :]
    return (4 * (0.9 - (down.square() + across.square()).sqrt()))[None]


def _outline(picture: Tensor, grid: tuple[int, int]) -> Tensor:
    """(1, rows, columns) logits of what differs from the border's colour in (3, H, W), and of what that encloses."""
    distance = (picture - border_colour(picture)[:, None, None]).square().sum(0).sqrt()
    # What the outline encloses belongs to the subject even in the background's colour: a white cat on white.
    inside = _enclosed(F.adaptive_avg_pool2d(distance[None, None], grid)[0, 0] > DIFFERENT)
    return torch.where(inside, INIT_LOGIT, -INIT_LOGIT)[None]


def _enclosed(different: Tensor) -> Tensor:
    """(rows, columns) bool: cells that cannot be reached from the border without crossing one that is `different`."""
    outside = torch.ones_like(different)
    outside[1:-1, 1:-1] = False
    outside &= ~different
    while True:
        around = F.max_pool2d(outside[None, None].float(), 3, 1, 1)[0, 0].bool() & ~different
        if torch.equal(around, outside):
            return ~outside
        outside = around
