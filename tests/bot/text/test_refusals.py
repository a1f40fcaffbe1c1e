"""Every refusal reaches the person in their language: rules, ranges and notes of the engine too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.text.language import TRANSLATED, catalogue, localised, speaking
from bot.ui.replies import sentence_for
from engine.embedded.load import load_embedded
from engine.errors import InputError, Message
from engine.spec.artspec import ArtSpec
from engine.spec.modifiers import read_modifiers
from engine.spec.palettes import read_palette
from engine.spec.plan import plan
from engine.spec.prompts import stages_of
from engine.spec.rules import RULES
from engine.spec.variants import continued
from tests.engine.spec.test_rules import REFUSED

LATER: dict[str, Callable[[], object]] = {
    "no such modifier": lambda: read_modifiers("lov poly"),
    "no such palette": lambda: read_palette("pico-88888"),
    "a colour that is none": lambda: read_palette("#12345"),
    "a model the embedded one lacks": lambda: plan(ArtSpec("x", model="wikiart-f16-16384"), "mini"),
    "fewer iterations than stages": lambda: plan(ArtSpec("a ^ b ^ c", iterations=2), "mini"),
    "too many parts": lambda: stages_of(ArtSpec("|".join("abcdefghij"), negative="|".join("abcdefg"))),
    "too many stages": lambda: stages_of(ArtSpec("^".join("abcdefghijk"))),
    "a sheet": lambda: continued(ArtSpec("x", variations=4), "0" * 64),
    "no JSON": lambda: ArtSpec.from_json("{"),
    "an unknown field": lambda: ArtSpec.from_json('{"version":3,"prompt":"x","colour":1}'),
    "another version": lambda: ArtSpec.from_json('{"version":99,"prompt":"x"}'),
}
# What reads the same in English and in German.
SAME = {"{number} MB", "{number} GB", "“{word}”"}


def parts(message: Message) -> Iterator[Message]:
    """The message and those inside it."""
    yield message
    for value in message.values.values():
        if isinstance(value, Message):
            yield from parts(value)


def english_in(message: Message, language: str) -> list[str]:
    """The templates of a message that come out in English, glue without a word aside."""
    translations = catalogue(language)
    return [
        each.template
        for each in parts(message)
        if each.template not in SAME
        and re.search(r"[A-Za-z]{2}", re.sub(r"\{\w+\}", "", each.template))
        and translations.gettext(each.template) == each.template
    ]


def refusal_of(cause: Callable[[], object]) -> InputError:
    with pytest.raises(InputError) as refused:
        cause()
    return refused.value


@pytest.mark.parametrize("fields", [fields for fields, _words in REFUSED])
def test_every_rule_and_range_is_said_in_german(fields: dict[str, Any]) -> None:
    check(refusal_of(lambda: ArtSpec(**{"prompt": "a boat"} | fields)))


@pytest.mark.parametrize("cause", LATER.values(), ids=LATER.keys())
def test_what_only_shows_later_is_said_in_german(cause: Callable[[], object]) -> None:
    check(refusal_of(cause))


def check(refused: InputError) -> None:
    with speaking("de"):
        said = sentence_for(refused)
    assert said != str(refused) and english_in(refused.message, "de") == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_rule_is_in_every_catalogue(language: str) -> None:
    assert RULES
    assert [english for _forbidden, sentence in RULES for english in english_in(sentence, language)] == []


@pytest.mark.parametrize("prompt", ["a quetzalcoatl", "a lighthuose", "xqz vrkl", "a dog wearing a hat jumping"])
def test_notes_about_a_prompt_are_said_in_german(prompt: str) -> None:
    notes = load_embedded().prior.notes(prompt)
    with speaking("de"):
        assert all(localised(note) != str(note) for note in notes)
    assert [english for note in notes for english in english_in(note, "de")] == []
