"""Pixel art: whole square cells in exactly the colours that were asked for, and a file of one pixel a cell."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.drawers import Init
from engine.drawers.pixel import PixelDrawer
from engine.images.noise import fractal_noise
from engine.images.tensors import warped
from engine.registry import Models
from engine.spec.artspec import ASPECTS, QUALITIES, ArtSpec
from engine.spec.palettes import PALETTES
from engine.spec.plan import Plan, cell_side, plan
from engine.spec.presets import ModelFamily

MODELS = Models("mini", torch.device("cpu"), torch.float32)  # the drawer asks for nothing but the device
STEPS = 10


def planned(dither: bool = False, **changes: object) -> Plan:
    spec = ArtSpec("x", style="pixel", width=96, height=64, columns=24, rows=16, iterations=STEPS, dither=dither)
    return replace(plan(spec, "mini"), **changes)  # type: ignore[arg-type]


def named(name: str, dither: bool = False) -> Plan:
    return planned(dither, palette=PALETTES[name].colours, colours=0)


def a_picture() -> Tensor:
    """A red disc with a black eye on a blue background, softly shaded."""
    picture = torch.tensor([0.2, 0.4, 0.8])[:, None, None].repeat(1, 64, 96)
    rows, columns = torch.arange(64)[:, None] + 0.5, torch.arange(96)[None] + 0.5
    disc = (rows - 30).square() + (columns - 50).square() < 24**2
    picture[:, disc] = torch.tensor([0.85, 0.2, 0.15])[:, None]
    picture[:, 24:28, 44:48] = 0.02
    return (picture * torch.linspace(0.9, 1.1, 64)[:, None]).clamp(0, 1)


def painter(made: Plan, *inits: Init, seed: int = 3) -> PixelDrawer:
    rngs = [torch.Generator().manual_seed(seed + index) for index in range(len(inits))]
    return PixelDrawer(made, MODELS, inits, rngs)


def descend(drawer: PixelDrawer, steps: int = STEPS, rate: float = 0.1) -> None:
    optimiser = torch.optim.Adam([{"params": group.tensors} for group in drawer.groups()], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        drawer.render()
        drawer.target_loss().sum().backward()
        optimiser.step()
        drawer.constrain()


def shown(drawer: PixelDrawer) -> Tensor:
    with torch.no_grad():
        return drawer.render()


def colours_of(picture: Tensor) -> set[tuple[int, ...]]:
    """The different colours (3, H, W) has, in bytes."""
    return {tuple(colour) for colour in (picture * 255).round().int().flatten(1).T.tolist()}


def cells_of(picture: Tensor, side: int = 4) -> Tensor:
    """(3, rows, columns), and a failure where a cell is not of one colour."""
    cells = picture.unfold(1, side, side).unfold(2, side, side)
    assert torch.equal(cells, cells[..., :1, :1].expand_as(cells))
    return cells[..., 0, 0]


@pytest.mark.parametrize("family", ["full", "mini"])
@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("quality", QUALITIES)
def test_cells_divide_the_picture(family: ModelFamily, aspect: str, quality: str) -> None:
    for spec in (
        ArtSpec("x", style="pixel", quality=quality, aspect=aspect),
        ArtSpec("x", style="pixel", quality=quality, width=640, height=480),
    ):
        made = plan(spec, family)
        side = made.width // made.columns if made.columns else cell_side(made.width, made.height)
        assert made.width % side == made.height % side == 0
        assert 18 <= min(made.width, made.height) / side <= 80


def test_the_grid_is_the_one_that_was_planned() -> None:
    cells = cells_of(shown(painter(planned(colours=0), Init(None, None)))[0])
    assert cells.shape == (3, 16, 24)
    assert len(colours_of(cells)) > 300


@pytest.mark.parametrize("dither", [False, True])
@pytest.mark.parametrize("name", ["pico-8", "game-boy", "1-bit", "endesga-32", "sepia"])
def test_the_finished_picture_has_exactly_the_palettes_colours(name: str, dither: bool) -> None:
    drawer = painter(named(name, dither=dither), Init(fractal_noise(96, 64, torch.Generator()), a_picture()))
    descend(drawer)
    found = colours_of(shown(drawer)[0])
    assert found <= set(PALETTES[name].colours) and len(found) >= 2
    cells_of(shown(drawer)[0])


def test_it_is_soft_at_first_and_exact_for_the_last_third() -> None:
    drawer = painter(named("pico-8"), Init(None, a_picture()))
    palette = torch.tensor(PALETTES["pico-8"].colours) / 255
    off = []
    for _ in range(STEPS):
        cells = cells_of(shown(drawer)[0]).flatten(1).T
        off.append(float(torch.cdist(cells, palette).amin(1).mean()))
        drawer.constrain()
    assert off[0] > 0.03 and off[0] > off[2] > off[4] > 1e-3
    assert all(each < 1e-3 for each in off[7:])


def test_finishing_early_is_exact_as_well() -> None:
    drawer = painter(named("pico-8"), Init(None, None))
    assert not colours_of(shown(drawer)[0]) <= set(PALETTES["pico-8"].colours)
    drawer.finish()
    assert colours_of(shown(drawer)[0]) <= set(PALETTES["pico-8"].colours)


@pytest.mark.parametrize("init", [Init(None, None), Init(None, a_picture()), Init(a_picture(), a_picture())])
@pytest.mark.parametrize("count", [2, 6, 16])
def test_a_learned_palette_has_no_more_colours_than_planned(init: Init, count: int) -> None:
    drawer = painter(planned(colours=count), init)
    descend(drawer)
    assert 2 <= len(colours_of(shown(drawer)[0])) <= count


def test_a_learned_palette_is_the_pictures_own() -> None:
    picture = a_picture()
    drawer = painter(planned(colours=6), Init(picture, picture))
    descend(drawer)
    assert float((shown(drawer)[0] - picture).abs().mean()) < 0.05
    assert any(red > 180 and green < 90 for red, green, _ in colours_of(shown(drawer)[0]))
    assert any(max(colour) < 40 for colour in colours_of(shown(drawer)[0]))  # the eye


def test_a_learned_palette_follows_its_cells() -> None:
    """From a random start, the colours come to be the means of the cells that wear them."""
    drawer = painter(planned(colours=4, iterations=100), Init(None, None))
    target = torch.tensor([0.1, 0.6, 0.3])[:, None, None]
    with torch.no_grad():
        (waves,) = drawer.groups()[0].tensors
        waves.copy_(drawer._spectrum.parameters(target.expand(1, 3, 16, 24)))
        drawer.render()
    for _ in range(100):
        drawer.constrain()
    assert float((shown(drawer)[0] - target).abs().max()) < 0.01


def test_a_palette_from_another_picture_is_kept() -> None:
    taken = torch.tensor([[0.0, 0.0, 0.2], [0.9, 0.5, 0.1], [1.0, 1.0, 0.8]])
    drawer = painter(planned(colours=5), Init(None, a_picture(), palette=taken))
    descend(drawer)
    assert colours_of(shown(drawer)[0]) <= {(0, 0, 51), (230, 128, 26), (229, 127, 25), (255, 255, 204)}


def test_shades_of_one_hue_keep_apart_what_a_picture_keeps_apart() -> None:
    """Red and blue of one lightness are no longer one green."""
    picture = a_picture()
    drawer = painter(named("game-boy"), Init(picture, picture))
    descend(drawer)
    cells = cells_of(shown(drawer)[0])
    assert not torch.equal(cells[:, 10, 12], cells[:, 2, 2])


def test_gradients_reach_every_wave_in_every_phase() -> None:
    for steps in (0, 5, 9):
        drawer = painter(named("pico-8"), Init(a_picture(), a_picture()))
        for _ in range(steps):
            drawer.constrain()
        (drawer.render() * torch.rand(3, 64, 96, generator=torch.Generator().manual_seed(0))).sum().backward()
        (waves,) = drawer.groups()[0].tensors
        assert waves.grad is not None and waves.grad.isfinite().all()
        assert float((waves.grad.square().sum(-1) > 0).float().mean()) > 0.99


def test_dithering_mixes_colours_and_clearing_up_leaves_no_strays() -> None:
    ramp = torch.linspace(0, 1, 96).expand(3, 64, 96)
    plain, mixed = (painter(named("1-bit", dither=each), Init(ramp, ramp)) for each in (False, True))
    plain.finish(), mixed.finish()
    changes = [float((cells_of(shown(each)[0]).diff(dim=-1) != 0).float().mean()) for each in (plain, mixed)]
    assert changes[0] < 0.06 and changes[1] > 2 * changes[0]


@pytest.mark.parametrize("made", [planned(colours=6), named("pico-8"), named("pico-8", dither=True), named("game-boy")])
def test_the_native_picture_is_the_same_at_one_pixel_a_cell(made: Plan) -> None:
    drawer = painter(made, Init(None, None), Init(a_picture(), a_picture()))
    descend(drawer)
    for index in range(2):
        files = drawer.exports(index)
        assert set(files) == {"native.png"}
        native = Image.open(io.BytesIO(files["native.png"]))
        assert native.size == (24, 16) and native.mode == "P"
        large = (shown(drawer)[index] * 255).round().byte().permute(1, 2, 0).numpy()
        assert (np.asarray(native.convert("RGB")).repeat(4, 0).repeat(4, 1) == large).all()


def test_free_colours_are_exported_too() -> None:
    drawer = painter(planned(colours=0), Init(None, None))
    native = Image.open(io.BytesIO(drawer.exports(0)["native.png"]))
    assert native.mode == "RGB" and native.size == (24, 16)


@pytest.mark.parametrize("made", [planned(colours=0), planned(colours=6), named("pico-8"), named("game-boy")])
def test_a_picture_in_a_batch_is_as_it_is_alone(made: Plan) -> None:
    inits = [Init(a_picture(), a_picture()), Init(None, None), Init(None, a_picture().flip(2))]
    together = painter(made, *inits)
    descend(together)
    for index, init in enumerate(inits):
        alone = painter(made, init, seed=3 + index)
        descend(alone)
        torch.testing.assert_close(shown(together)[index], shown(alone)[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("made", [planned(colours=0), planned(colours=6), named("game-boy")])
def test_a_saved_state_gives_the_same_picture(made: Plan) -> None:
    drawer, other = painter(made, Init(None, a_picture())), painter(made, Init(None, None), seed=9)
    descend(drawer, 6)
    other.load_state_dict(drawer.state_dict())
    descend(drawer, 4), descend(other, 4)
    assert torch.equal(shown(drawer), shown(other))


def test_the_camera_moves_cells_and_their_target() -> None:
    picture, zoom = a_picture(), torch.tensor([[0.8, 0.0, 0.1], [0.0, 0.8, 0.0]])
    drawer = painter(planned(colours=0), Init(picture, picture))
    before = cells_of(shown(drawer)[0])
    drawer.move(zoom)
    assert torch.allclose(cells_of(shown(drawer)[0]), warped(before[None], zoom)[0], atol=1e-6)
    assert float(drawer.target_loss().detach()) < 1e-6


@pytest.mark.parametrize("made", [planned(colours=0), planned(colours=6), named("pico-8"), named("game-boy")])
def test_another_target_leads_there(made: Plan) -> None:
    made = replace(made, iterations=60)
    drawer, other = painter(made, Init(a_picture(), a_picture())), 1 - a_picture()
    drawer.set_target(other[None])
    before = float(drawer.target_loss().detach())
    descend(drawer, 60, rate=0.5)
    assert float(drawer.target_loss().detach()) < before / 5
    expected = painter(made, Init(other, other))
    expected.finish()
    assert float((shown(drawer) - shown(expected)).abs().mean()) < 0.1
