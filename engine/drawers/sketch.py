"""The `sketch` style: dark lines of varying pressure on paper."""

from __future__ import annotations

from typing import ClassVar, Final

import torch
from torch import Tensor

from engine.drawers.pencilwork import drawn_aim, pencil_strokes, scribbles
from engine.drawers.stroke_drawer import Limits, Paces, StrokeDrawer
from engine.drawers.strokes import Strokes
from engine.starts import Opening

STROKES: Final = 96  # where the plan says none
PAPER: Final = torch.tensor([0xF2, 0xEE, 0xCB]) / 255
WHITE: Final = torch.ones(3)


class SketchDrawer(StrokeDrawer):
    """Lines that begin along the contours of the opening, and hatching in its dark parts."""

    paces: ClassVar[Paces] = Paces(points=0.4, widths=0.015, colours=0.0, opacities=0.006, last=0.1)
    limits: ClassVar[Limits] = Limits(thinnest=0.003, broadest=0.016, faintest=0.15, grain=0.02)

    def _begun(self, opening: Opening, generator: torch.Generator) -> tuple[Strokes, Tensor]:
        plan = self._plan
        count = plan.strokes or STROKES
        # Through a mist there is nothing to be drawn: the lines are those of what will be seen.
        forms = opening.begins if opening.held is None else opening.held
        if forms is None:
            return scribbles(plan.height, plan.width, count, generator), self._paper()
        return pencil_strokes(forms.float().cpu(), count, generator), self._paper()

    @torch.no_grad()
    def hold_to(self, pictures: Tensor) -> None:
        """Ink cannot be recoloured: lines that a move has brought back are drawn along what is not drawn yet, and where
        there was no move the page is turned and all are drawn anew."""
        super().hold_to(pictures)
        returned, self._returned = self._returned, None
        for index, picture in enumerate(pictures.detach().float().cpu()):
            if returned is None:
                chance = torch.Generator().manual_seed(int(self._chances[index]))
                self._redraw(index, torch.ones_like(self._widths[index]) > 0, pencil_strokes(picture, self._count, chance))
            elif count := int(returned[index].sum()):
                drawn = (self._paper().to(self._held)[:, None, None] - self.render()[index]).mean(0) > INKED
                self._redraw(index, returned[index], lines_along(picture, count, drawn.cpu()))

    def _redraw(self, index: int, which: Tensor, strokes: Strokes) -> None:
        """Put new strokes in the place of those of one picture that `which` (N,) names."""
        points = self._points
        points[index, which] = strokes.points[0].to(points)
        self._reshape(points)
        self._widths[index, which] = strokes.widths[0].to(points)
        self._opacities[index, which] = strokes.opacities[0].to(points)
        self._rendered = None

    def _aim(self, picture: Tensor) -> Tensor:
        return drawn_aim(picture.float().cpu(), self._paper())

    def _paper(self) -> Tensor:
        return WHITE if self._plan.ground == "white" else PAPER
