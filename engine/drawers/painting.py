"""The `painting` style: brush strokes over a ground, broad ones below fine ones."""

from __future__ import annotations

import math
from typing import ClassVar, Final

import torch
from torch import Tensor

from engine.drawers.brushwork import border_colour, laid_strokes, random_strokes
from engine.drawers.stroke_drawer import Limits, Paces, StrokeDrawer
from engine.drawers.strokes import Strokes
from engine.starts import Opening

STROKES: Final = 256  # where the plan says none, as in CLIPDraw
DAB: Final = 4.0  # length of a fresh stroke in its widths
WHITE: Final = torch.ones(3)
AHEAD: Final = 0.3  # how far the colours of a story's next picture show at once
TONE: Final = torch.tensor([0.80, 0.68, 0.50])  # ochre, as old masters had it
GROUNDS: Final = {"white": WHITE, "toned": TONE}  # that stay as they are; any other is part of the painting


class PaintingDrawer(StrokeDrawer):
    """Opaque strokes that begin along the forms of the opening, in its colours."""

    paces: ClassVar[Paces] = Paces(points=0.7, widths=0.1, colours=0.035, opacities=0.01, last=0.1)
    limits: ClassVar[Limits] = Limits(thinnest=0.008, broadest=0.07, longest=0.6, faintest=0.5, grain=0.008)

    def _begun(self, opening: Opening, generator: torch.Generator) -> tuple[Strokes, Tensor]:
        plan = self._plan
        count = plan.strokes or STROKES
        shades = opening.held if opening.begins is None else opening.begins
        if shades is None:
            return random_strokes(plan.height, plan.width, count, generator), GROUNDS.get(plan.ground, WHITE)
        # The forms are those that will be painted, even while a mist still lies over their colours.
        shades = shades.float().cpu()
        forms = shades if opening.held is None else opening.held.float().cpu()
        ground, final = (GROUNDS.get(plan.ground, border_colour(each)) for each in (shades, forms))
        return laid_strokes(forms, shades, final, count, generator), ground

    def _aim(self, picture: Tensor) -> Tensor:
        return picture

    def _follow(self, index: int, picture: Tensor, returned: Tensor | None) -> None:
        """Without a move of the camera the present picture is painted once more with strokes along the forms of the
        next, so that only their colours have to change."""
        if returned is None:
            every = torch.ones_like(self._widths[index], dtype=torch.bool)
            ground = GROUNDS.get(self._plan.ground, border_colour(picture))
            shades = torch.lerp(self.render()[index].float().cpu(), picture, AHEAD)
            self._lay(index, every, laid_strokes(picture, shades, ground, len(every), self._chance(index)))

    def _fresh(self, points: Tensor, found: Tensor, *, bare: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Dabs that together cover a bare place twice, and finer ones where there is a picture already."""
        area = self._plan.width * self._plan.height / points.shape[1]
        brush = math.sqrt(2 * area / DAB) * (1 if bare else 0.5)
        extents = (points.amax(2) - points.amin(2)).amax(-1).clamp_min(1)
        return points * (brush * DAB / extents)[..., None, None], torch.full_like(self._widths, brush), found
