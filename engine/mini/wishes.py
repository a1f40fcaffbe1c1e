"""Reads a text as a small scene: things with their colours and numbers, how they lie to each other, and the ground."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

from engine.mini.colours import COLOUR_WORDS, SHADE_WORDS
from engine.mini.grounds import GROUND_WORDS, LIGHTS, MOODS, PHRASES, PLACES, Ground, ground_of, joined
from engine.mini.text import singular_guesses, split_words

LONGEST = 60  # words that are read of a text
LONGEST_WORD = 41  # letters: one more than a note shows
MOST_THINGS = 4
MOST_OF_A_KIND = 6


@dataclass(frozen=True)
class Thing:
    """What is to be seen: its words without colours, numbers and small words."""

    name: str
    colours: tuple[str, ...] = ()
    shade: str = ""  # dark, light, bright, pale
    number: int = 1


@dataclass(frozen=True)
class Link:
    """How a thing lies to the thing before it that it was said of."""

    relation: str  # a value of RELATIONS
    anchor: int  # the number of that thing


@dataclass(frozen=True)
class Wish:
    """What a text asks for: `links[i]` tells where `things[i + 1]` is."""

    whole: str
    things: tuple[Thing, ...] = ()
    links: tuple[Link, ...] = ()
    ground: Ground = field(default_factory=Ground)
    aloft: bool = False  # whether the first thing is in the air: "a witch flying over a city"


_RELATIONS = {
    "under": "under below beneath underneath",
    "over": "over above",
    "on": "on onto atop upon riding rides ride driving drives surfing",
    "with": "with holding holds carrying carries eating eats drinking reading playing plays using having has",
    "wearing": "wearing wears",
    "by": "by",
    "beside": "beside near and plus alongside against between around among at towards toward to watching",
    "behind": "behind",
    "front": "before facing",
    "in": "in inside into within through amid amidst during across along from",
    "without": "without no not",
}
RELATIONS = {word: relation for relation, words in _RELATIONS.items() for word in words.split()}
_PHRASES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("in", "front", "of"): ("before",),
    ("on", "top", "of"): ("on",),
    ("next", "to"): ("beside",),
    ("close", "to"): ("beside",),
    ("together", "with"): ("and",),
    ("surrounded", "by"): ("in",),
    ("covered", "in"): ("in",),
    ("made", "of"): ("of",),
    ("inside", "of"): ("inside",),
    ("as", "well", "as"): ("and",),
    ("each", "other"): (),
    ("in", "the", "style", "of"): (),
    **{words: (word,) for words, word in PHRASES.items()},
}
_NUMBERS = {
    1: "one 1 single",
    2: "two 2 couple pair both",
    3: "pile stack heap three 3 several some few group herd flock pack bunch",
    4: "swarm four 4",
    5: "five 5 many lots",
    6: "six 6 seven eight nine ten dozen hundreds",
}
NUMBERS = {word: number for number, words in _NUMBERS.items() for word in words.split()}
_STYLE = """
    picture image photo photograph photography painting paintings drawing drawings art artwork illustration icon
    emoji sketch watercolour watercolor watercolors oil acrylic pastel gouache ink pencil crayon digital vector
    pixel pixelart 8bit 16bit 3d 2d render rendered rendering cartoon anime manga comic clipart poster portrait
    logo sticker style styled stylized stylised highly detailed detail details ultra hyper hd uhd 4k 8k 16k 1080p
    hdr resolution quality high best masterpiece realistic photorealistic realism hyperrealistic impressionist
    impressionism impressionistic cubist cubism surreal surrealist surrealism abstract minimalist minimalistic
    minimalism flat isometric lowpoly low poly trending artstation deviantart unreal octane cinematic dramatic
    lighting lit ambient volumetric bokeh macro closeup close wide angle shot view background backdrop scene
    landscape scenery composition intricate elegant vintage retro modern concept beautiful pretty lovely nice
    amazing awesome gorgeous stunning epic cute adorable sweet cool funny happy smiling sad angry sleepy little
    tiny small big large huge giant great tall short long old young new ancient fat thin fluffy fuzzy shiny glossy
    matte soft smooth sharp colorful colourful vibrant vivid magical mystical majestic mighty magnificent fancy
    simple plain clean crisp white-background century famous museum canvas paper wallpaper van gogh monet picasso
    dali ukiyo hokusai studio ghibli disney pixar collage stained mosaic graffiti banksy lonely cozy cosy calm
    quiet peaceful dreamy whimsical mysterious wild lone solitary friendly brave
"""
STYLE_WORDS = frozenset(_STYLE.split())
_SMALL = """
    of a an the this that these those my your his her its our their is are was were be being been am very really too
    so just also then there here it he she they we you i me him them which who whose what where when while as or
    but if than such like please paint draw make show create generate want give made full filled lots top style
    all every other another up down out off away back front left right middle center centre side edge end upon do
    does can will something someone thing things kind sort type lot for inspired s t
