"""The `sketch` style: dark lines of varying pressure on paper."""

from __future__ import annotations

from typing import ClassVar, Final

import torch
from torch import Tensor

from engine.drawers.pencilwork import drawn_aim, lines_along, pencil_strokes, scribbles
from engine.drawers.stroke_drawer import Limits, Paces, StrokeDrawer
from engine.drawers.strokes import Strokes
from engine.starts import Opening

STROKES: Final = 96  # where the plan says none
PAPER: Final = torch.tensor([0xF2, 0xEE, 0xCB]) / 255
INKED: Final = 0.15  # how much darker than the paper a place is that has a line already
WHITE: Final = torch.ones(3)


class SketchDrawer(StrokeDrawer):
    """Lines that begin along the contours of the opening, and hatching in its dark parts."""

    paces: ClassVar[Paces] = Paces(points=0.4, widths=0.015, colours=0.0, opacities=0.006, last=0.1)
    limits: ClassVar[Limits] = Limits(thinnest=0.003, broadest=0.016, longest=1.0, faintest=0.15, grain=0.02)

    def _begun(self, opening: Opening, generator: torch.Generator) -> tuple[Strokes, Tensor]:
        plan, count = self._plan, self._plan.strokes or STROKES
        # Through a mist there is nothing to be drawn: the lines are those of what will be seen.
        forms = opening.begins if opening.held is None else opening.held
        if forms is None:
            return scribbles(plan.height, plan.width, count, generator), self._paper()
        return pencil_strokes(forms.float().cpu(), count, generator), self._paper()

    def _follow(self, index: int, picture: Tensor, returned: Tensor | None) -> None:
        """Ink cannot be recoloured: lines that came back run along what is not drawn yet; without a move of the camera
        the page is turned, and all are drawn anew."""
        if returned is None:
            every = torch.ones_like(self._widths[index], dtype=torch.bool)
            self._lay(index, every, pencil_strokes(picture, len(every), self._chance(index)))
        elif count := int(returned[index].sum()):
            drawn = (self._paper().to(self._held)[:, None, None] - self.render()[index]).mean(0) > INKED
            self._lay(index, returned[index], lines_along(picture, count, drawn.cpu()))

    def _aim(self, picture: Tensor) -> Tensor:
        return drawn_aim(picture.float().cpu(), self._paper())

    def _paper(self) -> Tensor:
        return WHITE if self._plan.ground == "white" else PAPER
