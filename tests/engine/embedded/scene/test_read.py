"""Reading a text as a scene."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.embedded.scene.backgrounds import Background
from engine.embedded.scene.read import Link, Subject, read_scene

_NAMES = """
    apple, balloon, bird, black cat, car, castle, cat, dog, dragon, fire engine, flower, forest, fox, grapes,
    hat, house, moon, mushroom, orange, penguin, rabbit, robot, ship, skateboard, starry night, table, tree,
    umbrella, volcano, full moon, old man, woman, haunted house, skyscraper, dolphin
"""
NAMES = frozenset(" ".join(name.split()) for name in _NAMES.split(","))
SAID = "a cat on in under the moon and with red two of night sea behind riding 3 no"


def test_thing_colour_and_ground_are_told_apart() -> None:
    scene = read_scene("A Blue lighthouse in a storm")
    assert scene.subjects == (Subject("lighthouse", ("blue",)),)
    assert scene.background == Background(weather="storm")


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
    scene = read_scene(text, NAMES)
    assert [subject.name for subject in scene.subjects] == [word for word in text.split() if word in NAMES]
    assert scene.links == (Link(relation, 0),)


def test_the_moon_brings_its_night() -> None:
    scene = read_scene("a cat under the moon", NAMES)
    assert [subject.name for subject in scene.subjects] == ["cat"]
    assert scene.background == Background(hour="night", lights=frozenset({"moon"}))
    assert read_scene("a ship on the sea under the moon", NAMES).background.place == "sea"
    assert read_scene("a cat on the moon", NAMES).background == Background(place="moon")
    assert read_scene("the moon", NAMES) == read_scene("moon", NAMES).__class__(
        "the moon", (Subject("moon"),), (), Background(hour="night")
    )


def test_a_place_alone_is_the_picture_and_behind_a_thing_it_is_the_ground() -> None:
    assert read_scene("a forest", NAMES).subjects == ()
    assert read_scene("a forest", NAMES).background == Background(place="forest")
    castle = read_scene("a castle in the forest", NAMES)
    assert (castle.subjects, castle.background) == ((Subject("castle"),), Background(place="forest"))
    assert read_scene("a sunset over the sea", NAMES).background == Background("sea", hour="sunset")
    assert read_scene("a starry night", NAMES).background == Background(hour="night", lights=frozenset({"stars"}))
    assert read_scene("northern lights", NAMES).background == Background(lights=frozenset({"aurora"}))
    assert read_scene("a volcano", NAMES).subjects == (Subject("volcano"),)
    assert read_scene("a snowy forest at night", NAMES).background == Background("forest", "night", "snow")


def test_the_moon_is_full_or_a_crescent_as_it_is_said() -> None:
    night = Background(hour="night", lights=frozenset({"moon"}))
    assert read_scene("a haunted house under a full moon", NAMES).background == night
    assert read_scene("a full moon", NAMES).subjects == (Subject("full moon"),)
    crescent = Background(hour="night", lights=frozenset({"moon", "crescent"}))
    assert read_scene("a cat under a crescent moon", NAMES).background == crescent


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("a cat, a dog and a bird", ["cat", "dog", "bird"]),
        ("a cat, a dog, and a bird", ["cat", "dog", "bird"]),
        ("cat. dog / bird", ["cat", "dog", "bird"]),
        ("a cat vs a dog", ["cat", "dog"]),
        ("a big, red car", ["car"]),
        ("a castle, by greg rutkowski, trending on artstation, sharp focus, f/1.8, award winning", ["castle"]),
        ("masterpiece, best quality, a cat, highly detailed", ["cat"]),
        ("a penguin and a dolphin underwater", ["penguin", "dolphin"]),
    ],
)
def test_commas_part_things(text: str, subjects: list[str]) -> None:
    scene = read_scene(text, NAMES)
    assert [subject.name for subject in scene.subjects] == subjects
    assert all(link.relation == "beside" for link in scene.links)


def test_a_moon_after_a_comma_is_in_the_sky() -> None:
    scene = read_scene("haunted house, moon", NAMES)
    assert (scene.subjects, scene.background.lights) == ((Subject("haunted house"),), frozenset({"moon"}))
    assert read_scene("a cat, wearing a hat", NAMES).links == (Link("wearing", 0),)


@pytest.mark.parametrize(
    ("text", "manner"),
    [
        ("a beautiful woman with long hair", ("hair",)),
        ("a woman with red hair and blue eyes", ("red hair", "blue eyes")),
        ("a woman, long hair, in a red dress", ("hair", "red dress")),
        ("a woman dancing", ("dancing",)),
        ("an angry robot", ("angry",)),
        ("a queen with a crown", ("crown",)),
        ("a cat with blue eyes", ("blue eyes",)),
    ],
)
def test_features_and_moods_are_no_second_things(text: str, manner: tuple[str, ...]) -> None:
    (subject,) = read_scene(text, NAMES).subjects
    assert subject.manner == manner


def test_what_a_person_holds_is_a_thing() -> None:
    assert [subject.name for subject in read_scene("a woman with a cat", NAMES).subjects] == ["woman", "cat"]
    assert [subject.name for subject in read_scene("a penguin with a crown", NAMES).subjects] == ["penguin", "crown"]
    assert read_scene("an old man", NAMES).subjects == (Subject("old man"),)


def test_deeds_are_no_part_of_a_name() -> None:
    (dragon,) = read_scene("dragon breathing fire", NAMES).subjects
    assert dragon.name == "dragon"
    assert read_scene("lofi girl studying", NAMES).subjects == (Subject("girl", manner=("studying",)),)
    fight = read_scene("a knight fighting the dragon", NAMES)
    assert [subject.name for subject in fight.subjects] == ["knight", "dragon"]


def test_towns_and_shops_by_what_shows_them() -> None:
    assert read_scene("Paris in spring", NAMES).subjects == (Subject("eiffel tower"),)
    assert read_scene("logo for a coffee shop", NAMES).subjects == (Subject("coffee"),)
    assert read_scene("a coffee shop", NAMES).subjects == (Subject("coffee shop"),)
    assert read_scene("cyberpunk city", NAMES).background == Background("city", "night")
    sunken = read_scene("an underwater city", NAMES)
    assert (sunken.subjects, sunken.background) == ((Subject("skyscraper", number=3),), Background("underwater"))


def test_numbers_and_plurals() -> None:
    assert read_scene("two women", NAMES).subjects == (Subject("woman", number=2),)
    assert read_scene("two cats", NAMES).subjects == (Subject("cat", number=2),)
    assert read_scene("three red balloons", NAMES).subjects == (Subject("balloon", ("red",), number=3),)
    assert read_scene("cats", NAMES).subjects[0].number > 1
    assert read_scene("grapes", NAMES).subjects == (Subject("grapes"),)
    assert read_scene("a million cats", NAMES).subjects[0].number <= 6


def test_colours() -> None:
    assert read_scene("a red and white mushroom", NAMES).subjects == (Subject("mushroom", ("red", "white")),)
    assert read_scene("a dark blue car", NAMES) == read_scene("dark blue car", NAMES).__class__(
        "a dark blue car", (Subject("car", ("blue",), "dark"),)
    )
    assert read_scene("an orange", NAMES).subjects == (Subject("orange"),)
    pair = read_scene("a red apple and a green pear on a table", NAMES)
    assert [(subject.name, subject.colours) for subject in pair.subjects] == [
        ("apple", ("red",)),
        ("pear", ("green",)),
        ("table", ()),
    ]
    background = read_scene("a cat on a red background", NAMES)
    assert background.subjects == (Subject("cat"),) and background.background.colour is not None


def test_style_words_are_no_things() -> None:
    for text in (
        "an oil painting of a cat, highly detailed, 4k",
        "a cat in the style of van gogh",
        "pixel art cat",
        "a watercolour of a cat by greg rutkowski, trending on artstation",
    ):
        assert read_scene(text, NAMES).subjects == (Subject("cat"),), text


def test_names_of_several_words_stay_whole() -> None:
    assert read_scene("a fire engine in the rain", NAMES).subjects == (Subject("fire engine"),)
    assert read_scene("a black cat", NAMES).subjects == (Subject("cat", ("black",)),)


def test_at_most_four_things() -> None:
    scene = read_scene("a cat and a dog and a fox and a rabbit and a bird and a robot", NAMES)
    assert len(scene.subjects) == 4 and len(scene.links) == 3


@given(st.text(max_size=200))
def test_any_text_is_understood(text: str) -> None:
    scene = read_scene(text, NAMES)
    assert len(scene.links) == max(0, len(scene.subjects) - 1)
    assert all(link.anchor <= number for number, link in enumerate(scene.links))


@given(st.lists(st.sampled_from(SAID.split())))
def test_any_order_of_known_words_is_understood(words: list[str]) -> None:
    scene = read_scene(" ".join(words), NAMES)
    assert len(scene.links) == max(0, len(scene.subjects) - 1)
    assert all(1 <= subject.number <= 6 and subject.name for subject in scene.subjects)
