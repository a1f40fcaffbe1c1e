"""What `engine/models/memory.py` expects of a painting is what a process that paints it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lab.bench.memory import TINY, WHOLE, Case, estimated, measure


@pytest.fixture(autouse=True)
def linux() -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("peak memory is read as Linux tells it")


def test_the_estimate_holds_for_a_painting_of_the_embedded_model() -> None:
    """It may be too careful, but hardly too low."""
    case = Case("mini VQGAN", "mini", "float32", side=256, cuts=12)
    assert case in WHOLE
    peak = measure(case).step
    assert 0.9 * peak < estimated(case) < 3 * peak


def test_a_case_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="no such style|style must be"):
        measure(Case(TINY, TINY, "float32", style="no such style"))
