"""The painting style: strokes that resemble their init at once, move with the camera, and can be saved."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.drawer import Drawer, Init
from engine.drawers.painting import PaintingDrawer
from engine.images.noise import fractal_noise
from engine.images.tensors import warped
from engine.registry import Models
from engine.spec.artspec import ArtSpec
from engine.spec.plan import Plan, plan

SIDE = 96
MODELS = Models("mini", torch.device("cpu"), torch.float32)  # the drawer asks for nothing but the device


def planned(tile: bool = False, background: str = "auto") -> Plan:
    spec = ArtSpec("x", style="painting", width=SIDE, height=SIDE, strokes=120, tile=tile, background=background)
    return plan(spec, "mini")


def a_picture() -> Tensor:
    """An orange disc with a dark bar on blue."""
    picture = torch.tensor([0.25, 0.45, 0.8])[:, None, None].repeat(1, SIDE, SIDE)
    line = torch.arange(SIDE) + 0.5
    disc = (line[:, None] - 50).square() + (line[None] - 40).square() < 28**2
    picture[:, disc] = torch.tensor([0.95, 0.55, 0.1])[:, None]
    picture[:, 46:54, 24:56] = 0.1
    return picture


def painter(init: Init, made: Plan | None = None, seed: int = 3) -> PaintingDrawer:
    return PaintingDrawer(made or planned(), MODELS, [init], [torch.Generator().manual_seed(seed)])


def like(drawer: Drawer, picture: Tensor) -> float:
    """Share of the picture's variance that the render explains."""
    with torch.no_grad():
        shown = drawer.render()[0]
    spread = (picture - picture.mean((1, 2), keepdim=True)).square().mean()
    return 1 - float((shown - picture).square().mean() / spread)


def descend(drawer: Drawer, steps: int, rate: float = 1.0) -> None:
    rows = [{"params": group.tensors, "lr": group.rate * rate} for group in drawer.groups()]
    optimiser = torch.optim.Adam(rows)
    for _ in range(steps):
        optimiser.zero_grad()
        drawer.render()
        drawer.target_loss().sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        drawer.constrain()


def test_the_first_strokes_resemble_the_init_image() -> None:
    picture = a_picture()
    assert like(painter(Init(picture, picture)), picture) > 0.8


def test_strokes_under_a_hidden_have_its_colours() -> None:
    picture, hidden = a_picture(), torch.full((3, SIDE, SIDE), 0.5)
    with torch.no_grad():
        shown = painter(Init(hidden, picture)).render()
    assert float((shown - 0.5).abs().max()) < 0.1


def test_steps_towards_the_target_image_come_nearer_to_it() -> None:
    picture = a_picture()
    drawer = painter(Init(torch.full_like(picture, 0.5), picture))
    with torch.no_grad():
        before = float(drawer.target_loss())
    descend(drawer, 30)
    with torch.no_grad():
        drawer.render()
        assert float(drawer.target_loss()) < before / 4


def test_the_next_picture_of_a_story_is_painted_over_the_last() -> None:
    drawer = painter(Init(a_picture(), a_picture()))
    other = a_picture().flip(0)
    drawer.set_target(other[None])
    descend(drawer, 30)
    assert like(drawer, other) > 0.7


@pytest.mark.parametrize(
    ("background", "init", "expected"),
    [
        ("white", Init(a_picture(), a_picture()), [1.0, 1.0, 1.0]),
        ("toned", Init(a_picture(), a_picture()), [0.80, 0.68, 0.50]),
        ("auto", Init(a_picture(), a_picture()), [0.25, 0.45, 0.8]),
        ("auto", Init(None, None), [1.0, 1.0, 1.0]),
    ],
)
def test_the_background_is_what_was_asked_for_or_the_pictures_own(
    background: str, init: Init, expected: list[float]
) -> None:
    drawer = painter(init, planned(background=background))
    torch.testing.assert_close(drawer.state_dict()["background"], torch.tensor([expected]))


def test_a_background_that_was_asked_for_stays() -> None:
    drawer = painter(Init(a_picture(), a_picture()), planned(background="toned"))
    descend(drawer, 5)
    torch.testing.assert_close(drawer.state_dict()["background"], torch.tensor([[0.80, 0.68, 0.50]]))


