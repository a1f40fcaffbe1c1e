"""Things lie as a text says."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.embedded.scene.compose import Placed, arranged, flies, set_before, setting
from engine.embedded.scene.read import Scene, read_scene


def block(wide: int = 60, high: int = 60) -> Tensor:
    return torch.cat([torch.full((3, high, wide), 0.3), torch.ones(1, high, wide)])


def lay(text: str, shapes: list[Tensor] | None = None) -> list[Placed]:
    scene = read_scene(text)
    pieces = [[(shapes or [block()] * 4)[place]] * subject.number for place, subject in enumerate(scene.subjects)]
    return arranged(scene, pieces, lambda: 0.3)


def overlap(one: Placed, other: Placed) -> float:
    """Shared area as a share of the smaller one."""
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0.0, wide) * max(0.0, high) / min(one.wide * one.high, other.wide * other.high)


def test_on_top_and_carried() -> None:
    dog, board = lay("a dog on a skateboard", [block(), block(120, 40)])
    assert dog.bottom < board.bottom and dog.top < board.top and board.wide >= dog.wide
    assert 0 < overlap(dog, board) < 0.5


def test_over_and_under() -> None:
    dragon, castle = lay("a dragon over a castle")
    assert dragon.bottom <= castle.top and castle.stands and not dragon.stands
    cat, cloud = lay("a cat under a balloon")
    assert cloud.bottom <= cat.top


def test_sheltered() -> None:
    cat, table = lay("a cat under a table")
    assert table.left < cat.left and cat.right < table.right and table.top < cat.top and cat.depth > table.depth
    fox, tree = lay("a fox under a tree")
    assert tree.left < fox.middle < tree.right and abs(fox.middle - tree.middle) > 0.1 * tree.wide
    assert fox.high > 0.5 * tree.high


@pytest.mark.parametrize(
    "text", ["a cat and a dog", "two dogs", "a knight fighting a dragon", "a mouse and a whale", "a cat, a house"]
)
@pytest.mark.parametrize("shapes", [(60, 60, 60, 60), (90, 45, 45, 90), (50, 80, 80, 50), (90, 50, 90, 50)])
@pytest.mark.parametrize("size", [(128, 128), (160, 96), (96, 160)])
def test_two_are_large_and_touch_without_hiding_each_other(
    text: str, shapes: tuple[int, int, int, int], size: tuple[int, int]
) -> None:
    boxes = lay(text, [block(*shapes[:2]), block(*shapes[2:])])
    one, other = boxes
    assert 0 < overlap(one, other) <= 0.15
    scale = shown(boxes, *size)
    assert all(max(box.wide, box.high) * scale >= 0.42 * min(size) for box in boxes)


def shown(boxes: list[Placed], width: int, height: int) -> float:
    """Pixels of a unit of length, when the boxes are laid on white."""
    _, covered = set_before(boxes, None, width, height, aloft=False, rng=lambda: 0.5)
    columns = (covered > 0.5).any(0).nonzero()[:, 0]
    return float(columns[-1] + 1 - columns[0]) / (max(box.right for box in boxes) - min(box.left for box in boxes))


def test_three_make_no_row_and_all_are_seen() -> None:
    boxes = lay("a cat, a dog and a bird")
    assert len(boxes) == 3
    pairs = [(boxes[0], boxes[1]), (boxes[0], boxes[2]), (boxes[1], boxes[2])]
    assert all(overlap(one, other) <= 0.15 for one, other in pairs)
    assert all(box.wide * shown(boxes, 128, 128) >= 0.4 * 128 for box in boxes)
    row = lay("a cat, a dog, a bird and a fox in the snow")
    assert max(box.bottom for box in row) - min(box.bottom for box in row) < 0.5


def test_the_horse_is_larger_than_its_rider() -> None:
    rider, horse = lay("an astronaut riding a horse")
    assert horse.wide > 1.3 * rider.wide and rider.bottom < horse.bottom and rider.depth > horse.depth


def test_held_things_are_smaller_and_touch() -> None:
    robot, flower = lay("a robot holding a flower")
    assert flower.wide < 0.8 * robot.wide and 0 < overlap(robot, flower) < 1
    penguin, umbrella = lay("a penguin with an umbrella")
    assert umbrella.top < penguin.top and overlap(penguin, umbrella) > 0


def test_a_hat_is_on_the_head() -> None:
    rabbit, hat = lay("a rabbit wearing a hat")
    assert hat.top < rabbit.top < hat.bottom < rabbit.top + 0.4 * rabbit.high
    assert abs(hat.middle - rabbit.middle) < 0.2 * rabbit.wide and hat.depth > rabbit.depth


def test_behind_and_in_front() -> None:
    fox, tree = lay("a fox behind a tree")
    assert tree.depth > fox.depth and 0 < overlap(fox, tree) < 1
    fox, house = lay("a fox in front of a house")
    assert fox.depth > house.depth


def test_inside() -> None:
    bird, tree = lay("a bird in a tree")
    assert overlap(bird, tree) == 1 and bird.wide < tree.wide and bird.depth > tree.depth
    cat, box = lay("a cat in a box")
    assert cat.top < box.top < cat.bottom < box.bottom and box.depth > cat.depth


def test_several_of_a_kind_are_all_there() -> None:
    assert len(lay("three red balloons")) == 3
    assert len(lay("two cats and a dog")) == 3


def test_what_cannot_swim_stays_on_the_shore() -> None:
    assert setting(read_scene("a cat by the sea")).place == "beach"
    assert setting(read_scene("a ship on the sea")).place == "sea"
    assert setting(read_scene("a house beside a lake")).place == "shore"
    assert flies(read_scene("a witch flying over a city")) and not flies(Scene(""))


def test_all_is_on_the_canvas() -> None:
    for width, height in ((96, 96), (160, 80), (80, 112)):
        boxes = lay("two cats and a dog")
        picture, covered = set_before(boxes, None, width, height, aloft=False, rng=lambda: 0.5)
        assert picture.shape == (1, 3, height, width)
        assert covered.shape == (height, width) and torch.equal(covered > 0.5, picture[0].mean(0) < 0.65)
        border = torch.cat([picture[..., 0, :], picture[..., -1, :], picture[..., 0], picture[..., -1]], -1)
        assert border.min() > 0.99 and picture.min() < 0.5
