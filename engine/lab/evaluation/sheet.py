"""A contact sheet: many pictures, small, each with its prompt below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from engine.images.lettering import cut
from engine.lab.evaluation.judge import Pixels

TILE: Final = 160  # pixels of a picture
GAP: Final = 6
LABEL: Final = 16  # pixels below a picture
COLUMNS: Final = 8
LARGEST: Final = 1_500_000  # bytes


def contact_sheet(pictures: Sequence[Pixels], labels: Sequence[str], columns: int = COLUMNS) -> Image.Image:
    """RGB, row by row; a label that is too long ends in an ellipsis."""
    rows = -(-len(pictures) // columns)
    wide, high = TILE + GAP, TILE + LABEL + GAP
    sheet = Image.new("RGB", (columns * wide + GAP, rows * high + GAP), (244, 244, 242))
    drawing = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(12)
    for place, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        left, top = GAP + place % columns * wide, GAP + place // columns * high
        tile = Image.fromarray(picture)
        tile.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
        sheet.paste(tile, (left + (TILE - tile.width) // 2, top + (TILE - tile.height) // 2))
        drawing.text((left + TILE / 2, top + TILE + LABEL / 2), cut(label, font, TILE), (60, 60, 60), font, anchor="mm")
    return sheet


def save_small(sheet: Image.Image, file: Path, largest: int = LARGEST) -> int:
    """A PNG with a palette, of fewer colours the more it would take; returns its bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    for colours in (256, 128, 64, 32):
        reduced = sheet.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
        reduced.save(file, optimize=True)
        if file.stat().st_size <= largest:
            break
    return file.stat().st_size
