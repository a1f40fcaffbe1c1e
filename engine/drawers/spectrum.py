"""Pictures as frequencies in decorrelated colours (Olah et al. 2017, "Feature Visualization").

Steps of equal size then change large forms as readily as fine grain, and brightness, hue and tint as often as they
vary in photographs. Bare pixels would take every step as noise.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.clamp import clamp_with_gradient

DECAY: Final = 1.5  # how much weaker the amplitudes are of waves that are finer; photographs have about 1
BEGUN: Final = 0.15  # standard deviation of the frequencies of a picture that begins from chance
BEYOND: Final = 0.04  # of the range of colours: so far sigmoids reach over black and white, which they only near
MARGIN: Final = 1 / 8  # of a side, cut off: frequencies make the picture periodic, and that should not show

# Columns: how brightness, blue against orange, and green against magenta vary together in photographs: principal
# axes of the logits of colours, scaled by their deviations. Brightness varies most by far.
_AXES: Final = (
    (0.577, 0.707, 0.408),
    (0.577, 0.0, -0.816),
    (0.577, -0.707, 0.408),
)
_DEVIATIONS: Final = (1.0, 0.45, 0.3)


class Spectrum:
    """Turns parameters (B, 3, rows, frequencies, 2) into pictures (B, 3, height, width) in [0, 1], and back."""

    def __init__(
        self, height: int, width: int, device: torch.device, *, periodic: bool = False, finest: float = torch.inf
    ) -> None:
        """`finest`, in waves a pixel: from about there on waves are weakened beyond their decay."""
        self._height, self._width = height, width
        self._top, self._left = (0, 0) if periodic else (round(height * MARGIN), round(width * MARGIN))
        self._rows, self._columns = height + 2 * self._top, width + 2 * self._left
        self._scales = _scales(self._rows, self._columns, finest).to(device)
        colours = torch.tensor(_AXES) * torch.tensor(_DEVIATIONS)
        self._colours, self._uncoloured = colours.to(device), torch.linalg.inv(colours).to(device)

    def chance(self, generator: torch.Generator) -> Tensor:
        """(3, rows, frequencies, 2): the parameters of soft clouds near grey, on the CPU."""
        return BEGUN * torch.randn(3, *self._scales.shape, 2, generator=generator)

    def pictures(self, parameters: Tensor) -> Tensor:
        """Differentiable."""
        waves = torch.view_as_complex(parameters.contiguous()) * self._scales
        decorrelated = torch.fft.irfft2(waves, s=(self._rows, self._columns), norm="ortho")
        logits = torch.einsum("cd,bdhw->bchw", self._colours, self._cropped(decorrelated))
        return clamp_with_gradient((1 + 2 * BEYOND) * logits.sigmoid() - BEYOND)

    @torch.no_grad()
    def parameters(self, pictures: Tensor) -> Tensor:
        """Those that make the pictures; beyond the edge of each goes on its mirror image."""
        around = (self._left, self._left, self._top, self._top)
        canvas = F.pad(pictures.to(self._scales.device), around, mode="reflect")
        logits = ((canvas + BEYOND) / (1 + 2 * BEYOND)).logit()
        decorrelated = torch.einsum("cd,bdhw->bchw", self._uncoloured, logits)
        return torch.view_as_real(torch.fft.rfft2(decorrelated, norm="ortho") / self._scales)

    def _cropped(self, canvas: Tensor) -> Tensor:
        return canvas[..., self._top : self._top + self._height, self._left : self._left + self._width]


def _scales(rows: int, columns: int, finest: float) -> Tensor:
    """(rows, columns // 2 + 1): the amplitude that a parameter of 1 gives each wave of the orthonormal transform.

    The mean of the picture and its slowest waves move its logits by about 1, all others by less, the finer they are.
    """
    down, across = torch.fft.fftfreq(rows)[:, None], torch.fft.rfftfreq(columns)[None]
    frequency = (down.square() + across.square()).sqrt()  # waves a pixel
    slowest = 1 / max(rows, columns)
    falling = (slowest / frequency.clamp_min(slowest)) ** DECAY * torch.exp(-((frequency / finest) ** 2))
    scales: Tensor = (rows * columns) ** 0.5 * falling
    return scales
