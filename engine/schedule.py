"""What changes from step to step by plan: the pace of learning, and the stage of the story."""

from __future__ import annotations

import math

from engine.presets import Plan


def learning_rate(planned: Plan, step: int, rate: float | None = None, last: float | None = None) -> float:
    """A learning rate at a step: led from `rate` down to its `last` share by a half cosine, anew in each stage.

    Both are the plan's where they are not given. A moving camera brings something new to the end: under it the rate
    stays.
    """
    rate = planned.learning_rate if rate is None else rate
    if planned.camera != "still":
        return rate
    stage = stage_at(planned, step)
    first, end = (planned.iterations * each // planned.stages for each in (stage, stage + 1))
    down = (1 - math.cos(math.pi * (step - first) / max(1, end - first - 1))) / 2
    return rate * (1 - (1 - (planned.last_rate if last is None else last)) * down)


def stage_at(planned: Plan, step: int) -> int:
    """The stage of the story that a step belongs to, counted from 0."""
    stages = range(planned.stages)
    return max((stage for stage in stages if step >= planned.iterations * stage // planned.stages), default=0)
