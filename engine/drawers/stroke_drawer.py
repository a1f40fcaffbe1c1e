"""What the styles that draw in strokes share: parameters, paces, the camera, and the drawing as a vector file."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.camera import warped
from engine.drawers.clamp import clamp_with_gradient
from engine.drawers.drawer import Drawer, ParameterGroup
from engine.drawers.strokes import Strokes, draw_strokes
from engine.drawers.svg import drawing
from engine.models import Models
from engine.presets import Plan
from engine.starts import Opening

SPREAD: Final = 1 / 12  # variance of a colour that could be any
CLIPDRAW_SIDE: Final = 224  # pixels of the pictures for which the field's paces were chosen
STIFFNESS: Final = 0.5  # how much less a wave of a stroke moves it than the next longer one
CELLS: Final = 32  # along a side, of the grid in which a move's uncovered places are looked for


@dataclass(frozen=True, slots=True)
class Paces:
    """Learning rates at the plan's rate of 1. Points and widths in pixels of a picture 224 pixels high."""

    points: float
    widths: float
    colours: float
    opacities: float
    last: float  # share left at the last step


@dataclass(frozen=True, slots=True)
class Limits:
    """What `constrain` keeps; widths and lengths as shares of the shorter side."""

    thinnest: float
    broadest: float
    longest: float  # extent of a stroke, across or down
    faintest: float  # opacity
    grain: float  # what is smaller need not be as in the picture that is held to: it belongs to the strokes


