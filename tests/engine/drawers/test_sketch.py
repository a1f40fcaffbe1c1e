"""The sketch style: dark lines on paper that follow contours and hatch what is dark."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.drawers import Init
from engine.drawers.sketch import PAPER, SketchDrawer
from engine.drawers.strokes.pencilwork import contours, darkness, sketch_target
from engine.registry import Models
from engine.spec.artspec import ArtSpec
from engine.spec.plan import Plan, plan

SIDE = 128
MODELS = Models("mini", torch.device("cpu"), torch.float32)  # the drawer asks for nothing but the device


def planned() -> Plan:
    return plan(ArtSpec("x", style="sketch", width=SIDE, height=SIDE, strokes=60), "mini")


def disc_distance() -> Tensor:
    line = torch.arange(SIDE) + 0.5
    return ((line[:, None] - 64).square() + (line[None] - 64).square()).sqrt()


def a_disc() -> Tensor:
    """A dark blue disc of radius 40 on white."""
    picture = torch.ones(3, SIDE, SIDE)
    picture[:, disc_distance() < 40] = torch.tensor([0.1, 0.15, 0.45])[:, None]
    return picture


def sketcher(init: Init, made: Plan | None = None, seed: int = 3) -> SketchDrawer:
    return SketchDrawer(made or planned(), MODELS, [init], [torch.Generator().manual_seed(seed)])


def ink(drawer: SketchDrawer) -> Tensor:
    """(H, W) how dark the drawing is, 0 on bare paper."""
    with torch.no_grad():
        return (PAPER[:, None, None] - drawer.render()[0]).mean(0)


def test_contours_are_found_where_the_picture_has_them() -> None:
    strength, directions = contours(a_disc())
    away = (disc_distance() - 40).abs()
    assert float(strength[away < 1.0].mean()) > 0.6
    assert float(strength[away > 6].max()) < 0.05
    right = directions[:, 64, 103]  # the rim runs up and down there
    assert abs(float(right[1])) > 0.98


def test_a_drawing_has_its_lines_on_the_contours_and_its_hatching_in_the_dark() -> None:
    dark, away = ink(sketcher(Init(a_disc(), a_disc()))), disc_distance()
    rim, inside, outside = dark[(away - 40).abs() < 2].mean(), dark[away < 34].mean(), dark[away > 48].mean()
    assert float(rim) > 0.2
    assert float(rim) > 2 * float(inside)
    assert float(inside) > 0.03
    assert float(outside) < 0.01


def test_its_target_is_a_drawing_and_not_the_flat_colours() -> None:
    aim = sketch_target(a_disc(), PAPER)
    away = disc_distance()
    assert float((aim[:, away > 50] - PAPER[:, None]).abs().max()) < 0.02
    assert float(aim[:, (away - 40).abs() < 1].mean()) < float(aim[:, away < 30].mean()) - 0.1
    drawer = sketcher(Init(a_disc(), a_disc()))
    torch.testing.assert_close(drawer.tensors()["target"][0], aim)


def test_a_pale_and_an_empty_picture_can_be_drawn() -> None:
    pale = 1 - (1 - a_disc()) * 0.08
    assert float(contours(pale)[0].max()) > 0.5
    for picture in (pale, torch.ones(3, SIDE, SIDE), torch.zeros(3, SIDE, SIDE)):
        drawer = sketcher(Init(picture, picture))
        with torch.no_grad():
            assert bool(drawer.render().isfinite().all())
    assert float(darkness(torch.ones(3, SIDE, SIDE)).max()) == 0


def test_the_lines_stay_dark_and_thin() -> None:
    drawer = sketcher(Init(a_disc(), a_disc()))
    optimiser = torch.optim.Adam([{"params": each.tensors, "lr": 1000 * each.rate} for each in drawer.groups()])
    for _ in range(2):
        optimiser.zero_grad()
        drawer.render().square().sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        drawer.constrain()
    state = drawer.state_dict()
    assert float(state["colours"].max()) < 0.2
    assert float(state["widths"].max()) <= 0.02 * SIDE
    torch.testing.assert_close(state["background"].detach()[0], PAPER)


def test_the_seed_decides_where_nothing_else_does() -> None:
    first, again, other = (ink(sketcher(Init(None, None), seed=seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_lines_that_left_come_back_along_what_the_camera_shows() -> None:
    drawer, near = sketcher(Init(a_disc(), a_disc())), torch.tensor([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]])
    drawer.move(near)
    drawer.set_target(a_disc().roll(20, 2)[None])
    dark, away = ink(drawer), (disc_distance().roll(20, 1) - 40).abs()
    assert float(drawer.state_dict()["colours"].max()) < 0.2
    assert float(dark[away < 2].mean()) > 0.2


def test_the_page_is_turned_for_another_picture() -> None:
    drawer, other = sketcher(Init(a_disc(), a_disc())), a_disc().roll((30, 25), (1, 2))
    drawer.set_target(other[None])
    expected = sketcher(Init(other, other))
    away = (disc_distance().roll((30, 25), (0, 1)) - 40).abs()
    assert float(ink(drawer)[away < 2].mean()) > 0.9 * float(ink(expected)[away < 2].mean())


def test_a_drawing_without_a_target_is_free() -> None:
    drawer = sketcher(Init(None, None))
    with torch.no_grad():
        drawer.move(torch.tensor([[0.9, 0.0, 0.0], [0.0, 0.9, 0.0]]))
        assert drawer.target_loss().tolist() == [0.0]
        drawer.set_target(a_disc()[None])
        assert float(drawer.target_loss()) > 0


def test_the_drawing_goes_beside_the_picture_as_svg() -> None:
    assert sketcher(Init(a_disc(), a_disc())).exports(0)["svg"].count(b"<path") == 60
