"""The `photo` style: a free picture without a generator, works with any perceptor alone.

The parameters are the picture's frequencies in decorrelated colours (Olah et al. 2017, "Feature Visualization"): steps
of equal size then change large forms as readily as fine grain, and brightness, hue and tint as often as they vary in
photographs. Bare pixels would take every step as noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.camera import warped
from engine.drawers.clamp import clamp_with_gradient
from engine.drawers.drawer import Drawer, ParameterGroup
from engine.models import Models
from engine.presets import Plan
from engine.starts import Opening

DECAY: Final = 1.5  # how much weaker the amplitudes are of waves that are finer; photographs have about 1
FINEST: Final = 0.25  # waves a pixel: finer ones are weakened more, or a perceptor would sprinkle single bright pixels
BEGUN: Final = 0.15  # standard deviation of the frequencies of a picture that begins from chance
BEYOND: Final = 0.04  # of the range of colours: so far sigmoids reach over black and white, which they only near
MARGIN: Final = 1 / 8  # of a side, cut off: frequencies make the picture periodic, and that should not show
SPREAD: Final = 1 / 12  # variance of a colour that could be any

# Columns: how brightness, blue against orange, and green against magenta vary together in photographs: principal
# axes of the logits of colours, scaled by their deviations. Brightness varies most by far.
_AXES: Final = (
    (0.577, 0.707, 0.408),
    (0.577, 0.0, -0.816),
    (0.577, -0.707, 0.408),
)
_DEVIATIONS: Final = (1.0, 0.45, 0.3)


class PhotoDrawer(Drawer):
    """Moves complex frequencies, as real numbers (B, 3, rows, frequencies, 2)."""

    def __init__(
        self, plan: Plan, models: Models, openings: Sequence[Opening], generators: Sequence[torch.Generator]
    ) -> None:
        self._height, self._width = plan.height, plan.width
        self._top, self._left = (0, 0) if plan.tile else (round(plan.height * MARGIN), round(plan.width * MARGIN))
        self._rows, self._columns = plan.height + 2 * self._top, plan.width + 2 * self._left
        self._scales = _scales(self._rows, self._columns).to(models.device)
        colours = torch.tensor(_AXES) * torch.tensor(_DEVIATIONS)
        self._colours, self._uncoloured = colours.to(models.device), torch.linalg.inv(colours).to(models.device)
        begun, held = [], []
        for opening, generator in zip(openings, generators, strict=True):
            chance = BEGUN * torch.randn(3, *self._scales.shape, 2, generator=generator)
            chance = chance.to(models.device)
            begun.append(chance if opening.begins is None else self._frequencies(opening.begins[None])[0])
            held.append(self._picture(begun[-1][None])[0] if opening.held is None else opening.held)
        self._held = torch.stack([each.to(models.device) for each in held])
        self._spectrum = torch.stack(begun).requires_grad_()
        self._shown: Tensor | None = None

    def groups(self) -> list[ParameterGroup]:
        return [ParameterGroup([self._spectrum])]

    def render(self) -> Tensor:
        self._shown = self._picture(self._spectrum)
        return self._shown

    def strayed(self) -> Tensor:
        """Between pictures, where it is plain to see, and not between frequencies."""
        shown = self.render() if self._shown is None else self._shown
        return (shown - self._held).square().sum(1).mean((1, 2)) / SPREAD

    @torch.no_grad()
    def constrain(self) -> None:
        self._shown = None

    @torch.no_grad()
    def hold_to(self, pictures: Tensor) -> None:
        self._held.copy_(pictures)

    @torch.no_grad()
    def move(self, matrix: Tensor) -> None:
        self._spectrum.copy_(self._frequencies(warped(self.render(), matrix)))
        self._held.copy_(warped(self._held, matrix))
        self._shown = None

    def tensors(self) -> dict[str, Tensor]:
        return {"spectrum": self._spectrum, "held": self._held}

    def _picture(self, spectrum: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] of frequencies."""
        waves = torch.view_as_complex(spectrum.contiguous()) * self._scales
        decorrelated = torch.fft.irfft2(waves, s=(self._rows, self._columns), norm="ortho")
        logits = torch.einsum("cd,bdhw->bchw", self._colours, decorrelated)
        return clamp_with_gradient((1 + 2 * BEYOND) * self._cropped(logits).sigmoid() - BEYOND)

    @torch.no_grad()
    def _frequencies(self, pictures: Tensor) -> Tensor:
        """The parameters that make pictures (B, 3, H, W); beyond the edge goes on their mirror image."""
        around = (self._left, self._left, self._top, self._top)
        canvas = F.pad(pictures.to(self._scales.device), around, mode="reflect")
        logits = ((canvas + BEYOND) / (1 + 2 * BEYOND)).logit()
        decorrelated = torch.einsum("cd,bdhw->bchw", self._uncoloured, logits)
        return torch.view_as_real(torch.fft.rfft2(decorrelated, norm="ortho") / self._scales)

    def _cropped(self, canvas: Tensor) -> Tensor:
        return canvas[..., self._top : self._top + self._height, self._left : self._left + self._width]


def _scales(rows: int, columns: int) -> Tensor:
    """(rows, columns // 2 + 1): the amplitude that a parameter of 1 gives each wave of the orthonormal transform.

    The mean of the picture and its slowest waves move its logits by about 1, all others by less, the finer they are.
    """
    down, across = torch.fft.fftfreq(rows)[:, None], torch.fft.rfftfreq(columns)[None]
    frequency = (down.square() + across.square()).sqrt()  # waves a pixel
    slowest = 1 / max(rows, columns)
    falling = (slowest / frequency.clamp_min(slowest)) ** DECAY * torch.exp(-((frequency / FINEST) ** 2))
    scales: Tensor = (rows * columns) ** 0.5 * falling
    return scales
