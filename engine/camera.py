"""A camera that moves on while the picture is painted: zoom, pan and turn, as "zoom videos" of the field have them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.presets import Plan
from engine.starts import Opening

STEPS_BETWEEN_MOVES: Final = 3  # the picture needs some steps to fill in what a move has blurred
MOVING_SHARE: Final = 0.8  # of the steps; after these the picture comes to rest
ZOOM: Final = 2.5  # how much larger things become (zoom-in) or smaller (zoom-out) over the whole film
PAN: Final = 0.8  # how far things move over the whole film, as a share of the picture's side
TURN: Final = 90.0  # degrees over the whole film


def warped(pictures: Tensor, matrix: Tensor, beyond: str = "reflection") -> Tensor:
    """(B, 3, H, W) → the same shape: what the moved camera sees; beyond the edge lies the mirror image.

    matrix (2, 3) leads from points of the new picture to points of the old one, both in -1 … 1.
    """
    grid = F.affine_grid(matrix.to(pictures).expand(len(pictures), 2, 3), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode="bicubic", padding_mode=beyond, align_corners=False).clamp(0, 1)


@dataclass(frozen=True, slots=True)
class Way:
    """The way of a camera through a film: equal moves every few steps."""

    move: Tensor  # (2, 3) of one of them
    moves: int  # in the whole film; 0 where the camera stands still

    @classmethod
    def of(cls, planned: Plan) -> Way:
        moves = 0 if planned.camera == "still" else int(planned.iterations * MOVING_SHARE) // STEPS_BETWEEN_MOVES
        return cls(_one_move(planned.camera, max(1, moves), planned.width, planned.height), moves)

    def moves_after(self, step: int) -> bool:
        """Whether the camera moves when this many steps are done."""
        return step % STEPS_BETWEEN_MOVES == 0 and 0 < step // STEPS_BETWEEN_MOVES <= self.moves

    def seen_at(self, pictures: Tensor, step: int) -> Tensor:
        """(B, 3, H, W): how much the camera sees at a step of what it frames at its end."""
        left = max(0, self.moves - step // STEPS_BETWEEN_MOVES)
        if not left:
            return pictures
        whole = torch.cat([self.move, torch.tensor([[0.0, 0.0, 1.0]])]).double()
        # A scene seen from afar is not surrounded by its mirror images: its ground goes on.
        return warped(pictures, torch.linalg.matrix_power(torch.linalg.inv(whole), left)[:2].float(), "border")

    def first_seen(self, opening: Opening) -> Opening:
        """An opening as the camera sees it before its first move."""
        begins, held = (
            None if each is None else self.seen_at(each[None], 0)[0] for each in (opening.begins, opening.held)
        )
        return replace(opening, begins=begins, held=held)


def _one_move(camera: str, moves: int, width: int, height: int) -> Tensor:
    """(2, 3) matrix of one of the moves that together make the whole way of a film."""
    share = 1 / moves
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
