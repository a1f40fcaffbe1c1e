"""Few colours: nearness as in OKLab's paper, blends that harden, patterns that keep an area's tone, taken palettes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.drawers.quantisation import (
    blended,
    colour_distances,
    exact_tones,
    fitted_tones,
    nearest,
    nearest_with_neighbours,
    oklab,
    palette_distance,
    palette_of,
    picked,
    thresholds,
    toned_distances,
)
from engine.spec.palettes import PALETTES


def named(name: str) -> Tensor:
    return torch.tensor(PALETTES[name].colours) / 255


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def by_the_paper(colours: np.ndarray) -> np.ndarray:
    """Ottosson's OKLab of (N, 3) sRGB in float64, as his text has it."""
    linear = np.where(colours > 0.04045, ((colours + 0.055) / 1.055) ** 2.4, colours / 12.92)
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.cbrt(linear @ to_cones.T) @ to_lab.T


def test_oklab_is_that_of_the_paper_with_its_hues_twice() -> None:
    colours = noise(500, 3) * 0.9 + 0.1
    expected = by_the_paper(colours.double().numpy()) * (1, 2, 2)
    assert np.abs(oklab(colours).numpy() - expected).max() < 0.01  # darkest: what keeps slopes finite shows a little
    assert torch.allclose(oklab(torch.ones(3)), torch.tensor([1.0, 0.0, 0.0]), atol=1e-3)


def test_its_slope_is_finite_everywhere() -> None:
    edges = torch.tensor([0.0, 1e-8, 0.04045, 0.5, 1.0])
    colours = torch.cartesian_prod(edges, edges, edges).requires_grad_()
    oklab(colours).square().sum().backward()
    assert colours.grad is not None and colours.grad.isfinite().all() and colours.grad.abs().max() < 1e3


def test_nearest_is_what_a_plain_search_finds() -> None:
    picture, palette = noise(2, 3, 9, 7), named("pico-8")
    found = nearest(picture, palette)
    points = oklab(palette)
    for row in range(9):
        for column in range(7):
            apart = [(oklab(picture[1, :, row, column]) - point).square().sum() for point in points]
            assert int(found[1, row, column]) == int(torch.stack(apart).argmin())
    assert torch.equal(picked(found, palette)[0, :, 2, 3], palette[found[0, 2, 3]])


def test_each_picture_may_have_a_palette_of_its_own() -> None:
    pictures, palettes = noise(2, 3, 8, 8), torch.stack([named("grey-4"), named("cga-4")])
    both = picked(nearest(pictures, palettes), palettes)
    for index in range(2):
        alone = picked(nearest(pictures[index : index + 1], palettes[index]), palettes[index])
        assert torch.equal(both[index], alone[0])
    assert torch.equal(palette_distance(pictures, palettes)[1], palette_distance(pictures[1:], palettes[1])[0])


def test_soft_assignment_hardens_as_it_cools() -> None:
    picture, palette = noise(1, 3, 12, 12), named("sweetie-16")
    exact = picked(nearest(picture, palette), palette)
    distances = colour_distances(picture, palette)
    errors = [float((blended(distances, palette, heat) - exact).abs().mean()) for heat in (1.0, 0.1, 0.01, 1e-6)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 1e-3
    uniform = blended(distances, palette, 1e6)
    assert torch.allclose(uniform, palette.mean(0)[:, None, None].expand_as(uniform[0])[None], atol=1e-4)


def test_soft_assignment_teaches_picture_and_palette() -> None:
    picture = (0.1 + 0.8 * noise(1, 3, 4, 4).double()).requires_grad_()
    palette = (0.1 + 0.8 * named("grey-4").double()).requires_grad_()

    def softly(picture: Tensor, palette: Tensor) -> Tensor:
        return blended(colour_distances(picture, palette), palette, 0.05)

    assert torch.autograd.gradcheck(softly, (picture, palette), atol=1e-4)


def test_the_distance_is_none_for_pictures_in_the_palette_and_falls_downhill() -> None:
    palette = named("game-boy")
    inside = picked(nearest(noise(2, 3, 16, 16), palette), palette)
    assert torch.equal(palette_distance(inside, palette), torch.zeros(2))
    picture = noise(1, 3, 16, 16).requires_grad_()
    first = palette_distance(picture, palette)
    (slope,) = torch.autograd.grad(first.sum(), picture)
    assert slope.isfinite().all()
    stepped = (picture - 5 * slope).detach().clamp(0, 1)
    assert float(palette_distance(stepped, palette)) < float(first.detach())


def test_bayers_thresholds_are_his() -> None:
    assert (16 * thresholds(4) + 7.5).round().int().tolist() == [
        [0, 8, 2, 10],
        [12, 4, 14, 6],
        [3, 11, 1, 9],
        [15, 7, 13, 5],
    ]
    for side in (2, 4, 8):
        assert sorted(thresholds(side).flatten().mul(side * side).add((side * side - 1) / 2).round().tolist()) == list(
            range(side * side)
        )
        assert abs(float(thresholds(side).mean())) < 1e-6


def test_a_dithered_area_averages_to_its_tone() -> None:
    tones = fitted_tones(named("1-bit")[None])
    shares = []
    for grey in (0.1, 0.3, 0.5, 0.7, 0.9):
        flat = torch.full((1, 3, 16, 16), grey)
        shares.append(float(toned_distances(flat, tones, dither=4).argmin(1).float().mean()))
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
    assert any(0.2 < share < 0.8 for share in shares)


def test_four_greens_have_all_shades_and_any_hue() -> None:
    """A ramp of greys, or of reds, uses all of the Game Boy's colours, from the darkest to the lightest."""
    palette = named("game-boy")[None]
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 1, 64)
    found = toned_distances(ramp, fitted_tones(palette)).argmin(1).flatten().tolist()
    assert found == sorted(found) and set(found) == {0, 1, 2, 3}
    plain = colour_distances(ramp, palette).argmin(1).flatten().tolist()
    assert max(found.count(each) for each in range(4)) < max(plain.count(each) for each in range(4))


