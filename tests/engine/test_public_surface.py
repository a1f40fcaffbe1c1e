"""What the engine promises its users, and what it must not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

import engine


def test_every_public_name_is_there() -> None:
    for name in engine.__all__:
        assert getattr(engine, name).__module__.startswith("engine.")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = engine.nonsense


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        (
            "engine.spec.presets, engine.spec.variants, engine.images.recorder, engine.images.sheets",
            "torch",
        ),
        ("engine.loop.loop, engine.registry, engine.service", "torchvision"),
        ("engine.loop.loop, engine.registry, engine.service", "pytorch_lightning"),
    ],
)
def test_heavy_and_broken_packages_stay_out(modules: str, absent: str) -> None:
    program = f"import sys, {modules}; sys.exit({absent!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=120, check=False).returncode == 0
