"""Sentences about drawings, and pairs of them and pictures, on made-up drawings."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.lab.training.augment import COLOURS
from engine.lab.training.drawings import SIDE as DRAWN_SIDE
from engine.lab.training.drawings import Picture
from engine.lab.training.pairs import BATCH, SIDE, Made, coloured, counted, drawings, pairs_of, placed, views
from engine.lab.training.sentences import SETTINGS, plural, scene_texts, things


@pytest.mark.parametrize(
    ("name", "several"),
    [("owl", "owls"), ("fox", "foxes"), ("torch", "torches"), ("berry", "berries"), ("toy", "toys"), ("bus", "buses")],
)
def test_several_things_are_named_in_the_plural(name: str, several: str) -> None:
    assert plural(name) == several


def test_sentences_of_a_group_share_words_and_have_the_right_articles() -> None:
    names = ["owl", "cat", "rocket", "apple", "toy car"]
    dice = random.Random(1)
    groups = [scene_texts(names, dice) for _ in range(200)]
    assert {len(group) for group in groups} == {2, 4}
    for group in groups:
        for text in group:
            assert len(set(text.split()) & set(group[0].split())) >= 2, group
            assert not {"a owl", "a apple", "a orange", "an cat", "an rocket", "an toy"} & {
                " ".join(pair) for pair in zip(text.split(), text.split()[1:], strict=False)
            }, text
        assert len(set(group)) > 1 or len(group) == 2
    texts = " | ".join(text for group in groups for text in group)
    assert all(setting in texts for setting in SETTINGS) and all(colour in texts for colour in COLOURS)


def test_things_are_drawn_by_several_sets_and_are_no_persons() -> None:
    sets = ("noto", "twemoji", "emojione")
    common = [Picture(source, "", f"thing {number}", (), "emoji") for number in range(30) for source in sets]
    odd = [
        Picture(source, "", name, (), "emoji")
        for name in ("happy face", "old man", "red apple", "a long name")
        for source in sets
    ]
    once = [Picture("noto", "", "top", (), "emoji"), *(Picture("mdi", "", "hammer", (), "icon") for _ in range(3))]
    assert set(things([*common, *odd, *once])) == {f"thing {number}" for number in range(30)}
    assert things([*odd, *once]) == {"top": [12]}  # too few of them to choose


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder as `gather` leaves it: discs under three names by three sets, and a flag."""
    sets = ("noto", "twemoji", "emojione")
    pictures = [
        Picture(source, name, name, ("toy", "round"), "emoji") for name in ("ball", "orb", "sun") for source in sets
    ]
    pictures.append(Picture("noto", "flag", "flag of peru", (), "flag"))
    y, x = np.mgrid[:DRAWN_SIDE, :DRAWN_SIDE]
    pixels = np.zeros((len(pictures), DRAWN_SIDE, DRAWN_SIDE, 4), np.uint8)
    pixels[:, (y - 128) ** 2 + (x - 128) ** 2 < 100**2] = (200, 40, 40, 255)
    np.save(tmp_path / "pictures.npy", pixels)
    (tmp_path / "pictures.json").write_text(json.dumps([asdict(picture) for picture in pictures]))
    return tmp_path


def in_range(made: list[Made]) -> bool:
    return all(
        each.picture.shape == (3, SIDE, SIDE) and 0 <= each.picture.min() <= each.picture.max() <= 1 for each in made
    )


def test_drawings_are_called_by_their_names_and_tags(work: Path) -> None:
    torch.manual_seed(0)
    shown, elsewhere = list(drawings(work)), list(placed(work))
    assert in_range([*shown, *elsewhere])
    assert [each.row for each in shown] == list(range(10)) and shown[0].sentences == ("ball", "toy", "round")
    assert float(shown[0].picture[:, 0, 0].min()) == 1 and float(shown[0].picture[1, 80, 80]) < 0.2
    assert [each.row for each in elsewhere] == [1, 3, 5, 7]  # every second one, no flag


def test_coloured_and_counted_ones_differ_in_a_word_within_a_group(work: Path) -> None:
    painted, several = list(coloured(work, 2)), list(counted(work, 3))
    assert in_range([*painted, *several]) and (len(painted), len(several)) == (8, 9)
    for each in painted:
        phrase, words = each.sentences
        assert phrase.endswith(f" {words}") and words.split()[0] in COLOURS
    assert len({each.sentences for each in painted if each.group == 0}) == 4
    ink = {each.sentences[0].split()[0]: float((1 - each.picture).mean()) for each in several}
    assert ink.keys() <= {"one", "two", "three", "four", "five"} and min(ink.values()) > 0.05
    assert all(each.sentences[0].endswith("s") != each.sentences[0].startswith("one") for each in several)


def test_views_are_called_by_what_they_are_drawn_from() -> None:
    made = list(views(2))
    assert in_range(made) and all(each.sentences[1].endswith(" landscape") for each in made)


def test_pairs_are_made_once_and_keep_their_order(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> Iterator[Made]:
        for number in range(BATCH + 3):
            made.append(number)
            yield Made(torch.full((3, 2, 2), number / 32), (f"number {number}",), number // 2, -1)

    def embed(pictures: Tensor) -> Tensor:
        return pictures.flatten(1)

    pairs = pairs_of(tmp_path, "some", make, embed)
    again = pairs_of(tmp_path, "some", make, embed)
    assert made == list(range(BATCH + 3)) and [file.name for file in tmp_path.iterdir()] == ["pairs_some.pt"]
    assert pairs.sentences == again.sentences == [(f"number {number}",) for number in made]
    assert pairs.seen.dtype == torch.float32 and torch.allclose(pairs.seen[:, 0] * 32, torch.arange(BATCH + 3.0))
    assert torch.equal(again.groups, torch.arange(BATCH + 3) // 2) and torch.equal(
        again.rows, torch.full_like(pairs.rows, -1)
    )
