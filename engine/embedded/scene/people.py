"""People: which drawings show one whole person, and what belongs to a person rather than beside it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.embedded.scene.spelling import singular_guesses


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words for people: the names of entries of the index, each with the icon sets whose drawing shows a single person or
# a bust, in colours and without a frame. Chosen by eye.
_DRAWINGS = {
    "woman lady wife mother mom girlfriend actress businesswoman": "woman office worker: noto",
    "man gentleman husband father dad boyfriend guy actor businessman": "man office worker: noto, man in tuxedo: noto",
    "girl daughter sister schoolgirl": "girl: noto",
    "boy son brother schoolboy": "boy: noto",
    "child kid": "child: noto",
    "person human": "office worker: noto",
    "woman-studying": "woman technologist: noto",
    "man-studying": "man technologist: noto",
    "wizard mage sorcerer magician warlock": "man mage: noto fluent-emoji twemoji",
    "witch sorceress enchantress": "woman mage: noto fluent-emoji twemoji",
    "knight warrior": "knight: game-icons",
    "king": "person with crown: fluent-emoji",
    "prince": "person with crown: noto",
    "queen princess": "princess: noto fluent-emoji",
    "ninja": "ninja: noto fluent-emoji",
    "astronaut cosmonaut spaceman": "astronaut: fluent-emoji noto",
    "doctor surgeon physician": "man health worker: noto fluent-emoji, woman health worker: noto fluent-emoji",
    "nurse": "woman health worker: noto fluent-emoji twemoji",
    "chef cook baker": "cook: noto fluent-emoji twemoji",
    "ballerina": "ballet dancer: noto twemoji",
    "dancer": "woman dancing: noto fluent-emoji twemoji",
    "mermaid": "woman merpeople: fluent-emoji",
    "merman": "man merpeople: fluent-emoji",
    "soldier guard": "man guard: noto",
    "robot android": "robot: noto fluent-emoji twemoji",
    "superhero hero": "man superhero: noto",
    "heroine superheroine": "woman superhero: noto",
    "detective spy": "detective: noto fluent-emoji",
    "bride": "woman with veil: noto twemoji",
    "groom": "man in tuxedo: noto",
    "angel": "baby angel: noto fluent-emoji twemoji",
    "artist painter": "woman artist: noto fluent-emoji, man artist: noto fluent-emoji",
    "student pupil": "woman student: noto, man student: noto",
    "policeman": "police officer: noto fluent-emoji",
}
# People whose drawings with red hair, a beard, dancing … begin with "woman" or "man".
_WOMEN = _words("woman lady wife mother mom girlfriend girl daughter sister")
_MEN = _words("man gentleman husband father dad boyfriend guy boy son brother")
_HAIR = {"grey": "white", "gray": "white", "silver": "white", "ginger": "red", "orange": "red"}
_AS_STUDYING = _words("studying writing coding programming typing working")
_HEAD = _words(
    """
    hair eye eyes beard moustache mustache face skin smile freckles braid braids ponytail pigtails bangs lips lip nose
    mouth cheeks ears makeup haircut hairstyle expression body arms legs hands
    """
)
_CLOTHES = _words(
    """
    dress gown suit shirt tshirt blouse robe robes armor armour cloak cape uniform spacesuit clothes kimono skirt tutu
    jacket coat hoodie sweater jeans pants trousers bikini swimsuit costume outfit
    """
)
_DRAWN_WITH = {
    "king queen prince princess": "crown tiara",
    "wizard mage sorcerer witch": "hat robe staff",
    "knight warrior viking samurai soldier guard": "helmet armor armour",
    "astronaut": "helmet",
    "chef cook pirate cowboy detective": "hat",
    "mermaid merman": "tail",
    "angel fairy": "wings",
}


def _parsed(drawings: str) -> tuple[tuple[str, frozenset[str]], ...]:
    pairs = (each.strip().split(": ") for each in drawings.split(","))
    return tuple((name, frozenset(sources.split())) for name, sources in pairs)


Drawings = tuple[tuple[str, frozenset[str]], ...]  # names of entries, each with the icon sets that may be used
_BY_WORD: dict[str, Drawings] = {
    word: _parsed(drawings) for words, drawings in _DRAWINGS.items() for word in words.split()
}
_BELONGINGS = {person: frozenset(things.split()) for people, things in _DRAWN_WITH.items() for person in people.split()}
_PEOPLE = _BY_WORD.keys() | _BELONGINGS.keys() | _words("clown teacher farmer vampire elf zombie")


def is_person(name: str) -> bool:
    """Whether a subject of this name is a human being, or is drawn as one."""
    return _person(name) in _PEOPLE


def belongs_to(thing: str, owner: str) -> bool:
    """Whether a thing is a feature of its owner, drawn with it: long hair, a beard, the dress of a woman."""
    last = thing.split()[-1]
    if last in _HEAD:
        return True
    return is_person(owner) and (last in _CLOTHES or last in _BELONGINGS.get(_person(owner), ()))


def wishes_for(name: str, manner: Sequence[str]) -> list[Drawings]:
    """The drawings of a person: those as it looks or does first, then the usual ones; none for other things."""
    person = _person(name)
    kind = "woman" if person in _WOMEN else "man" if person in _MEN else ""
    wishes: list[Drawings] = []
    for each in (*manner, *name.split()[:-1]) if kind else ():
        if each in _AS_STUDYING:
            return [_BY_WORD[f"{kind}-studying"]]
        colour, _, thing = each.partition(" ")
        look = f"{_HAIR.get(colour, colour)} hair" if thing == "hair" else each
        wishes.append(((f"{kind} {look}", frozenset({"noto"})),))
    return [*wishes, _BY_WORD[person]] if person in _BY_WORD else wishes


def _person(name: str) -> str:
    """The last word of a name in the singular, if it is a person's, or nothing."""
    last = name.split()[-1] if name else ""
    return next((form for form in (last, *singular_guesses(last)) if form in _PEOPLE), "")
