"""The photo style: frequencies that make the picture they were taken from, learn large forms first, and tile."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers import Init
from engine.drawers.photo import PhotoDrawer
from engine.images.noise import fractal_noise
from engine.images.tensors import warped
from engine.registry import Models
from engine.spec.artspec import ArtSpec
from engine.spec.plan import Plan, plan

WIDTH, HEIGHT = 96, 64
MODELS = Models("mini", torch.device("cpu"), torch.float32)  # the drawer asks for nothing but the device


def planned(tile: bool = False, **changes: object) -> Plan:
    spec = ArtSpec("x", style="photo", width=WIDTH, height=HEIGHT, tile=tile)
    return replace(plan(spec, "mini"), **changes)  # type: ignore[arg-type]


def a_picture(seed: int = 0) -> Tensor:
    """Soft noise with an orange square that has edges."""
    picture = fractal_noise(WIDTH, HEIGHT, torch.Generator().manual_seed(seed))
    picture[:, 20:40, 30:60] = torch.tensor([0.95, 0.55, 0.1])[:, None, None]
    return picture


def painter(init: Init, made: Plan | None = None, seed: int = 3) -> PhotoDrawer:
    return PhotoDrawer(made or planned(), MODELS, [init], [torch.Generator().manual_seed(seed)])


def shown(drawer: PhotoDrawer) -> Tensor:
    with torch.no_grad():
        return drawer.render()


def descend(drawer: PhotoDrawer, steps: int, rate: float = 0.1) -> None:
    optimiser = torch.optim.Adam([{"params": group.tensors} for group in drawer.groups()], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        drawer.render()
        drawer.target_loss().sum().backward()
        optimiser.step()
        drawer.constrain()


@pytest.mark.parametrize("tile", [False, True])
@pytest.mark.parametrize("size", [(96, 64), (48, 80), (50, 34), (32, 32)])
def test_an_init_image_is_shown_as_it_is(tile: bool, size: tuple[int, int]) -> None:
    picture = F.interpolate(a_picture()[None], (size[1], size[0]), mode="area")[0]
    drawer = painter(Init(picture, picture), planned(width=size[0], height=size[1], tile=tile))
    assert shown(drawer).shape == (1, 3, size[1], size[0])
    torch.testing.assert_close(shown(drawer)[0], picture, atol=2e-4, rtol=0)


def test_pictures_of_black_white_and_full_colours_stay_finite() -> None:
    picture = torch.zeros(3, HEIGHT, WIDTH)
    picture[:, :, 30:], picture[0, 40:] = 1.0, 1.0
    drawer = painter(Init(picture, picture))
    assert float((shown(drawer)[0] - picture).abs().max()) < 1e-3
    descend(drawer, 3)
    assert bool(shown(drawer).isfinite().all())


def test_a_random_start_is_near_grey_and_decides_the_picture() -> None:
    first, again, other = (shown(painter(Init(None, None), seed=seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert abs(float(first.mean()) - 0.5) < 0.15 and 0.02 < float(first.std()) < 0.25
    assert float(painter(Init(None, None)).target_loss().detach()) < 1e-9


def test_equal_steps_change_large_forms_more_than_grain() -> None:
    """A step of one size in every parameter, in random directions, moves the coarse more than the fine."""
    drawer = painter(Init(None, None))
    before = shown(drawer)
    with torch.no_grad():
        (spectrum,) = drawer.groups()[0].tensors
        spectrum += 0.05 * torch.randn(spectrum.shape, generator=torch.Generator().manual_seed(0)).sign()
    drawer.constrain()
    change = shown(drawer) - before
    coarse = F.interpolate(F.adaptive_avg_pool2d(change, (8, 12)), (HEIGHT, WIDTH), mode="bilinear")
    assert float(coarse.square().mean()) > 4 * float((change - coarse).square().mean())


def test_brightness_varies_more_than_hue() -> None:
    picture = torch.logit(shown(painter(Init(None, None)))[0].double())
    grey = picture.mean(0)
    assert float(grey.var()) > float((picture - grey).var())


def test_gradients_are_those_of_differences() -> None:
    drawer = painter(Init(a_picture(), a_picture(1)), planned(width=WIDTH, height=HEIGHT))
    drawer.render()
    (spectrum,) = drawer.groups()[0].tensors
    (slope,) = torch.autograd.grad(drawer.target_loss().sum(), spectrum)
    direction = torch.randn(spectrum.shape, generator=torch.Generator().manual_seed(1)) / spectrum[0].numel() ** 0.5
    values = []
    for way in (0.3, -0.3):
        with torch.no_grad():
            spectrum += way * direction
            drawer.render()
            values.append(float(drawer.target_loss()))
            spectrum -= way * direction
    assert (values[0] - values[1]) / 0.6 == pytest.approx(float((slope * direction).sum()), rel=0.05, abs=1e-4)


def test_steps_lead_to_the_target() -> None:
    picture = a_picture()
    drawer = painter(Init(torch.full_like(picture, 0.5), picture))
    drawer.render()
    before = float(drawer.target_loss().detach())
    descend(drawer, 40)
    drawer.render()
    assert float(drawer.target_loss().detach()) < before / 10
    other = picture.flip(0)
    drawer.set_target(other[None])
    descend(drawer, 40)
    assert float((shown(drawer)[0] - other).abs().mean()) < float((shown(drawer)[0] - picture).abs().mean())


def seam(picture: Tensor) -> float:
    """The step over the right edge to the left one, against the usual step inside."""
    over = (picture[..., 0] - picture[..., -1]).abs().mean()
    return float(over / picture.diff(dim=-1).abs().mean())


def test_a_tile_goes_on_over_its_edges_and_other_pictures_do_not() -> None:
    smooth = [shown(painter(Init(None, None), planned(tile=tile))) for tile in (True, False)]
    assert seam(smooth[0]) < 2 < 4 < seam(smooth[1])
    assert seam(smooth[0].transpose(-1, -2)) < 2


def test_a_target_beyond_the_edges_leaves_no_mark() -> None:
    """The canvas goes on as a mirror: the edges of an init are as quiet as its middle."""
    picture = torch.linspace(0.2, 0.8, WIDTH).expand(3, HEIGHT, WIDTH)
    drawer = painter(Init(picture, picture))
    assert float((shown(drawer)[0] - picture).abs().max()) < 1e-3


def test_the_camera_moves_the_picture_as_pictures_move() -> None:
    picture, zoom = a_picture(), torch.tensor([[0.8, 0.0, 0.1], [0.0, 0.8, 0.0]])
    drawer = painter(Init(picture, picture))
    expected = warped(shown(drawer), zoom)
    drawer.move(zoom)
    torch.testing.assert_close(shown(drawer), expected, atol=1e-3, rtol=0)
    torch.testing.assert_close(drawer.tensors()["target"], warped(picture[None], zoom), atol=1e-6, rtol=0)


def test_a_picture_in_a_batch_is_as_it_is_alone() -> None:
    inits = [Init(a_picture(), a_picture()), Init(None, None), Init(None, a_picture(1))]
    together = PhotoDrawer(planned(), MODELS, inits, [torch.Generator().manual_seed(3 + each) for each in range(3)])
    descend(together, 3)
    for index, init in enumerate(inits):
        alone = painter(init, seed=3 + index)
        descend(alone, 3)
        torch.testing.assert_close(shown(together)[index], shown(alone)[0], atol=1e-5, rtol=0)


def test_a_saved_state_gives_the_same_picture() -> None:
    drawer, other = painter(Init(None, a_picture())), painter(Init(None, None), seed=9)
    descend(drawer, 3)
    other.load_state_dict(drawer.state_dict())
    assert torch.equal(shown(drawer), shown(other))
    descend(drawer, 1), descend(other, 1)
    assert torch.allclose(drawer.target_loss(), other.target_loss())
