"""Style `pixel`: a coarse grid of colours, enlarged so that every cell is a clean square.

With a palette a cell's own colour gradually becomes a blend of the nearest palette colours. The blends sharpen from
step to step, and from 70 % of the steps on each cell has exactly one palette colour. Gradients pass to the cell's own
colour unchanged (straight-through, Bengio et al. 2013).
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

from engine.drawers import quantisation
from engine.drawers.drawer import COLOUR_VARIANCE, Drawer, Init, ParameterGroup, holds_of
from engine.drawers.quantisation import Tones
from engine.drawers.spectrum import Spectrum
from engine.images.noise import fractal_noise
from engine.images.tensors import warped
from engine.registry import Models
from engine.spec.plan import Plan

SOFT_SHARE: Final = 0.7  # of the steps: those in which cells are blends of palette colours
FREE_SHARE: Final = 0.5  # of these: those in which cells change from their own colours to blends
SOFTNESS: Final = 0.4  # of the palette's spacing: how far a blend reaches at the first step
LOWEST_TEMPERATURE: Final = 1e-6
NEIGHBOUR_WEIGHT: Final = 0.35  # of the palette's spacing: how much neighbours may move a cell from its nearest colour
DITHER_SIDE: Final = 4  # cells, of the Bayer pattern
REFINEMENT: Final = 0.2  # of the way to its cells' mean that an extracted colour moves in a step
FEW_HUES: Final = 0.5  # `Tones.colourful` below which only the lightness of a palette's colours is matched
SAMPLES: Final = 3  # along a cell's side, of a picture


class PixelDrawer(Drawer):
    """Optimises the frequencies of the grid of cells: single cells would become noise."""

    style = "pixel"

    def __init__(
        self, plan: Plan, models: Models, inits: Sequence[Init], generators: Sequence[torch.Generator]
    ) -> None:
        self._cell = plan.cell
        self._grid = (plan.height // self._cell, plan.width // self._cell)
        self._dither = DITHER_SIDE if plan.spec.dither else 0
        self._tile = plan.spec.tile
        self._soft_steps = math.ceil(SOFT_SHARE * plan.iterations)
        starts = [
            fractal_noise(self._grid[1], self._grid[0], generator)
            if init.init_image is None
            else F.adaptive_avg_pool2d(init.init_image.cpu(), self._grid)
            for init, generator in zip(inits, generators, strict=True)
        ]
        targets = [
            start if init.target_image is None else init.target_image.cpu()
            for start, init in zip(starts, inits, strict=True)
        ]
        self._spectrum = Spectrum(*self._grid, models.device, periodic=plan.spec.tile)
        self._waves = self._spectrum.parameters(torch.stack(starts)).requires_grad_()
        self._cells: Tensor | None = None
        self._steps = torch.zeros((), device=models.device)
        refined_from = [0.0 if init.target_image is None else FREE_SHARE for init in inits]
        self._refined_from = torch.tensor(refined_from, device=models.device)[:, None, None]
        self._palettes = _make_palettes(plan, inits, targets, models.device)
        self._hold = holds_of(inits, *self._grid, models.device)
        self._target = torch.stack([start.to(models.device) for start in starts])
        for row, init in enumerate(inits):
            if init.target_image is not None:
                self._target[row] = self._in_cells(targets[row][None].to(models.device), row)[0]

    def groups(self) -> list[ParameterGroup]:
        return [ParameterGroup([self._waves])]

    def render(self) -> Tensor:
        cells = self._cells = self._spectrum.pictures(self._waves)
        if self._palettes is not None:
            quantised = self._quantised(cells.detach(), self._palettes)
            cells = quantised + (cells - cells.detach())  # exactly the quantised values: the difference is 0
        return cells.repeat_interleave(self._cell, -2).repeat_interleave(self._cell, -1)

    @torch.no_grad()
    def constrain(self) -> None:
        if self._palettes is not None and self._palettes.extracted:
            self._refine(self._palettes, self._colours().detach())
        self._cells = None  # outdated by the step
        self._steps += 1

    def target_loss(self) -> Tensor:
        return ((self._colours() - self._target).square().sum(1) * self._hold).mean((1, 2)) / COLOUR_VARIANCE

    @torch.no_grad()
    def set_target(self, pictures: Tensor) -> None:
        if self._palettes is not None and self._palettes.extracted:
            before, samples = self._palettes.matched, self._samples(pictures)
            after = [
                quantisation.palette_of(sample, len(palette), palette)
                for sample, palette in zip(samples, before, strict=True)
            ]
            before.copy_(torch.stack(after))
        for row in range(len(pictures)):
            self._target[row] = self._in_cells(pictures[row : row + 1], row)[0]

    @torch.no_grad()
    def move(self, matrix: Tensor) -> None:
        self._waves.copy_(self._spectrum.parameters(warped(self._colours(), matrix)))
        self._cells = None
        self._target.copy_(warped(self._target, matrix))

    def tensors(self) -> dict[str, Tensor]:
        tensors = {"waves": self._waves, "target": self._target, "steps": self._steps}
        return tensors if self._palettes is None else {**tensors, "seen": self._palettes.matched}

    @torch.no_grad()
    def finish(self) -> None:
        """From now on render exact palette colours, even if fewer steps were done."""
        self._steps.fill_(self._soft_steps)

    @torch.no_grad()
    def exports(self, index: int) -> dict[str, bytes]:
        """The picture at one pixel a cell, as a PNG with a palette if it has one."""
        colours = self._spectrum.pictures(self._waves[index : index + 1])
        if self._palettes is None:
            native = Image.fromarray(_bytes(colours[0].permute(1, 2, 0)).numpy())
        else:
            palettes = self._palettes.of(index)
            native = Image.fromarray(self._indices(colours, palettes)[0].byte().cpu().numpy())
            native.putpalette(_bytes(palettes.displayed[0]).flatten().tolist())
        buffer = io.BytesIO()
        native.save(buffer, format="PNG", optimize=True)
        return {"native.png": buffer.getvalue()}

    def _colours(self) -> Tensor:
        """(B, 3, rows, columns) in [0, 1]: the cells' own colours, before quantisation."""
        if self._cells is None:
            self._cells = self._spectrum.pictures(self._waves)
        return self._cells

    def _quantised(self, colours: Tensor, palettes: _Palettes) -> Tensor:
        """(B, 3, rows, columns): the cells' own colours at first, then blends of palette colours, then exact ones."""
        tones = palettes.tones()
        distances = quantisation.toned_distances(colours, tones, self._dither)
        softness = (1 - self._steps / self._soft_steps).clamp_min(0) * SOFTNESS * tones.spacing
        blends = quantisation.blended(distances, palettes.displayed, softness.square() + LOWEST_TEMPERATURE)
        blends = torch.lerp(colours, blends, (self._steps / (FREE_SHARE * self._soft_steps)).clamp(max=1))
        exact = quantisation.picked(self._nearest(distances, tones), palettes.displayed)
        return torch.where(self._steps < self._soft_steps, blends, exact)

    def _indices(self, colours: Tensor, palettes: _Palettes) -> Tensor:
        """(B, rows, columns) palette indices of the cells."""
        tones = palettes.tones()
        return self._nearest(quantisation.toned_distances(colours, tones, self._dither), tones)

    def _nearest(self, distances: Tensor, tones: Tones) -> Tensor:
        if self._dither:  # its pattern consists of stray cells, which neighbours would remove
            return distances.argmin(1)
        return quantisation.nearest_with_neighbours(
            distances, (NEIGHBOUR_WEIGHT * tones.spacing).square(), periodic=self._tile
        )

    @torch.no_grad()
    def _in_cells(self, picture: Tensor, row: int) -> Tensor:
        """(1, 3, rows, columns) of a picture (1, 3, H, W): the palette colour of most of a cell.

        A mean would put a seam of intermediate colours along every edge; without a palette, or dithered, it is right.
        """
        if self._palettes is None or self._dither:
            return F.adaptive_avg_pool2d(picture, self._grid)
        palettes = self._palettes.of(row)
        distances = quantisation.toned_distances(self._samples(picture), palettes.tones())
        votes = F.one_hot(distances.argmin(1), distances.shape[1]).permute(0, 3, 1, 2).float()
        most = F.avg_pool2d(votes, SAMPLES).argmax(1)
        return quantisation.picked(most, palettes.matched)

    def _samples(self, pictures: Tensor) -> Tensor:
        """(B, 3, SAMPLES · rows, SAMPLES · columns)."""
        rows, columns = self._grid
        return F.adaptive_avg_pool2d(pictures, (SAMPLES * rows, SAMPLES * columns))

    def _refine(self, palettes: _Palettes, colours: Tensor) -> None:
        """Move the extracted colours towards the means of their cells (Lloyd 1982), while cells are blends.

        Colours of a target image wait until the picture resembles it. A colour without cells moves to the cell that is
        farthest from all colours.
        """
        distance, nearest = quantisation.colour_distances(colours, palettes.matched).flatten(2).min(1)  # (B, N)
        members = F.one_hot(nearest, palettes.matched.shape[1]).float()
        counts = members.sum(1)[..., None]
        cells = colours.flatten(2).transpose(1, 2)  # (B, N, 3)
        means = torch.einsum("bnk,bnc->bkc", members, cells) / counts.clamp_min(1)
        farthest = cells.gather(1, distance.argmax(1)[:, None, None].expand(-1, 1, 3))
        moved = torch.where(counts > 0, torch.lerp(palettes.matched, means, REFINEMENT), farthest)
        active = (self._steps >= self._refined_from * self._soft_steps) & (self._steps < self._soft_steps)
        palettes.matched.copy_(torch.where(active, moved, palettes.matched))


