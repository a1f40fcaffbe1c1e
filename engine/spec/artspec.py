"""`ArtSpec`: the definition of a picture, the one value passed from the slash command to the gallery."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import InputError
from engine.spec.rules import check_combination
from engine.spec.styles import STYLE_TABLE

VERSION: Final = 3  # 1 had fewer fields; in 2 the background was called ground
STYLES: Final = tuple(STYLE_TABLE)
VQGAN_NAMES: Final = ("imagenet-f16-1024", "imagenet-f16-16384", "wikiart-f16-16384", "openimages-f8-8192")
QUALITIES: Final = ("draft", "normal", "better", "best")
ASPECTS: Final = ("square", "widescreen", "portrait")
STARTS: Final = ("auto", "codes", "noise", "gradient")
FILMS: Final = ("mp4", "gif", "both", "none")
SYMMETRIES: Final = ("none", "horizontal", "vertical", "both")  # horizontal: the right half mirrors the left
CAMERAS: Final = ("still", "zoom-in", "zoom-out", "pan-left", "pan-right", "rotate")
BACKGROUNDS: Final = ("auto", "white", "toned")
KEEPS: Final = ("last", "best")
VARIATIONS: Final = (1, 4, 9)
ENLARGEMENTS: Final = (1, 2, 4)
MAXIMUM_SEED: Final = 2**32 - 1
SIDE_STEP: Final = 16  # every drawer's grid divides 16: f16 latents, f8 latents, even film sizes
DIGEST: Final = r"[0-9a-f]{64}"  # a user's picture is identified by the SHA-256 of its bytes


def _option(default: Any, help: str, **rule: Any) -> Any:
    """A field with its help text and its rule.

    The rule is `choices`; `low` and `high`; `length` in characters; `most` entries of a tuple; or `picture`: a SHA-256.
    The options of the command line, the settings of the form and the checks below are derived from it.
    """
    return field(default=default, metadata={"help": help, **rule})


@dataclass(frozen=True, slots=True)
class ImagePrompt:
    """A picture as a prompt: to resemble it, or with a negative weight to differ from it."""

    image: str = field(metadata={"help": "the SHA-256 of its bytes", "picture": True})
    weight: float = _option(1.0, "how much it counts", low=-100.0, high=100.0)

    def __post_init__(self) -> None:
        _check_fields(self)


@dataclass(frozen=True, slots=True)
class ArtSpec:
    """The complete definition of a picture. `None` means "as in the preset of this quality".

    Raises `InputError`, which names the field and its range, for a value of the wrong type or out of range, and for
    fields that `engine.spec.rules` does not allow together.
    """

    prompt: str = field(metadata={"help": "what to paint; the grammar is in prompts.py", "length": 1000})
    negative: str = _option("", "what to keep away from, in the prompt's grammar", length=500)
    modifiers: tuple[str, ...] = _option((), "looks, by their names in modifiers.toml", most=4, length=40)
    compare: tuple[str, ...] = _option((), "modifiers to compare, a picture for each on one sheet", most=25, length=40)
    image_prompts: tuple[ImagePrompt, ...] = _option((), "pictures to look like", most=8)
    style: str = _option("image", "which drawer makes the picture", choices=STYLES)
    model: str | None = _option(None, "which VQGAN", choices=VQGAN_NAMES)
    quality: str = _option("draft", "how much work goes into it: a row of the preset table", choices=QUALITIES)
    aspect: str = _option("square", "the shape, where no size is given", choices=ASPECTS)
    width: int | None = _option(None, "pixels, floored to a multiple of 16", low=32, high=2048)
    height: int | None = _option(None, "pixels, floored to a multiple of 16", low=32, high=2048)
    iterations: int | None = _option(None, "gradient steps; 0: only enlarge", low=0, high=2000)
    cuts: int | None = _option(None, "cutouts of the picture shown to CLIP in a step", low=1, high=256)
    learning_rate: float | None = _option(None, "Adam's, at the first step", low=1e-4, high=10.0)
    last_rate: float | None = _option(None, "the share of the learning rate left at the last step", low=0.0, high=1.0)
    ema: float = _option(0.0, "decay of the average that becomes the picture; 0: the last state", low=0.0, high=0.999)
    keep: str = _option("last", "the state that becomes the picture; best: by CLIP score", choices=KEEPS)
    patience: int | None = _option(None, "steps without improvement after which it ends", low=10, high=2000)
    smoothness: float | None = _option(None, "weight of the total variation", low=0.0, high=100.0)
    saturation: float = _option(0.0, "-1: grey, 1: as much colour as there is", low=-1.0, high=1.0)
    symmetry: str = _option("none", "horizontal: the right half mirrors the left", choices=SYMMETRIES)
    tile: bool = _option(False, "seamless: the right edge goes on at the left, the bottom at the top")
    palette: str = _option("", "a name such as pico-8, or hex colours: “#112233 #ffeedd”", length=600)
    palette_image: str | None = _option(None, "a picture to take the colours from", picture=True)
    colours: int | None = _option(None, "how many colours a palette has that is taken", low=2, high=64)
    dither: bool = _option(False, "mix the colours of the palette in a pattern")
    columns: int | None = _option(None, "cells across", low=8, high=256)
    rows: int | None = _option(None, "cells down", low=8, high=256)
    strokes: int | None = _option(None, "how many strokes", low=8, high=2048)
    background: str = _option("auto", "what the strokes of a painting lie on", choices=BACKGROUNDS)
    transparent: bool = _option(False, "a sticker: what is not the subject is seen through")
    seed: int | None = _option(None, "the same seed gives the same picture", low=0, high=MAXIMUM_SEED)
    variations: int = _option(1, "pictures of seeds s, s+1 … as one grid", choices=VARIATIONS)
    start: str = _option("auto", "what to start from, where there is no start image", choices=STARTS)
    start_image: str | None = _option(None, "a picture to start from", picture=True)
    start_weight: float | None = _option(None, "how firmly the start holds", low=0.0, high=10.0)
    strength: float | None = _option(None, "how far a start image may change", low=0.0, high=1.0)
    enlarge: int = _option(1, "how many times larger the finished picture is", choices=ENLARGEMENTS)
    camera: str = _option("still", "how the film moves on while it is painted", choices=CAMERAS)
    film: str = _option("mp4", "which films of the making are kept", choices=FILMS)
    film_seconds: float = _option(6.0, "length of the film without the held last frame", low=1.0, high=60.0)

    def __post_init__(self) -> None:
        _check_fields(self)
        check_combination(self)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The SHA-256 of every picture of the user's that is needed to paint this."""
        digests = (self.start_image, self.palette_image, *(each.image for each in self.image_prompts))
        return tuple(dict.fromkeys(digest for digest in digests if digest is not None))

    def with_seed(self, seed: int | None) -> ArtSpec:
        """The same spec with another seed."""
        return dataclasses.replace(self, seed=seed)

    def to_json(self) -> str:
        """One line of JSON, from which `from_json` makes an equal spec; fields at their default are left out."""
        data = dataclasses.asdict(self)
        values = {"version": VERSION} | {
            each.name: data[each.name] for each in dataclasses.fields(self) if getattr(self, each.name) != each.default
        }
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ArtSpec:
        """The spec of some JSON, also of an earlier version. Raises `InputError` for anything else."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError("This is not a picture definition: it is not valid JSON.") from error
        if not isinstance(values, dict):
            raise InputError("This is not a picture definition: a JSON object was expected.")
        version = values.pop("version", None)
        if type(version) is not int or not 1 <= version <= VERSION:
            raise InputError(
                "This picture definition has version {version}; version {expected} was expected.",
                version=repr(version),
                expected=VERSION,
            )
        if version < 3 and "ground" in values:
            values.setdefault("background", values.pop("ground"))
        known = {each.name for each in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(
                "Unknown field {name} in the picture definition; known are {known}.",
                name=repr(unknown[0][:40]),
                known=", ".join(sorted(known)),
            )
        if "prompt" not in values:
            raise InputError("The picture definition has no prompt.")
        return cls(**values)


def _check_fields(spec: ArtSpec | ImagePrompt) -> None:
    """Convert every field to its type. Raises `InputError`."""
    for each in dataclasses.fields(spec):
        object.__setattr__(spec, each.name, _checked(each, getattr(spec, each.name)))


def _checked(spec_field: dataclasses.Field[Any], value: Any) -> Any:
    """The value in its field's type. Raises `InputError`."""
    if value is None and spec_field.default is None:
        return None
    name, rule, kind = spec_field.name, spec_field.metadata, str(spec_field.type)
    if kind.startswith("tuple"):
        return _checked_tuple(name, value, rule, _checked_image_prompt if "ImagePrompt" in kind else _checked_text)
    if kind == "bool":
        return _checked_bool(name, value)
    if kind.startswith("str"):
        return _checked_text(name, value, rule)
    return _checked_number(name, value, rule, whole=kind.startswith("int"))


