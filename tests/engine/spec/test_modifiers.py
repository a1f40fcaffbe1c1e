"""The list of modifiers is fit to be picked from, and what people type for them is understood or answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.spec.modifiers import (
    CHOICES,
    MODIFIERS,
    MOST,
    MOST_COMPARED,
    completions,
    find_modifier,
    matching,
    read_modifiers,
    with_modifiers,
)
from engine.spec.prompts import parse_prompts

NAMES = st.sampled_from(list(MODIFIERS))
GROUPS = {each.group for each in MODIFIERS.values()}


def test_the_list_is_long_grouped_and_fits_a_choice_on_discord() -> None:
    assert len(MODIFIERS) >= 100
    assert len(GROUPS) == 12 and all(sum(each.group == group for each in MODIFIERS.values()) > 6 for group in GROUPS)
    for name, each in MODIFIERS.items():
        assert each.name == name and 3 <= len(name) <= 40
        assert 0 < len(each.about) <= 80 and len(each.label) <= 100
        assert "," not in name  # names are separated by it


@pytest.mark.parametrize("name", MODIFIERS)
def test_the_words_are_one_prompt_in_the_prompt_grammar(name: str) -> None:
    (prompt,) = parse_prompts(with_modifiers("a lighthouse", [name]))
    assert prompt.text == f"a lighthouse, {MODIFIERS[name].words}" and prompt.weight == 1
    assert "^" not in prompt.text  # nor a story


def test_every_name_is_found_however_it_is_written() -> None:
    for name in MODIFIERS:
        for written in (name, name.upper(), name.replace(" ", "-"), name.replace(" ", ""), f"  {name} "):
            assert find_modifier(written).name == name
    assert find_modifier("Water-Color").name == "watercolour"
    assert find_modifier("muted COLORS").name == "muted colours"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="“stained glas”: did you mean stained glass"):
        find_modifier("stained glas")
    with pytest.raises(InputError, match="pick one from the list, for example low poly"):
        find_modifier("qqqqqqqq")


def test_a_list_is_read_in_order_and_each_name_once() -> None:
    assert read_modifiers(" Low-Poly,, watercolor ,LOW POLY,") == ("low poly", "watercolour")
    assert read_modifiers("") == read_modifiers(" , \n ,") == ()


def test_more_than_the_limit_are_refused() -> None:
    some = list(MODIFIERS)
    assert read_modifiers(",".join(some[:MOST])) == tuple(some[:MOST])
    with pytest.raises(InputError, match="takes 4 modifiers at most, and these are 5"):
        read_modifiers(",".join(some[: MOST + 1]))
    assert len(read_modifiers(",".join(some[:MOST_COMPARED]), limit=MOST_COMPARED)) == MOST_COMPARED
    with pytest.raises(InputError, match="25 modifiers at most, and these are 151000"):
        read_modifiers(",".join(some * 1000), limit=MOST_COMPARED)


def test_names_that_begin_so_come_first_then_names_with_it_inside_then_descriptions() -> None:
    found = [each.name for each in matching("pa", limit=99)]
    inside = found.index(next(name for name in found if not name.startswith("pa")))
    assert {"palette knife", "paper cut", "pastel", "pattern"} <= set(found[:inside])
    assert [each.name for each in matching("japanese")] == ["ukiyo-e", "anime"]  # by their descriptions
    assert matching("qqqq") == ()


def test_nothing_typed_shows_every_group() -> None:
    first = matching("")
    assert len(first) == CHOICES and {each.group for each in first} == GROUPS


def test_completions_keep_what_stands_before_the_last_comma() -> None:
    assert completions("LOW POLY, wat")[0] == "low poly, watercolour"
    assert all(not text.endswith(", low poly") for text in completions("low poly, "))
    assert len(completions("low poly, ")) == CHOICES
    assert completions("low poly, 8-bit, mosaic, felt, w") == () == completions("nonsense qq, w")


def test_no_words_are_added_without_names() -> None:
    assert with_modifiers("a lighthouse", []) == "a lighthouse"
    assert with_modifiers("a lighthouse", ["Low Poly", "mosaic"]) == (
        "a lighthouse, low poly, faceted geometric 3D render, mosaic of small ceramic tiles"
    )


@given(st.one_of(st.text(max_size=200), st.lists(st.one_of(NAMES, st.text(max_size=12)), max_size=8).map(",".join)))
def test_any_text_is_names_of_the_list_or_a_sentence(text: str) -> None:
    try:
        names = read_modifiers(text)
    except InputError as error:
        assert str(error).endswith((".", "?")) and str(error).isprintable() and len(str(error)) < 250
        return
    assert len(set(names)) == len(names) <= MOST and set(names) <= MODIFIERS.keys()
    assert read_modifiers(", ".join(names)) == names


@given(st.text(max_size=60))
def test_whatever_is_typed_is_answered_with_choices_that_discord_takes(text: str) -> None:
    assert len(matching(text)) <= CHOICES
    offered = completions(text)
    assert len(offered) <= CHOICES and all(read_modifiers(each) for each in offered)
