"""Prints and cut paper: carved blocks, flat inks, screens of dots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from scipy import ndimage

from engine.lab.training.filters.canvas import (
    Array,
    Dice,
    Look,
    blurred,
    cells,
    clipped,
    colour,
    contrasted,
    coordinates,
    directions,
    dots,
    drawn_lines,
    flattened,
    graded,
    ground,
    luminance,
    mix,
    noise,
    paper,
    plain,
    saturated,
    scale,
    smoothed,
    step,
    streaks,
    strokes,
    tone,
    trembled,
)


def woodcut(picture: Array, dice: Dice) -> Array:
    """Black with tapering gouge marks along the forms and the wood's grain."""
    side, unit = picture.shape[0], scale(picture)
    light = tone(picture)
    angles = directions(picture, dice, 0.05)
    index, across, along = strokes(angles, 6 * unit, (9 * unit, 2.6 * unit), dice, 0.7)
    reach = light.ravel()[index] * 1.15 - 0.12
    gouged = (index >= 0) & (np.abs(across) < reach * (1 - along**2 * 0.8))
    white = np.maximum(blurred(gouged * 1.0, 0.5), step(light, 0.85, 0.93))
    white = white * (1 - drawn_lines(picture, 1.5, 0.12, 0.25))
    grain = step(streaks(side, 90, 1.8, 0, dice), 0.9, 0.98) * 0.35
    return mix(paper(side, "#efe6d0", 0.015, dice), colour("#15110e"), clipped((1 - white) * (1 - grain)))


def linocut(picture: Array, dice: Dice) -> Array:
    """Two colours, simple hard shapes, chatter marks in the cleared ground."""
    side, unit = picture.shape[0], scale(picture)
    shaken = trembled(picture, 1.2 * unit, 8, dice)
    light = blurred(tone(shaken), 1.3 * unit)
    printed = np.maximum(step(-light, -0.56, -0.5), drawn_lines(shaken, 1.8, 0.12, 0.2))
    index, across, along = strokes(directions(picture, dice, 0.05), 13 * unit, (8 * unit, 1.1 * unit), dice)
    chatter = (index >= 0) & (np.abs(across) + along**2 < 0.9) & (light > 0.6)
    ink = np.maximum(printed, chatter * 0.9) * step(noise(side, 1.4, dice), -2.6, -1.7)
    shade = ("#1c2b52", "#8f1d1d", "#173c2c", "#161616")[int(dice.integers(4))]
    return mix(paper(side, "#f3ead6", 0.012, dice), colour(shade), blurred(ink, 0.4))


def ukiyo_e(picture: Array, dice: Dice) -> Array:
    """Flat Prussian blue, ochre and rose with fine outlines and wood grain on mulberry paper."""
    side = picture.shape[0]
    inks = np.stack(
        [colour(code) for code in ("#1f3f66", "#6f93a8", "#d9b77c", "#c4604a", "#efe3c4", "#3b3a3a", "#7f8f5a")]
    )
    soft = blurred(flattened(picture, 7), 0.6)
    muted = mix(soft, plain(side, colour("#d9c79a")), 0.2)
    nearest = ((muted[:, :, None] - inks) ** 2).sum(3).argmin(2)
    y, _ = coordinates(side)
    sky = clipped(0.95 - y / side * 1.9) * ground(picture)
    body = mix(mix(muted, inks[nearest], 0.8), colour("#2c5480"), sky)
    grain = (streaks(side, 120, 2.5, 0, dice) - 0.5) * 0.07
    lines = drawn_lines(picture, 0.9, 0.1, 0.28)
    return mix(clipped(body * paper(side, "#f6ecd2", 0.015, dice) + grain[..., None]), colour("#1b1a20"), lines * 0.9)


def lithograph(picture: Array, dice: Dice) -> Array:
    """The stone's grain dissolves every tone into black specks; one tint behind."""
    side = picture.shape[0]
    dark = 1 - contrasted(tone(picture), 1.15)
    grain = noise(side, 1.3, dice) * 0.22 + noise(side, 2.2, dice) * 0.12
    ink = np.maximum(step(dark + grain, 0.42, 0.6), drawn_lines(picture, 1.1, 0.12, 0.4) * step(grain, -0.3, 0.1))
    tint = mix(paper(side, "#efe5cc", 0.012, dice), saturated(picture, 0.6) * 0.5 + 0.4, 0.35)
    return mix(tint, colour("#231d1a"), ink * 0.88)


