"""What strokes follow: curves through given points, even resampling, blurs and directions of a picture."""

from __future__ import annotations

import math

import pytest
import torch

from engine.drawers.strokes.curves import blurred, curves_through, edges, resampled, sampled
from engine.drawers.strokes.strokes import flattened


@pytest.mark.parametrize("cubics", [1, 3])
def test_curves_pass_the_points_they_were_made_of(cubics: int) -> None:
    points = torch.rand(5, 3 * cubics + 1, 2, generator=torch.Generator().manual_seed(1)) * 50
    shown = flattened(curves_through(points), 3)
    torch.testing.assert_close(shown, points, atol=1e-3, rtol=0)


def test_resampling_keeps_the_ends_and_makes_the_steps_equal() -> None:
    path = torch.tensor([[[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [9.0, 0.0], [9.0, 0.0]]])
    expected = torch.tensor([[0.0, 0.0], [3.0, 0.0], [6.0, 0.0], [9.0, 0.0]])
    torch.testing.assert_close(resampled(path, 4)[0], expected)


def test_a_path_of_no_length_stays_a_point() -> None:
    assert resampled(torch.full((1, 5, 2), 3.0), 4).tolist() == [[[3.0, 3.0]] * 4]


@pytest.mark.parametrize("degrees", [0, 30, 90, 135])
def test_directions_are_those_along_the_stripes(degrees: int) -> None:
    angle = math.radians(degrees)
    line = torch.arange(48) + 0.5
    across = line[None] * -math.sin(angle) + line[:, None] * math.cos(angle)
    picture = (0.5 + 0.5 * torch.sin(across / 2)).expand(3, 48, 48)
    _, directions = edges(picture, 1.0, 4.0)
    along = directions[0] * math.cos(angle) + directions[1] * math.sin(angle)
    assert float(along[8:-8, 8:-8].abs().min()) > 0.98


def test_a_flat_picture_takes_the_directions_it_is_given() -> None:
    otherwise = torch.stack([torch.full((16, 16), 0.6), torch.full((16, 16), 0.8)])
    _, directions = edges(torch.full((3, 16, 16), 0.5), 1.0, 2.0, otherwise)
    assert float((directions * otherwise).sum(0).abs().min()) > 0.999


def test_a_blur_keeps_a_flat_picture_and_the_sum_of_a_dot() -> None:
    torch.testing.assert_close(blurred(torch.full((3, 9, 9), 0.3), 2.0), torch.full((3, 9, 9), 0.3))
    dot = torch.zeros(1, 41, 41)
    dot[0, 20, 20] = 1
    soft = blurred(dot, 2.0)
    assert float(soft.sum()) == pytest.approx(1, abs=1e-4)
    assert float(soft[0, 20, 22] / soft[0, 20, 20]) == pytest.approx(math.exp(-0.5), abs=1e-3)


def test_values_are_those_of_the_pixel_whose_middle_is_asked_for() -> None:
    field = torch.arange(12.0).view(1, 3, 4)
    assert sampled(field, torch.tensor([[1.5, 2.5], [-9.0, -9.0]]))[:, 0].tolist() == [9.0, 0.0]