"""
_DOING = """
    sitting sits standing stands lying lies sleeping sleeps walking walks running runs jumping jumps flying flies
    swimming swims dancing dances singing looking looks staring howling barking resting hiding playing climbing
    falling floating floats sailing sails drifting growing grows hanging hangs leaning waiting watching chasing
    fighting hugging kissing crying laughing glowing shining burning blooming rising setting reflected reflecting
    made seen hovering hovers landing soaring perched perching grazing travelling traveling swinging crossing
    exploring wandering roaming cooking working going coming living enjoying taking getting wrapped covered
    surrounded dressed hunting
"""
DOING_WORDS = frozenset(_DOING.split())
SMALL_WORDS = frozenset(_SMALL.split()) | RELATIONS.keys()
READ_WORDS = (
    SMALL_WORDS
    | DOING_WORDS
    | STYLE_WORDS
    | GROUND_WORDS
    | COLOUR_WORDS.keys()
    | SHADE_WORDS.keys()
    | NUMBERS.keys()
    | {"moon", "star", "cloud", "clouds", "sunny"}
)

# Where a place that is a thing as well is nothing but the thing: a first or only mention shows it large.
_RATHER_THINGS = """
    circus cloud fall fire flames iceberg island lightning moon park planet spring star sun volcano wave
"""
_BEFORE = {
    "moon": "night",
    "star": "night",
    "planet": "space",
    "comet": "night",
    "ufo": "night",
    "cloud": "sky",
    "sun": "sky",
}
_WORN = """
    hat cap crown helmet fedora beret tiara sombrero turban hood wig beanie bonnet glasses sunglasses goggles monocle
    mask spectacles scarf tie necktie necklace bow medal bowtie
