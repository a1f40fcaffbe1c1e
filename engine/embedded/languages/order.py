"""English word order for German, Spanish, French, Portuguese and Russian, and the small words that differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.embedded.languages.english import NOUNS, Word
from engine.embedded.languages.tables import Code, normal

_COMMA = ","  # kind of the mark before a clause
# What one is on where Spanish and Portuguese say only "en" and "em".
_ON = """
    sofa couch chair armchair table desk bed beach moon street road roof floor wall bicycle motorcycle skateboard
    surfboard horse mountain hill island sled stairs bridge grass cloud rainbow planet head farm boat ship
    branch broom balcony stage rock stone carousel swing bench throne flower
"""
_SURFACES = frozenset(_ON.split())
_HIGH = {"sun", "moon", "sunset", "sunrise", "rainbow", "star", "stars", "cloud", "clouds", "lights"}
_WIDE = {"city", "town", "village", "forest", "castle", "valley", "desert", "world"}  # what the moon is over, not on
_WORN = {"hat", "cap", "glasses", "sunglasses", "dress", "suit", "coat", "scarf", "crown", "mask", "kimono", "helmet"}
_GAMES = {"football", "basketball", "tennis", "chess", "cards", "golf", "guitar", "piano", "violin", "game"}
_MEASURES = {"cup", "glass", "bottle", "bowl", "plate", "slice", "piece", "bouquet", "group", "pair", "basket"}
_OF_PEOPLE = {"old", "young", "blond", "sick", "dead"}
_VISITED = {"park", "museum", "market", "office", "garden", "zoo", "school", "harbour", "restaurant", "cafe", "circus"}
_GERMAN_PRONOUNS = ("der", "die", "das", "den", "dem")


def in_english_order(code: Code, words: Sequence[Word], *, after_comma: bool) -> list[Word]:
    """The words of a clause in English order, without those that English has not."""
    ordered = [Word(_COMMA, "")] if after_comma else []
    ordered += _without_dropped(words)
    for change in _CHANGES[code]:
        ordered = change(ordered)
    return [word for word in ordered if word.kind != _COMMA]


def _without_dropped(words: Sequence[Word]) -> list[Word]:
    """Without words that English has not, and without "is" before "sleeping"."""
    kept = [word for word in words if word.kind != "x"]
    return [
        word
        for place, word in enumerate(kept)
        if word.kind != "b" or word.english == "has" or not (place + 1 < len(kept) and kept[place + 1].kind == "v")
    ]


def _adjectives_first(words: list[Word]) -> list[Word]:
    """Adjectives before their noun: "gato negro grande" is a big black cat, "negro y blanco" black and white."""
    read: list[Word] = []
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        if word.kind not in NOUNS:
            read.append(word)
            continue
        end = _end_of_adjectives(words, place)
        adjectives = words[place:end]
        joined = any(each.kind == "c" for each in adjectives)
        read += [*(adjectives if joined else adjectives[::-1]), word]
        place = end
    return read


def _heads_last(words: list[Word]) -> list[Word]:
    """Of two nouns side by side the second one first: "perro robot" is a robot dog."""
    read = list(words)
    for place in range(len(read) - 1):
        if read[place].kind == read[place + 1].kind == "n" and read[place + 1].source:
            read[place], read[place + 1] = read[place + 1], read[place]
            if place + 2 < len(read) and read[place + 2].kind == "n":
                break
    return read


def _end_of_adjectives(words: Sequence[Word], start: int) -> int:
    end = start
    while end < len(words):
        if words[end].kind == "a" and not _is_participle(words, end):
            end += 1
        elif (
            words[end].kind == "c"
            and end > start
            and end + 1 < len(words)
            and words[end + 1].kind == "a"
            and not (end + 2 < len(words) and words[end + 2].kind in NOUNS)
        ):
            end += 2
        else:
            break
    return end


def _is_participle(words: Sequence[Word], place: int) -> bool:
    """Whether an adjective has something after it that belongs to it: "volant sur un balai"."""
    return words[place].english.endswith("ing") and place + 1 < len(words) and words[place + 1].kind in "rd"


def _in_or_on(words: list[Word]) -> list[Word]:
    """ "En" as "on" before furniture, ground and vehicles; "sobre" and "sur" as "over" a city, or if it is the sun."""
    read: list[Word] = []
    for place, word in enumerate(words):
        if word.kind == "r" and word.english[:2] in ("IN", "ON"):
            noun = next((_head(each) for each in words[place + 1 :] if each.kind in NOUNS), "")
            over = noun in _WIDE or any(_head(each) in _HIGH for each in words[:place])
            choice = {"IN": "on" if noun in _SURFACES else "in", "ON": "over" if over else "on"}
            word = replace(word, english=choice[word.english[:2]] + word.english[2:])
        read.append(word)
    return read


def _head(word: Word) -> str:
    return word.english.split()[-1] if word.kind in NOUNS and word.english else ""


def _with_worn(words: list[Word]) -> list[Word]:
    """ "De" before clothes as "with": "um cachorro de chapéu"."""
    return [
        replace(word, english="with")
        if word.english == "of" and place + 1 < len(words) and _head(words[place + 1]) in _WORN
        else word
        for place, word in enumerate(words)
    ]


def _old_man(words: list[Word]) -> list[Word]:
    """An adjective in place of a noun: "un viejo" is an old man."""
    read: list[Word] = []
    for place, word in enumerate(words):
        read.append(word)
        alone = place + 1 == len(words) or words[place + 1].kind in "rv"
        if word.english in _OF_PEOPLE and alone and place and words[place - 1].kind in "dm":
            read.append(Word("n", "woman" if re.search("(a|e|as|es)$", word.source) else "man"))
    return read


def _without_at(words: list[Word]) -> list[Word]:
    """ "Playing at the football" as "playing football"."""
    read: list[Word] = []
    for place, word in enumerate(words):
        noun = next((_head(each) for each in words[place : place + 3] if each.kind in NOUNS), "")
        if not (word.kind in "rd" and noun in _GAMES and any(each.english == "playing" for each in read[-2:])):
            read.append(word)
    return read


def _with_measures(words: list[Word]) -> list[Word]:
    """ "Of" after a measure: "eine Tasse Kaffee" is a cup of coffee."""
    read: list[Word] = []
    for word in words:
        if read and word.kind in ("a", *NOUNS) and read[-1].english in _MEASURES:
            read.append(Word("r", "of"))
        read.append(word)
    return read


def _french_of(words: list[Word]) -> list[Word]:
    """ "Des" as "of the" after a noun, else as nothing: "des fleurs" are flowers; "au" as "with" after a noun."""
    read: list[Word] = []
    for place, word in enumerate(words):
        if word.english == "OF the" or (word.english == "of" and not read):
            if not (read and (read[-1].kind in NOUNS or read[-1].kind == "a")):
                continue
            word = replace(word, english=word.english.lower())
        if word.english == "at the" and read and read[-1].kind in NOUNS:  # "la fille au chapeau"
            noun = next((_head(each) for each in words[place + 1 :] if each.kind in NOUNS), "")
            word = word if noun in _VISITED else replace(word, english="with")
        read.append(word)
    return read


def _verb_first(words: list[Word]) -> list[Word]:
    """A German relative clause with its verb in front: ", die auf dem Sofa schläft" as "sleeping on the sofa"."""
    if len(words) < 2 or words[-1].kind != "v":
        return words
    for place, word in enumerate(words[:-1]):
        begins = place > 0 and words[place - 1].kind in (_COMMA, *NOUNS)
        if begins and normal(word.source) in _GERMAN_PRONOUNS and words[place + 1].kind not in ("a", *NOUNS):
            return [*words[:place], words[-1], *words[place + 1 : -1]]
    return words


def _whole_verb(words: list[Word]) -> list[Word]:
    """A German verb with what was parted from it: "heult den Mond an" as "howling at the moon"."""
    verb = next((place for place, word in enumerate(words) if word.kind == "v"), None)
    if verb is None or verb + 1 >= len(words) or words[-1].kind != "r":
        return words
    at = " at" if words[-1].english == "at" and not words[verb].english.endswith(" at") else ""
    return [*words[:verb], replace(words[verb], english=words[verb].english + at), *words[verb + 1 : -1]]


def _german_genitive(words: list[Word]) -> list[Word]:
    """ "der" and "eines" after a noun as "of the", "of a"."""
    read: list[Word] = []
    for place, word in enumerate(words):
        genitive = re.search("(er|es)$", word.source) is not None and word.kind == "d" and word.english != "of the"
        if genitive and place and words[place - 1].kind == "n" and place + 1 < len(words):
            word = replace(word, english=f"of {word.english}")
        read.append(word)
    return read


def _russian_number(words: list[Word]) -> list[Word]:
    """Nouns whose ending may be a plural: they are one after a preposition or a noun, else many."""
    read: list[Word] = []
    for word in words:
        if word.kind == "n" and word.number == "unsure":
            adjectives = [each for each in read[_start_of_adjectives(read) :] if each.kind == "a"]
            before = read[_start_of_adjectives(read) - 1] if _start_of_adjectives(read) else None
            if adjectives:
                many = adjectives[-1].number == "many"
            else:
                many = before is None or before.kind == "c" or _has_many_objects(before, word)
            word = replace(word, number="many" if many else "one")
        read.append(word)
    return read


def _has_many_objects(verb: Word, noun: Word) -> bool:
    """Whether a noun after a verb is a plural: "ест яблоки", but not "верхом на лошади"."""
    return verb.kind == "v" and noun.source[-1:] in "ыи" and len(verb.source.split()[-1]) > 2


def _start_of_adjectives(words: Sequence[Word]) -> int:
    start = len(words)
    while start and words[start - 1].kind == "a":
        start -= 1
    return start


def _russian_genitive(words: list[Word]) -> list[Word]:
    """ "Of" before a noun in the genitive that follows another noun: "портрет кошки"."""
    read: list[Word] = []
    for place, word in enumerate(words):
        noun = next((each for each in words[place:] if each.kind != "a"), word)
        after_noun = bool(read) and read[-1].kind in NOUNS
        if after_noun and word.kind in "an" and noun.genitive and noun.kind == "n":
            read.append(Word("r", "of"))
        read.append(word)
    return read


Change = Callable[[list[Word]], list[Word]]
_ROMANCE: tuple[Change, ...] = (_without_at, _old_man, _heads_last, _adjectives_first, _in_or_on)
_CHANGES: dict[Code, tuple[Change, ...]] = {
    "de": (_whole_verb, _verb_first, _german_genitive, _with_measures),
    "es": (_with_worn, *_ROMANCE),
    "fr": (_french_of, *_ROMANCE),
    "pt": (_with_worn, *_ROMANCE),
    "ru": (_without_at, _with_measures, _russian_genitive, _russian_number),
}
