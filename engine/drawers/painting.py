"""Style `painting`: brush strokes on a background, broad ones below fine ones."""

from __future__ import annotations

import math
from typing import ClassVar, Final

import torch
from torch import Tensor

from engine.drawers.drawer import Init
from engine.drawers.strokes.brushwork import brush_strokes, random_strokes
from engine.drawers.strokes.drawer import LearningRates, Limits, StrokeDrawer
from engine.drawers.strokes.strokes import Strokes
from engine.images.tensors import border_colour

STROKES: Final = 256  # if the plan has none, as in CLIPDraw
DAB: Final = 4.0  # length of a new stroke, in its widths
WHITE: Final = torch.ones(3)
AHEAD: Final = 0.3  # share of the next stage's colours that new strokes have at once
TONE: Final = torch.tensor([0.80, 0.68, 0.50])  # ochre, the old masters' ground
BACKGROUNDS: Final = {"white": WHITE, "toned": TONE}  # fixed; any other background is a parameter


class PaintingDrawer(StrokeDrawer):
    """Opaque strokes that begin along the forms of the target image, in the colours of the init image."""

    style = "painting"
    learning_rates: ClassVar[LearningRates] = LearningRates(
        points=0.7, widths=0.1, colours=0.035, opacities=0.01, last=0.1
    )
    limits: ClassVar[Limits] = Limits(thinnest=0.008, broadest=0.07, longest=0.6, faintest=0.5, grain=0.008)

    def _first_strokes(self, init: Init, generator: torch.Generator) -> tuple[Strokes, Tensor]:
        plan = self._plan
        count = plan.strokes or STROKES
        shades = init.target_image if init.init_image is None else init.init_image
        if shades is None:
            return random_strokes(plan.height, plan.width, count, generator), BACKGROUNDS.get(
                plan.spec.background, WHITE
            )
        # Strokes follow the target image's forms from the start, even if noise still covers its colours.
        shades = shades.float().cpu()
        forms = shades if init.target_image is None else init.target_image.float().cpu()
        background, final = (BACKGROUNDS.get(plan.spec.background, border_colour(each)) for each in (shades, forms))
        return brush_strokes(forms, shades, final, count, generator), background

    def _target_for(self, picture: Tensor) -> Tensor:
        return picture

    def _redraw(self, index: int, picture: Tensor, reused: Tensor | None) -> None:
        """Without a move of the camera, repaint the current picture with strokes along the forms of the next one, so
        that only their colours have to change."""
        if reused is None:
            every = torch.ones_like(self._widths[index], dtype=torch.bool)
            background = BACKGROUNDS.get(self._plan.spec.background, border_colour(picture))
            shades = torch.lerp(self.render()[index].float().cpu(), picture, AHEAD)
            self._lay(index, every, brush_strokes(picture, shades, background, len(every), self._generator(index)))

    def _reshaped(self, points: Tensor, colours: Tensor, *, bare: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Dabs: on a bare area enough to cover it twice, elsewhere finer ones."""
        area = self._plan.width * self._plan.height / points.shape[1]
        brush = math.sqrt(2 * area / DAB) * (1 if bare else 0.5)
        extents = (points.amax(2) - points.amin(2)).amax(-1).clamp_min(1)
        return points * (brush * DAB / extents)[..., None, None], torch.full_like(self._widths, brush), colours
