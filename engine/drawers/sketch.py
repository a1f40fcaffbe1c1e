"""Style `sketch`: dark lines of varying pressure on paper."""

from __future__ import annotations

from typing import ClassVar, Final

import torch
from torch import Tensor

from engine.drawers.drawer import Init
from engine.drawers.strokes.drawer import LearningRates, Limits, StrokeDrawer
from engine.drawers.strokes.pencilwork import lines_along, pencil_strokes, scribbles, sketch_target
from engine.drawers.strokes.strokes import Strokes

STROKES: Final = 96  # if the plan has none
PAPER: Final = torch.tensor([0xF2, 0xEE, 0xCB]) / 255
INKED: Final = 0.15  # how much darker than the paper a pixel with a line is


class SketchDrawer(StrokeDrawer):
    """Lines that begin along the contours of the target image, and hatching in its dark parts."""

    style = "sketch"
    learning_rates: ClassVar[LearningRates] = LearningRates(
        points=0.4, widths=0.015, colours=0.0, opacities=0.006, last=0.1
    )
    limits: ClassVar[Limits] = Limits(thinnest=0.003, broadest=0.016, longest=1.0, faintest=0.15, grain=0.02)

    def _first_strokes(self, init: Init, generator: torch.Generator) -> tuple[Strokes, Tensor]:
        plan, count = self._plan, self._plan.strokes or STROKES
        # Lines follow the target image: the init image may be covered with noise.
        forms = init.init_image if init.target_image is None else init.target_image
        if forms is None:
            return scribbles(plan.height, plan.width, count, generator), PAPER
        return pencil_strokes(forms.float().cpu(), count, generator), PAPER

    def _redraw(self, index: int, picture: Tensor, reused: Tensor | None) -> None:
        """Reused lines go along contours that are not drawn yet; without a move of the camera all lines are drawn anew,
        since ink cannot be recoloured."""
        if reused is None:
            every = torch.ones_like(self._widths[index], dtype=torch.bool)
            self._lay(index, every, pencil_strokes(picture, len(every), self._generator(index)))
        elif count := int(reused[index].sum()):
            drawn = (PAPER.to(self._target)[:, None, None] - self.render()[index]).mean(0) > INKED
            self._lay(index, reused[index], lines_along(picture, count, drawn.cpu()))

    def _target_for(self, picture: Tensor) -> Tensor:
        return sketch_target(picture.float().cpu(), PAPER)
