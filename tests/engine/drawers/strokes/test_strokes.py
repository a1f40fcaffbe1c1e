"""The stroke renderer against one that asks every pixel about every stroke, its gradients, batches and periods."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor

from engine.drawers.strokes import footprints
from engine.drawers.strokes.strokes import Strokes, draw_strokes, flattened

HEIGHT, WIDTH = 37, 52  # no multiples of a tile
SOFTNESS = 1.5


@pytest.fixture(params=["listed", "padded"], autouse=True)
def tiling(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with the pairs of a CPU and, on the CPU, with those of a GPU."""
    if request.param == "padded":
        monkeypatch.setattr(footprints, "_exact", footprints._padded)


def some_strokes(count: int, cubics: int, *, pictures: int = 1, seed: int = 0) -> Strokes:
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> Tensor:
        return torch.rand(pictures, count, *shape, generator=generator, dtype=torch.float64)

    start = random(1, 2) * torch.tensor([WIDTH, HEIGHT])
    points = torch.cat([start, start + ((random(3 * cubics, 2) - 0.5) * 20).cumsum(2)], 2)
    return Strokes(points, 0.4 + 5 * random(), random(3), 0.2 + 0.8 * random())


def some_background(pictures: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(9)
    return torch.rand(pictures, 3, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)


def slow(strokes: Strokes, background: Tensor, *, periodic: bool = False) -> Tensor:
    """(4, H, W): every pixel's distance from every piece of every stroke, one stroke after the other."""
    down, across = torch.meshgrid(torch.arange(HEIGHT) + 0.5, torch.arange(WIDTH) + 0.5, indexing="ij")
    pixels = torch.stack([across, down], -1).double()
    shifts = itertools.product((-WIDTH, 0, WIDTH), (-HEIGHT, 0, HEIGHT)) if periodic else [(0, 0)]
    moved = [pixels + torch.tensor(shift) for shift in shifts]
    picture = torch.cat([background[0], torch.zeros(1, HEIGHT, WIDTH)]).double()
    lines = flattened(strokes.points)[0]
    for line, width, colour, opacity in zip(
        lines, strokes.widths[0], strokes.colours[0], strokes.opacities[0], strict=True
    ):
        away = torch.full((HEIGHT, WIDTH), torch.inf, dtype=torch.float64)
        for a, b in itertools.pairwise(line):
            for seen in moved:
                t = (((seen - a) @ (b - a)) / ((b - a) @ (b - a))).clamp(0, 1)
                away = torch.minimum(away, (seen - a - t[..., None] * (b - a)).norm(dim=-1))
        inner, outer = (torch.clamp((sign * width / 2 - away) / SOFTNESS + 0.5, 0, 1).pow(2) for sign in (1, -1))
        inner, outer = (3 * square - 2 * square.pow(1.5) for square in (inner, outer))
        alpha = opacity * (inner - outer)
        picture = picture + alpha * (torch.cat([colour, colour.new_ones(1)])[:, None, None] - picture)
    return picture


@pytest.mark.parametrize("cubics", [1, 3])
@pytest.mark.parametrize("periodic", [False, True])
def test_the_same_picture_as_pixel_by_pixel(cubics: int, periodic: bool) -> None:
    strokes, background = some_strokes(14, cubics), some_background()
    picture, covered = draw_strokes(strokes, background, softness=SOFTNESS, periodic=periodic)
    torch.testing.assert_close(torch.cat([picture, covered], 1)[0], slow(strokes, background, periodic=periodic))


@pytest.mark.parametrize("periodic", [False, True])
def test_gradients_are_those_of_the_slow_picture(periodic: bool) -> None:
    strokes, background = some_strokes(6, 2), some_background().requires_grad_()
    parts = [getattr(strokes, each.name).requires_grad_() for each in fields(strokes)] + [background]
    weights = torch.randn(4, HEIGHT, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    drawn = torch.cat(draw_strokes(strokes, background, softness=SOFTNESS, periodic=periodic), 1)[0]
    expected = torch.autograd.grad((slow(strokes, background, periodic=periodic) * weights).sum(), parts)
    found = torch.autograd.grad((drawn * weights).sum(), parts)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_gradients_are_the_slopes_that_small_moves_show() -> None:
    strokes, background = some_strokes(5, 1), some_background()
    weights = torch.randn(3, HEIGHT, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(3))

    def height(moved: Strokes) -> Tensor:
        return (draw_strokes(moved, background)[0][0] * weights).sum()

    for each in fields(strokes):
        part: Tensor = getattr(strokes, each.name).clone().requires_grad_()
        (gradient,) = torch.autograd.grad(height(replace(strokes, **{each.name: part})), part)
        direction = torch.randn(part.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(4)) * 1e-6
        up, down = (height(replace(strokes, **{each.name: part.detach() + sign * direction})) for sign in (1, -1))
        assert float((gradient * direction).sum()) == pytest.approx(float(up - down) / 2, rel=1e-4)


def test_a_picture_in_a_batch_is_the_same_as_alone() -> None:
    strokes, background = some_strokes(20, 1, pictures=3), some_background(3)
    together, covered = draw_strokes(strokes, background)
    for index in range(3):
        alone = Strokes(*(getattr(strokes, each.name)[index, None] for each in fields(strokes)))
        picture, cover = draw_strokes(alone, background[index, None])
        assert torch.equal(together[index], picture[0])
        assert torch.equal(covered[index], cover[0])


def test_a_periodic_picture_can_be_shifted_round_its_edges() -> None:
    strokes, background = some_strokes(20, 1), torch.ones(1, 3, 40, 56, dtype=torch.float64)
    picture, _ = draw_strokes(strokes, background, periodic=True)
    shifted, _ = draw_strokes(
        replace(strokes, points=strokes.points + torch.tensor([17.0, 23.0])), background, periodic=True
    )
    torch.testing.assert_close(shifted, picture.roll((23, 17), (2, 3)))


def test_the_topmost_strokes_are_kept_where_too_many_lie() -> None:
    count = footprints.DEEPEST + 30
    line = torch.tensor([[5.0, 6.0], [15.0, 6.0], [25.0, 6.0], [35.0, 6.0]])
    grey = torch.linspace(0, 1, count)[None, :, None].expand(1, count, 3)
    strokes = Strokes(line.expand(1, count, 4, 2), torch.full((1, count), 6.0), grey, torch.ones(1, count))
    picture, covered = draw_strokes(strokes, torch.zeros(1, 3, 16, 48))
    assert picture[0, 0, 6, 20] == 1  # the last laid is the lightest
    assert covered[0, 0, 6, 20] == 1


def test_strokes_outside_show_nothing_and_get_no_gradient() -> None:
    strokes = some_strokes(4, 1)
    points = (strokes.points + 500).requires_grad_()
    picture, covered = draw_strokes(replace(strokes, points=points), some_background())
    assert torch.equal(picture, some_background())
    assert not covered.any()
    picture.sum().backward()  # type: ignore[no-untyped-call]
    assert points.grad is not None
    assert not points.grad.any()


def test_a_stroke_that_is_a_point_is_a_dot_and_its_gradient_is_finite() -> None:
    points = torch.full((1, 1, 4, 2), 8.5).requires_grad_()
    strokes = Strokes(points, torch.full((1, 1), 4.0), torch.zeros(1, 1, 3), torch.ones(1, 1))
    picture, _ = draw_strokes(strokes, torch.ones(1, 3, 16, 16))
    picture.square().sum().backward()  # type: ignore[no-untyped-call]
    assert picture[0, 0, 8, 8] == 0
    assert picture[0, 0, 8, 12] == 1
    assert points.grad is not None
    assert bool(points.grad.isfinite().all())