class StrokeDrawer(Drawer):
    """Moves, widens and colours a fixed number of strokes (Frans et al. 2021, CLIPDraw) over a ground of one colour."""

    paces: ClassVar[Paces]
    limits: ClassVar[Limits]

    def __init__(
        self, plan: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        self._plan = plan
        self._device = models.device
        begun = [self._begun(each, chance) for each, chance in zip(openings, generators, strict=True)]
        points = torch.cat([strokes.points for strokes, _ in begun]).to(models.device)
        waves = _waves(points.shape[2])
        self._waves, self._from_points = waves.to(points), torch.linalg.inv(waves).to(points)
        self._forms = (self._from_points @ points).requires_grad_()
        self._widths = self._parameter([strokes.widths for strokes, _ in begun])
        self._colours = self._parameter([strokes.colours for strokes, _ in begun])
        self._opacities = self._parameter([strokes.opacities for strokes, _ in begun])
        self._ground = self._parameter([ground[None] for _, ground in begun])
        self._moves = torch.zeros((), dtype=torch.int64)  # stays on the CPU, where places for fresh strokes are found
        # Of what a later stage draws anew; drawn now, so that a resumed painting has the same.
        self._chances = torch.stack([torch.randint(2**40, (), generator=each) for each in generators])
        self._returned: Tensor | None = None  # (B, N) which strokes the last move has brought back
        self._rendered: Tensor | None = None
        with torch.no_grad():
            firsts = self.render()
        held = [
            first if opening.held is None else self._aim(opening.held).to(first)
            for first, opening in zip(firsts, openings, strict=True)
        ]
        self._held = torch.stack(held)
        self._bound = torch.tensor([float(opening.held is not None) for opening in openings]).to(self._held)

    @abstractmethod
    def _begun(self, opening: Opening, generator: torch.Generator) -> tuple[Strokes, Tensor]:
        """One picture's first strokes, as a batch of one on the CPU, and the colour (3,) of its ground."""

    @abstractmethod
    def _aim(self, picture: Tensor) -> Tensor:
        """What a drawing held to `picture` (3, H, W) would look like, (3, H, W)."""

    @abstractmethod
    def _follow(self, index: int, picture: Tensor, returned: Tensor | None) -> None:
        """Lay strokes of picture `index` anew, now that it is held to `picture` (3, H, W): after a move of the camera
        those that it has brought back, `returned` (B, N); otherwise, with None, all of them."""

    def groups(self) -> list[ParameterGroup]:
        pixel = min(self._plan.width, self._plan.height) / CLIPDRAW_SIDE
        last = self.paces.last
        return [
            ParameterGroup([self._forms], self.paces.points * pixel, last),
            ParameterGroup([self._widths], self.paces.widths * pixel, last),
            ParameterGroup(
                [self._colours, *([self._ground] if self._plan.ground == "auto" else [])], self.paces.colours, last
            ),
            ParameterGroup([self._opacities], self.paces.opacities, last),
        ]

    def render(self) -> Tensor:
        ground = clamp_with_gradient(self._ground)[..., None, None].expand(-1, -1, self._plan.height, self._plan.width)
        self._rendered, _ = draw_strokes(self._strokes(), ground, periodic=self._plan.tile)
        return self._rendered

    def strayed(self) -> Tensor:
        rendered = self.render() if self._rendered is None else self._rendered
        grain = max(1, round(min(self._plan.width, self._plan.height) * self.limits.grain))
        away = F.avg_pool2d(rendered - self._held, grain, ceil_mode=True)
        return away.square().sum(1).mean((1, 2)) / SPREAD * self._bound

    @torch.no_grad()
    def constrain(self) -> None:
        short = min(self._plan.width, self._plan.height)
        points = self._points
        extents = (points.amax(2) - points.amin(2)).amax(-1)
        self._forms[:, :, 1:] *= (short * self.limits.longest / extents.clamp_min(1e-6)).clamp(max=1)[..., None, None]
        self._widths.clamp_(short * self.limits.thinnest, short * self.limits.broadest)
        self._opacities.clamp_(self.limits.faintest, 1)
        self._colours.clamp_(0, 1)
        self._ground.clamp_(0, 1)
        self._rendered = None  # it is of the strokes before the step

    @torch.no_grad()
    def hold_to(self, pictures: Tensor) -> None:
        aims = [self._aim(each) for each in pictures.detach().float().cpu()]
        self._held.copy_(torch.stack(aims))
        self._bound.fill_(1)
        returned, self._returned = self._returned, None
        for index, picture in enumerate(pictures.detach().float().cpu()):
            self._follow(index, picture, returned)

    @torch.no_grad()
    def move(self, matrix: Tensor) -> None:
        """Strokes go where the camera leads them; those that leave come back, small, where there is room."""
        shown = warped(self.render(), matrix)
        self._held.copy_(warped(self._held, matrix))
        self._rendered = None
        scale = float(torch.linalg.det(matrix[:, :2].double().cpu()).abs().sqrt())
        size = self._points.new_tensor([self._plan.width, self._plan.height])
        old = self._points / size * 2 - 1
        inverse = torch.linalg.inv(matrix[:, :2].double().cpu())
        shifted = old - matrix[:, 2].to(old)
        self._reshape((shifted @ inverse.T.to(old) + 1) / 2 * size)
        self._widths.div_(scale)
        self._returned = torch.zeros_like(self._widths, dtype=torch.bool)
        if not (self._plan.tile and math.isclose(scale, 1, abs_tol=1e-3)):
            self._refresh(matrix, shown)
        self._moves += 1
        self.constrain()

    def tensors(self) -> dict[str, Tensor]:
        return {
            "forms": self._forms,
            "widths": self._widths,
            "colours": self._colours,
            "opacities": self._opacities,
            "ground": self._ground,
            "held": self._held,
            "bound": self._bound,
            "moves": self._moves,
            "chances": self._chances,
        }

    def exports(self, index: int) -> dict[str, bytes]:
        strokes = Strokes(*(part[index].detach().cpu() for part in self._parts()))
        ground = self._ground[index].detach().cpu()
        return {
            "svg": drawing(
                strokes, ground, self._plan.width, self._plan.height, tile=self._plan.tile, symmetry=self._plan.symmetry
            )
        }

    def _parameter(self, parts: list[Tensor]) -> Tensor:
        return torch.cat(parts).to(self._device).requires_grad_()

    @property
    def _points(self) -> Tensor:
        """(B, N, 3·S + 1, 2) control points."""
        points: Tensor = self._waves @ self._forms
        return points

    def _reshape(self, points: Tensor) -> None:
        self._forms.copy_(self._from_points @ points)

    def _lay(self, index: int, which: Tensor, strokes: Strokes) -> None:
        """Put new strokes, a batch of one, in the place of those of picture `index` that `which` (N,) names."""
        points = self._points
        points[index, which] = strokes.points[0].to(points)
        self._reshape(points)
        self._widths[index, which] = strokes.widths[0].to(points)
        self._colours[index, which] = strokes.colours[0].to(points)
        self._opacities[index, which] = strokes.opacities[0].to(points)
        self._rendered = None

    def _chance(self, index: int) -> torch.Generator:
        return torch.Generator().manual_seed(int(self._chances[index]))

    def _parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self._points, self._widths, self._colours, self._opacities

    def _strokes(self) -> Strokes:
        return Strokes(*self._parts())

    def _refresh(self, matrix: Tensor, shown: Tensor) -> None:
        """Bring strokes that left the picture back to where the camera uncovered something, in the colours there.

        When fewer have left than are needed there, as with a camera that moves away, the smallest are taken: they have
        become too small to matter.
        """
        old = self._points
        count = old.shape[1]
        size = old.new_tensor([self._plan.width, self._plan.height])
        places, uncovered = _fresh_places(matrix.double().cpu(), count, int(self._moves))
        needed = round(count * uncovered)
        low, high = old.amin(2), old.amax(2)
        margin = self._widths[..., None] / 2
        gone = ((high + margin < 0) | (low - margin > size)).any(-1)
        seen = ((high - low).amax(-1) + self._widths) * self._widths * ~gone
        rank = seen.argsort(dim=1, stable=True).argsort(1)
        taken = gone | (rank < needed)
        grid = (places.to(shown) * 2 - 1)[None, None].expand(len(shown), 1, -1, 2)
        found = F.grid_sample(shown, grid, align_corners=False)[:, :, 0].transpose(1, 2)
        points, widths, colours = self._fresh(old, found, bare=needed > 0)
        points = points - points.mean(2, keepdim=True) + (places.to(size) * size)[:, None]
        self._reshape(torch.where(taken[..., None, None], points, old))
        self._widths.copy_(torch.where(taken, widths, self._widths))
        self._colours.copy_(torch.where(taken[..., None], colours, self._colours))
        self._returned = taken

    def _fresh(self, points: Tensor, found: Tensor, *, bare: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Points (anywhere), widths and colours of strokes that come back where the picture has the colours `found`
        (B, N, 3); `bare`: where nothing else lies. As they were, unless a style knows better."""
        return points, self._widths, self._colours


def _fresh_places(matrix: Tensor, count: int, turn: int) -> tuple[Tensor, float]:
    """(count, 2) places in 0 … 1, evenly strewn over what a move uncovers or, when it uncovers nothing, over all;
    and the share of the picture that is uncovered."""
    numbers = torch.arange(turn * count + 1, turn * count + count + 1, dtype=torch.float64)
    # Roberts' sequence: multiples of the two numbers that fill a square most evenly.
    strewn = torch.stack([numbers * 0.7548776662466927, numbers * 0.5698402909980532], 1) % 1
    line = (torch.arange(CELLS, dtype=torch.float64) + 0.5) / CELLS
    cells = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).view(-1, 2)
    old = (cells * 2 - 1) @ matrix[:, :2].T + matrix[:, 2]
    bare = cells[(old.abs() > 1).any(1)]
    if not len(bare):
        return strewn, 0.0
    chosen = bare[(strewn[:, 0] * len(bare)).long()]
    return chosen + (strewn - 0.5) / CELLS, len(bare) / len(cells)


def _waves(count: int) -> Tensor:
    """(count, count): a line's points from waves along it (cosines), each shorter one of which moves them less.

    A step moves all parameters by about as much, so a stroke moves, turns and bends as a whole before it wriggles.
    """
    order = torch.arange(count, dtype=torch.float64)
    places = (order[:, None] + 0.5) / count
    return torch.cos(math.pi * places * order) * STIFFNESS**order
