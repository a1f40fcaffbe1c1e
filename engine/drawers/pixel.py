"""The `pixel` style: a coarse grid of colours, enlarged so that every cell is a clean square.

With a palette a cell's own colour fades into a blend of the palette's colours that are near to it; the blends narrow
from step to step, and from 70 % of the steps on each cell is exactly one of them. Gradients pass to the cell's own
colour as if it were shown itself (straight-through, Bengio et al. 2013).
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from engine import quantisation
from engine.camera import warped
from engine.drawers.drawer import Drawer, ParameterGroup
from engine.drawers.spectrum import Spectrum
from engine.models import Models
from engine.presets import Plan
from engine.quantisation import Tones
from engine.starts import Opening, fractal_noise

CELLS: Final = 40  # wanted along the shorter side, as in Text2Art's square grid
SPREAD: Final = 1 / 12  # variance of a colour that could be any
SOFT_SHARE: Final = 0.7  # of the steps, in which cells blend colours of the palette
FREE_SHARE: Final = 0.5  # of these, in which the cells' own colours fade into the blends
SOFTNESS: Final = 0.4  # of the palette's spacing: how far a blend reaches at the first step
COLDEST: Final = 1e-6  # temperature that is never gone below
SAY: Final = 0.35  # of the palette's spacing: how far neighbours may lead a cell off its nearest colour
DITHER_SIDE: Final = 4  # cells of the pattern
REFINING: Final = 0.2  # of the way that a taken colour goes to the mean of its cells, a step
FEW_HUES: Final = 0.5  # palettes of which hues count less than this are used by their shades alone
LOOKS: Final = 3  # points along a cell's side at which a picture is looked at


class PixelDrawer(Drawer):
    """Moves the frequencies of the grid of cells: cells moved one by one would be noise."""

    def __init__(
        self, plan: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        self._cell = cell_of(plan)
        self._grid = (plan.height // self._cell, plan.width // self._cell)
        self._dither = DITHER_SIDE if plan.dither else 0
        self._tile = plan.tile
        self._soft_steps = math.ceil(SOFT_SHARE * plan.iterations)
        begun = [
            fractal_noise(self._grid[1], self._grid[0], generator)
            if opening.begins is None
            else F.adaptive_avg_pool2d(opening.begins.cpu(), self._grid)
            for opening, generator in zip(openings, generators, strict=True)
        ]
        held = [
            start if opening.held is None else opening.held.cpu()
            for start, opening in zip(begun, openings, strict=True)
        ]
        self._spectrum = Spectrum(*self._grid, models.device, periodic=plan.tile)
        self._waves = self._spectrum.parameters(torch.stack(begun)).requires_grad_()
        self._cells: Tensor | None = None
        self._steps = torch.zeros((), device=models.device)
        waits = [0.0 if opening.held is None else FREE_SHARE for opening in openings]
        self._waits = torch.tensor(waits, device=models.device)[:, None, None]
        self._limits = _limits_of(plan, openings, held, models.device)
        self._held = torch.stack([start.to(models.device) for start in begun])
        for row, opening in enumerate(openings):
            if opening.held is not None:
                self._held[row] = self._in_cells(held[row][None].to(models.device), row)[0]

    def groups(self) -> list[ParameterGroup]:
        return [ParameterGroup([self._waves])]

    def render(self) -> Tensor:
        shown = self._cells = self._spectrum.pictures(self._waves)
        if self._limits is not None:
            limited = self._limited(shown.detach(), self._limits)
            shown = limited + (shown - shown.detach())  # exactly the limited values: the difference is 0
        return shown.repeat_interleave(self._cell, -2).repeat_interleave(self._cell, -1)

    @torch.no_grad()
    def constrain(self) -> None:
        if self._limits is not None and self._limits.taken:
            self._refine(self._limits, self._colours().detach())
        self._cells = None  # they are of the waves as they were
        self._steps += 1

    def strayed(self) -> Tensor:
        return (self._colours() - self._held).square().sum(1).mean((1, 2)) / SPREAD

    @torch.no_grad()
    def hold_to(self, pictures: Tensor) -> None:
        if self._limits is not None and self._limits.taken:
            before, looks = self._limits.seen, self._looks(pictures)
            after = [quantisation.palette_of(look, len(seen), seen) for look, seen in zip(looks, before, strict=True)]
            before.copy_(torch.stack(after))
        for row in range(len(pictures)):
            self._held[row] = self._in_cells(pictures[row : row + 1], row)[0]

    @torch.no_grad()
    def move(self, matrix: Tensor) -> None:
        self._waves.copy_(self._spectrum.parameters(warped(self._colours(), matrix)))
        self._cells = None
        self._held.copy_(warped(self._held, matrix))

    def tensors(self) -> dict[str, Tensor]:
        own = {"waves": self._waves, "held": self._held, "steps": self._steps}
        return own if self._limits is None else {**own, "seen": self._limits.seen}

    @torch.no_grad()
    def finish(self) -> None:
        """Show exact colours from now on, however few steps were done."""
        self._steps.fill_(self._soft_steps)

    @torch.no_grad()
    def exports(self, index: int) -> dict[str, bytes]:
        """The picture at one pixel a cell, as a PNG with a palette where the colours are limited."""
        colours = self._spectrum.pictures(self._waves[index : index + 1])
        if self._limits is None:
            native = Image.fromarray(_bytes(colours[0].permute(1, 2, 0)).numpy())
        else:
            limits = self._limits.of(index)
            native = Image.fromarray(self._chosen(colours, limits)[0].byte().cpu().numpy())
            native.putpalette(_bytes(limits.shown[0]).flatten().tolist())
        buffer = io.BytesIO()
        native.save(buffer, format="PNG", optimize=True)
        return {"native.png": buffer.getvalue()}

    def _colours(self) -> Tensor:
        """(B, 3, rows, columns) in [0, 1]: the cells' own colours as last rendered."""
        if self._cells is None:
            self._cells = self._spectrum.pictures(self._waves)
        return self._cells

    def _limited(self, colours: Tensor, limits: _Limits) -> Tensor:
        """(B, 3, rows, columns): their own colours at first, then blends of the palette's, later one of them."""
        tones = limits.tones()
        distances = quantisation.toned_distances(colours, tones, self._dither)
        warmth = (1 - self._steps / self._soft_steps).clamp_min(0) * SOFTNESS * tones.spacing
        blends = quantisation.blended(distances, limits.shown, warmth.square() + COLDEST)
        blends = torch.lerp(colours, blends, (self._steps / (FREE_SHARE * self._soft_steps)).clamp(max=1))
        exact = quantisation.picked(self._nearest(distances, tones), limits.shown)
        return torch.where(self._steps < self._soft_steps, blends, exact)

    def _chosen(self, colours: Tensor, limits: _Limits) -> Tensor:
        """(B, rows, columns) which colour each cell takes."""
        tones = limits.tones()
        return self._nearest(quantisation.toned_distances(colours, tones, self._dither), tones)

    def _nearest(self, distances: Tensor, tones: Tones) -> Tensor:
        if self._dither:  # a pattern is made of stray cells: they stay
            return distances.argmin(1)
        return quantisation.among_neighbours(distances, (SAY * tones.spacing).square(), periodic=self._tile)

    @torch.no_grad()
    def _in_cells(self, picture: Tensor, row: int) -> Tensor:
        """(1, 3, rows, columns) of a picture (1, 3, H, W): the colour that most of a cell has.

        A mean would give every edge a seam of colours between; where they are free or dithered, that is what is wanted.
        """
        if self._limits is None or self._dither:
            return F.adaptive_avg_pool2d(picture, self._grid)
        limits = self._limits.of(row)
        distances = quantisation.toned_distances(self._looks(picture), limits.tones())
        votes = F.one_hot(distances.argmin(1), distances.shape[1]).permute(0, 3, 1, 2).float()
        most = F.avg_pool2d(votes, LOOKS).argmax(1)
        return quantisation.picked(most, limits.seen)

    def _looks(self, pictures: Tensor) -> Tensor:
        rows, columns = self._grid
        return F.adaptive_avg_pool2d(pictures, (LOOKS * rows, LOOKS * columns))

    def _refine(self, limits: _Limits, colours: Tensor) -> None:
        """The taken colours a little nearer to the means of their cells (Lloyd 1982), while cells show blends.

        Those of an opening are right until the picture is: they wait. A colour that no cell wears goes to the cell
        that is farthest from all colours.
        """
        apart, wearer = quantisation.colour_distances(colours, limits.seen).flatten(2).min(1)  # (B, N)
        wears = F.one_hot(wearer, limits.seen.shape[1]).float()
        counts = wears.sum(1)[..., None]
        cells = colours.flatten(2).transpose(1, 2)  # (B, N, 3)
        means = torch.einsum("bnk,bnc->bkc", wears, cells) / counts.clamp_min(1)
        farthest = cells.gather(1, apart.argmax(1)[:, None, None].expand(-1, 1, 3))
        moved = torch.where(counts > 0, torch.lerp(limits.seen, means, REFINING), farthest)
        ripe = (self._steps >= self._waits * self._soft_steps) & (self._steps < self._soft_steps)
        limits.seen.copy_(torch.where(ripe, moved, limits.seen))


