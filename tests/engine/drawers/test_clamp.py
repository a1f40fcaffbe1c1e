"""The clamp's gradient: blocked only where a step would push further out."""

from __future__ import annotations

import torch

from engine.drawers.clamp import clamp_with_gradient


def test_values_are_clamped_and_only_outward_steps_are_blocked() -> None:
    values = torch.tensor([-0.5, -0.5, 0.5, 1.5, 1.5], requires_grad=True)
    clamped = clamp_with_gradient(values)
    assert clamped.tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    # A descent step subtracts the gradient.
    clamped.backward(torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0]))
    assert values.grad is not None
    assert values.grad.tolist() == [0.0, -1.0, 1.0, 1.0, 0.0]
