"""What the filters share: grounds, grains, edges, strokes, cells, screens of dots; sizes are those at 192 pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy import ndimage

PIXEL = np.float32
Array = NDArray[np.floating[Any]]  # (S, S) or (S, S, 3), mostly in [0, 1]
Dice = np.random.Generator
Look = Callable[[Array, Dice], Array]


def scale(picture: Array) -> float:
    """How much larger than 192 pixels the picture is."""
    return len(picture) / 192


def clipped(values: ArrayLike) -> Array:
    """Within [0, 1]."""
    result: Array = np.clip(np.asarray(values), 0, 1)
    return result


def colour(code: str) -> Array:
    """`#rrggbb` -> (3,)."""
    return np.array([int(code[place : place + 2], 16) for place in (1, 3, 5)], PIXEL) / 255


def luminance(picture: Array) -> Array:
    """(S, S): how bright the eye finds each pixel."""
    result: Array = picture[..., 0] * 0.299 + picture[..., 1] * 0.587 + picture[..., 2] * 0.114
    return result


def stretched(values: Array) -> Array:
    """From the darkest to the brightest, outliers aside, over the whole of [0, 1]."""
    low, high = np.percentile(values[::3, ::3], (1, 99))
    return clipped((values - low) / max(high - low, 0.15))


def tone(picture: Array) -> Array:
    """(S, S): stretched luminance."""
    return stretched(luminance(picture))


def mix(below: Array, above: Array, share: Array | float) -> Array:
    """`above` over `below`, as opaque as `share`."""
    if isinstance(share, np.ndarray) and share.ndim == 2:
        share = share[..., None]
    result: Array = below + (above - below) * share
    return result


def plain(side: int, shade: Array) -> Array:
    """One colour everywhere."""
    return np.broadcast_to(shade.astype(PIXEL), (side, side, 3))


def grey(values: Array) -> Array:
    """(S, S) -> (S, S, 3)."""
    return np.repeat(values[..., None], 3, 2)


def step(values: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, smooth between."""
    share = clipped((values - low) / (high - low))
    return share * share * (3 - 2 * share)


def blurred(array: Array, radius: float) -> Array:
    """Gaussian blur, each channel for itself."""
    result: Array = ndimage.gaussian_filter(array, (radius, radius, 0)[: array.ndim], truncate=2.5, mode="nearest")
    return result


def saturated(picture: Array, amount: float) -> Array:
    """0: grey; 1: as it is; more: louder."""
    mean = luminance(picture)[..., None]
    return clipped(mean + (picture - mean) * amount)


def contrasted(picture: Array, amount: float) -> Array:
    """Away from the middle grey."""
    return clipped((picture - 0.5) * amount + 0.5)


def graded(values: Array, codes: Sequence[str]) -> Array:
    """A gradient map: the codes from dark to bright."""
    stops = np.stack([colour(code) for code in codes])
    places = np.linspace(0, 1, len(codes))
    return np.stack([np.interp(values, places, stops[:, channel]) for channel in range(3)], 2)