@dataclass(frozen=True, slots=True)
class _Palettes:
    """The palettes of B pictures."""

    matched: Tensor  # (B, K, 3) colours that cells are matched with
    displayed: Tensor  # (B, K, 3) colours displayed for these; the same tensor if extracted from this picture
    extracted: bool  # whether `matched` is extracted from the picture; else it is the palette itself

    def of(self, index: int) -> _Palettes:
        """The palette of one picture."""
        return _Palettes(self.matched[index : index + 1], self.displayed[index : index + 1], self.extracted)

    def tones(self) -> Tones:
        return quantisation.exact_tones(self.matched) if self.extracted else quantisation.fitted_tones(self.matched)


def _make_palettes(
    plan: Plan, inits: Sequence[Init], pictures: Sequence[Tensor], device: torch.device
) -> _Palettes | None:
    """The named palette, those of palette images, or those extracted from the pictures; None: any colours."""
    if not plan.palette and not plan.colours:
        return None
    if not plan.palette and any(init.palette is None for init in inits):
        own = _extracted(pictures, plan.colours).to(device)
        return _Palettes(own, own, extracted=True)
    if plan.palette:
        fixed = torch.tensor(plan.palette, dtype=torch.float32).expand(len(inits), -1, -1) / 255
    else:
        fixed = torch.stack([_padded(each.palette, plan.colours) for each in inits if each.palette is not None])
    by_lightness = quantisation.oklab(fixed)[..., 0].argsort(dim=1)
    fixed = fixed.gather(1, by_lightness[..., None].expand_as(fixed)).to(device)
    if bool((quantisation.fitted_tones(fixed).colourful < FEW_HUES).all()):
        # By lightness alone a red tower and grey rain would be the same green on a Game Boy. So the picture's own
        # colours are extracted, and displayed as the palette's, from dark to light.
        return _Palettes(_extracted(pictures, fixed.shape[1]).to(device), fixed, extracted=True)
    return _Palettes(fixed.clone(), fixed, extracted=False)


def _extracted(pictures: Sequence[Tensor], count: int) -> Tensor:
    """(B, count, 3) palettes extracted from pictures (3, H, W), darkest first."""
    return torch.stack([quantisation.palette_of(each, count) for each in pictures])


def _padded(palette: Tensor, count: int) -> Tensor:
    """(count, 3): the last colour repeated if there are fewer."""
    return torch.cat([palette, palette[-1:].expand(max(0, count - len(palette)), 3)])[:count].float().cpu()


def _bytes(colours: Tensor) -> Tensor:
    return (colours * 255).round().byte().cpu()