def _checked_tuple(name: str, value: Any, rule: Any, check: Callable[[str, Any, Any], Any]) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise InputError("{name} must be a list, not {kind}.", name=name, kind=type(value).__name__)
    if len(value) > rule["most"]:
        raise InputError(
            "{name} may have {most} entries at most; this one has {number}.",
            name=name,
            most=rule["most"],
            number=len(value),
        )
    return tuple(check(name, each, rule) for each in value)


def _checked_image_prompt(name: str, value: Any, _rule: Any) -> ImagePrompt:
    if isinstance(value, ImagePrompt):
        return value
    if not isinstance(value, dict) or not {"image"} <= set(value) <= {"image", "weight"}:
        raise InputError("{name} must be pictures with their weights: objects with “image” and “weight”.", name=name)
    return ImagePrompt(**value)


def _checked_bool(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError("{name} must be true or false, not {value}.", name=name, value=str(value)[:40])
    return value


def _checked_text(name: str, value: Any, rule: Any) -> str:
    if not isinstance(value, str):
        raise InputError("{name} must be text, not {kind}.", name=name, kind=type(value).__name__)
    if "choices" in rule and value not in rule["choices"]:
        raise _not_a_choice(name, rule["choices"], repr(value[:40]))
    if "length" in rule and len(value) > rule["length"]:
        raise InputError(
            "{name} may have {most} characters at most; this one has {number}.",
            name=name,
            most=rule["length"],
            number=len(value),
        )
    if "picture" in rule and not re.fullmatch(DIGEST, value):
        raise InputError("{name} must be the SHA-256 of a picture: 64 hexadecimal digits.", name=name)
    # Lone surrogates cannot be encoded in JSON files, PNG text and the database.
    return value.encode("utf-8", "replace").decode("utf-8")


def _checked_number(name: str, value: Any, rule: Any, *, whole: bool) -> int | float:
    if "choices" in rule:
        if isinstance(value, bool) or value not in rule["choices"]:
            raise _not_a_choice(name, rule["choices"], str(value)[:40])
        return int(value)
    low, high = rule["low"], rule["high"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _out_of_range(name, low, high, value, whole=whole)
    if not math.isfinite(value) or not low <= value <= high or (whole and value != int(value)):
        raise _out_of_range(name, low, high, value, whole=whole)
    return int(value) if whole else float(value)


def _not_a_choice(name: str, choices: Iterable[object], given: str) -> InputError:
    return InputError(
        "{name} must be one of {choices}, not {given}.", name=name, choices=", ".join(map(str, choices)), given=given
    )


def _out_of_range(name: str, low: float, high: float, value: Any, *, whole: bool) -> InputError:
    least, most, given = f"{low:g}", f"{high:.10g}", str(value)[:40]
    if whole:
        return InputError(
            "{name} must be a whole number from {low} to {high}, not {given}.",
            name=name,
            low=least,
            high=most,
            given=given,
        )
    return InputError(
        "{name} must be a number from {low} to {high}, not {given}.", name=name, low=least, high=most, given=given
    )
