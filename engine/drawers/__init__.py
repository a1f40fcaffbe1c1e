"""The drawers by the name of their style."""

from __future__ import annotations

from typing import Final

from engine.drawers.drawer import Drawer
from engine.drawers.pixel import PixelDrawer
from engine.drawers.vqgan import VQGANDrawer

DRAWERS: Final[dict[str, type[Drawer]]] = {
    "image": VQGANDrawer,
    "pixel": PixelDrawer,
}

__all__ = ["DRAWERS", "Drawer"]
