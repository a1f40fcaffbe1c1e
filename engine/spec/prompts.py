"""The prompt grammar: `a castle | fog:0.4 | people:-1 | text:weight:stop`; stories: `a seed ^ a sprout ^ a tree`."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final

from engine.errors import InputError
from engine.spec.artspec import ArtSpec
from engine.spec.modifiers import with_modifiers
from engine.spec.rules import STAGE_MARK

MAXIMUM_STAGES: Final = 10
NEGATIVE_WEIGHT: Final = -0.5  # of a negative prompt without one: at -1 it would only destroy the picture
MAXIMUM_PROMPTS: Final = 16  # more would only blur the picture, and each costs memory
MAXIMUM_WEIGHT: Final = 100.0
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?|[+-]?(?:nan|inf)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One part of a prompt: its words, its weight (negative: away from it), and its stop."""

    text: str
    weight: float = 1.0
    stop: float = -math.inf  # signed spherical distance below which it has no gradient


Story = tuple[tuple[Prompt, ...], ...]  # the prompts of each stage; most pictures have one stage


def stages_of(spec: ArtSpec) -> Story:
    """The story of a spec with its modifiers. Raises `InputError` for an invalid prompt and an unknown modifier."""
    return modified(story_of(spec), spec.modifiers)


def story_of(spec: ArtSpec) -> Story:
    """The prompts of each stage as typed, and the negative prompt. Raises `InputError`."""
    negative = _parse_negative(spec.negative)
    stages = parse_story(spec.prompt)
    for stage in stages:
        _check_count(len(stage) + len(negative))
    return tuple(stage + negative for stage in stages)


def modified(story: Story, modifiers: tuple[str, ...]) -> Story:
    """The story with modifiers on its prompts of positive weight. Raises `InputError` for unknown ones."""
    return tuple(tuple(_modified(prompt, modifiers) for prompt in stage) for stage in story)


def parse_story(text: str) -> Story:
    """The stages between `^`, each parsed by `parse_prompts`. Raises `InputError`."""
    stages = [stage for stage in text.split(STAGE_MARK) if clean(stage)]
    if len(stages) > MAXIMUM_STAGES:
        raise InputError(
            "A story may have {most} stages between “{mark}” at most; this one has {number}.",
            most=MAXIMUM_STAGES,
            mark=STAGE_MARK,
            number=len(stages),
        )
    return tuple(parse_prompts(stage) for stage in stages or [text])


def parse_prompts(text: str) -> tuple[Prompt, ...]:
    """The parts between `|`, each with an optional `:weight` or `:weight:stop`; any other colon is text.

    Raises `InputError` for a prompt without words, more than 16 parts, or an invalid weight.
    """
    parts = [part for part in (clean(part) for part in text.split("|")) if part]
    if not parts:
        raise InputError("The prompt is empty: say what to paint, for example “a lighthouse in a storm”.")
    _check_count(len(parts))
    prompts = tuple(_parse_part(part) for part in parts)
    if all(prompt.weight == 0 for prompt in prompts):
        raise InputError("Every part of the prompt has weight 0: give at least one part another weight.")
    return prompts


def clean(text: str) -> str:
    """Text without control and format characters, white space collapsed to single spaces."""
    visible = "".join(" " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter for letter in text)
    kept = "".join(
        letter
        for letter in visible
        if unicodedata.category(letter) not in {"Cf", "Cs", "Co", "Cn"} or letter == "\u200d"
    )
    return " ".join(kept.split())


def _parse_negative(text: str) -> tuple[Prompt, ...]:
    """A negative prompt, parsed: all weights negative, whatever their sign in the text."""
    if not clean(text).strip("| "):
        return ()
    return tuple(replace(each, weight=NEGATIVE_WEIGHT * abs(each.weight)) for each in parse_prompts(text))


def _modified(prompt: Prompt, modifiers: tuple[str, ...]) -> Prompt:
    return prompt if prompt.weight < 0 else replace(prompt, text=with_modifiers(prompt.text, modifiers))


def _check_count(parts: int) -> None:
    if parts > MAXIMUM_PROMPTS:
        raise InputError(
            "A prompt may have {most} parts between “|” at most; this one has {number}.",
            most=MAXIMUM_PROMPTS,
            number=parts,
        )


def _parse_part(part: str) -> Prompt:
    words, numbers = part, list[float]()
    while len(numbers) < 2:
        head, colon, tail = words.rpartition(":")
        if not colon or not _NUMBER.fullmatch(tail.strip()):
            break
        words, numbers = head.strip(), [float(tail), *numbers]
    if not words.strip(" :"):
        raise InputError("“{part}” has a weight but no words: write the words before the colon.", part=part[:40])
    weight, stop = [*numbers, *(1.0, -math.inf)[len(numbers) :]]
    if not math.isfinite(weight) or abs(weight) > MAXIMUM_WEIGHT:
        raise InputError(
            "The weight of “{words}” must be from -{most} to {most}.", words=words[:40], most=f"{MAXIMUM_WEIGHT:g}"
        )
    if math.isnan(stop) or stop == math.inf:
        raise InputError("The stop of “{words}” must be a number, for example 0.6.", words=words[:40])
    return Prompt(words, weight, stop)