def hues(turns: Array) -> Array:
    """Full colours of the colour wheel, a turn being 1."""
    return clipped(np.abs((turns[..., None] * 6 + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1)


def hue_of(picture: Array) -> Array:
    """The turn of the colour wheel where each pixel stands."""
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    return np.arctan2(math.sqrt(3) * (green - blue), 2 * red - green - blue) / (2 * math.pi) % 1


def resized(array: Array, side: int, method: Image.Resampling = Image.Resampling.BILINEAR) -> Array:
    """Sampled at another side."""
    channels = [array] if array.ndim == 2 else [array[..., channel] for channel in range(array.shape[2])]
    made = [
        np.asarray(Image.fromarray(np.ascontiguousarray(each, PIXEL)).resize((side, side), method)) for each in channels
    ]
    return made[0] if array.ndim == 2 else np.stack(made, 2)


def noise(side: int, grain: float, dice: Dice) -> Array:
    """Clouds of about `grain` pixels, of mean 0 and deviation about 1."""
    if grain <= 1:
        return dice.standard_normal((side, side), PIXEL)
    coarse = dice.standard_normal((max(2, round(side / grain)),) * 2, PIXEL)
    return resized(coarse, side, Image.Resampling.BICUBIC) * 1.2


def coordinates(side: int) -> tuple[Array, Array]:
    """Rows and columns of all pixels."""
    y, x = np.mgrid[:side, :side].astype(PIXEL)
    return y, x


def turned(side: int, degrees: float) -> tuple[Array, Array]:
    """Coordinates along and across a direction."""
    y, x = coordinates(side)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return x * cosine + y * sine, y * cosine - x * sine


def streaks(side: int, length: float, width: float, degrees: float, dice: Dice) -> Array:
    """Noise in [0, 1] drawn out along a direction, as strokes of a pencil or fibres."""
    along, across = turned(side, degrees)
    seeds = dice.random((97, 193), PIXEL)
    result: Array = ndimage.map_coordinates(
        seeds, [along / length + across * 0.013, across / width], order=1, mode="grid-wrap"
    )
    return result


def bent(array: Array, down: Array, right: Array) -> Array:
    """Each pixel taken from where it is shifted to."""
    y, x = coordinates(array.shape[0])
    places = [y + down, x + right]
    channels = [array] if array.ndim == 2 else [array[..., channel] for channel in range(3)]
    made = [ndimage.map_coordinates(each, places, order=1, mode="nearest") for each in channels]
    return np.asarray(made[0] if array.ndim == 2 else np.stack(made, 2))


def trembled(array: Array, amount: float, grain: float, dice: Dice) -> Array:
    """As an unsteady hand would follow it."""
    side = array.shape[0]
    return bent(array, noise(side, grain, dice) * amount, noise(side, grain, dice) * amount)


def edges(picture: Array, width: float) -> Array:
    """(S, S): the height of the step between colours, in lines about `width` wide."""
    soft = blurred(picture, width)
    down, right = np.gradient(soft, axis=(0, 1))
    result: Array = np.sqrt(np.max(down * down + right * right, axis=2)) * (2.5 * width)
    return result


def drawn_lines(picture: Array, width: float, low: float = 0.08, high: float = 0.3) -> Array:
    """(S, S): 1 where a draughtsman would put a line."""
    heights = edges(picture, width * scale(picture))
    faint = max(float(np.percentile(heights[::3, ::3], 97)), 0.01)
    return step(heights * min(max(0.5 / faint, 1), 2.2), low, high)


def paper(side: int, shade: str, roughness: float, dice: Dice) -> Array:
    """A sheet with fibres and unevenness."""
    fibres = noise(side, 1.5, dice) * 0.6 + noise(side, 3, dice) * 0.4 + noise(side, 40, dice) * 0.4
    return clipped(plain(side, colour(shade)) + (fibres * roughness)[..., None])


def ground(picture: Array) -> Array:
    """(S, S): 1 on the plain ground around a subject; 0 everywhere where there is none."""
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    shade = np.median(border, 0)
    near = np.abs(picture - shade).max(2) < 0.07
    if float((np.abs(border - shade).max(1) < 0.07).mean()) < 0.6:
        return np.zeros(picture.shape[:2], PIXEL)
    labels, _ = ndimage.label(near)
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return blurred(np.isin(labels, rim[rim > 0]).astype(PIXEL), 0.7)


def volume(picture: Array) -> Array:
    """(S, S): a height as if the subject were a relief: round at its rim, its bright parts in front."""
    inside: Array = ndimage.distance_transform_edt(ground(picture) < 0.5)
    reach = 22 * scale(picture)
    return np.sqrt(clipped(inside / reach)) * 0.7 + blurred(tone(picture), 1.6) * 0.5


def lit(height: Array, degrees: float = 225) -> Array:
    """(S, S) around 0: light from that direction on a height."""
    down, right = np.gradient(height, axis=(0, 1))
    angle = math.radians(degrees)
    return np.asarray(right * -math.cos(angle) - down * math.sin(angle))


def directions(picture: Array, dice: Dice, wildness: float = 0.02) -> Array:
    """(S, S) radians: along the forms where there are any, in slowly changing directions elsewhere."""
    down, right = np.gradient(blurred(luminance(picture), 1.5))
    wild = noise(picture.shape[0], 48, dice) * math.pi
    both = blurred(np.stack([right * right - down * down, 2 * right * down], 2), 4)
    both -= np.stack([np.cos(wild), np.sin(wild)], 2) * wildness**2
    return np.arctan2(both[..., 1], both[..., 0]) / 2 + math.pi / 2


def neighbours(side: int, spacing: float, jitter: float, dice: Dice) -> tuple[Array, NDArray[np.intp]]:
    """Centres (N, 2) of a shaken grid, and which nine of them (9, S, S) are about each pixel."""
    count = math.ceil(side / spacing) + 2
    rows, columns = np.mgrid[:count, :count] - 0.5
    shaken = (dice.random((2, count, count)) - 0.5) * jitter
    centres = np.stack([(rows + shaken[0]) * spacing, (columns + shaken[1]) * spacing], 2).reshape(-1, 2)
    own = (np.arange(side) / spacing).astype(np.intp) + 1
    return centres.astype(PIXEL), np.stack(
        [(own + down)[:, None] * count + (own + right)[None] for down in (-1, 0, 1) for right in (-1, 0, 1)]
    )


def strokes(
    angles: Array, spacing: float, size: tuple[float, float], dice: Dice, jitter: float = 0.9
) -> tuple[NDArray[np.intp], Array, Array]:
    """Overlapping strokes of half a length and half a width: the stroke's pixel of colour, how far across (-1 to 1).

    The first is an index into the flat picture, -1 between strokes; the last says how far along.
    """
    side = angles.shape[0]
    centres, about = neighbours(side, spacing, jitter, dice)
    priority = dice.random(len(centres), PIXEL)
    places = np.clip(centres.round().astype(np.intp), 0, side - 1)
    source = places[:, 0] * side + places[:, 1]
    angle = angles.ravel()[source]
    cosine, sine = np.cos(angle), np.sin(angle)
    y, x = coordinates(side)
    best = np.full((side, side), -1, np.intp)
    rank = np.full((side, side), -1, PIXEL)
    across, along = np.zeros((side, side), PIXEL), np.zeros((side, side), PIXEL)
    for cell in about:
        down, right = y - centres[cell, 0], x - centres[cell, 1]
        u = (right * cosine[cell] + down * sine[cell]) / size[0]
        v = (down * cosine[cell] - right * sine[cell]) / size[1]
        wins = (np.abs(u) ** 3 + np.abs(v) ** 3 < 1) & (priority[cell] > rank)
        best = np.where(wins, source[cell], best)
        rank = np.where(wins, priority[cell], rank)
        across, along = np.where(wins, v, across), np.where(wins, u, along)
    return best, across, along


def cells(side: int, spacing: float, jitter: float, dice: Dice) -> tuple[NDArray[np.intp], Array, Array]:
    """Voronoi cells: labels, the distance in pixels to the next cell's border, and the centres."""
    centres, about = neighbours(side, spacing, jitter, dice)
    y, x = coordinates(side)
    first, second = np.full((side, side), np.inf, PIXEL), np.full((side, side), np.inf, PIXEL)
    label = np.zeros((side, side), np.intp)
    for cell in about:
        distance = np.hypot(y - centres[cell, 0], x - centres[cell, 1])
        nearer = distance < first
        second = np.where(nearer, first, np.minimum(second, distance))
        label = np.where(nearer, cell, label)
        first = np.where(nearer, distance, first)
    return label, (second - first) / 2, centres


def averaged(picture: Array, labels: NDArray[np.intp]) -> Array:
    """Each label's pixels in their mean colour."""
    flat = labels.ravel()
    amounts = np.maximum(np.bincount(flat), 1)
    means = [np.bincount(flat, picture[..., channel].ravel()) / amounts for channel in range(3)]
    return np.stack(means, 1)[labels]


def dots(values: Array, period: float, degrees: float) -> Array:
    """Halftone: (S, S) of ink, in dots that grow with the values."""
    along, across = turned(values.shape[0], degrees)
    wave = (np.cos(along * (2 * math.pi / period)) + np.cos(across * (2 * math.pi / period))) / 4 + 0.5
    return step(wave - (1 - values) * 1.04 + 0.02, -0.09, 0.09)


def smoothed(picture: Array, gap: int = 1) -> Array:
    """Small things wiped away, edges kept: the median of five, along the columns and then along the rows."""
    side = picture.shape[0]
    for axis in (0, 1):
        a, b, c, d, e = (
            np.take(picture, np.clip(np.arange(side) + shift * gap, 0, side - 1), axis) for shift in (-2, -1, 1, 2, 0)
        )
        low = np.maximum(np.minimum(a, b), np.minimum(c, d))
        high = np.minimum(np.maximum(a, b), np.maximum(c, d))
        picture = np.maximum(np.minimum(e, low), np.minimum(np.maximum(e, low), high))
    return picture


def flattened(picture: Array, levels: int, softness: float = 1.6) -> Array:
    """Flat shapes: small things wiped away, then few levels of each channel."""
    soft = smoothed(blurred(picture, softness * 0.4))
    return np.round(soft * (levels - 1)) / (levels - 1)


def vignette(side: int, strength: float) -> Array:
    """(S, S) of factors, darker towards the corners."""
    y, x = coordinates(side)
    away = np.hypot(y / side - 0.5, x / side - 0.5) / 0.707
    return 1 - strength * away**2.2
