"""Sentences that differ in one word, and which colour a picture is said to have."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Iterable
from typing import Any

import pytest
import torch
from torch import Tensor

if importlib.util.find_spec("scipy") is None or importlib.util.find_spec("tokenizers") is None:
    pytest.skip("needs the packages of the extra `lab`", allow_module_level=True)

from engine.lab.evaluation.__main__ import SECTIONS, chosen_sections, command_line
from engine.lab.evaluation.report import TITLES
from engine.lab.evaluation.words import described_rows, one_word_apart, share_named, spread
from engine.lab.training.augment import COLOURS
from engine.lab.training.drawings import Picture

NOUNS = ("cat", "sofa", "apple", "boat", "tree", "owl", "kite", "igloo", "drum", "lamp")


@pytest.mark.parametrize("seed", range(20))
def test_eleven_sentences_each_with_one_word_exchanged(seed: int) -> None:
    own, *others = one_word_apart(NOUNS, random.Random(seed))
    assert len(others) == 11 and len({own, *others}) == 12
    for other in others:
        pairs = zip(own.split(), other.split(), strict=True)
        assert sum(one != another and {one, another} != {"a", "an"} for one, another in pairs) == 1


class ByFirstLetters:
    """Sees a picture as its first pixel's colour number, reads a sentence as the number of its colour."""

    def see(self, pictures: Iterable[Tensor]) -> Tensor:
        return torch.stack([torch.eye(12)[int(picture[0, 0, 0])] for picture in pictures])

    def read(self, sentences: Iterable[str]) -> Tensor:
        return torch.stack([torch.eye(12)[COLOURS.index(sentence.split()[1])] for sentence in sentences])


def test_the_share_of_colours_named_right() -> None:
    eye: Any = ByFirstLetters()
    pictures = [(torch.full((3, 2, 2), float(number)), colour, "cat") for number, colour in enumerate(COLOURS)]
    assert share_named(eye, pictures) == 1
    wrong = [(torch.zeros(3, 2, 2), "blue", "cat"), (torch.zeros(3, 2, 2), COLOURS[0], "cat")]
    assert share_named(eye, wrong) == 0.5


def test_drawings_are_spread_evenly() -> None:
    assert spread(range(100), 4) == [0, 25, 50, 75]
    assert spread([3, 5], 4) == [3, 5]


def test_only_nouns_of_the_description_are_described() -> None:
    pictures = [
        Picture("openmoji", "1", "airplane", (), "emoji"),
        Picture("openmoji", "2", "airplane", (), "flag"),
        Picture("openmoji", "3", "face with monocle", (), "emoji"),
    ]
    assert described_rows(pictures) == [0]


def test_sections_are_chosen_by_name() -> None:
    assert set(SECTIONS) == set(TITLES)
    assert chosen_sections([]) == list(SECTIONS)
    assert chosen_sections(["eye,words", "speed words"]) == ["eye", "words", "speed"]
    with pytest.raises(Exception, match="There is no section 'everything': the sections are eye,"):
        chosen_sections(["everything"])


def test_the_command_tells_no_places() -> None:
    said = command_line(["--work", "/somewhere/else", "--only", "eye", "--json", "out/results.json"])
    assert said == "python -m engine.lab.evaluation --work FOLDER/else --only eye --json out/results.json"
