"""One training run: its step, its time, the average of its weights, and its checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor


class Stateful(Protocol):
    """What a checkpoint saves and restores: modules, optimisers, the codebook's averages."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: Any) -> Any: ...


class TrainingRun:
    """Counts steps and seconds up to a budget; a stopped run resumes from `file`.

    The average of the weights over the last steps (Polyak averaging) is what a training leaves in the end.
    """

    def __init__(
        self, file: Path, minutes: float, model: Stateful, parts: Mapping[str, Stateful], device: torch.device
    ) -> None:
        self.file = file
        self.step = 0
        self.spent = 0.0  # seconds, those before a stop included
        self.average = {key: value.clone() for key, value in model.state_dict().items()}
        self._total = minutes * 60
        self._model = model
        self._parts: dict[str, Stateful] = {"model": model, **parts}
        if file.exists():
            self._restore(torch.load(file, map_location=device))
        self._last = time.perf_counter()

    @property
    def done(self) -> float:
        """The share of the time that is spent, 0 … 1."""
        return min(1.0, self.spent / self._total) if self._total else 1.0

    def rate(self, highest: float, *, warm: int, least: float = 0.0) -> float:
        """A learning rate that rises over `warm` steps and falls by a half cosine to `least` of `highest`."""
        return highest * min(1.0, (self.step + 1) / warm) * (0.5 * (1 + math.cos(math.pi * self.done)) + least)

    def advance(self, most: float) -> None:
        """After each step: count it, and move the average by at least 1 - `most` towards the weights."""
        self.advance_keeping(min(most, self.step / (self.step + 10)))

    @torch.no_grad()
    def advance_keeping(self, share: float) -> None:
        """After each step: count it, and move the average by 1 - `share` towards the weights."""
        for key, value in self._model.state_dict().items():
            if value.is_floating_point():
                self.average[key].lerp_(value, 1 - share)
        self.step += 1
        now = time.perf_counter()
        self.spent, self._last = self.spent + now - self._last, now

    def keep(self, result: Path) -> None:
        """Write the average to `result`, and to the file all that is needed to go on; neither is ever half written."""
        _save(self.average, result)
        state: dict[str, Any] = {name: part.state_dict() for name, part in self._parts.items()}
        _save({**state, "average": self.average, "step": self.step, "spent": self.spent}, self.file)

    def _restore(self, state: Mapping[str, Any]) -> None:
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        self.average.update(state["average"])
        self.step, self.spent = state["step"], state["spent"]


def _save(state: Mapping[str, Tensor | Any], file: Path) -> None:
    fresh = file.with_suffix(".part")
    torch.save(dict(state), fresh)
    fresh.replace(file)
