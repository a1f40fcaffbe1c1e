"""The drawers, one module for each style: that of style `photo` is in `engine/drawers/photo.py`."""

from __future__ import annotations

from importlib import import_module

from engine.drawers.drawer import DRAWERS, Drawer, Init
from engine.spec.styles import STYLE_TABLE

for _style in STYLE_TABLE:
    import_module(f"{__name__}.{_style}")

__all__ = ["DRAWERS", "Drawer", "Init"]
