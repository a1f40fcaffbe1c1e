"""Pictures in few colours: which colour of a palette is nearest, softly or exactly, and palettes taken from pictures.

Nearness is that of OKLab (Ottosson 2020), in which equal distances look about equally different: in plain RGB a dark
blue counts as near to black and a pale yellow as far from white, and greens swallow everything. Its two colour axes
count twice, as in CSS Color 4's ΔE-OK2, because a wrong hue is worse than a wrong shade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

HUE_WEIGHT: Final = 2.0  # of OKLab's a and b against its lightness
LIFT: Final = 1e-4  # under the cube roots, whose slope at black has no limit
BINS: Final = 32  # a channel's steps when the colours of a picture are counted
ROUNDS: Final = 12  # of k-means
COLOURFUL: Final = 0.2  # spread of the hues of a palette from which on they count in full
DITHER: Final = 0.5  # of the palette's spacing: a full one sprinkles plain grounds with dots

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
    """(..., 3) sRGB in [0, 1] → (..., 3) OKLab, a and b twice as large: white is near (1, 0, 0). Differentiable."""
    curved = ((colours.clamp_min(0.04045) + 0.055) / 1.055).pow(2.4)
    linear = torch.where(colours > 0.04045, curved, colours.clamp_min(0) / 12.92)
    cones = (_applied(_TO_CONES, linear) + LIFT).pow(1 / 3)
    lightness, red, yellow = _applied(_TO_LAB, cones).unbind(-1)
    return torch.stack([lightness, HUE_WEIGHT * red, HUE_WEIGHT * yellow], -1)


def nearest(pictures: Tensor, palette: Tensor) -> Tensor:
    """(B, H, W) which of the colours (K, 3) or (B, K, 3) is nearest to each pixel of (B, 3, H, W)."""
    with torch.no_grad():
        seen, points = oklab(pictures.permute(0, 2, 3, 1)), oklab(_one_each(palette, len(pictures)))
        # |p|² - 2x·p orders as |x - p|² does, and is a fifth of the work of all differences.
        scores = points.square().sum(-1)[:, None] - 2 * seen.flatten(1, 2) @ points.transpose(1, 2)
        return scores.argmin(-1).view(seen.shape[:3])


def picked(indices: Tensor, palette: Tensor) -> Tensor:
    """(B, 3, H, W) of exactly the palette's colours, (K, 3) or (B, K, 3), that the indices (B, H, W) name."""
    rows = _one_each(palette, len(indices)).transpose(1, 2)  # (B, 3, K)
    where = indices.flatten(1).unsqueeze(1).expand(-1, 3, -1)
    return rows.gather(2, where).view(len(indices), 3, *indices.shape[1:])


def softly(pictures: Tensor, palette: Tensor, temperature: Tensor | float) -> Tensor:
    """(B, 3, H, W) each pixel a blend of the colours near to it; the colder, the nearer to the nearest alone.

    `temperature` is a squared distance in OKLab, a number or (B,). Differentiable in pictures and palette.
    """
    return blended(colour_distances(pictures, palette), palette, temperature)


def blended(distances: Tensor, palette: Tensor, temperature: Tensor | float) -> Tensor:
    """`softly` where the distances (B, K, H, W) are known."""
    heat = torch.as_tensor(temperature, device=distances.device).reshape(-1, 1, 1, 1)
    shares = (-distances / heat).softmax(1)
    return torch.einsum("bkhw,bkc->bchw", shares, _one_each(palette, len(distances)))


def among_neighbours(distances: Tensor, weight: Tensor, *, periodic: bool = False) -> Tensor:
    """(B, H, W) the colour that is nearest by distances (B, K, H, W) when the eight neighbours have a say as well.

    A neighbour of a colour lowers that colour's distance by an eighth of `weight` (B,): one round of Besag's iterated
    conditional modes (1986). A stray pixel that hardly differs takes the colour around it, an eye that differs much
    stays. Beyond the edge the edge goes on, or the other side where the picture is `periodic`.
    """
    alone = F.one_hot(distances.argmin(1), distances.shape[1]).permute(0, 3, 1, 2).to(distances)
    around = F.pad(alone, (1, 1, 1, 1), mode="circular" if periodic else "replicate")
    others = (9 * F.avg_pool2d(around, 3, stride=1) - alone) / 8
    return (distances - weight.view(-1, 1, 1, 1) * others).argmin(1)


