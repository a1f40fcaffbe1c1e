"""`ArtSpec`: the one value that defines a picture and travels from the slash command to the gallery."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import InputError

VERSION: Final = 1
STYLES: Final = ("image", "pixel")
QUALITIES: Final = ("draft", "normal", "better", "best")
ASPECTS: Final = ("square", "widescreen", "portrait")
STARTS: Final = ("auto", "codes", "noise", "gradient")
FILMS: Final = ("mp4", "gif", "both", "none")
MAXIMUM_SEED: Final = 2**32 - 1
SIDE_STEP: Final = 16  # every drawer's grid divides 16: f16 latents, f8 latents, even film sizes


def _choice(*names: str) -> dict[str, Any]:
    return {"choices": names}


def _between(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high}


@dataclass(frozen=True, slots=True)
class ArtSpec:
    """The whole definition of a picture. `None` means "as the preset of this quality has it".

    Raises `InputError`, naming the field and its range, when a value is of the wrong type or out of range.
    """

    prompt: str = field(metadata={"length": 1000})  # the grammar is in engine/prompts.py
    style: str = field(default="image", metadata=_choice(*STYLES))  # which drawer makes the picture
    quality: str = field(default="draft", metadata=_choice(*QUALITIES))  # row of the preset table
    aspect: str = field(default="square", metadata=_choice(*ASPECTS))  # shape when no size is given
    width: int | None = field(default=None, metadata=_between(32, 2048))  # pixels, floored to a multiple of 16
    height: int | None = field(default=None, metadata=_between(32, 2048))  # pixels, floored to a multiple of 16
    iterations: int | None = field(default=None, metadata=_between(1, 2000))  # gradient steps
    cuts: int | None = field(default=None, metadata=_between(1, 256))  # views of the picture shown to CLIP a step
    learning_rate: float | None = field(default=None, metadata=_between(1e-4, 1.0))  # Adam's, on the latent
    seed: int | None = field(default=None, metadata=_between(0, MAXIMUM_SEED))  # None: drawn, and then told
    start: str = field(default="auto", metadata=_choice(*STARTS))  # ignored where a start image is given
    start_image: str | None = field(default=None, metadata={"pattern": r"[0-9a-f]{64}"})  # SHA-256 of its bytes
    start_weight: float | None = field(default=None, metadata=_between(0.0, 10.0))  # how firmly the start holds
    film: str = field(default="mp4", metadata=_choice(*FILMS))  # which films of the making are kept
    film_seconds: float = field(default=6.0, metadata=_between(1.0, 60.0))  # length without the held last frame

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            object.__setattr__(self, each.name, _checked(each, getattr(self, each.name)))
        if not self.prompt.strip():
            raise InputError("The prompt is empty: say what to paint, for example “a lighthouse in a storm”.")
        if (self.width is None) != (self.height is None):
            raise InputError("Give both width and height, or neither and an aspect instead.")

    def with_seed(self, seed: int | None) -> ArtSpec:
        """The same picture definition with another seed."""
        return dataclasses.replace(self, seed=seed)

    def to_json(self) -> str:
        """One line of JSON that `from_json` reads back to an equal spec; fields at their default are left out."""
        values: dict[str, Any] = {"version": VERSION}
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if value != each.default:
                values[each.name] = value
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ArtSpec:
        """Read a spec back. Raises `InputError` for anything that is not one."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError("This is not a picture definition: it is not valid JSON.") from error
        if not isinstance(values, dict):
            raise InputError("This is not a picture definition: a JSON object was expected.")
        version = values.pop("version", None)
        if type(version) is not int or not 1 <= version <= VERSION:
            raise InputError(f"This picture definition has version {version!r}; version {VERSION} was expected.")
        known = {each.name for each in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(
                f"Unknown field {unknown[0][:40]!r} in the picture definition; known are {', '.join(sorted(known))}."
            )
        if "prompt" not in values:
            raise InputError("The picture definition has no prompt.")
        return cls(**values)


def _checked(each: dataclasses.Field[Any], value: Any) -> Any:
    """The value in the type its field has, or `InputError`."""
    if value is None and each.default is None:
        return None
    rule, kind = each.metadata, str(each.type)
    if kind.startswith("str"):
        return _checked_text(each.name, value, rule)
    return _checked_number(each.name, value, rule, whole=kind.startswith("int"))


def _checked_text(name: str, value: Any, rule: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name} must be text, not {type(value).__name__}.")
    if "choices" in rule and value not in rule["choices"]:
        raise InputError(f"{name} must be one of {', '.join(rule['choices'])}, not {value[:40]!r}.")
    if "length" in rule and len(value) > rule["length"]:
        raise InputError(f"{name} may have {rule['length']} characters at most; this one has {len(value)}.")
    if "pattern" in rule and not re.fullmatch(rule["pattern"], value):
        raise InputError(f"{name} must be the SHA-256 of a picture: 64 hexadecimal digits.")
    # Lone surrogates cannot be encoded: they would break JSON files, PNG text and the database later on.
    return value.encode("utf-8", "replace").decode("utf-8")


def _checked_number(name: str, value: Any, rule: Any, *, whole: bool) -> int | float:
    low, high = rule["low"], rule["high"]
    sort = "a whole number" if whole else "a number"
    complaint = InputError(f"{name} must be {sort} from {low:g} to {high:.10g}, not {str(value)[:40]}.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise complaint
    if not math.isfinite(value) or not low <= value <= high or (whole and value != int(value)):
        raise complaint
    return int(value) if whole else float(value)
