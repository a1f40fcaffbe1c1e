"""`ArtSpec`: the one value that defines a picture and travels from the slash command to the gallery."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from engine.combinations import check_combination
from engine.errors import InputError

VERSION: Final = 2  # 1 had fewer fields; it is read as what it is, a spec that leaves the others at their default
STYLES: Final = ("image", "painting", "pixel", "sketch", "photo")
VQGAN_NAMES: Final = ("imagenet-f16-1024", "imagenet-f16-16384", "wikiart-f16-16384", "openimages-f8-8192")
QUALITIES: Final = ("draft", "normal", "better", "best")
ASPECTS: Final = ("square", "widescreen", "portrait")
STARTS: Final = ("auto", "codes", "noise", "gradient")
FILMS: Final = ("mp4", "gif", "both", "none")
SYMMETRIES: Final = ("none", "horizontal", "vertical", "both")  # horizontal: the right half mirrors the left
CAMERAS: Final = ("still", "zoom-in", "zoom-out", "pan-left", "pan-right", "rotate")
GROUNDS: Final = ("auto", "white", "toned")
KEEPS: Final = ("last", "best")
VARIATIONS: Final = (1, 4, 9)
ENLARGEMENTS: Final = (1, 2, 4)
MAXIMUM_SEED: Final = 2**32 - 1
SIDE_STEP: Final = 16  # every drawer's grid divides 16: f16 latents, f8 latents, even film sizes
DIGEST: Final = r"[0-9a-f]{64}"  # how a picture from a person is named: the SHA-256 of its bytes


def _choice(*names: str | int) -> dict[str, Any]:
    return {"choices": names}


def _between(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high}


def _picture() -> dict[str, Any]:
    return {"pattern": DIGEST, "meaning": "the SHA-256 of a picture: 64 hexadecimal digits"}


@dataclass(frozen=True, slots=True)
class ImagePrompt:
    """A picture as a wish: to look like it, or with a negative weight unlike it."""

    image: str = field(metadata=_picture())  # SHA-256 of its bytes
    weight: float = field(default=1.0, metadata=_between(-100.0, 100.0))

    def __post_init__(self) -> None:
        _check_fields(self)


@dataclass(frozen=True, slots=True)
class ArtSpec:
    """The whole definition of a picture. `None` means "as the preset of this quality has it".

    Raises `InputError`, naming the field and its range, when a value is of the wrong type or out of range.
    """

    prompt: str = field(metadata={"length": 1000})  # the grammar is in engine/prompts.py
    negative: str = field(default="", metadata={"length": 500})  # what to keep away from, in the same grammar
    modifiers: tuple[str, ...] = field(default=(), metadata={"most": 4, "length": 40})  # names in engine/modifiers.py
    compare: tuple[str, ...] = field(
        default=(), metadata={"most": 25, "length": 40}
    )  # a picture for each, on one sheet
    image_prompts: tuple[ImagePrompt, ...] = field(default=(), metadata={"most": 8})  # pictures to look like
    style: str = field(default="image", metadata=_choice(*STYLES))  # which drawer makes the picture
    model: str | None = field(default=None, metadata=_choice(*VQGAN_NAMES))  # which VQGAN, in style image
    quality: str = field(default="draft", metadata=_choice(*QUALITIES))  # row of the preset table
    aspect: str = field(default="square", metadata=_choice(*ASPECTS))  # shape when no size is given
    width: int | None = field(default=None, metadata=_between(32, 2048))  # pixels, floored to a multiple of 16
    height: int | None = field(default=None, metadata=_between(32, 2048))  # pixels, floored to a multiple of 16
    iterations: int | None = field(default=None, metadata=_between(0, 2000))  # gradient steps; 0: only enlarge
    cuts: int | None = field(default=None, metadata=_between(1, 256))  # views of the picture shown to CLIP a step
    learning_rate: float | None = field(default=None, metadata=_between(1e-4, 10.0))  # Adam's, at the first step
    last_rate: float | None = field(default=None, metadata=_between(0.0, 1.0))  # share of it left at the last step
    ema: float = field(default=0.0, metadata=_between(0.0, 0.999))  # decay of the average that is shown; 0: none
    keep: str = field(default="last", metadata=_choice(*KEEPS))  # the last state, or the one with the best CLIP score
    patience: int | None = field(default=None, metadata=_between(10, 2000))  # steps without improvement until it ends
    smoothness: float | None = field(default=None, metadata=_between(0.0, 100.0))  # weight of the total variation
    saturation: float = field(default=0.0, metadata=_between(-1.0, 1.0))  # -1: grey, 1: as much colour as there is
    symmetry: str = field(default="none", metadata=_choice(*SYMMETRIES))
    tile: bool = False  # the right edge goes on at the left, the bottom at the top
    palette: str = field(default="", metadata={"length": 600})  # a name or hex colours, see engine/palettes.py
    palette_image: str | None = field(default=None, metadata=_picture())  # a picture that the colours are taken from
    colours: int | None = field(default=None, metadata=_between(2, 64))  # how many colours a palette has that is taken
    dither: bool = False  # mix the colours of the palette in a pattern, in style pixel
    columns: int | None = field(default=None, metadata=_between(8, 256))  # cells across, in style pixel
    rows: int | None = field(default=None, metadata=_between(8, 256))  # cells down, in style pixel
    strokes: int | None = field(default=None, metadata=_between(8, 2048))  # in styles painting and sketch
    ground: str = field(default="auto", metadata=_choice(*GROUNDS))  # what the strokes of a painting lie on
    transparent: bool = False  # a sticker: what is not the thing itself is seen through
    seed: int | None = field(default=None, metadata=_between(0, MAXIMUM_SEED))  # None: drawn, and then told
    variations: int = field(default=1, metadata=_choice(*VARIATIONS))  # pictures of seeds s, s+1 … as one grid
    start: str = field(default="auto", metadata=_choice(*STARTS))  # ignored where a start image is given
    start_image: str | None = field(default=None, metadata=_picture())  # a picture to begin with
    start_weight: float | None = field(default=None, metadata=_between(0.0, 10.0))  # how firmly the start holds
    strength: float | None = field(default=None, metadata=_between(0.0, 1.0))  # how far a start image may change
    enlarge: int = field(default=1, metadata=_choice(*ENLARGEMENTS))  # how many times larger the finished picture is
    camera: str = field(default="still", metadata=_choice(*CAMERAS))  # how the film moves on while it is painted
    film: str = field(default="mp4", metadata=_choice(*FILMS))  # which films of the making are kept
    film_seconds: float = field(default=6.0, metadata=_between(1.0, 60.0))  # length without the held last frame

    def __post_init__(self) -> None:
        _check_fields(self)
        check_combination(self)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The SHA-256 of every picture from a person that is needed to paint this."""
        named = (self.start_image, self.palette_image, *(each.image for each in self.image_prompts))
        return tuple(dict.fromkeys(digest for digest in named if digest is not None))

    def with_seed(self, seed: int | None) -> ArtSpec:
        """The same picture definition with another seed."""
        return dataclasses.replace(self, seed=seed)

    def to_json(self) -> str:
        """One line of JSON that `from_json` reads back to an equal spec; fields at their default are left out."""
        whole = dataclasses.asdict(self)
        values = {"version": VERSION} | {
            each.name: whole[each.name] for each in dataclasses.fields(self) if getattr(self, each.name) != each.default
        }
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


