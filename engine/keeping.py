"""Which state of a painting becomes the picture: the last one, an average of them, or the one with the best score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

WARM_UP = 10  # an average begins with what was painted last, not with the start


class Average:
    """The exponential moving average of parameters (Polyak & Juditsky 1992): calmer than any single state of them."""

    def __init__(self, parameters: Sequence[Tensor], decay: float) -> None:
        self._decay = decay
        self._count = 0
        self.values = [each.detach().clone() for each in parameters]

    @torch.no_grad()
    def add(self, parameters: Sequence[Tensor], ended: Tensor | None = None) -> None:
        """`ended` (B,) tells the pictures whose average stays as it is."""
        decay = min(self._decay, (1 + self._count) / (WARM_UP + self._count))
        self._count += 1
        for value, parameter in zip(self.values, parameters, strict=True):
            fresh = value.lerp(parameter, 1 - decay)
            value.copy_(fresh if ended is None else torch.where(_spread(ended, value), value, fresh))

    def state_dict(self) -> dict[str, Any]:
        return {"count": self._count, "values": [each.clone() for each in self.values]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._count = int(state["count"])
        for value, saved in zip(self.values, state["values"], strict=True):
            value.copy_(saved)


class Best:
    """Of each of B pictures the parameters with the highest score so far. Nothing is read back from the device."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self._scores = torch.full((len(parameters[0]),), -torch.inf, device=parameters[0].device)
        self.values = [each.detach().clone() for each in parameters]

    @torch.no_grad()
    def add(self, parameters: Sequence[Tensor], scores: Tensor) -> None:
        """scores (B,) of the pictures that these parameters make."""
        better = scores > self._scores
        self._scores = torch.where(better, scores, self._scores)
        for value, parameter in zip(self.values, parameters, strict=True):
            value.copy_(torch.where(_spread(better, value), parameter, value))

    def state_dict(self) -> dict[str, Any]:
        return {"scores": self._scores.clone(), "values": [each.clone() for each in self.values]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._scores = state["scores"].to(self._scores.device)
        for value, saved in zip(self.values, state["values"], strict=True):
            value.copy_(saved)


class Patience:
    """Notices for each of B pictures when its loss no longer improves, and keeps it as it is from then on."""

    SMOOTHING = 0.9  # of the loss, which is noisy: every step looks at other views
    IMPROVEMENT = 1e-3  # less than this share is none

    def __init__(self, steps: int, pictures: int, device: torch.device) -> None:
        self._steps = steps
        self._smooth = torch.full((pictures,), torch.nan, device=device)
        self._best = torch.full((pictures,), torch.inf, device=device)
        self._since = torch.zeros(pictures, device=device)

    def note(self, losses: Tensor) -> None:
        """losses (B,) of a step."""
        known = torch.where(self._smooth.isnan(), losses, self._smooth)
        self._smooth = torch.lerp(losses, known, self.SMOOTHING)
        improved = self._smooth < self._best - self.IMPROVEMENT * self._best.abs().nan_to_num(posinf=1.0)
        counted = torch.where(improved, torch.zeros_like(self._since), self._since + 1)
        self._since = torch.where(self.ended, self._since, counted)
        self._best = torch.minimum(self._best, self._smooth)

    @property
    def ended(self) -> Tensor:
        """(B,) which pictures have come to their end."""
        return self._since >= self._steps

    @torch.no_grad()
    def restore(self, parameters: Sequence[Tensor], before: Sequence[Tensor]) -> None:
        """Undo the last step of the pictures that have ended; `before` are their parameters before it."""
        for parameter, old in zip(parameters, before, strict=True):
            parameter.copy_(torch.where(_spread(self.ended, parameter), old, parameter))

    def state_dict(self) -> dict[str, Any]:
        return {"smooth": self._smooth.clone(), "best": self._best.clone(), "since": self._since.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        device = self._since.device
        self._smooth, self._best = state["smooth"].to(device), state["best"].to(device)
        self._since = state["since"].to(device)


@contextmanager
def standing_in(parameters: Sequence[Tensor], values: Sequence[Tensor]) -> Iterator[None]:
    """`parameters` have these values meanwhile."""
    with torch.no_grad():
        own = [each.clone() for each in parameters]
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(value)
        try:
            yield
        finally:
            for parameter, value in zip(parameters, own, strict=True):
                parameter.copy_(value)


def _spread(chosen: Tensor, like: Tensor) -> Tensor:
    return chosen.view(-1, *[1] * (like.dim() - 1))