def test_colourful_palettes_are_taken_as_they_are() -> None:
    palette, picture = named("pico-8")[None], noise(1, 3, 8, 8)
    assert torch.allclose(
        toned_distances(picture, fitted_tones(palette)), colour_distances(picture, palette), atol=1e-6
    )
    assert torch.allclose(toned_distances(picture, exact_tones(palette)), colour_distances(picture, palette), atol=1e-6)


def test_a_stray_pixel_joins_its_neighbours_and_an_eye_stays() -> None:
    palette = torch.tensor([[0.5, 0.5, 0.5], [0.6, 0.6, 0.6], [0.0, 0.0, 0.0]])
    picture = torch.full((1, 3, 7, 7), 0.5)
    picture[..., 2, 2], picture[..., 4, 4] = 0.56, 0.02  # hardly lighter than its neighbours, and an eye
    distances = colour_distances(picture, palette)
    settled = nearest_with_neighbours(distances, torch.tensor([0.01]))[0]
    assert int(distances.argmin(1)[0, 2, 2]) == 1 and int(settled[2, 2]) == 0
    assert int(settled[4, 4]) == 2
    assert torch.equal(nearest_with_neighbours(distances, torch.tensor([0.0])), distances.argmin(1))


def test_a_periodic_picture_has_neighbours_beyond_its_edge() -> None:
    palette = torch.tensor([[0.5, 0.5, 0.5], [0.6, 0.6, 0.6]])
    picture = torch.full((1, 3, 6, 6), 0.5)
    picture[..., 5] = 0.6  # the last column is light, and a cell of the first is nearly so
    picture[..., 3, 0] = 0.549
    distances = colour_distances(picture, palette)
    assert int(distances.argmin(1)[0, 3, 0]) == 0
    say = 2 * (distances[0, 1, 3, 0] - distances[0, 0, 3, 0]).expand(1) / (3 / 8) + 1e-6
    assert int(nearest_with_neighbours(distances, say)[0, 3, 0]) == 0
    beyond = nearest_with_neighbours(distances, say, periodic=True)
    shares = torch.tensor([4 / 8, 3 / 8])  # of the eight neighbours that are dark, and light beyond the edge
    expected = (distances[0, :, 3, 0] - say * shares).argmin()
    assert int(beyond[0, 3, 0]) == int(expected)


def test_a_palette_is_taken_with_its_small_bright_things() -> None:
    picture = torch.full((3, 64, 64), 0.95)
    picture[:, 32:] = torch.tensor([0.1, 0.2, 0.6])[:, None, None]
    picture[:, 5:8, 5:8] = torch.tensor([0.9, 0.1, 0.1])[:, None, None]  # 0.2 % of the area
    palette = palette_of(picture + 0.02 * noise(3, 64, 64), 4)
    assert palette.shape == (4, 3) and torch.equal(palette, palette_of(picture + 0.02 * noise(3, 64, 64), 4))
    assert (palette - torch.tensor([0.9, 0.1, 0.1])).abs().amax(1).min() < 0.06
    assert oklab(palette)[:, 0].diff().min() >= 0


@pytest.mark.parametrize("colours", [2, 8, 64])
def test_more_colours_stand_better_for_a_picture(colours: int) -> None:
    picture = noise(3, 48, 48)
    errors = [float(palette_distance(picture[None], palette_of(picture, each))) for each in (2, colours, 64)]
    assert errors[0] >= errors[1] >= errors[2]


def test_a_picture_of_one_colour_has_it_repeated() -> None:
    palette = palette_of(torch.full((3, 5, 9), 0.25), 5)
    assert palette.shape == (5, 3) and torch.allclose(palette, torch.tensor(0.25), atol=1e-6)


def test_a_palette_that_goes_on_hardly_changes_with_the_picture() -> None:
    picture = noise(3, 32, 32)
    before = palette_of(picture, 6)
    after = palette_of((picture + 0.01).clamp(0, 1), 6, before)
    assert (after - before).abs().max() < 0.05
    elsewhere = palette_of(0.3 * noise(3, 32, 32, seed=5), 6, before)  # none is left where the old picture was
    assert elsewhere.max() < 0.35


def test_blends_are_bound_to_the_palette() -> None:
    palette = named("sepia")[None]
    blends = blended(colour_distances(noise(1, 3, 6, 6), palette), palette, 0.02)
    assert (blends >= palette.amin(1)[..., None, None] - 1e-6).all()
    assert (blends <= palette.amax(1)[..., None, None] + 1e-6).all()