def _check_fields(checked: ArtSpec | ImagePrompt) -> None:
    """Bring every field into the type it has, or raise `InputError`."""
    for each in dataclasses.fields(checked):
        object.__setattr__(checked, each.name, _checked(each, getattr(checked, each.name)))


def _checked(each: dataclasses.Field[Any], value: Any) -> Any:
    """The value in the type its field has, or `InputError`."""
    if value is None and each.default is None:
        return None
    name, rule, kind = each.name, each.metadata, str(each.type)
    if kind.startswith("tuple"):
        return _checked_row(name, value, rule, _checked_image_prompt if "ImagePrompt" in kind else _checked_text)
    if kind == "bool":
        return _checked_switch(name, value)
    if kind.startswith("str"):
        return _checked_text(name, value, rule)
    return _checked_number(name, value, rule, whole=kind.startswith("int"))


def _checked_row(name: str, value: Any, rule: Any, check: Callable[[str, Any, Any], Any]) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise InputError(f"{name} must be a list, not {type(value).__name__}.")
    if len(value) > rule["most"]:
        raise InputError(f"{name} may have {rule['most']} entries at most; this one has {len(value)}.")
    return tuple(check(name, each, rule) for each in value)


def _checked_image_prompt(name: str, value: Any, rule: Any) -> ImagePrompt:
    if isinstance(value, ImagePrompt):
        return value
    if not isinstance(value, dict) or not {"image"} <= set(value) <= {"image", "weight"}:
        raise InputError(f"{name} must be pictures with their weights: objects with “image” and “weight”.")
    return ImagePrompt(**value)


def _checked_switch(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{name} must be true or false, not {str(value)[:40]}.")
    return value


def _checked_text(name: str, value: Any, rule: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name} must be text, not {type(value).__name__}.")
    if "choices" in rule and value not in rule["choices"]:
        raise InputError(f"{name} must be one of {', '.join(rule['choices'])}, not {value[:40]!r}.")
    if "length" in rule and len(value) > rule["length"]:
        raise InputError(f"{name} may have {rule['length']} characters at most; this one has {len(value)}.")
    if "pattern" in rule and not re.fullmatch(rule["pattern"], value):
        raise InputError(f"{name} must be {rule['meaning']}.")
    # Lone surrogates cannot be encoded: they would break JSON files, PNG text and the database later on.
    return value.encode("utf-8", "replace").decode("utf-8")


def _checked_number(name: str, value: Any, rule: Any, *, whole: bool) -> int | float:
    if "choices" in rule:
        if isinstance(value, bool) or value not in rule["choices"]:
            raise InputError(f"{name} must be one of {', '.join(map(str, rule['choices']))}, not {str(value)[:40]}.")
        return int(value)
    low, high = rule["low"], rule["high"]
    sort = "a whole number" if whole else "a number"
    complaint = InputError(f"{name} must be {sort} from {low:g} to {high:.10g}, not {str(value)[:40]}.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise complaint
    if not math.isfinite(value) or not low <= value <= high or (whole and value != int(value)):
        raise complaint
    return int(value) if whole else float(value)