def palette_distance(pictures: Tensor, palette: Tensor) -> Tensor:
    """(B,) mean squared distance of the pixels of (B, 3, H, W) to their nearest colour, black to white being 1.

    Differentiable, as a soft term for styles that are not bound to a palette.
    """
    wanted = oklab(picked(nearest(pictures, palette), palette).permute(0, 2, 3, 1))
    return (oklab(pictures.permute(0, 2, 3, 1)) - wanted).square().sum(-1).mean((1, 2))


def colour_distances(pictures: Tensor, palette: Tensor) -> Tensor:
    """(B, K, H, W) squared distances in OKLab of the pixels of (B, 3, H, W) to the colours (K, 3) or (B, K, 3)."""
    return _squared_distances(oklab(pictures.permute(0, 2, 3, 1)), oklab(_one_each(palette, len(pictures))))


def toned_distances(pictures: Tensor, tones: Tones, dither: int = 0) -> Tensor:
    """(B, K, H, W) as `colour_distances`, but to the palettes' tones.

    With a `dither` of 2, 4 or 8 pixels Bayer's thresholds are added to the lightness, over the palette's spacing, so
    that the nearest colours of an area average to its own.
    """
    seen = oklab(pictures.permute(0, 2, 3, 1))
    if dither:
        height, width = pictures.shape[-2:]
        pattern = thresholds(dither, seen.device).repeat(-(-height // dither), -(-width // dither))[:height, :width]
        lightness = seen[..., 0] + DITHER * tones.spacing[:, None, None] * pattern
        seen = torch.cat([lightness.unsqueeze(-1), seen[..., 1:]], -1)
    weights = torch.stack([torch.ones_like(tones.colourful), tones.colourful, tones.colourful], -1)
    return _squared_distances(seen * weights[:, None, None], tones.points)


@dataclass(frozen=True, slots=True)
class Tones:
    """Where the colours of B palettes stand for matching pictures."""

    points: Tensor  # (B, K, 3) as OKLab
    colourful: Tensor  # (B,) 0 … 1, how much hues count
    spacing: Tensor  # (B,) the mean distance of a point to its nearest other


def own_tones(palettes: Tensor) -> Tones:
    """The colours of palettes (B, K, 3) as they are: for those that were taken from the picture itself."""
    points = oklab(palettes)
    return Tones(points, torch.ones_like(points[:, 0, 0]), _to_nearest_other(points))


def fitted_tones(palettes: Tensor) -> Tones:
    """Palettes (B, K, 3) of any origin: the fewer hues one has, the less hues count, and the more evenly its shades
    are taken to be spread from black to white.

    Otherwise the Game Boy's four greens could only draw what is green, and mostly in two of them.
    """
    lightness, hues = oklab(palettes).tensor_split([1], -1)
    middle = hues.mean(1, keepdim=True)
    colourful = ((hues - middle).square().sum(-1).mean(1).sqrt() / COLOURFUL).clamp(max=1)
    share = colourful[:, None, None]
    evenly = lightness.argsort(dim=1, stable=True).argsort(dim=1) / max(1, lightness.shape[1] - 1)
    points = torch.cat([torch.lerp(evenly, lightness, share), share * (hues - (1 - share) * middle)], -1)
    return Tones(points, colourful, _to_nearest_other(points))


def thresholds(side: int, device: torch.device | None = None) -> Tensor:
    """(side, side) Bayer's matrix (1973): side² evenly spaced thresholds in -0.5 … 0.5 whose mean is 0."""
    matrix = torch.zeros(1, 1, device=device)
    while len(matrix) < side:
        matrix = torch.cat([torch.cat([4 * matrix + each for each in row], 1) for row in _BAYER])
    return (matrix + 0.5) / matrix.numel() - 0.5


def palette_of(picture: Tensor, colours: int, begins: Tensor | None = None) -> Tensor:
    """(K, 3) the K colours that stand best for a picture (3, H, W) in [0, 1], darkest first; the same every time.

    K-means in OKLab over the picture's colours, each weighed by the root of its area so that a small bright thing is
    not lost to a large ground; from the palette `begins` on, where one was taken from a picture like it. A picture
    with fewer colours has some repeated.
    """
    found, weights = _counted(picture)
    points = oklab(found)
    centres = points[_spread_out(points, weights, colours)] if begins is None else oklab(begins.cpu())
    for _ in range(ROUNDS):
        apart = torch.cdist(centres, points)
        shares = F.one_hot(apart.argmin(0), len(centres)).float().T * weights  # (K, N)
        mass = shares.sum(1, keepdim=True)
        farthest = (apart.amin(0) * weights).argmax()  # where a colour goes that nothing is near to
        centres = torch.where(mass > 0, shares @ points / mass.clamp_min(1e-12), points[farthest])
    means = torch.where(mass > 0, shares @ found / mass.clamp_min(1e-12), found[farthest])
    return means[oklab(means)[:, 0].argsort(stable=True)].to(picture.device)


def _counted(picture: Tensor) -> tuple[Tensor, Tensor]:
    """The colours (N, 3) of a picture and their weights (N,): like colours are one, of their mean."""
    pixels = picture.detach().float().cpu().flatten(1).T.clamp(0, 1)
    steps = (pixels * (BINS - 1)).round().long()
    bins = steps @ torch.tensor([BINS * BINS, BINS, 1])
    counts = torch.bincount(bins, minlength=BINS**3)
    sums = torch.zeros(BINS**3, 3).index_add_(0, bins, pixels)
    used = counts > 0
    return sums[used] / counts[used, None], counts[used].float().sqrt()


def _spread_out(points: Tensor, weights: Tensor, count: int) -> Tensor:
    """(count,) where k-means begins: the heaviest point, then always the one that is heaviest times farthest."""
    chosen = [int(weights.argmax())]
    far = (points - points[chosen[0]]).square().sum(1)
    while len(chosen) < count:
        chosen.append(int((far * weights).argmax()))
        far = torch.minimum(far, (points - points[chosen[-1]]).square().sum(1))
    return torch.tensor(chosen)


def _squared_distances(seen: Tensor, points: Tensor) -> Tensor:
    """(B, H, W, 3) to (B, K, 3) → (B, K, H, W)."""
    seen, points = seen.unsqueeze(1), points[:, :, None, None]
    # One axis at a time: all three differences at once would be three times the memory.
    lightness, red, yellow = ((seen[..., axis] - points[..., axis]).square() for axis in range(3))
    return lightness + red + yellow


def _to_nearest_other(points: Tensor) -> Tensor:
    """(..., K, 3) → (...): the mean distance of a point to its nearest other; of equal points only one counts."""
    apart = (points.unsqueeze(-2) - points.unsqueeze(-3)).square().sum(-1)
    apart = torch.where(apart < 1e-8, torch.inf, apart).amin(-1).sqrt()
    known = apart.isfinite()
    return torch.where(known, apart, 0).sum(-1) / known.sum(-1).clamp_min(1)


def _one_each(palette: Tensor, batch: int) -> Tensor:
    """(B, K, 3) from the palette of all pictures or of each."""
    return palette.expand(batch, -1, -1) if palette.dim() == 2 else palette


def _applied(matrix: tuple[tuple[float, float, float], ...], colours: Tensor) -> Tensor:
    """The matrix on the last dimension, in sums: a matrix product would be rounded to TF32 on some GPUs."""
    red, green, blue = colours.unbind(-1)
    return torch.stack([row[0] * red + row[1] * green + row[2] * blue for row in matrix], -1)
