from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.errors import InputError, Message, PaintingError, either

FOLDER = Path(engine.__file__).parent
# What only the developer reads.
NOT_READ = {"lab"}
SAID_BY = {"Message", "InputError", "PaintingError", "FilmError", "_SourceFailed", "_MayPass"}

NAMES = st.text("abcdefgh", min_size=1, max_size=5)
PLAIN = st.text(max_size=20) | st.integers() | st.floats(allow_nan=False)
WORDS = st.text(max_size=20).map(lambda text: text.replace("{", "{{").replace("}", "}}"))


def message_of(values: dict[str, Any], words: str) -> Message:
    places = " ".join(f"{{{name}}}" for name in values)
    return Message(f"{words} {places}", **values)


MESSAGES = st.recursive(
    st.builds(Message, st.text(max_size=40)),
    lambda inner: st.builds(message_of, st.dictionaries(NAMES, PLAIN | inner, min_size=1, max_size=4), WORDS),
    max_leaves=8,
)


@given(MESSAGES)
def test_a_message_is_the_same_after_json(message: Message) -> None:
    read = Message.from_data(json.loads(json.dumps(message.to_data())))
    assert read == message and hash(read) == hash(message) and str(read) == str(message)


@pytest.mark.parametrize("data", [None, 5, [], ["a"], ["a", {}], ["a", [], []], ["{a}", {"a": []}, []], [1, {}, []]])
def test_what_is_no_message_is_refused(data: object) -> None:
    with pytest.raises(ValueError):
        Message.from_data(data)


def test_the_english_sentence() -> None:
    inner = Message("It has {number} pixels.", number=5)
    assert str(Message("{problem} Or wait.", problem=inner)) == "It has 5 pixels. Or wait."
    assert str(Message("A {brace} alone.")) == "A {brace} alone."
    assert Message("{a} {b}", a=1, b=2) == Message("{a} {b}", b=2, a=1) != Message("{a} {b}", a=2, b=1)
    assert hash(Message("{a} {b}", a=1, b=2)) == hash(Message("{a} {b}", b=2, a=1))


@given(st.text(max_size=40))
def test_what_stands_in_a_place_is_not_read_as_a_template(text: str) -> None:
    assert str(Message("“{word}”", word=text)) == f"“{text}”"
    assert str(Message("{inner}!", inner=Message("“{word}”", word="{inner}" + text))) == f"“{{inner}}{text}”!"


def test_a_failure_has_its_message_and_says_it_in_english() -> None:
    failure = InputError("There is no {thing}.", thing="{palette}")
    assert failure.message == Message("There is no {thing}.", thing="{palette}")
    assert str(failure) == "There is no {palette}."
    again = PaintingError.of(failure.message)
    assert isinstance(again, PaintingError) and again.message == failure.message and str(again) == str(failure)


def test_a_choice_of_names() -> None:
    assert [str(either(names)) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a or b", "a, b or c"]


def calls() -> Iterator[tuple[str, ast.Call]]:
    for file in sorted(FOLDER.rglob("*.py")):
        place = file.relative_to(FOLDER)
        if any(place.is_relative_to(folder) for folder in NOT_READ):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name in SAID_BY and place.name != "errors.py":
                    yield f"{place}:{node.lineno}", node


def mistake(call: ast.Call) -> str | None:
    """What a translator, or the extractor that works for them, would stumble over."""
    if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant) or not isinstance(call.args[0].value, str):
        return "its template is no literal text"
    given = {keyword.arg for keyword in call.keywords}
    parsed = [each for each in string.Formatter().parse(call.args[0].value) if each[1] is not None]
    if any(spec or conversion for _, _, spec, conversion in parsed):
        return "it formats within a place"
    places = {name for _, name, _, _ in parsed}
    return None if places == given else f"it has places for {places} and values for {given}"


def test_every_sentence_of_the_engine_is_a_literal_template_with_its_values() -> None:
    found = list(calls())
    assert len(found) > 100
    assert {place: said for place, call in found if (said := mistake(call))} == {}


@pytest.mark.parametrize(
    "code", ['InputError(f"a {b}")', 'InputError("{a}")', 'InputError("{a:g}", a=1)', "Message(a)"]
)
def test_the_walk_sees_mistakes(code: str) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call) and mistake(call)
