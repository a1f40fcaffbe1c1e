"""A camera that moves while the picture is painted: zoom, pan and rotation, as in VQGAN+CLIP's zoom videos."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from engine.drawers import Init
from engine.images.tensors import warped
from engine.spec.plan import Plan

STEPS_BETWEEN_MOVES: Final = 3  # the picture needs some steps to fill in what a move has blurred
MOVING_SHARE: Final = 0.8  # of the steps; for the rest of them the camera is still
ZOOM: Final = 2.5  # factor over the whole film, larger (zoom-in) or smaller (zoom-out)
PAN: Final = 0.8  # distance over the whole film, as a share of the picture's width
TURN: Final = 90.0  # degrees over the whole film


@dataclass(frozen=True, slots=True)
class CameraPath:
    """Equal moves of a camera, one every few steps."""

    move: Tensor  # (2, 3) affine matrix of one move, as for `warped`
    moves: int  # in the whole film; 0: a still camera

    @classmethod
    def of(cls, plan: Plan) -> CameraPath:
        """The path of a plan's camera."""
        camera = plan.spec.camera
        moves = 0 if camera == "still" else int(plan.iterations * MOVING_SHARE) // STEPS_BETWEEN_MOVES
        return cls(_one_move(camera, max(1, moves), plan.width, plan.height), moves)

    def moves_after(self, step: int) -> bool:
        """Whether the camera moves after this many steps."""
        return step % STEPS_BETWEEN_MOVES == 0 and 0 < step // STEPS_BETWEEN_MOVES <= self.moves

    def frame_at(self, pictures: Tensor, step: int) -> Tensor:
        """(B, 3, H, W): the view at a step of a scene (B, 3, H, W), which fills the frame after the last move."""
        left = max(0, self.moves - step // STEPS_BETWEEN_MOVES)
        if not left:
            return pictures
        homogeneous = torch.cat([self.move, torch.tensor([[0.0, 0.0, 1.0]])]).double()
        # Border padding: from farther away, reflections would surround the scene with its mirror images.
        return warped(pictures, torch.linalg.matrix_power(torch.linalg.inv(homogeneous), left)[:2].float(), "border")

    def first_frame(self, init: Init) -> Init:
        """The init with its pictures as the camera sees them before its first move."""
        first, target = (
            None if each is None else self.frame_at(each[None], 0)[0] for each in (init.init_image, init.target_image)
        )
        return replace(init, init_image=first, target_image=target)


def _one_move(camera: str, moves: int, width: int, height: int) -> Tensor:
    """(2, 3) affine matrix of one of `moves` equal moves."""
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
    # It rotates in pixels, so in coordinates of -1 … 1 the matrix depends on the aspect ratio.
    return torch.tensor([[cosine, -sine * height / width, shift], [sine * width / height, cosine, 0.0]])