"""
WORN = frozenset(_WORN.split())
_PAIRS = {"shoes", "boots", "gloves", "socks", "eyes", "sandals", "skis", "slippers"}


@dataclass
class _Clause:
    """The words after one relation word."""

    relation: str
    words: list[str]


def understand(text: str, names: Container[str] = frozenset()) -> Wish:
    """The scene that a text tells of; any text gives one, perhaps without a thing.

    `names` are phrases that are one thing although their words could be read otherwise: "fire engine", "snow leopard".
    "two cats under the moon" gives a thing "cat" of number 2 before a ground of night with a moon.
    """
    words = shortened(split_words(text))
    things: list[Thing] = []
    links: list[Link] = []
    ground = Ground()
    aloft = "flying" in words or "flies" in words
    subject = 0
    for clause in _clauses(_phrased(words)):
        said, rest = _parted(clause, names, first=not things)
        if clause.relation == "under" and said.place == "sea":
            said = replace(said, place="underwater")
        ground = joined(ground, said)
        aloft = aloft or (clause.relation == "over" and bool(said) and len(things) == 1)
        thing = _thing(rest, names, first=not things)
        if thing is None or clause.relation == "without" or len(things) == MOST_THINGS:
            continue
        if clause.relation == "by" and thing.name not in names:  # who drew it
            continue
        if things:
            relation = "beside" if clause.relation in ("", "by") else clause.relation
            worn = relation == "beside" and bool(links) and links[-1].relation in ("with", "wearing")
            if worn and thing.name.split()[-1] in WORN:  # "with a scarf and a hat"
                relation = links[-1].relation
            links.append(Link(relation, subject))
            subject = len(things) if relation == "beside" else subject
        things.append(thing)
    if len(things) == 1 and not ground:
        last = things[0].name.split()[-1]
        around = next((_BEFORE[form] for form in (last, *singular_guesses(last)) if form in _BEFORE), None)
        ground = ground_of([around]) if around else ground
    return Wish(" ".join(words), tuple(things), tuple(links), ground, aloft)


def shortened(words: Sequence[str]) -> list[str]:
    """As many words as are read, and as much of each: what a text means does not come from more."""
    return [word[:LONGEST_WORD] for word in words[:LONGEST]]


def _phrased(words: list[str]) -> list[str]:
    """The words with fixed phrases exchanged for one word."""
    read: list[str] = []
    place = 0
    while place < len(words):
        for long in (4, 3, 2):
            phrase = tuple(words[place : place + long])
            if len(phrase) == long and phrase in _PHRASES:
                read.extend(_PHRASES[phrase])
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
        while place + 1 < len(words) and read and read[-1] in SMALL_WORDS - {"of"}:
            read.pop()
        if not read or read[-1] in STYLE_WORDS or read[-1] in NUMBERS:
            continue
        whole = read.pop()
        after = [each for each in words[place + 1 :] if each not in SMALL_WORDS]
        if whole in GROUND_WORDS:
            read += [whole, "with"]
        elif after:
            at = words.index(after[0], place)
            words[at] = f"{after[0]} {whole}"
    return " ".join(read).split()


def _clauses(words: list[str]) -> list[_Clause]:
    clauses = [_Clause("", [])]
    for place, word in enumerate(words):
        relation = RELATIONS.get(word)
        if place and relation is None and word in DOING_WORDS and words[place + 1 : place + 2] in (["a"], ["an"]):
            relation = "beside"  # "a dog chasing a cat"
        if relation is None or (relation == "on" and words[place - 1 : place] == ["riding"]):
            clauses[-1].words.append(word)
            continue
        if relation == "beside" and word == "and" and _colours_on_both_sides(words, place):
            clauses[-1].words.append(word)
            continue
        if not [each for each in clauses[-1].words if each not in SMALL_WORDS and each not in DOING_WORDS]:
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


def _parted(clause: _Clause, names: Container[str], *, first: bool) -> tuple[Ground, list[str]]:
    """What of a clause is ground, and the words that are left for a thing."""
    words = [word for word in clause.words if word not in SMALL_WORDS and word not in DOING_WORDS]
    if "background" in words or "backdrop" in words:
        return ground_of(words), [word for word in words if word in names and word not in COLOUR_WORDS]
    phrase = " ".join(words)
    content = [word for word in words if word not in STYLE_WORDS and word not in COLOUR_WORDS and word not in NUMBERS]
    if any(word in COLOUR_WORDS for word in words):  # "a dark blue car" is no night
        content = [word for word in content if word not in SHADE_WORDS]
    if len(content) > 1 and " ".join(content) in names and not all(word in GROUND_WORDS for word in content):
        return Ground(), words
    lights = {"moon": Ground(hour="night", lights=frozenset({"moon"})), "sun": Ground(lights=frozenset({"sun"}))}
    if not first and content and content[-1] in ("moon", "crescent", "stars", "star", "sun", "rainbow", "aurora"):
        lit = content[-1]
        if lit == "moon" and clause.relation == "on":
            return Ground(place="moon"), []
        if lit == "moon" and clause.relation in ("over", "in"):  # "a cow jumping over the moon"
            return Ground(hour="night"), words if clause.relation == "over" else []
        if lit in ("star", "stars") and clause.relation not in ("with", "wearing", "on", "beside"):
            return Ground(hour="night", lights=frozenset({"stars"})), []
        if lit in lights and clause.relation not in ("wearing", "with", "on"):
            return joined(ground_of(content[:-1]), lights[lit]), []
        if lit in LIGHTS and clause.relation not in ("wearing", "on", "with"):
            return ground_of(content), []
    said = [word for word in content if word in GROUND_WORDS]
    rest = [word for word in words if word not in said]
    left = [word for word in content if word not in GROUND_WORDS]
    if not said:
        return Ground(), words
    moods = [word for word in said if word in MOODS]
    if left:  # "a stormy castle", "a forest house"; but "a fire engine" is left to the names
        if left[-1] == content[-1]:
            kept = [word for word in words if word not in moods and (word not in PLACES or phrase in names)]
            if any(word in _RATHER_THINGS.split() for word in said) and not moods:
                return Ground(), words
            return ground_of(said), [word for word in kept if word in rest]
        if clause.relation in ("in", "on", "beside", "behind", "front", "under", "over") or not first:
            return ground_of(said), []
        return ground_of(said), rest
    last = said[-1]
    if first and clause.relation == "" and last in _RATHER_THINGS.split() and last in names:
        return ground_of(moods), [word for word in words if word not in moods]
    if clause.relation in ("wearing", "with") and last in names and last not in MOODS:
        return ground_of(moods), [word for word in words if word not in moods]
    return ground_of(said), []


def _thing(words: Sequence[str], names: Container[str], *, first: bool) -> Thing | None:
    """The thing that the words of a clause name; None when there is none."""
    content = [word for word in words if word not in SMALL_WORDS and word not in DOING_WORDS]
    plain = [word for word in content if word not in STYLE_WORDS] or (content if first else [])
    phrase = " ".join(plain)
    if not plain:
        return None
    if phrase in names and len(plain) > 1:  # "black cat" is a name, and asks for the colour all the same
        colours = tuple(word for word in plain if word in COLOUR_WORDS)
        bare = " ".join(word for word in plain if word not in COLOUR_WORDS)
        return Thing(bare if bare and colours else phrase, colours[:2])
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
    return Thing(" ".join(bare_name), colours[:2], shade, min(number, MOST_OF_A_KIND))


def _number_of(name: Sequence[str], names: Container[str]) -> int:
    """How many a bare plural means: "cats" are three, "grapes" are one picture."""
    last = name[-1]
    if " ".join(name) in names or last in names or not last.endswith("s") or last.endswith("ss"):
        return 1
    if last in _PAIRS:
        return 2
    return 3 if any(guess in names for guess in singular_guesses(last)) else 1


def _singular(word: str, names: Container[str]) -> str:
    guesses = list(singular_guesses(word))
    return next((guess for guess in guesses if guess in names), word if word in names or not guesses else guesses[-1])
