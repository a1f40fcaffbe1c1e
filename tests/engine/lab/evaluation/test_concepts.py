"""The concepts to tune by: never the judge's words, never from pictures that the index holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.embedded.retrieval.index import Entry
from engine.lab.evaluation.concepts import Concept, on_white, prototypes, read_concepts
from engine.lab.evaluation.judge import CachedTower, Pixels, read_tower
from engine.lab.training.drawings import Picture
from tests.engine.lab.evaluation.test_judge import judge_folder

FOUR = ("noto", "noto-v1", "fluent-emoji", "fxemoji")


def drawn(name: str, sources: Sequence[str] = FOUR, tags: tuple[str, ...] = ()) -> list[Picture]:
    return [Picture(source, f"{source}-{name}", name, tags, "emoji") for source in sources]


PICTURES = [
    *drawn("paperclip"),
    *drawn("lemon", tags=("fruit",)),
    *drawn("police cars"),  # names a forbidden word
    *drawn("taxi", tags=("car",)),  # means one
    *drawn("scarf"),  # only contains its letters
    *drawn("old man"),
    *drawn("snail", FOUR[:3]),  # too few vendors
    *drawn("drum"),  # not in the test style
]
UNSEEN = [Picture("openmoji", each.name, each.name, (), "emoji") for each in PICTURES[::4] if each.name != "drum"]
BANK = (Entry("lemon", (), 0, ("noto", "fluent-emoji")), Entry("scarf", (), 2, ("fxemoji",)))


def found(most: int = 10) -> dict[str, Concept]:
    return {each.name: each for each in read_concepts(PICTURES, UNSEEN, BANK, ["car"], most)}


def test_words_of_the_judge_are_left_out() -> None:
    assert set(found()) == {"paperclip", "lemon", "scarf"}
    assert len(found(2)) == 2


def test_pictures_of_the_bank_do_not_stand_for_a_concept() -> None:
    lemon = found()["lemon"]
    assert [PICTURES[row].source for row in lemon.inside] == ["noto", "fluent-emoji"]
    assert [PICTURES[row].source for row in lemon.outside] == ["noto-v1", "fxemoji"]
    assert [UNSEEN[row].name for row in lemon.unseen] == ["lemon"]
    assert len(found()["paperclip"].inside) == 4  # the index has none


def test_the_choice_does_not_depend_on_the_bank() -> None:
    other = read_concepts(PICTURES, UNSEEN, (), ["car"], 10)
    assert [each.name for each in other] == list(found())


def test_on_white() -> None:
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 255, 128]]], np.uint8)
    assert on_white(rgba).tolist() == [[[10, 20, 30], [255, 255, 255], [127, 177, 255]]]


def test_a_prototype_is_the_mean_of_what_is_seen(tmp_path: Path) -> None:
    tower = CachedTower(read_tower(judge_folder(tmp_path, ["cat"])), tmp_path)
    rgba = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 4)).astype(np.uint8)
    concepts = [Concept("a", (0,), (1, 2), (0,)), Concept("b", (0,), (), (1,))]
    made = prototypes(concepts, rgba, rgba[::-1], tower)
    shown: list[Pixels] = [on_white(each) for each in (*rgba[1:3], rgba[3], rgba[2])]
    seen: Tensor = tower.embed(shown)
    expected = torch.nn.functional.normalize(seen[:3].mean(0), dim=0)
    assert torch.allclose(made[0], expected, atol=1e-6)
    assert made[1].tolist() == pytest.approx(seen[3].tolist(), abs=1e-6)
