"""What a painting begins with: a person's picture or the prior's, in the shape and the colours that were asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.drawers import Init
from engine.errors import InputError, Message
from engine.loop.init import image_targets, make_init, next_target, picture_of
from engine.models.prior import Proposal
from engine.registry import Models
from engine.spec.artspec import ArtSpec, ImagePrompt
from engine.spec.plan import plan

DIGEST = "a" * 64
OTHER = "b" * 64
SIDE = 64


@dataclass
class Painter:
    """A prior that proposes a colour ramp, warm on the left, and tells what it was asked for."""

    asked: list[tuple[str, int, int]] = field(default_factory=list)

    def propose(self, text: str, *, width: int, height: int, generator: torch.Generator, vqgan: object) -> Proposal:
        self.asked.append((text, width, height))
        return Proposal(ramp(width, height), torch.linspace(0, 1, width).expand(height, width))

    def notes(self, text: str) -> tuple[Message, ...]:
        return ()


@dataclass
class Stand:
    """As much of `Models` as inits need."""

    prior: Painter | None

    def vqgan(self, name: str) -> None:
        return None


def ramp(width: int, height: int) -> Tensor:
    """(3, height, width): red falls from left to right, blue rises from top to bottom."""
    across, down = torch.linspace(0, 1, width).expand(height, width), torch.linspace(0, 1, height)[:, None]
    return torch.stack([1 - across, torch.full((height, width), 0.3), down.expand(height, width)])


def made(spec: ArtSpec, prior: Painter | None = None, images: dict[str, Path] | None = None) -> Init:
    return make_init(plan(spec, "mini"), cast(Models, Stand(prior)), images or {})


def first(init: Init) -> Tensor:
    assert init.init_image is not None
    return init.init_image


def target(init: Init) -> Tensor:
    assert init.target_image is not None
    return init.target_image


def spec_of(prompt: str = "a red apple", **fields: Any) -> ArtSpec:
    return ArtSpec(prompt, **{"width": SIDE, "height": SIDE, "seed": 3, **fields})


@pytest.fixture
def photo(tmp_path: Path) -> dict[str, Path]:
    """A picture twice as wide as high: green in the middle, red on both sides."""
    picture = Image.new("RGB", (200, 100), (200, 30, 30))
    picture.paste((30, 180, 40), (50, 0, 150, 100))
    picture.save(tmp_path / "photo.png")
    return {DIGEST: tmp_path / "photo.png"}


def away(left: Tensor, right: Tensor) -> float:
    return float((left - right).abs().mean())


def test_without_strength_a_picture_is_where_it_begins(photo: dict[str, Path]) -> None:
    init = made(spec_of(start_image=DIGEST), Painter(), photo)
    assert torch.equal(first(init), target(init))
    assert torch.equal(first(init), picture_of(DIGEST, photo, SIDE, SIDE))


def test_strength_says_how_much_of_a_picture_is_left_at_first(photo: dict[str, Path]) -> None:
    strengths = (0.0, 0.3, 0.7, 1.0)
    inits = [made(spec_of(start_image=DIGEST, strength=each), None, photo) for each in strengths]
    picture = picture_of(DIGEST, photo, SIDE, SIDE)
    far = [away(first(each), picture) for each in inits]
    assert far[0] == 0 and far == sorted(far) and far[-1] > 0.15
    assert all(torch.equal(target(each), picture) for each in inits)
    assert all(first(each).min() >= 0 and first(each).max() <= 1 for each in inits)


def test_another_seed_hides_a_picture_behind_other_noise(photo: dict[str, Path]) -> None:
    one, again, other = (made(spec_of(start_image=DIGEST, strength=0.5, seed=each), None, photo) for each in (1, 1, 2))
    assert torch.equal(first(one), first(again)) and away(first(one), first(other)) > 0.01


def test_a_picture_of_another_shape_is_cropped_and_not_squeezed(photo: dict[str, Path]) -> None:
    square = picture_of(DIGEST, photo, 64, 64)
    assert square.shape == (3, 64, 64) and square.min() >= 0 and square.max() <= 1
    assert (square[1] > square[0]).all()  # only the green middle, its neighbours cut off
    wide = picture_of(DIGEST, photo, 96, 32)
    assert wide.shape == (3, 32, 96) and wide[0, 16, 2] > wide[1, 16, 2] and wide[1, 16, 48] > wide[0, 16, 48]


def test_a_named_palette_reaches_the_init_image_and_the_target_image() -> None:
    init = made(spec_of(palette="#000000 #ff0000 #0000ff #ffffff"), Painter())
    colours = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 0, 1], [1, 1, 1]]).float()
    distance = (target(init).flatten(1).T[:, None] - colours).abs().sum(2).amin(1)
    assert distance.median() < 0.02
    assert away(target(init), ramp(SIDE, SIDE)) > 0.05


def test_a_palette_is_taken_from_a_picture(photo: dict[str, Path]) -> None:
    init = made(spec_of(palette_image=DIGEST, colours=2, width=128, height=SIDE), Painter(), photo)
    assert init.palette is not None and init.palette.shape == (2, 3)
    assert (init.palette.sort(0).values * 255 - torch.tensor([[30, 30, 30], [200, 180, 40]])).abs().max() < 12
    assert (target(init)[0] + target(init)[1] < 1).all()


def test_style_pixel_gets_its_picture_in_all_colours() -> None:
    init = made(spec_of(style="pixel", columns=16, rows=16, palette="game-boy"), Painter())
    assert torch.equal(target(init), ramp(SIDE, SIDE))


def test_saturation_reaches_the_init_image() -> None:
    grey, usual, strong = (target(made(spec_of(saturation=each), Painter())) for each in (-1.0, 0.0, 1.0))
    spread = [float((each.amax(0) - each.amin(0)).mean()) for each in (grey, usual, strong)]
    assert spread[0] < 1e-5 < spread[1] < spread[2] and strong.min() >= 0 and strong.max() <= 1


@pytest.mark.parametrize("start", ["auto", "noise", "gradient"])
def test_the_init_image_of_a_tile_goes_on_over_its_edges(start: str) -> None:
    tile, plain = (made(spec_of(start=start, tile=tile), Painter()) for tile in (True, False))
    for picture in (first(tile), target(tile)):
        assert away(picture[:, :, 0], picture[:, :, -1]) < 1e-5 and away(picture[:, 0], picture[:, -1]) < 1e-5
    assert away(target(plain)[:, :, 0], target(plain)[:, :, -1]) > 0.02


def test_a_tile_of_a_persons_picture_is_periodic_too(photo: dict[str, Path]) -> None:
    picture = target(made(spec_of(start_image=DIGEST, width=128, height=SIDE, tile=True), None, photo))
    assert away(picture[:, :, 0], picture[:, :, -1]) < 1e-5 and away(picture[:, 0], picture[:, -1]) < 1e-5


def test_what_the_prior_proposes_is_the_target_and_the_start_behind_noise() -> None:
    init = made(spec_of(), Painter())
    assert torch.equal(target(init), ramp(SIDE, SIDE))
    assert away(first(init), target(init)) > 0.01


def test_the_hold_is_the_priors_unless_the_picture_moves_on() -> None:
    hold = made(spec_of(), Painter()).hold
    assert hold is not None and torch.equal(hold, torch.linspace(0, 1, SIDE).expand(SIDE, SIDE))
    for changed in (spec_of(camera="zoom-in"), spec_of("a cat ^ a dog")):
        assert made(changed, Painter()).hold is None


def test_the_prior_is_asked_for_what_is_asked_for_without_modifiers() -> None:
    prior = Painter()
    made(spec_of("a cat | a hat:0.5 | people:-1", modifiers=("watercolour",), negative="fog"), prior)
    assert prior.asked == [("a cat a hat", SIDE, SIDE)]


def test_each_stage_of_a_story_has_its_own_proposal() -> None:
    prior, spec = Painter(), spec_of("a seed ^ a sprout ^ a tree", saturation=-1.0, tile=True)
    planned, models = plan(spec, "mini"), cast(Models, Stand(prior))
    made(spec, prior)
    later = [next_target(planned, models, stage) for stage in (1, 2)]
    assert [text for text, *_ in prior.asked] == ["a seed", "a sprout", "a tree"]
    for picture in later:
        assert picture is not None and away(picture[0], picture[2]) < 1e-5
        assert away(picture[:, :, 0], picture[:, :, -1]) < 1e-5


@pytest.mark.parametrize("fields", [{"start_image": DIGEST}, {"start": "noise"}, {"start": "codes"}])
def test_where_a_person_chose_the_start_later_stages_propose_nothing(fields: dict[str, str]) -> None:
    spec = spec_of("a seed ^ a tree", **fields)
    assert next_target(plan(spec, "mini"), cast(Models, Stand(Painter())), 1) is None


def test_without_a_prior_nothing_is_proposed() -> None:
    init = made(spec_of())
    assert (
        init == Init(None, None) and next_target(plan(spec_of("a ^ b"), "mini"), cast(Models, Stand(None)), 1) is None
    )


@pytest.mark.parametrize(("columns", "rows"), [(9, 11), (8, 40), (33, 17)])
def test_a_proposal_for_a_size_that_is_no_multiple_of_16(columns: int, rows: int) -> None:
    prior = Painter()
    spec = spec_of(style="pixel", columns=columns, rows=rows)
    planned = plan(spec, "mini")
    picture = target(made(spec, prior))
    (_, width, height), *_ = prior.asked
    assert width % 16 == height % 16 == 0
    assert 0 <= width - planned.width < 16 and 0 <= height - planned.height < 16
    assert picture.shape == (3, planned.height, planned.width)
    assert away(picture, ramp(planned.width, planned.height)) < 0.05


@pytest.mark.parametrize(
    "fields",
    [
        {"start_image": OTHER},
        {"palette_image": OTHER},
        {"image_prompts": (ImagePrompt(OTHER),)},
    ],
)
def test_a_picture_that_is_gone_is_told_in_a_sentence(photo: dict[str, Path], fields: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="attach it again"):
        read_all(spec_of(**fields), photo)


@pytest.mark.parametrize("content", [b"", b"junk", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
@pytest.mark.parametrize("name", ["start_image", "palette_image", "image_prompts"])
def test_a_broken_picture_is_told_in_a_sentence(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / "broken.png").write_bytes(content)
    value: Any = (ImagePrompt(DIGEST),) if name == "image_prompts" else DIGEST
    with pytest.raises(InputError, match=r"(must be a PNG|is damaged)"):
        read_all(spec_of(**{name: value}), {DIGEST: tmp_path / "broken.png"})


def test_a_file_that_has_vanished_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="could not be read"):
        read_all(spec_of(start_image=DIGEST), {DIGEST: tmp_path / "gone.png"})


def test_image_prompts_are_pictures_of_the_paintings_shape_with_their_weights(photo: dict[str, Path]) -> None:
    spec = spec_of(width=96, height=SIDE, image_prompts=(ImagePrompt(DIGEST), ImagePrompt(DIGEST, -0.5)))
    targets = image_targets(plan(spec, "mini"), photo)
    assert [each.weight for each in targets] == [1.0, -0.5]
    assert all(each.picture.shape == (3, SIDE, 96) for each in targets)


def read_all(spec: ArtSpec, images: dict[str, Path]) -> None:
    made(spec, Painter(), images)
    image_targets(plan(spec, "mini"), images)
