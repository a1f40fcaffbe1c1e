"""Pictures as frequencies in decorrelated colours (Olah et al. 2017, "Feature Visualization").

Optimiser steps of equal size then change coarse and fine structure, and brightness and colour, about as much as these
vary in photographs. On plain pixels they would be noise.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.drawers.clamp import clamp_with_gradient

DECAY: Final = 1.5  # exponent by which amplitudes fall with frequency; in photographs about 1
INIT_SPREAD: Final = 0.15  # standard deviation of the frequencies of a random start
BEYOND: Final = 0.04  # of the range: how far the sigmoids extend beyond black and white, so that these can be reached
MARGIN: Final = 1 / 8  # of a side, cropped: the Fourier transform makes pictures periodic

# Columns: brightness, blue against orange, green against magenta, about the principal axes of the logits of colours in
# photographs, scaled by their standard deviations.
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
        """`finest`, in cycles a pixel: above about this frequency amplitudes fall faster than by `DECAY`."""
        self._height, self._width = height, width
        self._top, self._left = (0, 0) if periodic else (round(height * MARGIN), round(width * MARGIN))
        self._rows, self._columns = height + 2 * self._top, width + 2 * self._left
        self._scales = _scales(self._rows, self._columns, finest).to(device)
        colours = torch.tensor(_AXES) * torch.tensor(_DEVIATIONS)
        self._from_axes, self._to_axes = colours.to(device), torch.linalg.inv(colours).to(device)

    def random(self, generator: torch.Generator) -> Tensor:
        """(3, rows, frequencies, 2): parameters of a random, cloudy picture near grey, on the CPU."""
        return INIT_SPREAD * torch.randn(3, *self._scales.shape, 2, generator=generator)

    def pictures(self, parameters: Tensor) -> Tensor:
        """(B, 3, height, width) in [0, 1] of parameters (B, 3, rows, frequencies, 2), differentiable."""
        waves = torch.view_as_complex(parameters.contiguous()) * self._scales
        decorrelated = torch.fft.irfft2(waves, s=(self._rows, self._columns), norm="ortho")
        logits = torch.einsum("cd,bdhw->bchw", self._from_axes, self._cropped(decorrelated))
        return clamp_with_gradient((1 + 2 * BEYOND) * logits.sigmoid() - BEYOND)

    @torch.no_grad()
    def parameters(self, pictures: Tensor) -> Tensor:
        """The inverse of `pictures`; the margin is filled with reflections."""
        around = (self._left, self._left, self._top, self._top)
        canvas = F.pad(pictures.to(self._scales.device), around, mode="reflect")
        logits = ((canvas + BEYOND) / (1 + 2 * BEYOND)).logit()
        decorrelated = torch.einsum("cd,bdhw->bchw", self._to_axes, logits)
        return torch.view_as_real(torch.fft.rfft2(decorrelated, norm="ortho") / self._scales)

    def _cropped(self, canvas: Tensor) -> Tensor:
        return canvas[..., self._top : self._top + self._height, self._left : self._left + self._width]


def _scales(rows: int, columns: int, finest: float) -> Tensor:
    """(rows, columns // 2 + 1): the amplitude of each wave of the orthonormal transform for a parameter of 1.

    The mean of the picture and its slowest waves change its logits by about 1, finer ones by less.
    """
    down, across = torch.fft.fftfreq(rows)[:, None], torch.fft.rfftfreq(columns)[None]
    frequency = (down.square() + across.square()).sqrt()  # cycles a pixel
    slowest = 1 / max(rows, columns)
    falling = (slowest / frequency.clamp_min(slowest)) ** DECAY * torch.exp(-((frequency / finest) ** 2))
    scales: Tensor = (rows * columns) ** 0.5 * falling
    return scales
