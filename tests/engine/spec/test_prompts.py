"""The prompt grammar: what people type is either understood or answered with a sentence."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.spec.artspec import ArtSpec
from engine.spec.modifiers import MODIFIERS
from engine.spec.prompts import MAXIMUM_PROMPTS, Prompt, clean, parse_prompts, parse_story, stages_of


def test_weights_and_stops_are_read_from_the_right() -> None:
    assert parse_prompts("a castle | fog:0.4 | people:-1 | text:1:.5") == (
        Prompt("a castle"),
        Prompt("fog", 0.4),
        Prompt("people", -1.0),
        Prompt("text", 1.0, 0.5),
    )


@pytest.mark.parametrize("text", ["Re: zero: x", "http://example.org/a", "a clock at noon: bright", "12:ab"])
def test_a_colon_that_is_only_text_stays_text(text: str) -> None:
    assert parse_prompts(text) == (Prompt(text),)


@pytest.mark.parametrize("text", ["", "   ", "|", " | | ", "\u200b", "\x00"])
def test_nothing_to_paint_is_said(text: str) -> None:
    with pytest.raises(InputError, match="empty"):
        parse_prompts(text)


@pytest.mark.parametrize(
    "text", ["a:nan", "a:inf", "a:-inf", "a:1e9", "a:1:nan", "a:1:inf", ":1", "::2:3", "a:0 | b:0"]
)
def test_unusable_numbers_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_prompts(text)


def test_too_many_parts_are_refused() -> None:
    assert len(parse_prompts("|".join("x" * MAXIMUM_PROMPTS))) == MAXIMUM_PROMPTS
    with pytest.raises(InputError, match="16 parts"):
        parse_prompts("|".join("x" * (MAXIMUM_PROMPTS + 1)))


def test_control_characters_are_dropped_and_joined_emoji_stay() -> None:
    assert clean("a\u202eb\nc\t d\u0007") == "ab c d"
    assert clean("👩\u200d🎨") == "👩\u200d🎨"


@given(st.text(max_size=300))
def test_any_text_is_prompts_or_a_sentence(text: str) -> None:
    try:
        prompts = parse_prompts(text)
    except InputError as error:
        assert str(error).endswith(".")
        return
    assert 1 <= len(prompts) <= MAXIMUM_PROMPTS
    assert all(prompt.text and math.isfinite(prompt.weight) for prompt in prompts)
    assert all(prompt.stop < math.inf for prompt in prompts)


def test_a_story_has_a_stage_between_each_two_marks() -> None:
    assert parse_story("a seed ^ a sprout | rain:0.5 ^ a tree ^ ") == (
        (Prompt("a seed"),),
        (Prompt("a sprout"), Prompt("rain", 0.5)),
        (Prompt("a tree"),),
    )
    with pytest.raises(InputError, match="10 stages"):
        parse_story("^".join("abcdefghijk"))


def test_the_negative_prompt_leads_away_in_every_stage_and_modifiers_go_to_what_is_asked_for() -> None:
    spec = ArtSpec("a seed | a pot:-1 ^ a tree", negative="people | fog:2 | cars:-1", modifiers=("low poly",))
    first, second = stages_of(spec)
    low_poly = MODIFIERS["low poly"].words
    assert [prompt.text for prompt in first] == [f"a seed, {low_poly}", "a pot", "people", "fog", "cars"]
    assert [prompt.weight for prompt in first] == [1.0, -1.0, -0.5, -1.0, -0.5]
    assert [prompt.text for prompt in second] == [f"a tree, {low_poly}", "people", "fog", "cars"]
    assert stages_of(ArtSpec("a seed", negative=" | ")) == ((Prompt("a seed"),),)
