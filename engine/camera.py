"""A camera that moves on while the picture is painted: zoom, pan and turn, as "zoom videos" of the field have them."""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

STEPS_BETWEEN_MOVES: Final = 3  # the picture needs some steps to fill in what a move has blurred
ZOOM: Final = 2.5  # how much larger things become (zoom-in) or smaller (zoom-out) over the whole film
PAN: Final = 0.8  # how far things move over the whole film, as a share of the picture's side
TURN: Final = 90.0  # degrees over the whole film


def warped(pictures: Tensor, matrix: Tensor) -> Tensor:
    """(B, 3, H, W) → the same shape: what the moved camera sees; beyond the edge lies the mirror image.

    matrix (2, 3) leads from points of the new picture to points of the old one, both in -1 … 1.
    """
    grid = F.affine_grid(matrix.to(pictures).expand(len(pictures), 2, 3), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode="bicubic", padding_mode="reflection", align_corners=False).clamp(0, 1)


def moves_after(step: int, camera: str) -> bool:
    """Whether the camera moves after this many steps are done."""
    return camera != "still" and step % STEPS_BETWEEN_MOVES == 0


def one_move(camera: str, iterations: int, width: int, height: int) -> Tensor:
    """(2, 3) matrix of one of the moves that together make the whole way of a film of `iterations` steps."""
    share = 1 / max(1, iterations // STEPS_BETWEEN_MOVES)
    scale, shift, angle = 1.0, 0.0, 0.0
    if camera == "zoom-in":
        scale = ZOOM**-share
    elif camera == "zoom-out":
        scale = ZOOM**share
    elif camera in ("pan-left", "pan-right"):
        shift = 2 * PAN * share * (1 if camera == "pan-right" else -1)
    elif camera == "rotate":
        angle = math.radians(TURN) * share
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    # A turn is one in pixels, so in coordinates of -1 … 1 it depends on the picture's shape.
    return torch.tensor([[cosine, -sine * height / width, shift], [sine * width / height, cosine, 0.0]])
