"""Palettes: nearest colours, exactly or softly, dithering, and palettes extracted from pictures.

Distances are in OKLab (Ottosson 2020), which is perceptually uniform: in RGB a dark blue is near to black, a pale
yellow far from white, and most colours are nearest to greens. Its two colour axes have a weight of 2, as in CSS Color
4's ΔE-OK2, because a wrong hue is worse than a wrong lightness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

HUE_WEIGHT: Final = 2.0  # of OKLab's a and b, relative to lightness
EPSILON: Final = 1e-4  # added under the cube roots, whose gradient at black is infinite
BINS: Final = 32  # for each channel, of the colour histogram
ROUNDS: Final = 12  # of k-means
COLOURFUL: Final = 0.2  # standard deviation of a palette's hues from which on they have full weight
DITHER: Final = 0.5  # of the palette's spacing: with 1, plain backgrounds get dots

# From linear sRGB to the cones' responses, and from their cube roots to lightness, green-red and blue-yellow.
_TO_CONES: Final = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB: Final = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)

_BAYER: Final = ((0, 2), (3, 1))


def oklab(colours: Tensor) -> Tensor:
    """(..., 3) sRGB in [0, 1] → (..., 3) OKLab, a and b doubled; white is near (1, 0, 0). Differentiable."""
    curved = ((colours.clamp_min(0.04045) + 0.055) / 1.055).pow(2.4)
    linear = torch.where(colours > 0.04045, curved, colours.clamp_min(0) / 12.92)
    cones = (_transformed(_TO_CONES, linear) + EPSILON).pow(1 / 3)
    lightness, red, yellow = _transformed(_TO_LAB, cones).unbind(-1)
    return torch.stack([lightness, HUE_WEIGHT * red, HUE_WEIGHT * yellow], -1)


def nearest(pictures: Tensor, palette: Tensor) -> Tensor:
    """(B, H, W) indices of the nearest palette colours, of (K, 3) or (B, K, 3), for the pixels of (B, 3, H, W)."""
    with torch.no_grad():
        pixels, points = oklab(pictures.permute(0, 2, 3, 1)), oklab(_batched(palette, len(pictures)))
        # |p|² - 2x·p has the order of |x - p|², at a fifth of the work.
        scores = points.square().sum(-1)[:, None] - 2 * pixels.flatten(1, 2) @ points.transpose(1, 2)
        return scores.argmin(-1).view(pixels.shape[:3])


def picked(indices: Tensor, palette: Tensor) -> Tensor:
    """(B, 3, H, W): the palette's colours, (K, 3) or (B, K, 3), at indices (B, H, W)."""
    rows = _batched(palette, len(indices)).transpose(1, 2)  # (B, 3, K)
    where = indices.flatten(1).unsqueeze(1).expand(-1, 3, -1)
    return rows.gather(2, where).view(len(indices), 3, *indices.shape[1:])


def blended(distances: Tensor, palette: Tensor, temperature: Tensor | float) -> Tensor:
    """(B, 3, H, W): each pixel a softmax blend of the palette's colours by its `colour_distances` (B, K, H, W).

    `temperature` is a squared distance in OKLab, a number or (B,): the lower, the closer to the nearest colour alone.
    Differentiable.
    """
    heat = torch.as_tensor(temperature, device=distances.device).reshape(-1, 1, 1, 1)
    shares = (-distances / heat).softmax(1)
    return torch.einsum("bkhw,bkc->bchw", shares, _batched(palette, len(distances)))


def nearest_with_neighbours(distances: Tensor, weight: Tensor, *, periodic: bool = False) -> Tensor:
    """(B, H, W) indices of the nearest colours by distances (B, K, H, W), smoothed by the eight neighbours.

    Each neighbour lowers the distance of its own colour by an eighth of `weight` (B,): one round of Besag's iterated
    conditional modes (1986). A stray pixel that differs little gets the colour around it; one that differs much, such
    as an eye, stays. The padding is replicated, or circular if the picture is `periodic`.
    """
    alone = F.one_hot(distances.argmin(1), distances.shape[1]).permute(0, 3, 1, 2).to(distances)
    around = F.pad(alone, (1, 1, 1, 1), mode="circular" if periodic else "replicate")
    others = (9 * F.avg_pool2d(around, 3, stride=1) - alone) / 8
    return (distances - weight.view(-1, 1, 1, 1) * others).argmin(1)


