"""The camera: equal moves that add up, and that end with what was to be framed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.drawers import Init
from engine.images.tensors import warped
from engine.loop.camera import PAN, STEPS_BETWEEN_MOVES, TURN, ZOOM, CameraPath
from engine.spec.artspec import CAMERAS, ArtSpec
from engine.spec.plan import Plan, plan


def planned(camera: str, iterations: int = 60) -> Plan:
    spec = ArtSpec("a boat", camera=camera, width=96, height=64)
    return replace(plan(spec, "mini"), iterations=iterations)


def smooth(seed: int = 1) -> torch.Tensor:
    coarse = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (64, 96), mode="bicubic", align_corners=True).clamp(0, 1)


def whole_path(camera: str) -> torch.Tensor:
    path = CameraPath.of(planned(camera))
    one = torch.cat([path.move, torch.tensor([[0.0, 0.0, 1.0]])])
    return torch.linalg.matrix_power(one, path.moves)


def test_the_moves_of_a_film_add_up() -> None:
    assert whole_path("zoom-in")[0, 0] == pytest.approx(1 / ZOOM, rel=1e-4)
    assert whole_path("zoom-out")[1, 1] == pytest.approx(ZOOM, rel=1e-4)
    assert whole_path("pan-right")[0, 2] == pytest.approx(2 * PAN, rel=1e-4)
    assert whole_path("pan-left")[0, 2] == pytest.approx(-2 * PAN, rel=1e-4)
    turned = whole_path("rotate")
    # In pixels, of which there are 96 × 64: a quarter turn takes the right edge's middle to the bottom.
    pixels = torch.tensor([96.0, 64.0])
    there = (turned[:2, :2] @ torch.tensor([1.0, 0.0])) * pixels
    assert TURN == 90 and there.tolist() == pytest.approx([0.0, 96.0], abs=1e-3)


def test_it_moves_every_few_steps_and_then_rests() -> None:
    path = CameraPath.of(planned("zoom-in"))
    moving = [step for step in range(1, 61) if path.moves_after(step)]
    assert moving == list(range(STEPS_BETWEEN_MOVES, 49, STEPS_BETWEEN_MOVES)) and path.moves == len(moving)
    still = CameraPath.of(planned("still"))
    assert not any(still.moves_after(step) for step in range(61))


@pytest.mark.parametrize("camera", CAMERAS)
def test_at_the_end_it_sees_what_it_frames(camera: str) -> None:
    picture, path = smooth(), CameraPath.of(planned(camera))
    assert torch.equal(path.frame_at(picture, 60), picture)
    first = path.first_frame(Init(None, picture[0]))
    assert first.init_image is None and first.target_image is not None and first.target_image.shape == (3, 64, 96)
    if camera == "zoom-in":  # from afar: what it frames is small in the middle
        middle = first.target_image[:, 20:44, 30:66]
        small = torch.nn.functional.interpolate(picture, (26, 38), mode="area")[0][:, 1:25, 1:37]
        assert float((middle - small).abs().mean()) < 0.03


def test_a_move_that_is_none_changes_nothing_and_zooming_in_magnifies() -> None:
    picture = smooth()
    still = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    torch.testing.assert_close(warped(picture, still), picture, rtol=0, atol=1e-4)
    nearer = warped(picture, still * 0.5)
    cut = torch.nn.functional.interpolate(picture[..., 16:48, 24:72], (64, 96), mode="bicubic", align_corners=False)
    assert float((nearer - cut).abs()[..., 8:-8, 8:-8].mean()) < 0.01
