"""A clamp that does not leave pixels stuck at its ends."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _ClampWithGradient(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: Tensor, low: float, high: float) -> Tensor:
        context.save_for_backward(values)
        context.ends = (low, high)
        return values.clamp(low, high)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (values,), gradient = context.saved_tensors, gradients[0]
        beyond = values - values.clamp(*context.ends)
        # A descent step moves against the gradient: it leads further out where the two have opposite signs.
        return gradient * (gradient * beyond >= 0), None, None


def clamp_with_gradient(values: Tensor, low: float = 0.0, high: float = 1.0) -> Tensor:
    """`values` clamped; the gradient passes unless a step along it would push further out of range (Crowson 2021)."""
    clamped: Tensor = _ClampWithGradient.apply(values, low, high)  # type: ignore[no-untyped-call]
    return clamped
