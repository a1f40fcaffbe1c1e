"""Materials: tiles, glass, thread, bricks, stone, wood, facets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.spatial import Delaunay

from engine.lab.training.filters.canvas import (
    Array,
    Dice,
    Look,
    averaged,
    blurred,
    cells,
    clipped,
    colour,
    contrasted,
    coordinates,
    directions,
    drawn_lines,
    edges,
    graded,
    ground,
    hues,
    lit,
    luminance,
    mix,
    noise,
    plain,
    saturated,
    scale,
    smoothed,
    step,
    streaks,
    strokes,
    tone,
    vignette,
    volume,
)

BRICK_COLOURS: Final = (
    "#f4f4f4", "#1b2a34", "#c91a09", "#0055bf", "#237841", "#f2cd37", "#fe8a18", "#a0a5a9", "#6c3f22",
    "#36aebf", "#fc97ac", "#e4cd9e", "#6c6e68", "#81007b", "#bbe90b",
)  # fmt: skip


def stained_glass(picture: Array, dice: Dice) -> Array:
    """Pieces of glowing glass between black lead, the lead following the forms too."""
    side, unit = picture.shape[0], scale(picture)
    label, border, _ = cells(side, 25 * unit, 0.95, dice)
    smooth = smoothed(blurred(picture, 1.2 * unit))
    tints = hues(dice.random(int(label.max()) + 1))[label]
    glass = saturated(mix(averaged(smooth, label), smooth, 0.55), 2.2)
    pale = step(luminance(glass) - (glass.max(2) - glass.min(2)), 0.55, 0.9)
    glass = mix(glass, tints * 0.45 + 0.5, pale * 0.5)
    uneven = 0.86 + 0.12 * noise(side, 7, dice) + clipped(border / (11 * unit)) * 0.16
    lead = np.maximum(step(-border, -1.9 * unit, -1.1 * unit), drawn_lines(smooth, 1.7, 0.16, 0.3))
    shine = lit(blurred(lead, 0.8)) * 0.5 * lead
    return clipped(mix(contrasted(glass, 1.15) * uneven[..., None], colour("#0b0b0d"), lead) + shine[..., None])


def mosaic(picture: Array, dice: Dice) -> Array:
    """Small tesserae, each of one slightly uneven colour, with grout between."""
    side, unit = picture.shape[0], scale(picture)
    label, border, centres = cells(side, 7.2 * unit, 0.38, dice)
    tiles = averaged(saturated(picture, 1.25), label) + dice.normal(0, 0.035, (len(centres), 3))[label]
    tiles = tiles * dice.normal(1, 0.07, len(centres))[label][..., None]
    grout = step(-border, -1.0 * unit, -0.5 * unit)
    bevel = lit(blurred(np.clip(border, 0, 1.6), 0.5)) * 0.16
    sand = plain(side, colour("#8d8375")) + (noise(side, 1.3, dice) * 0.04)[..., None]
    return clipped(mix(tiles + bevel[..., None], sand, grout))


def _facets(picture: Array, count: int, dice: Dice) -> NDArray[np.intp]:
    """(S, S): which Delaunay triangle, its corners scattered and more of them on edges."""
    side = picture.shape[0]
    likely = (edges(picture, 1.5) + 0.06).ravel()
    chosen = dice.choice(side * side, count, replace=False, p=likely / likely.sum())
    rim = np.linspace(0, side - 1, 8)
    frame = [(a, b) for a in rim for b in rim if a in (0, side - 1) or b in (0, side - 1)]
    scattered = dice.uniform(0, side - 1, (count // 4, 2))
    points = np.concatenate([np.stack([chosen % side, chosen // side], 1), scattered, np.array(frame)])
    sheet = Image.new("I", (side, side))
    draw = ImageDraw.Draw(sheet)
    for number, corners in enumerate(Delaunay(points).simplices):
        draw.polygon(points[corners].ravel().tolist(), fill=number)
    return np.asarray(sheet).astype(np.intp)


def low_poly(picture: Array, dice: Dice) -> Array:
    """Delaunay triangles in flat, separately lit colours."""
    label = _facets(picture, 190, dice)
    light = dice.normal(1, 0.075, int(label.max()) + 1)[label]
    return clipped(saturated(averaged(picture, label), 1.2) * 0.94 * light[..., None])


def wireframe(picture: Array, dice: Dice) -> Array:
    """Only the edges of a mesh, glowing on black."""
    unit = scale(picture)
    label = _facets(picture, 240, dice)
    line = (label != np.roll(label, 1, 0)) | (label != np.roll(label, 1, 1))
    line[0] = line[:, 0] = False
    shade = colour(("#38ff9c", "#3ad6ff", "#ffffff", "#ffb03a")[int(dice.integers(4))])
    strength = blurred(line * 1.0, 0.5) * 0.75 * (0.25 + 0.75 * blurred(1 - ground(picture), 2))
    glow = clipped(strength + blurred(line * 1.0, 3 * unit) * 0.2 * (1 - ground(picture)))
    contour = drawn_lines(picture, 1.0, 0.2, 0.5)
    return clipped(colour("#050a0e") + shade * np.maximum(glow, contour)[..., None])


def embroidery(picture: Array, dice: Dice) -> Array:
    """Satin stitches of shiny thread along the forms on woven linen."""
    side, unit = picture.shape[0], scale(picture)
    y, x = coordinates(side)
    linen = (
        plain(side, colour("#ece3d0"))
        + (np.sin(x * 1.9) * np.sin(y * 1.9) * 0.05 + noise(side, 2, dice) * 0.012)[..., None]
    )
    angles = directions(picture, dice, 0.35) * 0.4 + float(dice.uniform(0, math.pi))
    index, across, along = strokes(angles, 3.3 * unit, (4.6 * unit, 1.25 * unit), dice, 0.7)
    thread = np.round(saturated(blurred(picture, 0.7), 1.5).reshape(-1, 3)[index] * 6) / 6
    sewn = (index >= 0) & (ground(picture).ravel()[index] < 0.5)
    sheen = (0.62 + 0.45 * np.sqrt(clipped(1 - across**2)) * (1.05 - along**2 * 0.45))[..., None]
    shadow = 1 - 0.3 * blurred(np.roll(sewn * 1.0, (2, 2), (0, 1)), 1.2)[..., None]
    return clipped(mix(linen * shadow, thread * sheen, sewn * 1.0))


def knitted(picture: Array, dice: Dice) -> Array:
    """Rows of V-shaped stitches of fuzzy yarn."""
    side, unit = picture.shape[0], scale(picture)
    y, x = coordinates(side)
    wide, high = 8 * unit, 6.4 * unit
    inside = (x % wide) / wide * 2 - 1
    lifted = y + np.abs(inside) * 5.2 * unit
    row, column = (lifted / high).astype(np.intp), (x / wide).astype(np.intp)
    yarn = np.round(averaged(saturated(picture, 1.2), row * 80 + column) * 8) / 8
    place = (lifted % high) / high
    strand = np.sin(place * math.pi) ** 0.7 * np.clip(np.sin(np.abs(inside) * math.pi) * 1.3, 0.15, 1)
    twist = np.sin((lifted * 1.3 + np.abs(inside) * 9) * 1.4 / unit) * 0.06
    fuzz = noise(side, 1.2, dice) * 0.035
    return clipped(yarn * (0.45 + 0.72 * strand + twist + fuzz)[..., None])


def tapestry(picture: Array, dice: Dice) -> Array:
    """Ribbed weave in faded madder, indigo and ochre."""
    side, unit = picture.shape[0], scale(picture)
    y, x = coordinates(side)
    high, wide = 2.2 * unit, 4.0 * unit
    row = (y / high).astype(np.intp)
    column = ((x + (row % 2) * wide / 2) / wide).astype(np.intp)
    wool = averaged(mix(saturated(picture, 0.8), colour("#8a6a3f"), 0.3) * 0.85, row * 100 + column)
    wool = wool * dice.normal(1, 0.07, 100 * 140)[(row * 100 + column) % 14000][..., None]
    ribs = (0.6 + 0.4 * np.sin((x + (row % 2) * wide / 2) % wide / wide * math.pi)) * (
        0.75 + 0.25 * np.sin(y % high / high * math.pi)
    )
    return clipped(wool * ribs[..., None] * 1.32)


def patchwork_quilt(picture: Array, dice: Dice) -> Array:
    """Padded squares of printed cloths with seams and stitches."""
    side, unit = picture.shape[0], scale(picture)
    y, x = coordinates(side)
    period = side / float(dice.choice([6, 7, 8]))
    row, column = (y / period).astype(np.intp), (x / period).astype(np.intp)
    patch = row * 10 + column
    down, right = y % period / period, x % period / period
    cloth = averaged(saturated(picture, 1.5), patch) * 0.25 + saturated(np.round(smoothed(picture) * 5) / 5, 1.6) * 0.75
    tint = mix(cloth, hues(dice.random(100))[patch] * 0.55 + 0.4, 0.12 + 0.28 * ground(picture))
    kind = dice.integers(0, 4, 100)[patch]
    dotted = np.hypot((x % (7 * unit)) - 3.5 * unit, (y % (7 * unit)) - 3.5 * unit) < 1.6 * unit
    striped, checked = x % (5 * unit) < 2 * unit, ((x % (8 * unit) < 4 * unit) ^ (y % (8 * unit) < 4 * unit))
    printed = np.where(kind == 0, dotted, np.where(kind == 1, striped, np.where(kind == 2, checked, False)))
    tint = mix(tint, colour("#fffaf0"), printed * 0.3)
    near = np.minimum(np.minimum(down, 1 - down), np.minimum(right, 1 - right)) * period
    puff = 0.58 + 0.45 * step(near, 0, 6 * unit)
    stitches = (np.abs(near - 3 * unit) < 0.7) & ((x + y) % (5 * unit) < 3 * unit)
    return clipped(
        mix(tint * puff[..., None], colour("#fdf6e6"), stitches * 0.8) + (noise(side, 1.3, dice) * 0.02)[..., None]
    )


def toy_bricks(picture: Array, dice: Dice) -> Array:
    """Plastic plates with round studs, in the few colours they are sold in."""
    side = picture.shape[0]
    y, x = coordinates(side)
    period = side / round(float(dice.uniform(19, 24)))
    label = (y / period).astype(np.intp) * 40 + (x / period).astype(np.intp)
    sold = np.stack([colour(code) for code in BRICK_COLOURS])
    mean = averaged(saturated(picture, 1.6), label)
    plastic = sold[((mean[:, :, None] - sold) ** 2).sum(3).argmin(2)]
    down, right = (y % period) / period - 0.5, (x % period) / period - 0.5
    radius = np.hypot(down, right)
    slope = (-down - right) * 1.1
    ring = np.exp(-(((radius - 0.31) / 0.055) ** 2))
    seam = step(np.maximum(np.abs(down), np.abs(right)), 0.43, 0.5)
    shade = (
        1
        + ring * slope
        - 0.35 * seam
        + 0.05 * (radius < 0.3)
        - 0.12 * step(-np.hypot(down - 0.12, right - 0.12), -0.42, -0.3) * (radius > 0.33)
    )
    gloss = np.exp(-((np.hypot(down + 0.12, right + 0.12) / 0.09) ** 2)) * 0.3
    return clipped(plastic * shade[..., None] * 0.96 + gloss[..., None])


def _sculpted(picture: Array, codes: tuple[str, ...], depth: float, backdrop: str, soft: float = 1.0) -> Array:
    """The picture as a relief of one material, lit from the upper left, before a plain backdrop."""
    side = picture.shape[0]
    alone = bool(ground(picture).any())
    relief = lit(blurred(volume(picture), soft), 225) * depth * (1 if alone else 1.9)
    shade = clipped(0.52 + relief + (tone(picture) - 0.5) * (0.3 if alone else 0.7))
    y, _ = coordinates(side)
    behind = plain(side, colour(backdrop)) * (1.15 - 0.4 * y / side)[..., None]
    shadow = 1 - 0.4 * blurred(np.roll(1 - ground(picture), (5, 5), (0, 1)), 3)
    return mix(graded(shade, codes), behind * shadow[..., None], ground(picture))


def marble_sculpture(picture: Array, dice: Dice) -> Array:
    """White stone with grey veins before a dark ground."""
    side = picture.shape[0]
    stone = _sculpted(picture, ("#6c6a68", "#b9b6b2", "#e6e3de", "#ffffff"), 3.6, "#3a3d42")
    veins = step(-np.abs(noise(side, 34, dice) + noise(side, 12, dice) * 0.35), -0.09, 0.0) * 0.3
    return clipped(mix(stone, colour("#7d7f86"), veins * (1 - ground(picture))))


def bronze_statue(picture: Array, dice: Dice) -> Array:
    """Brown metal with green patina in the hollows."""
    side = picture.shape[0]
    metal = _sculpted(picture, ("#170d06", "#553316", "#9a6a30", "#f0cf8c"), 4.5, "#b9b7ae")
    hollow = clipped(blurred(volume(picture), 5) - volume(picture)) * 3 + noise(side, 14, dice) * 0.3
    patina = step(hollow, 0.1, 0.7) * (1 - ground(picture)) * 0.75
    return clipped(mix(metal, colour("#4f9c86") * (0.7 + 0.3 * tone(picture))[..., None], patina))


def wood_carving(picture: Array, dice: Dice) -> Array:
    """A relief in a board, the year rings running through."""
    side, unit = picture.shape[0], scale(picture)
    along = streaks(side, 120, 9, float(dice.uniform(80, 100)), dice) * 8 + blurred(volume(picture), 2) * 2.5
    rings = np.sin(along * 4 + noise(side, 50, dice)) * 0.09 + (streaks(side, 50, 1.3, 90, dice) - 0.5) * 0.12
    shade = clipped(0.52 + lit(blurred(volume(picture), 0.9), 225) * 3.8 + (tone(picture) - 0.6) * 0.2 + rings)
    body = graded(shade, ("#2a1408", "#7a4420", "#b87a42", "#ecc890"))
    return clipped(mix(body, colour("#241006"), drawn_lines(picture, 1.2 * unit, 0.15, 0.5) * 0.5))


def porcelain(picture: Array, dice: Dice) -> Array:
    """Cobalt blue under a glossy white glaze."""
    side = picture.shape[0]
    depth = clipped(1 - tone(picture))
    brushed = clipped(depth * (0.85 + 0.22 * noise(side, 8, dice)) * 0.85)
    cobalt = graded(
        np.maximum(brushed, drawn_lines(picture, 1.1, 0.08, 0.3)), ("#fbfcfd", "#a9c0e6", "#2f57b5", "#0f2470")
    )
    y, x = coordinates(side)
    gloss = np.exp(-((np.hypot((y / side - 0.22) / 0.7, x / side - 0.27) / 0.11) ** 2)) * 0.6
    relief = lit(blurred(volume(picture), 2.5)) * 1.5
    return clipped(cobalt * (0.97 * vignette(side, 0.25) + relief)[..., None] + gloss[..., None])


def clay_render(picture: Array, dice: Dice) -> Array:
    """An uncoloured matte model with soft shadows."""
    grey_clay = _sculpted(picture, ("#55534f", "#8f8b86", "#bdb9b3", "#dedad4"), 2.6, "#c9c7c4", 1.8)
    hollow = np.clip(blurred(volume(picture), 5) - blurred(volume(picture), 1.5), 0, 0.3) * 1.1
    return clipped(grey_clay - hollow[..., None] + (noise(picture.shape[0], 2, dice) * 0.006)[..., None])


BUILT: Final[Mapping[str, Look]] = {
    "stained glass": stained_glass,
    "mosaic": mosaic,
    "low poly": low_poly,
    "wireframe": wireframe,
    "embroidery": embroidery,
    "knitted": knitted,
    "tapestry": tapestry,
    "patchwork quilt": patchwork_quilt,
    "toy bricks": toy_bricks,
    "marble sculpture": marble_sculpture,
    "bronze statue": bronze_statue,
    "wood carving": wood_carving,
    "porcelain": porcelain,
    "clay render": clay_render,
}
