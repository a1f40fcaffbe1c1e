"""Ranks of pictures' own words, and pixels as tensors and back."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
import torch

if importlib.util.find_spec("resvg_py") is None:
    pytest.skip("needs the packages of the extra `lab`", allow_module_level=True)

from engine.lab.evaluation.eye import as_pixels, as_tensor, megabytes, ranks, within


def test_the_rank_of_the_own_word() -> None:
    words = torch.eye(4)
    pictures = torch.tensor([[0.9, 0.1, 0.0, 0.0], [0.5, 0.3, 0.4, 0.1], [0.1, 0.2, 0.3, 0.0]])
    places = ranks(pictures, words, torch.tensor([0, 1, 3]))
    assert places.tolist() == [1, 3, 4]
    assert within(places, 1) == pytest.approx(1 / 3) and within(places, 3) == pytest.approx(2 / 3)


def test_a_tie_counts_against_the_picture() -> None:
    assert ranks(torch.tensor([[0.5, 0.5, 0.1]]), torch.eye(3), torch.tensor([0])).tolist() == [2]


def test_pixels_survive_being_a_tensor() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    assert as_tensor(pixels).shape == (3, 5, 7)
    assert np.array_equal(as_pixels(as_tensor(pixels)), pixels)


def test_megabytes_of_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1" * 500_000)
    assert megabytes(tmp_path / "one", tmp_path / "one") == 1.0
    assert math.isnan(megabytes(tmp_path / "one", tmp_path / "two"))
