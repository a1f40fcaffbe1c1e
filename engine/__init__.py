"""Atelier's engine: paints pictures from prompts. Independent of Discord and of databases.

>>> from engine import ArtSpec, load_models, paint
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.errors import AtelierError, InputError, PaintingError
    from engine.loop.loop import paint, paint_together
    from engine.loop.snapshot import Snapshot
    from engine.registry import Models, load_models
    from engine.spec.artspec import ArtSpec

# Must be set before torch is loaded. OpenMP threads then sleep rather than spin while they wait: next to other busy
# processes a step on two threads took 4.2 s spinning and 0.9 s sleeping.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Imported on first use, so that a process that only handles specs never loads torch.
_MODULES = {
    "ArtSpec": "engine.spec.artspec",
    "AtelierError": "engine.errors",
    "InputError": "engine.errors",
    "Models": "engine.registry",
    "PaintingError": "engine.errors",
    "Snapshot": "engine.loop.snapshot",
    "load_models": "engine.registry",
    "paint": "engine.loop.loop",
    "paint_together": "engine.loop.loop",
}

__all__ = [
    "ArtSpec",
    "AtelierError",
    "InputError",
    "Models",
    "PaintingError",
    "Snapshot",
    "load_models",
    "paint",
    "paint_together",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
