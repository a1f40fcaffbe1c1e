"""The cost of a draft is that of the process that paints it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import PaintingError
from engine.lab.evaluation.speed import measure_cost, weights_bytes


def test_a_tiny_draft_is_measured() -> None:
    ballast = np.ones(300_000_000, np.uint8)  # what this process holds must not be counted
    cost = measure_cost("--iterations", "1", "--size", "64x64")
    assert cost.bytes == weights_bytes() <= 25_000_000
    assert 100e6 < cost.peak < 1.5e9
    assert cost.seconds > 0.5 and cost.cores >= 1
    assert ballast[-1] == 1


def test_a_failure_is_told() -> None:
    with pytest.raises(PaintingError, match="failed"):
        measure_cost("--size", "nothing")