def palette_distance(pictures: Tensor, palette: Tensor) -> Tensor:
    """(B,) mean squared distance of the pixels of (B, 3, H, W) to their nearest colour, black to white being 1.

    Differentiable: a regulariser.
    """
    target = oklab(picked(nearest(pictures, palette), palette).permute(0, 2, 3, 1))
    return (oklab(pictures.permute(0, 2, 3, 1)) - target).square().sum(-1).mean((1, 2))


def colour_distances(pictures: Tensor, palette: Tensor) -> Tensor:
    """(B, K, H, W) squared distances in OKLab of the pixels of (B, 3, H, W) to the colours (K, 3) or (B, K, 3)."""
    return _squared_distances(oklab(pictures.permute(0, 2, 3, 1)), oklab(_batched(palette, len(pictures))))


def toned_distances(pictures: Tensor, tones: Tones, dither: int = 0) -> Tensor:
    """(B, K, H, W) as `colour_distances`, but from the palettes' tones.

    With a `dither` of 2, 4 or 8 pixels a Bayer pattern, scaled by the palette's spacing, is added to the lightness, so
    that the nearest colours of an area average to its own.
    """
    pixels = oklab(pictures.permute(0, 2, 3, 1))
    if dither:
        height, width = pictures.shape[-2:]
        pattern = thresholds(dither, pixels.device).repeat(-(-height // dither), -(-width // dither))[:height, :width]
        lightness = pixels[..., 0] + DITHER * tones.spacing[:, None, None] * pattern
        pixels = torch.cat([lightness.unsqueeze(-1), pixels[..., 1:]], -1)
    weights = torch.stack([torch.ones_like(tones.colourful), tones.colourful, tones.colourful], -1)
    return _squared_distances(pixels * weights[:, None, None], tones.points)


@dataclass(frozen=True, slots=True)
class Tones:
    """Points in OKLab with which pixels are compared to find their colours in B palettes."""

    points: Tensor  # (B, K, 3)
    colourful: Tensor  # (B,) weight of hues, 0 … 1
    spacing: Tensor  # (B,) mean distance of a point from its nearest other


def exact_tones(palettes: Tensor) -> Tones:
    """The colours of palettes (B, K, 3) themselves: for palettes extracted from the picture."""
    points = oklab(palettes)
    return Tones(points, torch.ones_like(points[:, 0, 0]), _mean_spacing(points))


def fitted_tones(palettes: Tensor) -> Tones:
    """Points for other palettes (B, K, 3): the fewer hues one has, the less hues count, and the more evenly its points
    are spread from black to white.

    Otherwise the Game Boy's four greens could only match green pixels, and mostly with two of them.
    """
    lightness, hues = oklab(palettes).tensor_split([1], -1)
    middle = hues.mean(1, keepdim=True)
    colourful = ((hues - middle).square().sum(-1).mean(1).sqrt() / COLOURFUL).clamp(max=1)
    share = colourful[:, None, None]
    evenly = lightness.argsort(dim=1, stable=True).argsort(dim=1) / max(1, lightness.shape[1] - 1)
    points = torch.cat([torch.lerp(evenly, lightness, share), share * (hues - (1 - share) * middle)], -1)
    return Tones(points, colourful, _mean_spacing(points))


def thresholds(side: int, device: torch.device | None = None) -> Tensor:
    """(side, side) Bayer matrix (1973): side² evenly spaced thresholds in -0.5 … 0.5, of mean 0."""
    matrix = torch.zeros(1, 1, device=device)
    while len(matrix) < side:
        matrix = torch.cat([torch.cat([4 * matrix + each for each in row], 1) for row in _BAYER])
    return (matrix + 0.5) / matrix.numel() - 0.5


def palette_of(picture: Tensor, colours: int, start: Tensor | None = None) -> Tensor:
    """(K, 3) palette extracted from a picture (3, H, W) in [0, 1], darkest first. Deterministic.

    K-means in OKLab over the picture's colours, each weighted by the root of its area so that small bright things are
    not lost to a large background; `start` is an initial palette, from a similar picture. A picture with fewer colours
    has some repeated.
    """
    bins, weights = _histogram(picture)
    points = oklab(bins)
    centres = points[_initial_centres(points, weights, colours)] if start is None else oklab(start.cpu())
    for _ in range(ROUNDS):
        distances = torch.cdist(centres, points)
        shares = F.one_hot(distances.argmin(0), len(centres)).float().T * weights  # (K, N)
        mass = shares.sum(1, keepdim=True)
        farthest = (distances.amin(0) * weights).argmax()  # for centres without members
        centres = torch.where(mass > 0, shares @ points / mass.clamp_min(1e-12), points[farthest])
    means = torch.where(mass > 0, shares @ bins / mass.clamp_min(1e-12), bins[farthest])
    return means[oklab(means)[:, 0].argsort(stable=True)].to(picture.device)


def _histogram(picture: Tensor) -> tuple[Tensor, Tensor]:
    """The mean colours (N, 3) of the used bins of a picture's histogram, and their weights (N,)."""
    pixels = picture.detach().float().cpu().flatten(1).T.clamp(0, 1)
    steps = (pixels * (BINS - 1)).round().long()
    bins = steps @ torch.tensor([BINS * BINS, BINS, 1])
    counts = torch.bincount(bins, minlength=BINS**3)
    sums = torch.zeros(BINS**3, 3).index_add_(0, bins, pixels)
    used = counts > 0
    return sums[used] / counts[used, None], counts[used].float().sqrt()


def _initial_centres(points: Tensor, weights: Tensor, count: int) -> Tensor:
    """(count,) indices of k-means' initial centres: the heaviest point, then the greatest weight times distance."""
    chosen = [int(weights.argmax())]
    far = (points - points[chosen[0]]).square().sum(1)
    while len(chosen) < count:
        chosen.append(int((far * weights).argmax()))
        far = torch.minimum(far, (points - points[chosen[-1]]).square().sum(1))
    return torch.tensor(chosen)


def _squared_distances(pixels: Tensor, points: Tensor) -> Tensor:
    """(B, K, H, W) of pixels (B, H, W, 3) and points (B, K, 3)."""
    pixels, points = pixels.unsqueeze(1), points[:, :, None, None]
    # One axis at a time, for a third of the memory.
    lightness, red, yellow = ((pixels[..., axis] - points[..., axis]).square() for axis in range(3))
    return lightness + red + yellow


def _mean_spacing(points: Tensor) -> Tensor:
    """(..., K, 3) → (...): mean distance of a point from its nearest other, ignoring equal points."""
    distances = (points.unsqueeze(-2) - points.unsqueeze(-3)).square().sum(-1)
    distances = torch.where(distances < 1e-8, torch.inf, distances).amin(-1).sqrt()
    known = distances.isfinite()
    return torch.where(known, distances, 0).sum(-1) / known.sum(-1).clamp_min(1)


def _batched(palette: Tensor, batch: int) -> Tensor:
    """(B, K, 3) of a palette (K, 3) for all pictures, or of palettes (B, K, 3)."""
    return palette.expand(batch, -1, -1) if palette.dim() == 2 else palette


def _transformed(matrix: tuple[tuple[float, float, float], ...], colours: Tensor) -> Tensor:
    """The matrix applied to the last dimension, as sums: a matrix product would be rounded to TF32 on some GPUs."""
    red, green, blue = colours.unbind(-1)
    return torch.stack([row[0] * red + row[1] * green + row[2] * blue for row in matrix], -1)