def screen_print(picture: Array, dice: Dice) -> Array:
    """Three flat inks out of register, the middle one as halftone."""
    side, unit = picture.shape[0], scale(picture)
    inks = (("#f4c20d", "#e0332c", "#1b1b3a"), ("#ffb3c7", "#0e8a84", "#2b1540"), ("#f59b23", "#2059c2", "#141414"))
    light, middle, dark = (colour(code) for code in inks[int(dice.integers(len(inks)))])
    depth = 1 - blurred(tone(picture), 0.8)
    moved = [np.roll(depth, (int(a), int(b)), (0, 1)) for a, b in dice.integers(-2, 3, (2, 2))]
    sheet = np.array(paper(side, "#f8f3e6", 0.006, dice))
    sheet = mix(sheet, light, step(moved[0], 0.12, 0.16) * 0.97)
    sheet = mix(sheet, middle, dots(clipped(moved[1] * 1.5 - 0.3), 5.5 * unit, 30) * 0.95)
    return mix(sheet, dark, np.maximum(step(depth, 0.72, 0.76), drawn_lines(picture, 1.2, 0.25, 0.35)) * 0.96)


def risograph(picture: Array, dice: Dice) -> Array:
    """Two or three grainy overprinted spot colours, out of register."""
    side = picture.shape[0]
    pairs = (("#ff48b0", "#0078bf"), ("#ff665e", "#00838a"), ("#ffb511", "#3d5588"), ("#f15060", "#235ba8"))
    codes = pairs[int(dice.integers(len(pairs)))]
    channels = (1 - picture[..., 1], 1 - picture[..., 0])
    sheet = np.array(paper(side, "#f6f1e4", 0.008, dice))
    for code, depth in zip(codes, channels, strict=True):
        shift = tuple(int(each) for each in dice.integers(-3, 4, 2))
        grain = (noise(side, 1.1, dice) * 0.24 + noise(side, 14, dice) * 0.05) * step(depth, 0.02, 0.2)
        ink = step(np.roll(_separation(depth), shift, (0, 1)) + grain, 0.2, 0.8)
        sheet = sheet * (1 - (1 - colour(code)) * (ink * 0.92)[..., None])
    return clipped(sheet)


def _separation(depth: Array) -> Array:
    """A separation's ink, blurred a little."""
    soft = blurred(depth, 0.6)
    return clipped(soft * 1.15) ** 1.2


def travel_poster(picture: Array, dice: Dice) -> Array:
    """Large flat shapes in few faded poster colours with a sunburst sky and a cream border."""
    side, unit = picture.shape[0], scale(picture)
    smooth = smoothed(blurred(picture, 1.2 * unit), 2)
    flat = np.round(smooth * 3) / 3
    faded = mix(saturated(flat, 1.05), plain(side, colour("#e8b36a")), 0.25) * 0.95
    y, x = coordinates(side)
    sky = graded(y / side, ("#2b7f8c", "#7fbfae", "#f3d79a", "#f0a860"))
    rays = np.sin(np.arctan2(y - side * 1.05, x - side * float(dice.uniform(0.3, 0.7))) * 22) > 0
    sky = clipped(sky + rays[..., None] * 0.05)
    body = mix(faded, sky, ground(picture))
    far = np.minimum(np.minimum(x, side - 1 - x), np.minimum(y, side - 1 - y))
    framed = mix(body, colour("#f5ead0"), step(-far, -8 * unit, -7 * unit))
    return clipped(framed + (noise(side, 1.3, dice) * 0.02)[..., None])


def postage_stamp(picture: Array, dice: Dice) -> Array:
    """A one-colour engraving within a white border with round perforations."""
    side, unit = picture.shape[0], scale(picture)
    shade = ("#8c1c2a", "#1f4e79", "#23663f", "#6b3f78", "#a5561c")[int(dice.integers(5))]
    y, x = coordinates(side)
    lines = np.sin((y + x * 0.25) * 2.2 / unit) * 0.5 + 0.5
    dark = 1 - tone(picture) * 0.9
    ink = np.maximum(step(lines - 1 + dark, -0.2, 0.2), drawn_lines(picture, 0.8, 0.12, 0.3))
    body = mix(plain(side, colour("#f1e9d8")), colour(shade), ink * 0.95)
    far = np.minimum(np.minimum(x, side - 1 - x), np.minimum(y, side - 1 - y))
    body = mix(body, colour(shade), np.abs(far - 18 * unit) < 1.1 * unit)
    body = mix(body, colour("#f8f5ec"), far < 16.5 * unit)
    edge, period = 6 * unit, 10 * unit
    holes = np.zeros((side, side), bool)
    for one, other in ((y, x), (x, y)):
        wave = (other - side / 2) % period - period / 2
        for rim in (edge, side - 1 - edge):
            holes |= np.hypot(one - rim, wave) < 3.1 * unit
    return mix(body, colour("#23262b"), blurred(((far < edge) | holes) * 1.0, 0.5))


