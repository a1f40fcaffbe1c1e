"""`StrokeDrawer`: base of the styles made of strokes: parameters, camera, SVG export."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.clamp import clamp_with_gradient
from engine.drawers.drawer import COLOUR_VARIANCE, Drawer, Init, ParameterGroup, holds_of
from engine.drawers.strokes.strokes import Strokes, draw_strokes
from engine.drawers.strokes.svg import drawing
from engine.images.tensors import warped
from engine.registry import Models
from engine.spec.plan import Plan

CLIPDRAW_SIDE: Final = 224  # pixels of the pictures for which CLIPDraw's learning rates were chosen
STIFFNESS: Final = 0.5  # factor from one cosine of a stroke's points to the next shorter one
CELLS: Final = 32  # along a side, of the grid of points that are tested for being uncovered by a camera move


@dataclass(frozen=True, slots=True)
class LearningRates:
    """Learning rates at the plan's rate of 1. Points and widths in pixels of a picture 224 pixels high."""

    points: float
    widths: float
    colours: float
    opacities: float
    last: float  # share of the rates at the last step


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the parameters; widths and lengths as shares of the shorter side."""

    thinnest: float
    broadest: float
    longest: float  # extent of a stroke, across or down
    faintest: float  # opacity
    grain: float  # the target loss ignores differences at a smaller scale


class StrokeDrawer(Drawer):
    """Optimises points, widths, colours and opacities of a fixed number of strokes (CLIPDraw, Frans et al. 2021)."""

    learning_rates: ClassVar[LearningRates]
    limits: ClassVar[Limits]

    def __init__(
        self, plan: Plan, models: Models, inits: Sequence[Init], generators: Sequence[torch.Generator]
    ) -> None:
        self._plan = plan
        self._device = models.device
        first = [self._first_strokes(each, rng) for each, rng in zip(inits, generators, strict=True)]
        points = torch.cat([strokes.points for strokes, _ in first]).to(models.device)
        basis = _cosine_basis(points.shape[2])
        self._basis, self._inverse_basis = basis.to(points), torch.linalg.inv(basis).to(points)
        self._coefficients = (self._inverse_basis @ points).requires_grad_()
        self._widths = self._parameter([strokes.widths for strokes, _ in first])
        self._colours = self._parameter([strokes.colours for strokes, _ in first])
        self._opacities = self._parameter([strokes.opacities for strokes, _ in first])
        self._background = self._parameter([background[None] for _, background in first])
        self._moves = torch.zeros((), dtype=torch.int64)  # of the camera; kept on the CPU, which uses it
        # For strokes that a later stage draws anew; in the state, so that a resumed painting has the same.
        self._seeds = torch.stack([torch.randint(2**40, (), generator=each) for each in generators])
        self._reused: Tensor | None = None  # (B, N) bool: strokes that the last camera move has placed anew
        self._rendered: Tensor | None = None
        with torch.no_grad():
            rendered = self.render()
        targets = [
            initial if init.target_image is None else self._target_for(init.target_image).to(initial)
            for initial, init in zip(rendered, inits, strict=True)
        ]
        self._target = torch.stack(targets)
        self._grain = max(1, round(min(plan.width, plan.height) * self.limits.grain))
        rows, columns = (-(-side // self._grain) for side in (plan.height, plan.width))
        self._hold = holds_of(inits, rows, columns, models.device)
        self._has_target = torch.tensor([float(init.target_image is not None) for init in inits]).to(self._target)

    @abstractmethod
    def _first_strokes(self, init: Init, generator: torch.Generator) -> tuple[Strokes, Tensor]:
        """The initial strokes of one picture, as a batch of one on the CPU, and the colour (3,) of its background."""

    @abstractmethod
    def _target_for(self, picture: Tensor) -> Tensor:
        """(3, H, W): the target image `picture` (3, H, W) as this style can draw it."""

    @abstractmethod
    def _redraw(self, index: int, picture: Tensor, reused: Tensor | None) -> None:
        """Draw strokes of picture `index` anew for its new target `picture` (3, H, W): after a move of the camera those
        that it has `reused` (B, N); otherwise (None) all of them."""

    def groups(self) -> list[ParameterGroup]:
        pixel = min(self._plan.width, self._plan.height) / CLIPDRAW_SIDE
        last = self.learning_rates.last
        background = [self._background] if self._plan.spec.background == "auto" else []
        return [
            ParameterGroup([self._coefficients], self.learning_rates.points * pixel, last),
            ParameterGroup([self._widths], self.learning_rates.widths * pixel, last),
            ParameterGroup([self._colours, *background], self.learning_rates.colours, last),
            ParameterGroup([self._opacities], self.learning_rates.opacities, last),
        ]

    def render(self) -> Tensor:
        colour = clamp_with_gradient(self._background)[..., None, None]
        background = colour.expand(-1, -1, self._plan.height, self._plan.width)
        self._rendered, _ = draw_strokes(self._strokes(), background, periodic=self._plan.spec.tile)
        return self._rendered

    def target_loss(self) -> Tensor:
        rendered = self.render() if self._rendered is None else self._rendered
        difference = F.avg_pool2d(rendered - self._target, self._grain, ceil_mode=True)
        return (difference.square().sum(1) * self._hold).mean((1, 2)) / COLOUR_VARIANCE * self._has_target

    @torch.no_grad()
    def constrain(self) -> None:
        short = min(self._plan.width, self._plan.height)
        points = self._points
        extents = (points.amax(2) - points.amin(2)).amax(-1)
        self._coefficients[:, :, 1:] *= (short * self.limits.longest / extents.clamp_min(1e-6)).clamp(max=1)[
            ..., None, None
        ]
        self._widths.clamp_(short * self.limits.thinnest, short * self.limits.broadest)
        self._opacities.clamp_(self.limits.faintest, 1)
        self._colours.clamp_(0, 1)
        self._background.clamp_(0, 1)
        self._rendered = None  # outdated by the step

    @torch.no_grad()
    def set_target(self, pictures: Tensor) -> None:
        targets = [self._target_for(each) for each in pictures.detach().float().cpu()]
        self._target.copy_(torch.stack(targets))
        self._has_target.fill_(1)
        reused, self._reused = self._reused, None
        for index, picture in enumerate(pictures.detach().float().cpu()):
            self._redraw(index, picture, reused)

    @torch.no_grad()
    def move(self, matrix: Tensor) -> None:
        """Transforms the strokes; those that leave the picture are reused where it has been uncovered."""
        warped_pictures = warped(self.render(), matrix)
        self._target.copy_(warped(self._target, matrix))
        self._rendered = None
        scale = float(torch.linalg.det(matrix[:, :2].double().cpu()).abs().sqrt())
        size = self._points.new_tensor([self._plan.width, self._plan.height])
        old = self._points / size * 2 - 1
        inverse = torch.linalg.inv(matrix[:, :2].double().cpu())
        shifted = old - matrix[:, 2].to(old)
        self._set_points((shifted @ inverse.T.to(old) + 1) / 2 * size)
        self._widths.div_(scale)
        self._reused = torch.zeros_like(self._widths, dtype=torch.bool)
        if not (self._plan.spec.tile and math.isclose(scale, 1, abs_tol=1e-3)):
            self._reuse_strokes(matrix, warped_pictures)
        self._moves += 1
        self.constrain()

    def tensors(self) -> dict[str, Tensor]:
        return {
            "forms": self._coefficients,
            "widths": self._widths,
            "colours": self._colours,
            "opacities": self._opacities,
            "background": self._background,
            "target": self._target,
            "has_target": self._has_target,
            "moves": self._moves,
            "seeds": self._seeds,
        }

    def exports(self, index: int) -> dict[str, bytes]:
        strokes = Strokes(*(part[index].detach().cpu() for part in self._parts()))
        background = self._background[index].detach().cpu()
        plan = self._plan
        tile, symmetry = plan.spec.tile, plan.spec.symmetry
        return {"svg": drawing(strokes, background, plan.width, plan.height, tile=tile, symmetry=symmetry)}

    def _parameter(self, parts: list[Tensor]) -> Tensor:
        return torch.cat(parts).to(self._device).requires_grad_()

    @property
    def _points(self) -> Tensor:
        """(B, N, 3·S + 1, 2) control points."""
        points: Tensor = self._basis @ self._coefficients
        return points

    def _set_points(self, points: Tensor) -> None:
        self._coefficients.copy_(self._inverse_basis @ points)

    def _lay(self, index: int, which: Tensor, strokes: Strokes) -> None:
        """Replace the strokes `which` (N,) of picture `index` by new ones, a batch of one."""
        points = self._points
        points[index, which] = strokes.points[0].to(points)
        self._set_points(points)
        self._widths[index, which] = strokes.widths[0].to(points)
        self._colours[index, which] = strokes.colours[0].to(points)
        self._opacities[index, which] = strokes.opacities[0].to(points)
        self._rendered = None

    def _generator(self, index: int) -> torch.Generator:
        return torch.Generator().manual_seed(int(self._seeds[index]))

    def _parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self._points, self._widths, self._colours, self._opacities

    def _strokes(self) -> Strokes:
        return Strokes(*self._parts())

    def _reuse_strokes(self, matrix: Tensor, pictures: Tensor) -> None:
        """Place strokes that left the picture where the camera has uncovered something, in the colours of `pictures`.

        If fewer have left than are needed, as when zooming out, the smallest are reused as well: they matter least.
        """
        old = self._points
        count = old.shape[1]
        size = old.new_tensor([self._plan.width, self._plan.height])
        places, uncovered = _uncovered_places(matrix.double().cpu(), count, int(self._moves))
        needed = round(count * uncovered)
        low, high = old.amin(2), old.amax(2)
        margin = self._widths[..., None] / 2
        outside = ((high + margin < 0) | (low - margin > size)).any(-1)
        areas = ((high - low).amax(-1) + self._widths) * self._widths * ~outside
        rank = areas.argsort(dim=1, stable=True).argsort(1)
        reused = outside | (rank < needed)
        grid = (places.to(pictures) * 2 - 1)[None, None].expand(len(pictures), 1, -1, 2)
        sampled = F.grid_sample(pictures, grid, align_corners=False)[:, :, 0].transpose(1, 2)
        points, widths, colours = self._reshaped(old, sampled, bare=needed > 0)
        points = points - points.mean(2, keepdim=True) + (places.to(size) * size)[:, None]
        self._set_points(torch.where(reused[..., None, None], points, old))
        self._widths.copy_(torch.where(reused, widths, self._widths))
        self._colours.copy_(torch.where(reused[..., None], colours, self._colours))
        self._reused = reused

    def _reshaped(self, points: Tensor, colours: Tensor, *, bare: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Points (before they are moved), widths and colours of strokes that are reused where the picture has `colours`
        (B, N, 3); `bare`: where there are no other strokes. Unchanged unless overridden."""
        return points, self._widths, self._colours


