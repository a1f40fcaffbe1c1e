"""`clamp_with_gradient`: a clamp whose gradient lets values return into the range."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _ClampWithGradient(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: Tensor, low: float, high: float) -> Tensor:
        context.save_for_backward(values)
        context.limits = (low, high)
        return values.clamp(low, high)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (values,), gradient = context.saved_tensors, gradients[0]
        beyond = values - values.clamp(*context.limits)
        # A descent step goes against the gradient, so it leads further out where the two have opposite signs.
        return gradient * (gradient * beyond >= 0), None, None


def clamp_with_gradient(values: Tensor, low: float = 0.0, high: float = 1.0) -> Tensor:
    """`values` clamped; the gradient passes unless a descent step would lead further out of range (Crowson 2021)."""
    clamped: Tensor = _ClampWithGradient.apply(values, low, high)  # type: ignore[no-untyped-call]
    return clamped
