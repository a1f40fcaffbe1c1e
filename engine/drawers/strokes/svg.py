"""Export of strokes as SVG 1.1."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from engine.drawers.strokes.strokes import Strokes


def drawing(
    strokes: Strokes, background: Tensor, width: int, height: int, *, tile: bool = False, symmetry: str = "none"
) -> bytes:
    """UTF-8 XML of one picture: `strokes` without a batch, points (N, 3·S + 1, 2), on a background (3,) in [0, 1].

    With `tile` strokes that cross an edge are repeated at the opposite one. `symmetry` "horizontal" mirrors the
    left half to the right, "vertical" the upper half downwards, "both" the upper left quarter.
    """
    lines = list(_document(strokes, background, width, height, tile, symmetry))
    return "\n".join(lines).encode()


def _document(
    strokes: Strokes, background: Tensor, width: int, height: int, tile: bool, symmetry: str
) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    )
    across, down = symmetry in ("horizontal", "both"), symmetry in ("vertical", "both")
    visible = (width / 2 if across else width, height / 2 if down else height)
    yield "<defs>"
    yield f'<clipPath id="shown"><rect width="{_number(visible[0])}" height="{_number(visible[1])}"/></clipPath>'
    yield '<g id="part" clip-path="url(#shown)" fill="none" stroke-linecap="round" stroke-linejoin="round">'
    yield f'<rect width="{width}" height="{height}" fill="{_colour(background.tolist())}"/>'
    yield from _paths(strokes, (width, height) if tile else None)
    yield "</g>"
    yield "</defs>"
    for mirrored in _mirrors(width, height, across, down):
        yield f'<use xlink:href="#part"{mirrored}/>'
    yield "</svg>"


def _paths(strokes: Strokes, period: tuple[int, int] | None) -> Iterator[str]:
    for points, width, colour, opacity in zip(
        strokes.points, strokes.widths.tolist(), strokes.colours.tolist(), strokes.opacities.tolist(), strict=True
    ):
        pen = f'stroke="{_colour(colour)}" stroke-width="{_number(width)}" stroke-opacity="{_number(opacity)}"'
        # A stroke's copies come right after it, below the next stroke.
        for x, y in [(0, 0)] if period is None else _shifts(points, width, period):
            start, *rest = [f"{_number(across + x)} {_number(down + y)}" for across, down in points.tolist()]
            yield f'<path d="M{start}C{" ".join(rest)}" {pen}/>'


def _shifts(points: Tensor, width: float, period: tuple[int, int]) -> list[tuple[int, int]]:
    """Shifts in pixels of a stroke's visible copies in a seamless tile, its own place included."""
    low, high = (points.amin(0) - width / 2).tolist(), (points.amax(0) + width / 2).tolist()
    across, down = (
        [side * turn for turn in range(-int(end // side), -int(begin // side) + 1)]
        for begin, end, side in zip(low, high, period, strict=True)
    )
    return [(x, y) for y in down for x in across]


def _mirrors(width: int, height: int, across: bool, down: bool) -> Iterator[str]:
    yield ""
    if across:
        yield f' transform="matrix(-1 0 0 1 {width} 0)"'
    if down:
        yield f' transform="matrix(1 0 0 -1 0 {height})"'
    if across and down:
        yield f' transform="matrix(-1 0 0 -1 {width} {height})"'


def _colour(parts: list[float]) -> str:
    red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in parts)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
