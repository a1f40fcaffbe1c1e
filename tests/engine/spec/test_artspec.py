"""`ArtSpec`: equal after a journey through JSON, and every bad value gets a sentence with its name and range."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.spec.artspec import ASPECTS, FILMS, MAXIMUM_SEED, QUALITIES, STARTS, STYLES, ArtSpec

optional_side = st.none() | st.integers(32, 2048)
specs = st.builds(
    ArtSpec,
    prompt=st.text(min_size=1, max_size=200).filter(lambda text: text.replace("^", " ").strip() != ""),
    style=st.sampled_from(STYLES),
    quality=st.sampled_from(QUALITIES),
    aspect=st.sampled_from(ASPECTS),
    iterations=st.none() | st.integers(1, 2000),
    cuts=st.none() | st.integers(1, 256),
    learning_rate=st.none() | st.floats(1e-4, 1),
    seed=st.none() | st.integers(0, MAXIMUM_SEED),
    start=st.sampled_from(STARTS),
    start_image=st.none() | st.just("ab" * 32),
    start_weight=st.none() | st.floats(0, 10),
    film=st.sampled_from(FILMS),
    film_seconds=st.floats(1, 60),
)


@given(specs)
def test_json_both_ways(spec: ArtSpec) -> None:
    text = spec.to_json()
    assert ArtSpec.from_json(text) == spec
    assert text.encode() and "\n" not in text


def test_size_travels() -> None:
    spec = ArtSpec("x", width=800, height=200)
    assert ArtSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("quality", "ultra", "draft, normal, better, best"),
        ("style", 3, "text"),
        ("seed", -1, "0 to 4294967295"),
        ("seed", 2**32, "0 to 4294967295"),
        ("seed", True, "whole number"),
        ("seed", 1.5, "whole number"),
        ("iterations", -1, "0 to 2000"),
        ("iterations", float("nan"), "0 to 2000"),
        ("learning_rate", float("inf"), "0.0001 to 1"),
        ("width", 31, "32 to 2048"),
        ("start_image", "../../etc/passwd", "SHA-256"),
        ("prompt", "x" * 1001, "1000"),
        ("film_seconds", None, "1 to 60"),
        ("quality", None, "text"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_range(field: str, value: Any, words: str) -> None:
    values: dict[str, Any] = {"prompt": "x", field: value}
    with pytest.raises(InputError, match=field) as raised:
        ArtSpec(**values)
    assert words in str(raised.value)


def test_one_side_alone_is_refused() -> None:
    with pytest.raises(InputError, match="both width and height"):
        ArtSpec("x", width=256)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", '{"prompt":"x"}', '{"version":4,"prompt":"x"}', '{"version":true,"prompt":"x"}',
     '{"version":1}', '{"version":1,"prompt":"x","colour":1}', "[" * 100_000],
)  # fmt: skip
def test_what_is_no_definition_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        ArtSpec.from_json(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
field_names = st.sampled_from([*ArtSpec.__slots__, "version", "other"])


@given(st.dictionaries(field_names, json_values))
def test_any_json_is_a_spec_or_a_sentence(values: dict[str, Any]) -> None:
    try:
        spec = ArtSpec.from_json(json.dumps({"version": 1, "prompt": "x"} | values))
    except InputError as error:
        assert str(error).endswith(".")
    else:
        assert ArtSpec.from_json(spec.to_json()) == spec


def test_lone_surrogates_do_not_travel() -> None:
    assert ArtSpec("a\ud800b").to_json().encode("utf-8")


def test_the_background_of_older_specs_was_called_ground() -> None:
    for version in (1, 2):
        text = json.dumps({"version": version, "prompt": "x", "style": "painting", "ground": "toned"})
        assert ArtSpec.from_json(text) == ArtSpec("x", style="painting", background="toned")
    with pytest.raises(InputError, match="Unknown field 'ground'"):
        ArtSpec.from_json(json.dumps({"version": 3, "prompt": "x", "style": "painting", "ground": "toned"}))
