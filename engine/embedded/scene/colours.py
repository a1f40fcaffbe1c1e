"""Colour words, and recolouring of a subject."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Colour:
    """A colour: hue in degrees, saturation and value 0 … 1, as usual for an object of that colour."""

    hue: float
    saturation: float
    value: float


COLOUR_WORDS = {
    "red": Colour(358, 0.85, 0.88),
    "crimson": Colour(348, 0.9, 0.75),
    "scarlet": Colour(6, 0.9, 0.9),
    "orange": Colour(27, 0.9, 0.98),
    "yellow": Colour(50, 0.82, 1.0),
    "golden": Colour(44, 0.75, 0.93),
    "gold": Colour(44, 0.75, 0.93),
    "lime": Colour(85, 0.8, 0.85),
    "green": Colour(125, 0.7, 0.68),
    "turquoise": Colour(174, 0.7, 0.82),
    "teal": Colour(180, 0.8, 0.55),
    "cyan": Colour(186, 0.75, 0.92),
    "blue": Colour(216, 0.78, 0.88),
    "navy": Colour(225, 0.8, 0.45),
    "indigo": Colour(250, 0.7, 0.6),
    "violet": Colour(268, 0.6, 0.8),
    "purple": Colour(278, 0.62, 0.72),
    "magenta": Colour(308, 0.8, 0.88),
    "pink": Colour(335, 0.42, 1.0),
    "brown": Colour(24, 0.62, 0.52),
    "beige": Colour(38, 0.25, 0.92),
    "black": Colour(30, 0.02, 0.15),
    "white": Colour(210, 0.02, 0.98),
    "gray": Colour(210, 0.04, 0.6),
    "grey": Colour(210, 0.04, 0.6),
    "silver": Colour(210, 0.06, 0.78),
}

# Words that modify a colour → `shade` of `shaded`.
SHADE_WORDS = {"dark": "dark", "deep": "dark", "light": "light", "pale": "pale", "bright": "bright", "neon": "bright"}


def shaded(colour: Colour, shade: str) -> Colour:
    """The colour made dark, light, pale or bright; unchanged for any other `shade`."""
    if shade == "dark":
        return replace(colour, value=colour.value * 0.6, saturation=min(1, colour.saturation * 1.1))
    if shade == "light":
        return replace(colour, value=min(1, colour.value * 1.1 + 0.08), saturation=colour.saturation * 0.6)
    if shade == "pale":
        return replace(colour, value=min(1, colour.value * 1.05 + 0.1), saturation=colour.saturation * 0.4)
    if shade == "bright":
        return replace(colour, value=min(1, colour.value * 1.15), saturation=min(1, colour.saturation * 1.15))
    return colour


def hue_saturation_value(pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(B, 3, H, W) in [0, 1] -> hue in degrees, saturation, value, each (B, H, W)."""
    value, least = pictures.amax(1), pictures.amin(1)
    spread = value - least
    red, green, blue = pictures.unbind(1)
    safe = spread.clamp_min(1e-6)
    hue = torch.where(
        value == red,
        ((green - blue) / safe) % 6,
        torch.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    return hue * 60 % 360, spread / value.clamp_min(1e-6), value


def from_hue_saturation_value(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """The inverse of `hue_saturation_value`."""
    channels = []
    for offset in (5.0, 3.0, 1.0):
        position = (offset + hue / 60) % 6
        channels.append(value - value * saturation * torch.minimum(position, 4 - position).clamp(0, 1))
    return torch.stack(channels, 1)


def object_mask(pictures: Tensor) -> Tensor:
    """(B, 3, H, W) on white -> (B, H, W) in [0, 1]: the object, all but the white connected to the border.

    White parts inside an outline belong to the object.
    """
    coloured = ((1 - pictures).amax(1, keepdim=True) > 0.06).float()
    side = 64
    coarse = F.interpolate(F.max_pool2d(coloured, 3, 1, 1), size=(side, side), mode="area").gt(0.35).float()
    background = torch.zeros_like(coarse)
    background[..., 0, :] = background[..., -1, :] = background[..., :, 0] = background[..., :, -1] = 1
    background *= 1 - coarse
    for _ in range(side):
        background = F.max_pool2d(background, 3, 1, 1) * (1 - coarse)
    near_background = F.interpolate(background, size=pictures.shape[2:], mode="nearest")
    near_background = F.max_pool2d(near_background, 9, 1, 4)  # including coarse cells with little of the object
    return F.avg_pool2d(1 - near_background * (1 - coloured), 3, 1, 1)[:, 0]


def _hue_difference(hue: Tensor, towards: Tensor | float) -> Tensor:
    """The signed difference of hues, -180 … 180 degrees."""
    return (towards - hue + 180) % 360 - 180


def main_hue(picture: Tensor, mask: Tensor) -> tuple[float, bool]:
    """The most frequent hue of a (3, H, W) object, in degrees, and whether the object is chromatic."""
    hue, saturation, value = (part[0] for part in hue_saturation_value(picture[None]))
    weight = mask * saturation * (value > 0.15)
    chromatic = (mask * (saturation > 0.22) * (value > 0.2)).sum() > 0.3 * (mask * (value > 0.2)).sum()
    bins = torch.zeros(36).index_add_(0, (hue.flatten() / 10).long().clamp(0, 35), weight.flatten())
    smooth = bins + bins.roll(1) + bins.roll(-1)
    return float(smooth.argmax()) * 10 + 5, bool(chromatic)


def share_of_colour(picture: Tensor, mask: Tensor, colour: Colour) -> float:
    """The share of a (3, H, W) object that has about the colour, 0 … 1."""
    hue, saturation, value = (part[0] for part in hue_saturation_value(picture[None]))
    near = (saturation - colour.saturation).abs() < 0.38
    near &= (value - colour.value).abs() < (0.33 if colour.saturation > 0.15 else 0.18)  # grey is not black
    if colour.saturation > 0.15:
        near &= _hue_difference(hue, colour.hue).abs() < 24
    return float((near.float() * mask).sum() / mask.sum().clamp_min(1))


def has_colour(picture: Tensor, mask: Tensor, colour: Colour) -> bool:
    """Whether most of a (3, H, W) object has the colour, and its main hue is within a few degrees."""
    if share_of_colour(picture, mask, colour) < 0.6:
        return False
    hue, _ = main_hue(picture, mask)
    return colour.saturation < 0.15 or abs((colour.hue - hue + 180) % 360 - 180) < 12


def recoloured(picture: Tensor, colour: Colour) -> Tensor:
    """(3, H, W) on white -> the same with the main colour of its object replaced; shading is kept.

    Parts of another hue (a leaf, a window), dark outlines and the background are unchanged.
    """
    mask = object_mask(picture[None])[0]
    hue, saturation, value = (part[0] for part in hue_saturation_value(picture[None]))
    main, chromatic = main_hue(picture, mask)
    if chromatic:
        near = 1 - ((_hue_difference(hue, main).abs() - 30) / 25).clamp(0, 1)
        member = near * ((saturation - 0.12) / 0.15).clamp(0, 1)
        member = member * ((value - 0.12) / 0.1).clamp(0, 1)
    else:
        member = 1 - ((saturation - 0.2) / 0.15).clamp(0, 1)
        member = member * ((value - 0.22) / 0.15).clamp(0, 1)
    member = member * mask
    total = member.sum().clamp_min(1)
    usual_value = float((member * value).sum() / total)
    usual_saturation = float((member * saturation).sum() / total)
    if chromatic:
        new_saturation = (saturation * (colour.saturation / max(usual_saturation, 0.1))).clamp(0, 1)
        # An anti-aliased edge is the colour mixed with white: it keeps its share of white.
        edge = (saturation / max(usual_saturation, 0.1)).clamp(0, 1)
    else:
        new_saturation = torch.full_like(saturation, colour.saturation)
        edge = torch.ones_like(saturation)
    shaded = (value / max(usual_value, 0.1) * colour.value).clamp(0, 1)
    if colour.value > 0.9 and colour.saturation < 0.1:  # white keeps its shading as faint grey
        shaded = (colour.value + (value - usual_value) * 0.5).clamp(0.6, 1)
    new_value = shaded * edge + value * (1 - edge)
    new_hue = (colour.hue + _hue_difference(torch.full_like(hue, main), hue).clamp(-12, 12)) % 360
    changed = from_hue_saturation_value(new_hue[None], new_saturation[None], new_value[None])[0]
    return picture + member * (changed - picture)


def dyed(picture: Tensor, mask: Tensor, colour: Colour) -> Tensor:
    """(3, H, W) with all of its object in one colour, shading kept: for an object without a main colour."""
    hue, saturation, value = (part[:1] for part in hue_saturation_value(picture[None]))
    shade = (0.62 + 0.5 * value).clamp(0, 1)
    whole = from_hue_saturation_value(
        torch.full_like(hue, colour.hue), torch.full_like(saturation, colour.saturation), colour.value * shade
    )[0]
    return picture + mask * (whole - picture)


def in_colour(picture: Tensor, mask: Tensor, colour: Colour) -> Tensor:
    """(3, H, W) in the colour: unchanged, with its main colour replaced, or dyed if that changes little."""
    if has_colour(picture, mask, colour):
        return picture
    exchanged = recoloured(picture, colour)
    return exchanged if share_of_colour(exchanged, mask, colour) > 0.28 else dyed(picture, mask, colour)
