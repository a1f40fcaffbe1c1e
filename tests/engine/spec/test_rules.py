"""Any fields give a spec or a message, and combinations that are not allowed are refused before any work."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.spec.artspec import (
    BACKGROUNDS,
    CAMERAS,
    FILMS,
    KEEPS,
    QUALITIES,
    STYLES,
    SYMMETRIES,
    VARIATIONS,
    VQGAN_NAMES,
    ArtSpec,
    ImagePrompt,
)
from engine.spec.plan import cost, plan
from engine.spec.prompts import stages_of
from engine.spec.variants import pictures_of

DIGEST = "ab" * 32


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"prompt": " ^ "}, "prompt is empty"),
    ({"width": 64}, "both width and height"),
    ({"columns": 40, "style": "pixel"}, "both columns and rows"),
    ({"columns": 40, "rows": 40}, "style pixel"),
    ({"strokes": 100}, "painting and sketch"),
    ({"strokes": 100, "style": "photo"}, "painting and sketch"),
    ({"background": "toned", "style": "sketch"}, "style painting"),
    ({"model": "wikiart-f16-16384", "style": "photo"}, "Only style image"),
    ({"dither": True}, "style pixel"),
    ({"palette": "pico-8", "palette_image": DIGEST}, "not both"),
    ({"palette": "pico-8", "colours": 8, "style": "pixel"}, "own number of colours"),
    ({"colours": 8}, "style pixel"),
    ({"compare": ("low poly", "watercolour"), "variations": 4}, "not for both"),
    ({"compare": ("low poly",)}, "two modifiers"),
    ({"prompt": "a ^ b", "variations": 4}, "one picture"),
    ({"prompt": "a ^ b", "compare": ("low poly", "watercolour")}, "one picture"),
    ({"camera": "zoom-in", "variations": 9}, "films one picture"),
    ({"camera": "zoom-in", "film": "none"}, "needs a film"),
    ({"prompt": "a ^ b", "keep": "best"}, "cannot be kept"),
    ({"camera": "rotate", "ema": 0.9}, "averaged"),
    ({"prompt": "a ^ b", "patience": 20}, "told to its end"),
    ({"keep": "best", "ema": 0.9}, "not both"),
    ({"strength": 0.5}, "give a start image"),
    ({"strength": 0.5, "start_weight": 1.0, "start_image": DIGEST}, "same thing twice"),
    ({"transparent": True, "tile": True}, "outline"),
    ({"transparent": True, "camera": "zoom-in"}, "stays where it is"),
    ({"compare": ("a", "b"), "modifiers": ("a", "b", "c", "d")}, "three others"),
    ({"modifiers": "low poly"}, "must be a list"),
    ({"modifiers": (1,)}, "must be text"),
    ({"modifiers": ("x",) * 5}, "4 entries"),
    ({"image_prompts": ({"image": "no"},)}, "SHA-256"),
    ({"image_prompts": ({"image": DIGEST, "weight": float("nan")},)}, "weight must be"),
    ({"image_prompts": ("cat.png",)}, "pictures with their weights"),
    ({"image_prompts": (ImagePrompt(DIGEST),) * 9}, "8 entries"),
    ({"tile": 1}, "true or false"),
    ({"variations": 2}, "1, 4, 9"),
    ({"variations": True}, "1, 4, 9"),
    ({"ema": float("nan")}, "ema must be"),
    ({"patience": 1}, "patience must be"),
    ({"iterations": 10_000}, "iterations must be"),
    ({"saturation": 3}, "saturation must be"),
]


@pytest.mark.parametrize(("fields", "words"), REFUSED)
def test_what_cannot_be_is_said(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        ArtSpec(**{"prompt": "a boat"} | fields)
    assert str(refused.value).endswith(".")


def test_what_only_shows_later_is_said_by_plan_and_prompt() -> None:
    with pytest.raises(InputError, match="one generator only"):
        plan(ArtSpec("a boat", model="wikiart-f16-16384"), "mini")
    with pytest.raises(InputError, match="palette"):
        plan(ArtSpec("a boat", palette="pico-88888"), "mini")
    with pytest.raises(InputError, match="16 parts"):
        stages_of(ArtSpec("|".join("abcdefghij"), negative="|".join("abcdefg")))
    with pytest.raises(InputError, match="10 stages"):
        stages_of(ArtSpec("^".join("abcdefghijk")))
    with pytest.raises(InputError, match="modifier"):
        stages_of(ArtSpec("a boat", modifiers=("no such style at all",)))
    with pytest.raises(InputError, match="3 stages needs as many iterations"):
        plan(ArtSpec("a ^ b ^ c", iterations=2), "mini")
    assert plan(ArtSpec("a ^ \u200b ^ b"), "mini").stages == len(stages_of(ArtSpec("a ^ \u200b ^ b"))) == 2
    with pytest.raises(InputError, match="parts"):
        stages_of(ArtSpec("|".join(["a"] * 500)))


NUMBERS = st.one_of(st.none(), st.integers(-5, 3000), st.floats(), st.booleans(), st.text(max_size=5))
TEXTS = st.one_of(st.text(max_size=40), st.sampled_from(["pico-8", "a ^ b", "a | b:-1", "#fff #000", "low poly"]))
FIELDS = {
    "prompt": TEXTS,
    "negative": TEXTS,
    "modifiers": st.one_of(st.lists(TEXTS, max_size=5), TEXTS),
    "compare": st.lists(TEXTS, max_size=3),
    "image_prompts": st.lists(
        st.one_of(TEXTS, st.fixed_dictionaries({"image": st.sampled_from([DIGEST, "x"]), "weight": NUMBERS})),
        max_size=2,
    ),
    "style": st.sampled_from([*STYLES, "oil"]),
    "model": st.sampled_from([None, *VQGAN_NAMES, "x"]),
    "quality": st.sampled_from(QUALITIES),
    "width": NUMBERS,
    "height": NUMBERS,
    "iterations": NUMBERS,
    "ema": NUMBERS,
    "keep": st.sampled_from(KEEPS),
    "patience": NUMBERS,
    "saturation": NUMBERS,
    "symmetry": st.sampled_from(SYMMETRIES),
    "tile": st.booleans(),
    "palette": TEXTS,
    "palette_image": st.sampled_from([None, DIGEST, "x"]),
    "colours": NUMBERS,
    "dither": st.booleans(),
    "columns": NUMBERS,
    "rows": NUMBERS,
    "strokes": NUMBERS,
    "background": st.sampled_from(BACKGROUNDS),
    "transparent": st.booleans(),
    "variations": st.sampled_from([*VARIATIONS, 2]),
    "strength": NUMBERS,
    "start_image": st.sampled_from([None, DIGEST]),
    "camera": st.sampled_from(CAMERAS),
    "film": st.sampled_from(FILMS),
}


@settings(max_examples=400, deadline=None)
@given(st.fixed_dictionaries({"prompt": TEXTS}, optional={k: v for k, v in FIELDS.items() if k != "prompt"}))
def test_anything_is_a_spec_with_a_plan_or_a_sentence(fields: dict[str, Any]) -> None:
    try:
        spec = ArtSpec(**fields)
        stages = stages_of(spec)
        plans = [plan(spec, family) for family in (("full",) if spec.model else ("full", "mini"))]
    except InputError as error:
        assert str(error).endswith((".", "?")) and len(str(error)) < 600
        return
    assert ArtSpec.from_json(spec.to_json()) == spec
    for planned in plans:
        assert planned.stages == len(stages) and planned.iterations <= 2000
        assert planned.width >= 8 and planned.height >= 8
        assert cost(planned, pictures_of(spec)) > 0


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=8), st.lists, max_leaves=5), st.data())
def test_any_json_in_any_field_is_a_spec_or_a_sentence(value: Any, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(FIELDS)))
    text = json.dumps({"version": 3, "prompt": "a boat", name: value})
    try:
        assert isinstance(ArtSpec.from_json(text), ArtSpec)
    except InputError as error:
        assert str(error).endswith(".")
