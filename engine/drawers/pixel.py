"""The `pixel` style: a coarse grid of colours, enlarged so that every cell is a clean square.

With a palette a cell shows a blend of the palette's colours that are near to its own; the blends narrow from step to
step, and from 70 % of the steps on each cell is exactly one of them. Gradients pass to the cell's own colour as if it
were shown itself (straight-through, Bengio et al. 2013).
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from engine import quantisation
from engine.camera import warped
from engine.drawers.clamp import clamp_with_gradient
from engine.drawers.drawer import Drawer, ParameterGroup
from engine.models import Models
from engine.presets import Plan
from engine.starts import Opening

CELLS: Final = 40  # wanted along the shorter side, as in Text2Art's square grid
SPREAD: Final = 1 / 12  # variance of a colour that could be any
SOFT_SHARE: Final = 0.7  # of the steps, in which cells blend colours of the palette
SOFTNESS: Final = 0.4  # of the palette's spacing: how far a blend reaches at the first step
COLDEST: Final = 1e-6  # temperature that is never gone below
SAY: Final = 0.35  # of the palette's spacing: how far neighbours may lead a cell off its nearest colour
DITHER_SIDE: Final = 4  # cells of the pattern
REFINING: Final = 0.2  # of the way that a learned colour goes to the mean of its cells, a step


class PixelDrawer(Drawer):
    """Moves the colours (B, 3, rows, columns) of the cells directly."""

    def __init__(
        self, plan: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        self._cell = plan.width // plan.columns if plan.columns else cell_side(plan.width, plan.height)
        self._dither = DITHER_SIDE if plan.dither else 0
        self._tile = plan.tile
        self._soft_steps = math.ceil(SOFT_SHARE * plan.iterations)
        self._grid = grid = (plan.height // self._cell, plan.width // self._cell)
        begun, held = [], []
        for opening, generator in zip(openings, generators, strict=True):
            chance = torch.rand(3, *grid, generator=generator)
            begun.append(chance if opening.begins is None else F.adaptive_avg_pool2d(opening.begins, grid))
            held.append(begun[-1] if opening.held is None else F.adaptive_avg_pool2d(opening.held, grid))
        self._held = torch.stack(held).to(models.device)
        self._colours = torch.stack(begun).to(models.device).requires_grad_()
        self._steps = torch.zeros((), device=models.device)
        self._learns = not plan.palette and plan.colours > 0 and all(each.palette is None for each in openings)
        palettes = _palettes(plan, openings, self._held)
        self._palettes = palettes if palettes is None else palettes.to(models.device)

    def groups(self) -> list[ParameterGroup]:
        return [ParameterGroup([self._colours])]

    def render(self) -> Tensor:
        shown = clamp_with_gradient(self._colours)
        if self._palettes is not None:
            limited = self._limited(shown.detach(), self._palettes)
            shown = limited + (shown - shown.detach())  # exactly the limited values: the difference is 0
        return shown.repeat_interleave(self._cell, -2).repeat_interleave(self._cell, -1)

    @torch.no_grad()
    def constrain(self) -> None:
        self._colours.clamp_(0, 1)
        self._steps += 1
        if self._learns and self._palettes is not None:
            self._palettes.copy_(self._refined(self._palettes))

    def strayed(self) -> Tensor:
        return (self._colours - self._held).square().sum(1).mean((1, 2)) / SPREAD

    @torch.no_grad()
    def hold_to(self, pictures: Tensor) -> None:
        self._held.copy_(F.adaptive_avg_pool2d(pictures, self._grid))

    @torch.no_grad()
    def move(self, matrix: Tensor) -> None:
        self._colours.copy_(warped(self._colours, matrix))
        self._held.copy_(warped(self._held, matrix))

    def tensors(self) -> dict[str, Tensor]:
        own = {"colours": self._colours, "held": self._held, "steps": self._steps}
        return own if self._palettes is None else {**own, "palettes": self._palettes}

    @torch.no_grad()
    def finish(self) -> None:
        """Show exact colours from now on, however few steps were done."""
        self._steps.fill_(self._soft_steps)

    @torch.no_grad()
    def exports(self, index: int) -> dict[str, bytes]:
        """The picture at one pixel a cell, as a PNG with a palette where the colours are limited."""
        colours = self._colours[index : index + 1].clamp(0, 1)
        if self._palettes is None:
            native = Image.fromarray(_bytes(colours[0].permute(1, 2, 0)).numpy())
        else:
            palette = self._palettes[index : index + 1]
            tones = self._tones(palette)
            chosen = self._chosen(quantisation.toned_distances(colours, tones, self._dither), tones)
            native = Image.fromarray(chosen[0].byte().cpu().numpy(), "P")
            native.putpalette(_bytes(palette[0]).flatten().tolist())
        buffer = io.BytesIO()
        native.save(buffer, format="PNG", optimize=True)
        return {"native.png": buffer.getvalue()}

    def _limited(self, colours: Tensor, palettes: Tensor) -> Tensor:
        """(B, 3, rows, columns) in colours of the palette: blends at first, later one of them."""
        tones = self._tones(palettes)
        distances = quantisation.toned_distances(colours, tones, self._dither)
        warmth = (1 - self._steps / self._soft_steps).clamp_min(0) * SOFTNESS * tones.spacing
        blends = quantisation.blended(distances, palettes, warmth.square() + COLDEST)
        exact = quantisation.picked(self._chosen(distances, tones), palettes)
        return torch.where(self._steps < self._soft_steps, blends, exact)

    def _tones(self, palettes: Tensor) -> quantisation.Tones:
        return quantisation.own_tones(palettes) if self._learns else quantisation.fitted_tones(palettes)

    def _chosen(self, distances: Tensor, tones: quantisation.Tones) -> Tensor:
        """(B, rows, columns) which colour each cell takes. A dithered pattern is made of stray cells: it stays."""
        if self._dither:
            return distances.argmin(1)
        say = (SAY * tones.spacing).square()
        return quantisation.among_neighbours(distances, say, periodic=self._tile)

    def _refined(self, palettes: Tensor) -> Tensor:
        """The palettes a little nearer to the means of their cells (Lloyd 1982), in the second half of the blending.

        Before it the cells are still what they began as, and after it a colour that moved would look restless.
        """
        colours = self._colours.flatten(2)  # (B, 3, N)
        wears = F.one_hot(quantisation.nearest(self._colours, palettes).flatten(1), palettes.shape[1]).float()
        counts = wears.sum(1)[..., None]
        means = torch.einsum("bnk,bcn->bkc", wears, colours) / counts.clamp_min(1)
        ripe = (self._steps >= self._soft_steps / 2) & (self._steps < self._soft_steps)
        return torch.lerp(palettes, means, REFINING * ripe * (counts > 0))


def cell_side(width: int, height: int) -> int:
    """Pixels of a cell's side: the whole divisor of both sides that comes nearest to 40 cells along the shorter."""
    common = math.gcd(width, height)
    divisors = [side for side in range(1, common + 1) if common % side == 0]
    return min(divisors, key=lambda side: abs(math.log(min(width, height) / side / CELLS)))


def _palettes(plan: Plan, openings: Sequence[Opening], held: Tensor) -> Tensor | None:
    """(B, K, 3) the palette of each picture: the one that is named, one taken from a picture, or the opening's own."""
    if plan.palette:
        named = torch.tensor(plan.palette, dtype=torch.float32) / 255
        return named.expand(len(openings), -1, -1)
    if not plan.colours and all(opening.palette is None for opening in openings):
        return None
    count = plan.colours or max(len(each.palette) for each in openings if each.palette is not None)
    own = [
        quantisation.palette_of(picture if opening.held is None else opening.held, count)
        if opening.palette is None
        else _padded(opening.palette, count)
        for opening, picture in zip(openings, held.cpu(), strict=True)
    ]
    return torch.stack(own)


def _padded(palette: Tensor, count: int) -> Tensor:
    """(count, 3): a palette with fewer colours has its last one repeated."""
    return torch.cat([palette, palette[-1:].expand(max(0, count - len(palette)), 3)])[:count].float().cpu()


def _bytes(colours: Tensor) -> Tensor:
    return (colours * 255).round().byte().cpu()
