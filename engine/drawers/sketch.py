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

    paces: ClassVar[Paces] = Paces(points=0.4, widths=0.05, colours=0.0, opacities=0.01, last=0.1)
    limits: ClassVar[Limits] = Limits(thinnest=0.003, broadest=0.016, faintest=0.15)

    def _begun(self, opening: Opening, generator: torch.Generator) -> tuple[Strokes, Tensor]:
        plan = self._plan
        count = plan.strokes or STROKES
        # Through a mist there is nothing to be drawn: the lines are those of what will be seen.
        forms = opening.begins if opening.held is None else opening.held
        if forms is None:
            return scribbles(plan.height, plan.width, count, generator), self._paper()
        return pencil_strokes(forms.float().cpu(), count, generator), self._paper()

    def _aim(self, picture: Tensor) -> Tensor:
        return drawn_aim(picture.float().cpu(), self._paper())

    def _fresh_colours(self, found: Tensor) -> Tensor:
        return self._colours

    def _paper(self) -> Tensor:
        return WHITE if self._plan.ground == "white" else PAPER