def test_as_many_strokes_as_planned_within_their_limits_after_wild_steps() -> None:
    drawer = painter(Init(a_picture(), a_picture()))
    descend(drawer, 3, rate=1000)
    state = drawer.state_dict()
    assert state["forms"].shape == (1, 120, 4, 2)
    assert 0.008 * SIDE - 1e-4 <= float(state["widths"].min()) <= float(state["widths"].max()) <= 0.08 * SIDE + 1e-4
    with torch.no_grad():
        points = drawer._points
    assert float((points.amax(2) - points.amin(2)).max()) <= 0.6 * SIDE + 1e-3
    assert 0 <= float(state["colours"].min()) <= float(state["colours"].max()) <= 1
    with torch.no_grad():
        assert bool(drawer.render().isfinite().all())


def test_a_picture_in_a_batch_begins_as_it_does_alone() -> None:
    inits = [Init(a_picture(), a_picture()), Init(None, None), Init(a_picture().flip(2), a_picture())]
    rngs = [torch.Generator().manual_seed(seed) for seed in (3, 4, 5)]
    together = PaintingDrawer(planned(), MODELS, inits, rngs)
    with torch.no_grad():
        for index, (init, seed) in enumerate(zip(inits, (3, 4, 5), strict=True)):
            assert torch.equal(together.render()[index], painter(init, seed=seed).render()[0])
        assert together.target_loss().shape == (3,)


def test_the_seed_decides_where_nothing_else_does() -> None:
    empty = Init(None, None)
    with torch.no_grad():
        first, again, other = (painter(empty, seed=seed).render() for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_saved_state_gives_the_same_picture_and_moves() -> None:
    picture = a_picture()
    zoom = torch.tensor([[0.9, 0.0, 0.0], [0.0, 0.9, 0.0]])
    drawer, other = painter(Init(picture, picture)), painter(Init(None, None), seed=8)
    drawer.move(zoom)
    other.load_state_dict(drawer.state_dict())
    with torch.no_grad():
        for each in (drawer, other):
            each.move(zoom)
        assert torch.equal(drawer.render(), other.render())
        assert torch.equal(drawer.target_loss(), other.target_loss())


@pytest.mark.parametrize(
    "matrix",
    [
        [[0.8, 0.0, 0.0], [0.0, 0.8, 0.0]],  # nearer
        [[1.0, 0.0, 0.12], [0.0, 1.0, 0.0]],  # to the right
        [[0.99, -0.12, 0.0], [0.12, 0.99, 0.0]],  # a turn
    ],
)
def test_the_camera_moves_strokes_as_it_moves_pictures(matrix: list[list[float]]) -> None:
    drawer, move = painter(Init(a_picture(), a_picture())), torch.tensor(matrix)
    with torch.no_grad():
        expected = warped(drawer.render(), move)
        drawer.move(move)
        shown = drawer.render()
    middle = slice(SIDE // 4, -SIDE // 4)
    away = F.avg_pool2d((shown - expected)[..., middle, middle], 4).abs()
    assert float(away.mean()) < 0.03


@pytest.mark.parametrize("scale", [0.9, 1.1])
def test_a_long_zoom_leaves_no_part_empty(scale: float) -> None:
    picture = fractal_noise(SIDE, SIDE, torch.Generator().manual_seed(2))
    drawer = painter(Init(picture, picture))
    for _ in range(12):
        drawer.move(torch.tensor([[scale, 0.0, 0.0], [0.0, scale, 0.0]]))
    moved = drawer.state_dict()
    with torch.no_grad():
        shown = drawer.render()[0]
        drawer.load_state_dict(moved | {"background": 1 - moved["background"]})
        bare = (drawer.render()[0] - shown).abs().amax(0) > 0.2  # where another background shows
    parts = bare.view(4, SIDE // 4, 4, SIDE // 4).float().mean((1, 3))
    assert float(parts.max()) < 0.9
    assert float(parts.mean()) < 0.4


def test_a_tile_continues_over_its_edges() -> None:
    drawer = painter(Init(None, None), planned(tile=True))
    with torch.no_grad():
        shown = drawer.render()[0]
        seam = (shown[..., 0] - shown[..., -1]).abs().mean()
        inside = (shown[..., 1:] - shown[..., :-1]).abs().mean()
    assert float(seam) < 2 * float(inside)


def test_the_drawing_goes_beside_the_picture_as_svg() -> None:
    files = painter(Init(a_picture(), a_picture())).exports(0)
    assert list(files) == ["svg"]
    assert files["svg"].count(b"<path") == 120
