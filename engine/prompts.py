"""The prompt grammar: `a castle | fog:0.4 | people:-1 | text:weight:stop`; stories: `a seed ^ a sprout ^ a tree`."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final

from engine.combinations import STAGE_MARK
from engine.errors import InputError
from engine.modifiers import find_modifier, with_modifiers
from engine.spec import ArtSpec

MAXIMUM_STAGES: Final = 10
NEGATIVE_WEIGHT: Final = -0.5  # of a negative prompt without one: as strong as its wish it would only wreck the picture
MAXIMUM_PROMPTS: Final = 16  # more would only blur the picture, and each costs memory in every step
MAXIMUM_WEIGHT: Final = 100.0
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?|[+-]?(?:nan|inf)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One wish: its words, how much it counts (negative: away from it), and where it is content."""

    text: str
    weight: float = 1.0
    stop: float = -math.inf  # signed spherical distance below which the wish pulls no more


def stages_of(spec: ArtSpec) -> tuple[tuple[Prompt, ...], ...]:
    """The wishes of each stage of the story (one, mostly): the prompt with its modifiers, and the negative prompt.

    Raises `InputError` for what is no prompt, and for a modifier that is not known.
    """
    unwanted = _unwanted(spec.negative)
    stages = []
    for stage in parse_story(spec.prompt):
        wishes = tuple(_modified(wish, spec.modifiers) for wish in stage)
        _refuse_too_many(len(wishes) + len(unwanted))
        stages.append(wishes + unwanted)
    return tuple(stages)


def parse_story(text: str) -> tuple[tuple[Prompt, ...], ...]:
    """Split at `^` into stages, each of which `parse_prompts` reads. Raises `InputError`."""
    stages = [stage for stage in text.split(STAGE_MARK) if clean(stage)]
    if len(stages) > MAXIMUM_STAGES:
        raise InputError(
            f"A story may have {MAXIMUM_STAGES} stages between “{STAGE_MARK}” at most; this one has {len(stages)}."
        )
    return tuple(parse_prompts(stage) for stage in stages or [text])


def parse_prompts(text: str) -> tuple[Prompt, ...]:
    """Split at `|` and read `:weight` and `:weight:stop` from the right; any other colon is only text.

    Raises `InputError` for a prompt without words, more than 16 wishes, or a weight that is no usable number.
    """
    parts = [part for part in (clean(part) for part in text.split("|")) if part]
    if not parts:
        raise InputError("The prompt is empty: say what to paint, for example “a lighthouse in a storm”.")
    _refuse_too_many(len(parts))
    prompts = tuple(_parse_part(part) for part in parts)
    if all(prompt.weight == 0 for prompt in prompts):
        raise InputError("Every part of the prompt has weight 0: give at least one part another weight.")
    return prompts


def clean(text: str) -> str:
    """Text without control and formatting characters, its white space folded to single blanks."""
    visible = "".join(" " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter for letter in text)
    kept = "".join(
        letter
        for letter in visible
        if unicodedata.category(letter) not in {"Cf", "Cs", "Co", "Cn"} or letter == "\u200d"
    )
    return " ".join(kept.split())


def _unwanted(text: str) -> tuple[Prompt, ...]:
    """A negative prompt as wishes with negative weights: whoever writes a weight means how much, not which way."""
    if not clean(text).strip("| "):
        return ()
    return tuple(replace(wish, weight=NEGATIVE_WEIGHT * abs(wish.weight)) for wish in parse_prompts(text))


def _modified(wish: Prompt, modifiers: tuple[str, ...]) -> Prompt:
    """A modifier describes what is wished for; what is to be kept away from needs no style."""
    if wish.weight < 0 or not modifiers:
        return wish
    return replace(wish, text=with_modifiers(wish.text, [find_modifier(name).name for name in modifiers]))


def _refuse_too_many(parts: int) -> None:
    if parts > MAXIMUM_PROMPTS:
        raise InputError(f"A prompt may have {MAXIMUM_PROMPTS} parts between “|” at most; this one has {parts}.")


def _parse_part(part: str) -> Prompt:
    words, numbers = part, list[float]()
    while len(numbers) < 2:
        head, colon, tail = words.rpartition(":")
        if not colon or not _NUMBER.fullmatch(tail.strip()):
            break
        words, numbers = head.strip(), [float(tail), *numbers]
    if not words.strip(" :"):
        raise InputError(f"“{part[:40]}” has a weight but no words: write the words before the colon.")
    weight, stop = [*numbers, *(1.0, -math.inf)[len(numbers) :]]
    if not math.isfinite(weight) or abs(weight) > MAXIMUM_WEIGHT:
        raise InputError(f"The weight of “{words[:40]}” must be from -{MAXIMUM_WEIGHT:g} to {MAXIMUM_WEIGHT:g}.")
    if math.isnan(stop) or stop == math.inf:
        raise InputError(f"The stop of “{words[:40]}” must be a number, for example 0.6.")
    return Prompt(words, weight, stop)
