"""Cutouts: the one warp shows what separate steps would, within the picture, the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from engine.loop.cutouts import NOISE, ZOOM_SHARE, Cutouts, draw_cutouts, pooled_base, sample_cutouts
from engine.loop.randomness import Stream, generator


def drawn(count: int = 12, width: int = 96, height: int = 64, seeds: tuple[int, ...] = (1, 2)) -> Cutouts:
    return draw_cutouts(count, width, height, [generator(seed, 3, Stream.CUTOUTS) for seed in seeds])


def plain(cutouts: Cutouts, homography: torch.Tensor) -> Cutouts:
    """The same number of cutouts, all with one homography, no colour change, no padding mode."""
    shape = cutouts.noise_strengths.shape
    eye = torch.eye(3).expand(*shape, 3, 3)
    return Cutouts(homography.expand(*shape, 3, 3), torch.zeros(shape), torch.zeros(shape), eye, torch.zeros(shape))


def test_same_seed_same_cutouts_and_a_batch_draws_what_each_draws_alone() -> None:
    together, alone = drawn(), drawn(seeds=(2,))
    assert together.shifts is None
    for name in Cutouts.__slots__[:-1]:
        torch.testing.assert_close(getattr(together, name)[1], getattr(alone, name)[0], rtol=0, atol=0)
    assert not torch.equal(together.homographies[0], together.homographies[1])


def test_the_identity_view_is_the_pooled_base() -> None:
    images = torch.rand(2, 3, 64, 64)
    cutouts = plain(drawn(2, 64, 64), torch.eye(3))
    seen = sample_cutouts(images, cutouts, 32).view(2, 2, 3, 32, 32)
    torch.testing.assert_close(seen[:, 0], pooled_base(images, 32), atol=1e-5, rtol=0)


def test_crop_and_flip_in_one_warp_equal_separate_steps() -> None:
    images = torch.rand(1, 3, 64, 64)
    left_half_mirrored = torch.tensor([[-0.5, 0, -0.5], [0, 0.5, -0.5], [0, 0, 1]])
    seen = sample_cutouts(images, plain(drawn(1, 64, 64, (1,)), left_half_mirrored), 32)
    cropped = pooled_base(images, 32)[..., :16, :16].flip(-1)
    expected = F.interpolate(cropped, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(seen[..., 2:-2, 2:-2], expected[..., 2:-2, 2:-2], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (160, 96), (64, 128)])
def test_zoomed_cutouts_stay_inside_the_picture(width: int, height: int) -> None:
    cutouts = drawn(40, width, height)
    zoomed = cutouts.homographies[:, : round(40 * ZOOM_SHARE)]
    corners = torch.tensor([[-1.0, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]])
    looked = torch.einsum("bnij,pj->bnpi", zoomed, corners)
    assert (looked[..., 2] > 0).all()
    assert ((looked[..., :2] / looked[..., 2:]).abs() <= 1 + 1e-5).all()


def test_cutouts_are_square_in_pixels_of_a_wide_picture() -> None:
    wide = drawn(40, 320, 160).homographies[:, round(40 * ZOOM_SHARE) :]
    across = wide[..., 0, :2].norm(dim=-1) * 320
    down = wide[..., 1, :2].norm(dim=-1) * 160
    torch.testing.assert_close(across, down, rtol=1e-4, atol=1e-3)


def test_looking_over_the_edge_shows_mirror_border_or_grey() -> None:
    images = torch.zeros(1, 3, 32, 32)
    images[..., 16:] = 1.0  # dark left half, bright right half
    beyond = torch.tensor([[1.0, 0, 2.0], [0, 1, 0], [0, 0, 1]])  # one whole picture to the right
    cutouts = plain(drawn(3, 32, 32, (1,)), beyond)
    cutouts = Cutouts(
        cutouts.homographies,
        torch.tensor([[1.0, 0, 0]]),
        torch.tensor([[0.0, 0, 1]]),
        cutouts.colours,
        cutouts.noise_strengths,
    )
    mirror, border, grey = sample_cutouts(images, cutouts, 32).mean(1)
    assert mirror[:, 0].mean() > 0.95 and mirror[:, -1].mean() < 0.05
    assert torch.allclose(border, torch.ones_like(border))
    assert torch.allclose(grey, torch.full_like(grey, 0.5), atol=1e-5)


def test_colour_jitter_leaves_grey_alone_and_moves_red() -> None:
    colours = drawn(32).colours
    torch.testing.assert_close(colours @ torch.ones(3), torch.ones(2, 32, 3), atol=1e-4, rtol=0)
    red = torch.tensor([1.0, 0, 0])
    assert 0.02 < float((colours @ red - red).abs().mean()) < 0.3


def test_gradient_reaches_every_pixel_and_the_noise_is_scaled() -> None:
    images = torch.rand(2, 3, 64, 96, requires_grad=True)
    cutouts = drawn(24)
    grain = torch.randn(2, 24, 3, 48, 48)
    seen = sample_cutouts(images, cutouts, 48, grain)
    assert seen.shape == (48, 3, 48, 48)
    seen.square().sum().backward()
    assert images.grad is not None and torch.isfinite(images.grad).all()
    assert (images.grad.abs().sum(1) > 0).float().mean() > 0.9
    quiet = sample_cutouts(images.detach(), cutouts, 48)
    noise = (seen.detach() - quiet).view(2, 24, -1).std(-1)
    torch.testing.assert_close(noise, cutouts.noise_strengths, rtol=0.1, atol=1e-3)
    assert float(cutouts.noise_strengths.max()) <= NOISE


def test_a_tile_is_seen_over_its_edges() -> None:
    """A view shifted by a whole side sees the same; one shifted by half sees the picture rolled by half."""
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    base = plain(drawn(3, 64, 64, (1,)), torch.eye(3))
    shifts = torch.tensor([[[0.0, 0.0], [2.0, 2.0], [1.0, 0.0]]])
    still, whole, half = sample_cutouts(images, replace(base, shifts=shifts), 32)
    torch.testing.assert_close(whole, still, atol=1e-3, rtol=0)
    inner = slice(2, 14)
    torch.testing.assert_close(half[..., inner], still.roll(16, -1)[..., inner], atol=1e-3, rtol=0)


def test_only_tiles_are_shifted_and_by_the_same_numbers_alone_and_together() -> None:
    rngs = [generator(seed, 3, Stream.CUTOUTS) for seed in (1, 2)]
    tile = draw_cutouts(12, 96, 64, rngs, tile=True)
    assert tile.shifts is not None and tile.shifts.shape == (2, 12, 2)
    assert torch.equal(tile.homographies, drawn().homographies), "the cutouts themselves are the same"
    alone = draw_cutouts(12, 96, 64, [generator(2, 3, Stream.CUTOUTS)], tile=True)
    assert alone.shifts is not None and torch.equal(alone.shifts[0], tile.shifts[1])