def comic_book(picture: Array, dice: Dice) -> Array:
    """Bold ink outlines, flat primaries, Ben Day dots in the half tones, solid shadows."""
    side, unit = picture.shape[0], scale(picture)
    soft = smoothed(picture)
    flat = saturated(np.round(blurred(soft, 0.8) * 3) / 3, 1.7)
    depth = clipped(1 - luminance(soft))
    screen = dots(np.clip(depth * 0.85, 0, 0.55), 5 * unit, float(dice.choice([15, 45, 75])))
    shades = mix(plain(side, colour("#fff7df")) * clipped(flat * 0.75 + 0.3), flat * 0.8, screen)
    ink = np.maximum(drawn_lines(picture, 1.5, 0.1, 0.2), step(depth, 0.8, 0.84))
    return mix(clipped(shades), colour("#0a0a0a"), ink)


def pop_art(picture: Array, dice: Dice) -> Array:
    """Four panels in glaring flat colours, each in other inks, with halftone shadows."""
    side = picture.shape[0]
    half = side // 2
    quarter = picture[: half * 2, : half * 2].reshape(half, 2, half, 2, 3).mean((1, 3))
    depth = 1 - tone(quarter)
    inks = [
        ("#ffe600", "#ff2d95", "#1226aa"),
        ("#00c2d1", "#ffdf00", "#d3123c"),
        ("#ff7a00", "#21d07a", "#3a0ca3"),
        ("#ff5fa2", "#19b5fe", "#1b1b1b"),
    ]
    result = np.array(plain(side, colour("#111111")))
    single = bool(dice.random() < 0.4)
    panels = [(0, 0)] if single else [(0, 0), (0, half), (half, 0), (half, half)]
    for (top, left), number in zip(panels, dice.permutation(4), strict=False):
        base, middle, dark = (colour(code) for code in inks[int(number)])
        source, size = (1 - tone(picture), side) if single else (depth, half)
        drawing = picture if single else quarter
        panel = mix(plain(size, base), middle, dots(clipped(source * 1.3 - 0.1), 5.0 * size / 160 + 2, 45))
        panel = mix(panel, dark, np.maximum(step(source, 0.66, 0.7), drawn_lines(drawing, 1.5, 0.15, 0.25)))
        result[top : top + size, left : left + size] = panel
    return result


def paper_collage(picture: Array, dice: Dice) -> Array:
    """Torn pieces of printed and coloured paper with white torn rims and shadows."""
    side, unit = picture.shape[0], scale(picture)
    label, border, centres = cells(side, 46 * unit, 1.0, dice)
    tear = noise(side, 3, dice) * 0.7
    smooth = blurred(picture, 1.4)
    places = np.clip(centres.round().astype(np.intp), 0, side - 1)
    shades = smooth[places[:, 0], places[:, 1]] + dice.normal(0, 0.05, (len(centres), 1))
    flat = np.round(saturated(smoothed(smooth, 2), 1.15) * 4) / 4
    pieces = mix(flat, clipped(shades[label]), 0.38)
    y, _ = coordinates(side)
    newsprint = (
        (dice.random(len(centres)) < 0.22)[label] & ((y % (4 * unit)) < 1.5 * unit) & (noise(side, 2, dice) > -0.4)
    )
    pieces = mix(pieces, colour("#333333"), newsprint * 0.4)
    contour = drawn_lines(flat, 1.0, 0.3, 0.5)
    white = np.maximum(step(-(border + tear), -1.5, -0.9), np.roll(contour, (-1, -1), (0, 1)) * 0.3)
    shadow = np.roll(np.maximum(step(-border, -3.2, -0.6), contour), (2, 2), (0, 1))
    fibres = noise(side, 1.4, dice) * 0.02
    return clipped(
        mix(pieces * (1 - 0.45 * blurred(shadow, 1.0)[..., None]), colour("#f7f4ec"), white) + fibres[..., None]
    )


