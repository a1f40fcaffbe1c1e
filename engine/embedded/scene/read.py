"""Parsing a prompt into a scene: subjects with colours and numbers, their relations, and the background."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

from engine.embedded.scene.backgrounds import (
    BACKGROUND_WORDS,
    LIGHTS,
    MOODS,
    PLACES,
    Background,
    background_of,
    joined,
)
from engine.embedded.scene.colours import COLOUR_WORDS, SHADE_WORDS
from engine.embedded.scene.people import belongs_to
from engine.embedded.scene.spelling import COMMA, IRREGULAR, singular_guesses, words_and_commas
from engine.embedded.scene.words import (
    FIRMS,
    FIXED_PHRASES,
    MOOD_TAGS,
    NUMBERS,
    PAIRS,
    PLACES_AS_SUBJECTS,
    RELATIONS,
    STOP_WORDS,
    STYLE_WORDS,
    USUAL_BACKGROUNDS,
    VERBS,
    WORN,
)

LONGEST = 60  # words of a text that are parsed
LONGEST_WORD = 41  # letters: one more than in a note
MOST_SUBJECTS = 4
MOST_OF_A_KIND = 6


@dataclass(frozen=True)
class Subject:
    """A subject: its noun phrase without colours, number and stop words."""

    name: str
    colours: tuple[str, ...] = ()
    shade: str = ""  # dark, light, bright, pale
    number: int = 1
    manner: tuple[str, ...] = ()  # moods, what it does, and its features: "angry", "dancing", "red hair"


@dataclass(frozen=True)
class Link:
    """The relation of a subject to an earlier one."""

    relation: str  # a value of RELATIONS
    anchor: int  # index of the earlier subject


@dataclass(frozen=True)
class Scene:
    """A parsed prompt: `links[i]` is the relation of `subjects[i + 1]`."""

    whole: str
    subjects: tuple[Subject, ...] = ()
    links: tuple[Link, ...] = ()
    background: Background = field(default_factory=Background)
    aloft: bool = False  # whether the first subject is in the air: "a witch flying over a city"
    left_out: tuple[str, ...] = ()  # subjects for which there is no room

    def only(self, wanted: Sequence[bool]) -> Scene:
        """The scene without the subjects that are not wanted; what was related to one of them is beside the others."""
        kept = [number for number, each in enumerate(wanted) if each]
        links: list[Link] = []
        for number in kept[1:]:
            link = self.links[number - 1]
            lost = not wanted[link.anchor]
            links.append(Link("beside", 0) if lost else Link(link.relation, kept.index(link.anchor)))
        return replace(self, subjects=tuple(self.subjects[number] for number in kept), links=tuple(links))


@dataclass
class _Clause:
    """The words after one relation word."""

    relation: str
    words: list[str]


def read_scene(text: str, names: Container[str] = frozenset()) -> Scene:
    """The scene of a text; any text has one, perhaps without a subject.

    `names` are phrases that are one subject even if their words have other meanings: "fire engine".
    "two cats under the moon" gives a subject "cat" of number 2 before a background of night with a moon.
    """
    words = shortened(words_and_commas(text))
    subjects: list[Subject] = []
    links: list[Link] = []
    left_out: list[str] = []
    background = Background()
    aloft = "flying" in words or "flies" in words
    anchor = 0
    for clause in _clauses(_phrased(_without_firms(words))):
        clause_background, rest = _background_and_rest(clause, names, first=not subjects)
        if clause.relation == "under" and clause_background.place == "sea":
            clause_background = replace(clause_background, place="underwater")
        background = joined(background, clause_background)
        aloft = aloft or (clause.relation == "over" and bool(clause_background) and len(subjects) == 1)
        subject = _subject(rest, names, first=not subjects)
        if subject is None or clause.relation == "without":
            continue
        if clause.relation == "by" and subject.name not in names:  # an artist
            continue
        if subjects and belongs_to(subject.name, subjects[anchor].name):
            feature = " ".join((*subject.colours, *rest[-1:]))
            subjects[anchor] = replace(subjects[anchor], manner=(*subjects[anchor].manner, feature))
            continue
        manner = tuple(word for word in clause.words if word in MOOD_TAGS or word in VERBS)
        subject = replace(subject, manner=manner)
        if len(subjects) == MOST_SUBJECTS:
            left_out.append(subject.name)
            continue
        if subjects:
            relation = "beside" if clause.relation in ("", "by") else clause.relation
            worn = relation == "beside" and bool(links) and links[-1].relation in ("with", "wearing")
            if worn and subject.name.split()[-1] in WORN:  # "with a scarf and a hat"
                relation = links[-1].relation
            links.append(Link(relation, anchor))
            anchor = len(subjects) if relation == "beside" else anchor
        subjects.append(subject)
    if len(subjects) == 1 and not background:
        last = subjects[0].name.split()[-1]
        usual = next(
            (USUAL_BACKGROUNDS[form] for form in (last, *singular_guesses(last)) if form in USUAL_BACKGROUNDS), None
        )
        background = background_of([usual]) if usual else background
    whole = " ".join(word for word in words if word != COMMA)
    return Scene(whole, tuple(subjects), tuple(links), background, aloft, tuple(left_out))


def shortened(words: Sequence[str]) -> list[str]:
    """At most `LONGEST` words of at most `LONGEST_WORD` letters."""
    return [word[:LONGEST_WORD] for word in words[:LONGEST]]


def _without_firms(words: list[str]) -> list[str]:
    """ "Logo for a coffee shop" as "logo for a coffee"."""
    if not {"logo", "emblem"} & set(words):
        return words
    return [
        word for place, word in enumerate(words) if word not in FIRMS or words[place - 1] in STOP_WORDS | STYLE_WORDS
    ]


def _phrased(words: list[str]) -> list[str]:
    """The words with fixed phrases replaced."""
    read: list[str] = []
    place = 0
    while place < len(words):
        for long in (4, 3, 2, 1):
            phrase = tuple(words[place : place + long])
            if len(phrase) == long and phrase in FIXED_PHRASES:
                read.extend(FIXED_PHRASES[phrase])
                place += long
                break
        else:
            read.append(words[place])
            place += 1
    return _without_of(read)


def _without_of(words: list[str]) -> list[str]:
    """ "A cup of coffee" as "coffee cup", "a field of sunflowers" as "field with sunflowers"."""
    read: list[str] = []
    for place, word in enumerate(words):
        if word != "of":
            read.append(word)
            continue
        while place + 1 < len(words) and read and read[-1] in STOP_WORDS - {"of"}:
            read.pop()
        if not read or read[-1] in STYLE_WORDS or read[-1] in NUMBERS:
            continue
        whole = read.pop()
        after = [each for each in words[place + 1 :] if each not in STOP_WORDS]
        if whole in BACKGROUND_WORDS:
            read += [whole, "with"]
        elif after:
            at = words.index(after[0], place)
            words[at] = f"{after[0]} {whole}"
    return " ".join(read).split()


_ARTICLES = {"a", "an", "the", "another", "his", "her"}
_ADJECTIVES = STOP_WORDS | STYLE_WORDS | COLOUR_WORDS.keys() | SHADE_WORDS.keys() | NUMBERS.keys()


def _clauses(words: list[str]) -> list[_Clause]:
    clauses = [_Clause("", [])]
    for place, word in enumerate(words):
        relation = RELATIONS.get(word)
        if place and relation is None and word in VERBS and set(words[place + 1 : place + 2]) & _ARTICLES:
            relation = "beside"  # "a dog chasing a cat"
        if relation is None or (relation == "on" and words[place - 1 : place] == ["riding"]):
            clauses[-1].words.append(word)
            continue
        if word == "and" and _colours_on_both_sides(words, place):
            clauses[-1].words.append(word)
            continue
        if word == COMMA and all(each in _ADJECTIVES for each in clauses[-1].words) and clauses[-1].words:
            continue  # "a big, red car"
        if not [each for each in clauses[-1].words if each not in STOP_WORDS and each not in VERBS]:
            if clauses[-1].relation in ("", "beside", "in", "with"):
                clauses[-1].relation = relation if len(clauses) > 1 else ""  # "riding on", "playing with"
                clauses[-1].words = []
                if len(clauses) == 1:
                    continue
            if clauses[-1].relation and not clauses[-1].words:
                continue
        clauses.append(_Clause(relation, []))
    return clauses


def _colours_on_both_sides(words: Sequence[str], place: int) -> bool:
    """Whether "and" joins colours: "red and white", "a black and a white cat" is not."""
    before, after = words[place - 1 : place], words[place + 1 : place + 2]
    return bool(before and after and before[0] in COLOUR_WORDS and after[0] in COLOUR_WORDS)


def _background_and_rest(clause: _Clause, names: Container[str], *, first: bool) -> tuple[Background, list[str]]:
    """The background that a clause names, and the remaining words, for its subject."""
    words = _kept(clause.words, STOP_WORDS | VERBS, names)
    if "background" in words or "backdrop" in words:
        return background_of(words), [word for word in words if word in names and word not in COLOUR_WORDS]
    phrase = " ".join(words)
    content = _kept(words, STYLE_WORDS | COLOUR_WORDS.keys() | NUMBERS.keys(), names)
    if any(word in COLOUR_WORDS for word in words):  # "a dark blue car" is no night
        content = [word for word in content if word not in SHADE_WORDS]
    moonlit = not first and content[-1:] == ["moon"]
    named = len(content) > 1 and " ".join(content) in names and not all(word in BACKGROUND_WORDS for word in content)
    if named and not moonlit:
        return Background(), words
    lights = {
        "moon": Background(hour="night", lights=frozenset({"moon"})),
        "sun": Background(lights=frozenset({"sun"})),
    }
    if not first and content and content[-1] in ("moon", "crescent", "stars", "star", "sun", "rainbow", "aurora"):
        lit = content[-1]
        if lit == "moon" and clause.relation == "on":
            return Background(place="moon"), []
        if lit == "moon" and clause.relation in ("over", "in"):  # "a cow jumping over the moon"
            return Background(hour="night"), words if clause.relation == "over" else []
        if lit in ("star", "stars") and clause.relation not in ("with", "wearing", "on", "beside"):
            return Background(hour="night", lights=frozenset({"stars"})), []
        if lit in lights and clause.relation not in ("wearing", "with", "on"):
            shape = Background(lights=frozenset({"crescent"} & set(content)))
            return joined(joined(background_of(content[:-1]), lights[lit]), shape), []
        if lit in LIGHTS and clause.relation not in ("wearing", "on", "with"):
            return background_of(content), []
    background_words = [word for word in content if word in BACKGROUND_WORDS]
    rest = [word for word in words if word not in background_words]
    left = [word for word in content if word not in BACKGROUND_WORDS]
    if not background_words:
        return Background(), words
    moods = [word for word in background_words if word in MOODS]
    if left:  # "a stormy castle", "a forest house"; but "a fire engine" is left to the names
        if left[-1] == content[-1]:
            kept = [word for word in words if word not in moods and (word not in PLACES or phrase in names)]
            if any(word in PLACES_AS_SUBJECTS for word in background_words) and not moods:
                return Background(), words
            return background_of(background_words), [word for word in kept if word in rest]
        if clause.relation == "beside" and content[-1] in MOODS and " ".join(left) in names:
            return background_of(background_words), rest  # "and a dolphin underwater"
        if clause.relation in ("in", "on", "beside", "behind", "front", "under", "over") or not first:
            return background_of(background_words), []
        return background_of(background_words), rest
    last = background_words[-1]
    if first and clause.relation == "" and last in PLACES_AS_SUBJECTS and last in names:
        return background_of(moods), [word for word in words if word not in moods]
    if clause.relation in ("wearing", "with") and last in names and last not in MOODS:
        return background_of(moods), [word for word in words if word not in moods]
    return background_of(background_words), []


def _subject(words: Sequence[str], names: Container[str], *, first: bool) -> Subject | None:
    """The subject of a noun phrase, or None."""
    content = _kept(words, STOP_WORDS | VERBS, names)
    plain = _kept(content, STYLE_WORDS, names) or (content if first else [])
    phrase = " ".join(plain)
    if phrase not in names and all(word.isdigit() for word in plain):
        return None
    if phrase in names and len(plain) > 1:  # "black cat" is a name, but has a colour all the same
        colours = tuple(word for word in plain if word in COLOUR_WORDS)
        bare = " ".join(word for word in plain if word not in COLOUR_WORDS)
        return Subject(bare if bare and colours else phrase, colours[:2])
    number = next((NUMBERS[word] for word in plain if word in NUMBERS), 1)
    colours = tuple(word for word in plain if word in COLOUR_WORDS)
    shade = next((SHADE_WORDS[word] for word in plain if word in SHADE_WORDS), "")
    name = [word for word in plain if word not in NUMBERS and word not in COLOUR_WORDS]
    bare_name = [word for word in name if word not in SHADE_WORDS] if colours else name
    if not bare_name:
        if not colours:
            return None
        bare_name, colours = [colours[-1]], colours[:-1]  # "an orange"; a plain "red"
    if number == 1 and not any(word in NUMBERS for word in plain):
        number = _number_of(bare_name, names)
    if number > 1:
        bare_name[-1] = _singular(bare_name[-1], names)
    return Subject(" ".join(bare_name), colours[:2], shade, min(number, MOST_OF_A_KIND))


def _kept(words: Sequence[str], unwanted: Container[str], names: Container[str]) -> list[str]:
    """The words without the unwanted ones, except those that make a name with the next one: "full moon", "old man"."""
    pairs = zip(words, (*words, "")[1:], strict=True)
    return [word for word, after in pairs if word not in unwanted or f"{word} {after}" in names]


def _number_of(name: Sequence[str], names: Container[str]) -> int:
    """The number of subjects for a plural without one: three "cats", but one picture of "grapes"."""
    last = name[-1]
    if " ".join(name) in names or last in names or last.endswith("ss"):
        return 1
    if not last.endswith("s") and last not in IRREGULAR:
        return 1
    if last in PAIRS:
        return 2
    return 3 if any(guess in names for guess in singular_guesses(last)) else 1


def _singular(word: str, names: Container[str]) -> str:
    guesses = list(singular_guesses(word))
    return next((guess for guess in guesses if guess in names), word if word in names or not guesses else guesses[-1])
