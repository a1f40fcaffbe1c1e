from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.spec_options import read_options
from bot.text.spec_words import kind_of, option_lines
from engine.spec.artspec import ArtSpec, ImagePrompt

PICTURE = "a" * 64


def test_defaults_are_not_listed() -> None:
    assert option_lines(ArtSpec(prompt="a sea", quality="best", aspect="portrait", seed=7, style="pixel")) == []


def test_options_share_a_line_and_texts_have_their_own() -> None:
    spec = ArtSpec(
        prompt="a sea",
        negative="fog, people",
        modifiers=("low poly", "watercolour"),
        cuts=32,
        learning_rate=0.1,
        tile=True,
        camera="zoom-in",
        start_image=PICTURE,
        image_prompts=(ImagePrompt(PICTURE), ImagePrompt(PICTURE, 0.5)),
        palette_image=PICTURE,
    )
    assert option_lines(spec) == [
        "cuts 32 · learning rate 0.1 · tile · camera zoom-in",
        "negative fog, people",
        "modifiers low poly, watercolour",
        "painted from a start image, to look like 2 pictures, in the colours of a picture",
    ]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (ArtSpec(prompt="a sea"), None),
        (ArtSpec(prompt="a sea", variations=4), "4 variations"),
        (ArtSpec(prompt="a seed ^ a sprout ^ a tree"), "a story in 3 stages"),
        (ArtSpec(prompt="a seed ^ "), None),
        (ArtSpec(prompt="a sea", compare=("low poly", "watercolour")), "2 modifiers compared"),
    ],
)
def test_kinds_of_pictures(spec: ArtSpec, words: str | None) -> None:
    assert kind_of(spec) == words


@settings(deadline=None)
@given(
    cuts=st.none() | st.integers(1, 256),
    learning_rate=st.none() | st.floats(1e-4, 10.0).map(lambda rate: float(f"{rate:.6g}")),
    saturation=st.floats(-1.0, 1.0).map(lambda weight: float(f"{weight:.6g}")),
    symmetry=st.sampled_from(["none", "horizontal", "vertical", "both"]),
    tile=st.booleans(),
    keep=st.sampled_from(["last", "best"]),
    modifiers=st.sampled_from([(), ("low poly",), ("watercolour", "low poly")]),
    negative=st.sampled_from(["", "fog", "fog:0.4 | people, trees; houses"]),
    film=st.sampled_from(["mp4", "gif", "both", "none"]),
)
def test_option_lines_can_be_typed_into_the_form(**fields: object) -> None:
    spec = ArtSpec(prompt="a sea", **fields)  # type: ignore[arg-type]
    again = dataclasses.replace(ArtSpec(prompt="a sea"), **read_options("\n".join(option_lines(spec))))
    assert again == spec