def paper_cut(picture: Array, dice: Dice) -> Array:
    """Layers of card, each with a soft shadow on the one behind."""
    side, unit = picture.shape[0], scale(picture)
    depth = blurred(1 - tone(picture), 2.2 * unit)
    result = np.array(plain(side, colour("#fbf6ee")))
    smooth = blurred(picture, 4 * unit)
    for place in (0.15, 0.32, 0.48, 0.64, 0.8):
        layer = step(depth, place - 0.012, place + 0.012)
        inside = layer[..., None]
        mean = (smooth * inside).sum((0, 1)) / max(float(layer.sum()), 1)
        shade = mix(np.broadcast_to(mean, smooth.shape), saturated(smooth, 1.25), 0.7)
        shadow = blurred(np.roll(layer, (round(3 * unit), round(3 * unit)), (0, 1)), 2.4 * unit)
        result = mix(result * (1 - 0.5 * shadow[..., None]), clipped(shade), layer)
    return clipped(result + (noise(side, 1.5, dice) * 0.012)[..., None])


def constructivism(picture: Array, dice: Dice) -> Array:
    """Red, black and cream in hard shapes with diagonal bars."""
    side = picture.shape[0]
    depth = 1 - blurred(tone(picture), 0.8)
    y, x = coordinates(side)
    bars = (x * float(dice.choice([-1, 1])) + y + float(dice.uniform(0, side))) / side
    red = (bars % 0.5 < float(dice.uniform(0.15, 0.28))) & (ground(picture) > 0.5)
    body = mix(
        np.array(paper(side, "#eadfc6", 0.012, dice)), colour("#c8201c"), np.maximum(red, step(depth, 0.3, 0.33))
    )
    return mix(body, colour("#14110f"), np.maximum(step(depth, 0.6, 0.63), drawn_lines(picture, 1.4, 0.25, 0.35)))


def cel_shading(picture: Array, dice: Dice) -> Array:
    """Two flat tones of each colour and thick dark outlines."""
    soft = blurred(smoothed(picture), 0.8)
    light = luminance(soft)
    levels = np.round(light * 4) / 4
    flat = clipped(saturated(soft * ((levels + 0.12) / (light + 0.12))[..., None], 1.5))
    return mix(flat, colour("#0c0a14"), drawn_lines(soft, 1.1 + 0.4 * float(dice.random()), 0.22, 0.36))


def sticker(picture: Array, dice: Dice) -> Array:
    """The subject, flat and vivid, with a thick white rim and a shadow on a plain ground."""
    side, unit = picture.shape[0], scale(picture)
    subject = 1 - ground(picture)
    y, x = coordinates(side)
    if float(subject.mean()) > 0.93:
        subject = step(-np.hypot(y - side / 2, x - side / 2), -side * 0.41, -side * 0.4)
    small = ndimage.zoom(np.dstack([picture, subject]), (0.84, 0.84, 1), order=1)
    before, high = (side - small.shape[0]) // 2, small.shape[0]
    whole = np.zeros((side, side, 4), np.float32)
    whole[before : before + high, before : before + high] = small
    distance: Array = ndimage.distance_transform_edt(whole[..., 3] < 0.5)
    cut = step(-distance, -7 * unit, -6 * unit)
    shadow = blurred(np.roll(cut, (round(3 * unit), round(2 * unit)), (0, 1)), 2.5)
    shade = colour(("#7fb7d9", "#f2b84b", "#8d8d95", "#b08ad6", "#79c0a0", "#e88b8b")[int(dice.integers(6))])
    below = plain(side, shade) * (1 - 0.45 * shadow[..., None])
    return clipped(mix(mix(below, colour("#ffffff"), cut), saturated(whole[..., :3], 1.25), whole[..., 3]))


PRINTED: Final[Mapping[str, Look]] = {
    "woodcut": woodcut,
    "linocut": linocut,
    "ukiyo-e": ukiyo_e,
    "lithograph": lithograph,
    "screen print": screen_print,
    "risograph": risograph,
    "travel poster": travel_poster,
    "postage stamp": postage_stamp,
    "comic book": comic_book,
    "Pop Art": pop_art,
    "paper collage": paper_collage,
    "paper cut": paper_cut,
    "Constructivism": constructivism,
    "cel shading": cel_shading,
    "sticker": sticker,
}
