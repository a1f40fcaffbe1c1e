"""Seconds go to the part of the work that takes them."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.lab.evaluation.speed import Clock


class Time:
    """Passes only when told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_an_inner_part_is_not_counted_twice() -> None:
    time = Time()
    clock = Clock(time)
    with clock.part("outer"):
        time.seconds += 2
        with clock.part("inner"):
            time.seconds += 5
        time.seconds += 1
    assert clock.seconds == {"inner": 5, "outer": 3}


def test_forward_and_backward_are_told_apart() -> None:
    time = Time()

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(_: object, given: Tensor) -> Tensor:
            time.seconds += 2
            return 2 * given

        @staticmethod
        def backward(_: object, *gradients: Tensor) -> Tensor:
            time.seconds += 5
            return 2 * gradients[0]

    clock = Clock(time)
    double = clock.timed("double", Double.apply)
    given = torch.ones(3, requires_grad=True)
    with clock.part("everything else"):
        time.seconds += 1
        for _ in range(2):
            double(3 * given).sum().backward()  # type: ignore[no-untyped-call]
    assert given.grad is not None and given.grad.tolist() == [12, 12, 12]
    assert clock.seconds == {"double, forward": 4, "double, backward": 10, "everything else": 1}


def test_without_a_gradient_there_is_no_backward_pass() -> None:
    clock = Clock()
    assert clock.timed("half", lambda given: given / 2)(torch.ones(2)).tolist() == [0.5, 0.5]
    assert set(clock.seconds) == {"half, forward"}
