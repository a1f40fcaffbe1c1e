"""Stickers: an outline that is learned with the picture, by showing it on a ground of another colour at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.presets import Plan
from engine.starts import Opening
from engine.symmetry import mirrored

PIXELS: Final = 4  # of a side of the outline's cells: fine enough for an edge, too coarse for speckles
RATE: Final = 0.15  # Adam's, on logits
AREA: Final = 0.4  # weight of the share that is covered: what adds nothing becomes transparent
DOUBT: Final = 0.1  # weight of being half transparent
CERTAIN: Final = 0.15  # below this opacity nothing is left, and above one less it nothing is missing
DIFFERENT: Final = 0.1  # distance of two colours that are seen as two, of √3 between black and white
CERTAINTY: Final = 3.0  # logits of an outline taken from a picture: to be changed by the words, but not by noise


class Silhouette:
    """Opacities of B pictures as logits (B, 1, rows, columns) of a coarse grid."""

    def __init__(self, planned: Plan, openings: Sequence[Opening], device: torch.device) -> None:
        """Begin with what differs from the border in the openings, or with an oval where there are none."""
        self._sides = (planned.height, planned.width)
        self._symmetry = planned.symmetry
        grid = (max(2, planned.height // PIXELS), max(2, planned.width // PIXELS))
        begun = [_oval(*grid) if each.held is None else _outline(each.held, grid) for each in openings]
        self.logits = torch.stack(begun).to(device).requires_grad_()

    def opacity(self) -> Tensor:
        """(B, 1, H, W) in [0, 1], differentiable."""
        fine = F.interpolate(self.logits, self._sides, mode="bicubic", align_corners=False)
        return mirrored(fine.sigmoid(), self._symmetry)

    def over(self, shown: Tensor, grounds: Tensor) -> Tensor:
        """The pictures (B, 3, H, W) on plain grounds (B, 3)."""
        return torch.lerp(grounds[..., None, None].expand_as(shown), shown, self.opacity())

    def penalty(self) -> Tensor:
        """(B,) for covering more than needed and for being undecided."""
        opacity = self.opacity()
        return AREA * opacity.mean((1, 2, 3)) + DOUBT * 4 * (opacity * (1 - opacity)).mean((1, 2, 3))

    @torch.no_grad()
    def cut_out(self) -> Tensor:
        """(B, 1, H, W) opacities for the finished sticker, decided but for a soft edge."""
        return ((self.opacity() - CERTAIN) / (1 - 2 * CERTAIN)).clamp(0, 1)


def _oval(rows: int, columns: int) -> Tensor:
    down, across = torch.linspace(-1, 1, rows)[:, None], torch.linspace(-1, 1, columns)[None, :]
    return (4 * (0.9 - (down.square() + across.square()).sqrt()))[None]


def _outline(picture: Tensor, grid: tuple[int, int]) -> Tensor:
    """(1, rows, columns) logits: how far each part of a picture (3, H, W) is from the usual colour of its border."""
    border = torch.cat([picture[:, 0], picture[:, -1], picture[:, :, 0], picture[:, :, -1]], 1)
    ground = border.median(1).values
    distance = (picture - ground[:, None, None]).square().sum(0).sqrt()
    # Whatever lies inside the outline belongs to the thing, be it of the ground's colour: a white cat on white.
    inside = _enclosed(F.adaptive_avg_pool2d(distance[None, None], grid)[0, 0] > DIFFERENT)
    return torch.where(inside, CERTAINTY, -CERTAINTY)[None]


def _enclosed(different: Tensor) -> Tensor:
    """The cells (rows, columns) that cannot be reached from the border without crossing one that is `different`."""
    outside = torch.ones_like(different)
    outside[1:-1, 1:-1] = False
    outside &= ~different
    while True:
        around = F.max_pool2d(outside[None, None].float(), 3, 1, 1)[0, 0].bool() & ~different
        if torch.equal(around, outside):
            return ~outside
        outside = around