def _uncovered_places(matrix: Tensor, count: int, move: int) -> tuple[Tensor, float]:
    """(count, 2) evenly distributed points in 0 … 1 of what a move uncovers, or of the whole picture if it uncovers
    nothing; and the share of the picture that is uncovered."""
    numbers = torch.arange(move * count + 1, move * count + count + 1, dtype=torch.float64)
    # Roberts' quasirandom sequence R2.
    sequence = torch.stack([numbers * 0.7548776662466927, numbers * 0.5698402909980532], 1) % 1
    line = (torch.arange(CELLS, dtype=torch.float64) + 0.5) / CELLS
    cells = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).view(-1, 2)
    old = (cells * 2 - 1) @ matrix[:, :2].T + matrix[:, 2]
    bare = cells[(old.abs() > 1).any(1)]
    if not len(bare):
        return sequence, 0.0
    chosen = bare[(sequence[:, 0] * len(bare)).long()]
    return chosen + (sequence - 0.5) / CELLS, len(bare) / len(cells)


def _cosine_basis(count: int) -> Tensor:
    """(count, count): maps coefficients to the points of a stroke: cosines along it, shorter ones weaker.

    Adam changes all parameters by about as much, so a stroke is moved and bent as a whole rather than crinkled.
    """
    order = torch.arange(count, dtype=torch.float64)
    places = (order[:, None] + 0.5) / count
    return torch.cos(math.pi * places * order) * STIFFNESS**order