@dataclass(frozen=True, slots=True)
class _Limits:
    """The few colours of each picture."""

    seen: Tensor  # (B, K, 3) the colours of the picture that are told apart
    shown: Tensor  # (B, K, 3) what is shown for each; `seen` itself where they were taken from the picture to be shown
    taken: bool  # whether `seen` comes from the picture; else it is the palette, and the picture is fitted to its tones

    def of(self, index: int) -> _Limits:
        """Those of one picture."""
        return _Limits(self.seen[index : index + 1], self.shown[index : index + 1], self.taken)

    def tones(self) -> Tones:
        return quantisation.own_tones(self.seen) if self.taken else quantisation.fitted_tones(self.seen)


def cell_of(planned: Plan) -> int:
    """Pixels of a cell's side in a picture of style pixel."""
    return planned.width // planned.columns if planned.columns else cell_side(planned.width, planned.height)


def cell_side(width: int, height: int) -> int:
    """Pixels of a cell's side: the whole divisor of both sides that comes nearest to 40 cells along the shorter."""
    common = math.gcd(width, height)
    divisors = [side for side in range(1, common + 1) if common % side == 0]
    return min(divisors, key=lambda side: abs(math.log(min(width, height) / side / CELLS)))


def _limits_of(
    plan: Plan, openings: Sequence[Opening], pictures: Sequence[Tensor], device: torch.device
) -> _Limits | None:
    """The palette that is named, the one taken from another picture, or one of the pictures' own; None: no limits."""
    if not plan.palette and not plan.colours:
        return None
    if not plan.palette and any(opening.palette is None for opening in openings):
        seen = _taken(pictures, plan.colours).to(device)
        return _Limits(seen, seen, taken=True)
    if plan.palette:
        given = torch.tensor(plan.palette, dtype=torch.float32).expand(len(openings), -1, -1) / 255
    else:
        given = torch.stack([_padded(each.palette, plan.colours) for each in openings if each.palette is not None])
    by_shade = quantisation.oklab(given)[..., 0].argsort(dim=1)
    given = given.gather(1, by_shade[..., None].expand_as(given)).to(device)
    if bool((quantisation.fitted_tones(given).colourful < FEW_HUES).all()):
        # Shade for shade: a red tower in grey rain is as dark as the rain, but not the same green on a Game Boy.
        return _Limits(_taken(pictures, given.shape[1]).to(device), given, taken=True)
    return _Limits(given.clone(), given, taken=False)


def _taken(pictures: Sequence[Tensor], count: int) -> Tensor:
    """(B, count, 3) from pictures (3, H, W), darkest first."""
    return torch.stack([quantisation.palette_of(each, count) for each in pictures])


def _padded(palette: Tensor, count: int) -> Tensor:
    """(count, 3): a palette with fewer colours has its last one repeated."""
    return torch.cat([palette, palette[-1:].expand(max(0, count - len(palette)), 3)])[:count].float().cpu()


def _bytes(colours: Tensor) -> Tensor:
    return (colours * 255).round().byte().cpu()
