"""Atelier's engine: paints what words say. Knows nothing of Discord or databases.

>>> from engine import ArtSpec, load_models, paint
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.errors import AtelierError, InputError, PaintingError
    from engine.models import Models, load_models
    from engine.painting import paint, paint_together
    from engine.snapshot import Snapshot
    from engine.spec import ArtSpec

# Said before torch is loaded: its threads sleep rather than spin while they wait for each other. Beside other busy
# processes, which a bot's machine has, a step of the mini on two threads took 4.2 s spinning and 0.9 s sleeping.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Looked up on first use, so that a process which only handles specs never loads torch.
_HOMES = {
    "ArtSpec": "engine.spec",
    "AtelierError": "engine.errors",
    "InputError": "engine.errors",
    "Models": "engine.models",
    "PaintingError": "engine.errors",
    "Snapshot": "engine.snapshot",
    "load_models": "engine.models",
    "paint": "engine.painting",
    "paint_together": "engine.painting",
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
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
