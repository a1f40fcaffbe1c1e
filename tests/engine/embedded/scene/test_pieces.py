"""Cut-outs without halos."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.embedded.scene.colours import object_mask
from engine.embedded.scene.pieces import cut_out, laid, resized, tilted, without_gaps


def disc(side: int = 128) -> Tensor:
    """A dark red disc on white with a soft edge."""
    ramp = torch.arange(side) - side / 2
    far = (ramp.square()[:, None] + ramp.square()[None]).sqrt()
    inside = ((side / 3 - far) / 3 + 0.5).clamp(0, 1)
    return 1 - inside * torch.tensor([0.4, 0.9, 0.9])[:, None, None]


def cut() -> Tensor:
    return cut_out(disc(), object_mask(disc()[None])[0])


def test_a_cut_out_is_close_and_has_no_white_edge() -> None:
    piece = cut()
    assert piece.shape[0] == 4 and 76 <= piece.shape[1] <= 92 and 76 <= piece.shape[2] <= 92
    canvas = torch.zeros(1, 3, 128, 128)
    laid(canvas, piece, 20, 20)
    assert canvas[:, 1].max() < 0.4  # on black a fringe would be light
    assert canvas[0, 0, 60, 60] > 0.5


def test_enlarged_edges_stay_thin() -> None:
    piece = resized(cut(), 320, 320)
    opacity = piece[3, 160]
    assert int(((opacity > 0.1) & (opacity < 0.9)).sum()) <= 12
    assert piece.min() >= 0 and piece.max() <= 1
    assert piece[0][piece[3] > 0.9].max() < 0.75  # nothing rings


def test_tilting_keeps_all_of_a_thing() -> None:
    piece = cut()
    turned = tilted(piece, 8)
    assert abs(float(turned[3].sum() / piece[3].sum()) - 1) < 0.05


def test_what_is_laid_outside_is_left_off() -> None:
    canvas = torch.ones(1, 3, 32, 32)
    for left, top in ((-200, 0), (0, 200), (-20, -20), (20, 20)):
        laid(canvas, cut(), left, top)
    assert canvas.shape == (1, 3, 32, 32) and canvas.min() < 0.7


def test_gaps_between_legs_are_open_and_bellies_are_not() -> None:
    picture = torch.ones(3, 128, 128)
    picture[:, 20:110, 20:110] = 0.4
    picture[:, 80:104, 40:48] = 1  # between legs
    picture[:, 30:38, 60:68] = 1  # an eye
    picture[:, 76:104, 60:100] = 1  # a belly
    mask = without_gaps(picture, object_mask(picture[None])[0])
    assert mask[92, 44] < 0.1 and mask[34, 64] > 0.9 and mask[90, 80] > 0.9 and mask[60, 40] > 0.9
