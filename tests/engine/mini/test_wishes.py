"""Reading a text as a scene."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mini.grounds import Ground
from engine.mini.wishes import Link, Thing, understand

_NAMES = """
    apple, balloon, bird, black cat, car, castle, cat, dog, dragon, fire engine, flower, forest, fox, grapes,
    hat, house, moon, mushroom, orange, penguin, rabbit, robot, ship, skateboard, starry night, table, tree,
    umbrella, volcano
"""
NAMES = frozenset(" ".join(name.split()) for name in _NAMES.split(","))
SAID = "a cat on in under the moon and with red two of night sea behind riding 3 no"


def test_thing_colour_and_ground_are_told_apart() -> None:
    wish = understand("A Blue lighthouse in a storm")
    assert wish.things == (Thing("lighthouse", ("blue",)),)
    assert wish.ground == Ground(weather="storm")


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("a penguin with an umbrella", "with"),
        ("a penguin holding an umbrella", "with"),
        ("a dog on a skateboard", "on"),
        ("a dog riding on a skateboard", "on"),
        ("a dog on top of a table", "on"),
        ("a bird in a tree", "in"),
        ("a bird inside a tree", "in"),
        ("a cat next to a dog", "beside"),
        ("a cat and a dog", "beside"),
        ("a cat chasing a dog", "beside"),
        ("a dragon above a castle", "over"),
        ("a cat beneath a table", "under"),
        ("a fox behind a tree", "behind"),
        ("a fox in front of a house", "front"),
        ("a rabbit wearing a hat", "wearing"),
    ],
)
def test_relation_of_two_things(text: str, relation: str) -> None:
    wish = understand(text, NAMES)
    assert [thing.name for thing in wish.things] == [word for word in text.split() if word in NAMES]
    assert wish.links == (Link(relation, 0),)


def test_the_moon_brings_its_night() -> None:
    wish = understand("a cat under the moon", NAMES)
    assert [thing.name for thing in wish.things] == ["cat"]
    assert wish.ground == Ground(hour="night", lights=frozenset({"moon"}))
    assert understand("a ship on the sea under the moon", NAMES).ground.place == "sea"
    assert understand("a cat on the moon", NAMES).ground == Ground(place="moon")
    assert understand("the moon", NAMES) == understand("moon", NAMES).__class__(
        "the moon", (Thing("moon"),), (), Ground(hour="night")
    )


def test_a_place_alone_is_the_picture_and_behind_a_thing_it_is_the_ground() -> None:
    assert understand("a forest", NAMES).things == ()
    assert understand("a forest", NAMES).ground == Ground(place="forest")
    castle = understand("a castle in the forest", NAMES)
    assert (castle.things, castle.ground) == ((Thing("castle"),), Ground(place="forest"))
    assert understand("a sunset over the sea", NAMES).ground == Ground("sea", hour="sunset")
    assert understand("a starry night", NAMES).ground == Ground(hour="night", lights=frozenset({"stars"}))
    assert understand("northern lights", NAMES).ground == Ground(lights=frozenset({"aurora"}))
    assert understand("a volcano", NAMES).things == (Thing("volcano"),)
    assert understand("a snowy forest at night", NAMES).ground == Ground("forest", "night", "snow")


def test_numbers_and_plurals() -> None:
    assert understand("two cats", NAMES).things == (Thing("cat", number=2),)
    assert understand("three red balloons", NAMES).things == (Thing("balloon", ("red",), number=3),)
    assert understand("cats", NAMES).things[0].number > 1
    assert understand("grapes", NAMES).things == (Thing("grapes"),)
    assert understand("a million cats", NAMES).things[0].number <= 6


def test_colours() -> None:
    assert understand("a red and white mushroom", NAMES).things == (Thing("mushroom", ("red", "white")),)
    assert understand("a dark blue car", NAMES) == understand("dark blue car", NAMES).__class__(
        "a dark blue car", (Thing("car", ("blue",), "dark"),)
    )
    assert understand("an orange", NAMES).things == (Thing("orange"),)
    pair = understand("a red apple and a green pear on a table", NAMES)
    assert [(thing.name, thing.colours) for thing in pair.things] == [
        ("apple", ("red",)),
        ("pear", ("green",)),
        ("table", ()),
    ]
    ground = understand("a cat on a red background", NAMES)
    assert ground.things == (Thing("cat"),) and ground.ground.colour is not None


def test_style_words_are_no_things() -> None:
    for text in (
        "an oil painting of a cat, highly detailed, 4k",
        "a cat in the style of van gogh",
        "pixel art cat",
        "a watercolour of a cat by greg rutkowski, trending on artstation",
    ):
        assert understand(text, NAMES).things == (Thing("cat"),), text


def test_names_of_several_words_stay_whole() -> None:
    assert understand("a fire engine in the rain", NAMES).things == (Thing("fire engine"),)
    assert understand("a black cat", NAMES).things == (Thing("cat", ("black",)),)


def test_at_most_four_things() -> None:
    wish = understand("a cat and a dog and a fox and a rabbit and a bird and a robot", NAMES)
    assert len(wish.things) == 4 and len(wish.links) == 3


@given(st.text(max_size=200))
def test_any_text_is_understood(text: str) -> None:
    wish = understand(text, NAMES)
    assert len(wish.links) == max(0, len(wish.things) - 1)
    assert all(link.anchor <= number for number, link in enumerate(wish.links))


@given(st.lists(st.sampled_from(SAID.split())))
def test_any_order_of_known_words_is_understood(words: list[str]) -> None:
    wish = understand(" ".join(words), NAMES)
    assert len(wish.links) == max(0, len(wish.things) - 1)
    assert all(1 <= thing.number <= 6 and thing.name for thing in wish.things)
