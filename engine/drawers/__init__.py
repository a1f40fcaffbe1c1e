"""The drawers by the name of their style."""

from __future__ import annotations

from typing import Final

from engine.drawers.drawer import Drawer
from engine.drawers.painting import PaintingDrawer
from engine.drawers.photo import PhotoDrawer
from engine.drawers.pixel import PixelDrawer
from engine.drawers.sketch import SketchDrawer
from engine.drawers.vqgan import VQGANDrawer

DRAWERS: Final[dict[str, type[Drawer]]] = {
    "image": VQGANDrawer,
    "painting": PaintingDrawer,
    "photo": PhotoDrawer,
    "pixel": PixelDrawer,
    "sketch": SketchDrawer,
}

__all__ = ["DRAWERS", "Drawer"]
