from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.safety import LEVELS, fold, refusal, refused_word


@pytest.mark.parametrize(
    "prompt",
    ["a red apple", "a cocktail in Essex", "grapes and drapes", "a sextant", "a kind old man", "4 boys play football",
     "un viol de gambe", "一只猫", "a 3d render of 2 cats", "the violet violin", "ein Kind mit Ballon", "a.b.c"],
)  # fmt: skip
def test_harmless_prompts_pass_at_every_level(prompt: str) -> None:
    assert [refused_word(prompt, level) for level in LEVELS] == [None, None, None]


@pytest.mark.parametrize(
    ("prompt", "first"),
    [
        ("porn", "standard"),
        ("P.O.R.N star", "standard"),
        ("p0rn", "standard"),
        ("po\u200brn", "standard"),
        ("ｐｏｒｎ", "standard"),
        ("порнография", "standard"),
        ("色情的猫", "standard"),
        ("a beheading", "standard"),
        ("a nude on a sofa", "strict"),
        ("eine nackte Frau", "strict"),
        ("mujer desnuda", "strict"),
        ("bloody murder", "strict"),
        ("血の海", "strict"),
        ("a naked child", "off"),
        ("n4ked schoolgirl", "off"),
        ("ein nacktes Kind", "off"),
        ("голая девочка", "off"),
        ("裸の少女", "off"),
    ],
)
def test_levels_grow_stricter(prompt: str, first: str) -> None:
    refused = [level for level in LEVELS if refused_word(prompt, level) is not None]
    assert refused == list(LEVELS[LEVELS.index(first) :])


def test_the_sentence_is_friendly_and_names_the_word() -> None:
    word = refused_word("a NUDE woman", "strict")
    assert word == "nude"
    sentence = refusal(word)
    assert "“nude”" in sentence and "please" in sentence


@given(st.text(max_size=200), st.sampled_from(LEVELS))
def test_any_text_is_read_and_a_refused_word_is_in_it(text: str, level: str) -> None:
    word = refused_word(text, level)  # type: ignore[arg-type]
    assert word is None or word in fold(text)
