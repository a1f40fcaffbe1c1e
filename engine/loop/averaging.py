"""Which parameters become the picture: their exponential moving average, or the best ones; and early stopping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

WARM_UP = 10  # steps: at first the decay is smaller, so that the average forgets the start


class EMA:
    """The exponential moving average of parameters (Polyak & Juditsky 1992), less noisy than their last state."""

    def __init__(self, parameters: Sequence[Tensor], decay: float) -> None:
        self._decay = decay
        self._count = 0
        self.values = [each.detach().clone() for each in parameters]

    @torch.no_grad()
    def add(self, parameters: Sequence[Tensor], stopped: Tensor | None = None) -> None:
        """Average in the parameters after a step; pictures that have `stopped` (B,) keep their average."""
        decay = min(self._decay, (1 + self._count) / (WARM_UP + self._count))
        self._count += 1
        for value, parameter in zip(self.values, parameters, strict=True):
            updated = value.lerp(parameter, 1 - decay)
            value.copy_(updated if stopped is None else torch.where(_broadcast(stopped, value), value, updated))

    def state_dict(self) -> dict[str, Any]:
        return {"count": self._count, "values": [each.clone() for each in self.values]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._count = int(state["count"])
        for value, saved in zip(self.values, state["values"], strict=True):
            value.copy_(saved)


class Best:
    """The parameters with the highest score so far, of each of B pictures. Nothing is read back from the device."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self._scores = torch.full((len(parameters[0]),), -torch.inf, device=parameters[0].device)
        self.values = [each.detach().clone() for each in parameters]

    @torch.no_grad()
    def add(self, parameters: Sequence[Tensor], scores: Tensor) -> None:
        """Keep the parameters of the pictures whose score, of `scores` (B,), is higher than before."""
        better = scores > self._scores
        self._scores = torch.where(better, scores, self._scores)
        for value, parameter in zip(self.values, parameters, strict=True):
            value.copy_(torch.where(_broadcast(better, value), parameter, value))

    def state_dict(self) -> dict[str, Any]:
        return {"scores": self._scores.clone(), "values": [each.clone() for each in self.values]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._scores = state["scores"].to(self._scores.device)
        for value, saved in zip(self.values, state["values"], strict=True):
            value.copy_(saved)


class EarlyStopping:
    """Early stopping of each of B pictures, when its smoothed loss has not improved for `patience` steps."""

    SMOOTHING = 0.9  # decay of the loss's average: the loss is noisy, since every step has other cutouts
    IMPROVEMENT = 1e-3  # relative; a smaller one does not count

    def __init__(self, patience: int, pictures: int, device: torch.device) -> None:
        self._patience = patience
        self._smooth = torch.full((pictures,), torch.nan, device=device)
        self._best = torch.full((pictures,), torch.inf, device=device)
        self._since = torch.zeros(pictures, device=device)  # steps since the last improvement

    def add(self, losses: Tensor) -> None:
        """Take in the losses (B,) of a step."""
        known = torch.where(self._smooth.isnan(), losses, self._smooth)
        self._smooth = torch.lerp(losses, known, self.SMOOTHING)
        improved = self._smooth < self._best - self.IMPROVEMENT * self._best.abs().nan_to_num(posinf=1.0)
        counted = torch.where(improved, torch.zeros_like(self._since), self._since + 1)
        self._since = torch.where(self.stopped, self._since, counted)
        self._best = torch.minimum(self._best, self._smooth)

    @property
    def stopped(self) -> Tensor:
        """(B,) bool: which pictures have stopped."""
        return self._since >= self._patience

    @torch.no_grad()
    def restore(self, parameters: Sequence[Tensor], before: Sequence[Tensor]) -> None:
        """Undo the last step of the pictures that have stopped; `before` are their parameters before it."""
        for parameter, old in zip(parameters, before, strict=True):
            parameter.copy_(torch.where(_broadcast(self.stopped, parameter), old, parameter))

    def state_dict(self) -> dict[str, Any]:
        return {"smooth": self._smooth.clone(), "best": self._best.clone(), "since": self._since.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        device = self._since.device
        self._smooth, self._best = state["smooth"].to(device), state["best"].to(device)
        self._since = state["since"].to(device)


@contextmanager
def swapped_in(parameters: Sequence[Tensor], values: Sequence[Tensor]) -> Iterator[None]:
    """A context in which `parameters` have these values; afterwards they have their own again."""
    with torch.no_grad():
        own = [each.clone() for each in parameters]
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(value)
        try:
            yield
        finally:
            for parameter, value in zip(parameters, own, strict=True):
                parameter.copy_(value)


def _broadcast(mask: Tensor, like: Tensor) -> Tensor:
    """(B,) → (B, 1, …), with as many dimensions as `like`."""
    return mask.view(-1, *[1] * (like.dim() - 1))
