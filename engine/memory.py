"""Placeholder of the lead for founder C."""

from __future__ import annotations

import torch

from engine.presets import Plan


def check_memory(plan: Plan, device: torch.device, batch: int = 1) -> None:
    return None
