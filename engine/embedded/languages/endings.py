"""Endings that are cut off a word to find its base form: German, Spanish, French, Portuguese, Russian."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from engine.embedded.languages.tables import ADJECTIVE_STEM, STEM, Code

Number = Literal["one", "many", "unsure"]


@dataclass(frozen=True)
class Ending:
    """An ending, what the base form has in its place, the kinds of words that have it, and the number it marks."""

    ending: str
    base: str
    kinds: str
    number: Number = "one"
    genitive: bool = False


def _endings(text: str, number: Number = "one") -> list[Ending]:
    """From lines "kinds: ending>base ending>base …"; ">" alone is no ending, but perhaps an umlaut."""
    found = []
    for line in text.strip().splitlines():
        kinds, _, pairs = line.partition(":")
        for pair in pairs.split():
            ending, _, base = pair.partition(">")
            found.append(Ending(ending, base, kinds.strip(), number))
    return found


_GERMAN = _endings(
    """
    a: e> er> es> en> em>
    v: de> der> des> den> dem> d> t>en et>en t>n
    n: es> chen> lein>
    """
) + _endings("n: nen> ern> en> e> er> n> s> >", "many")
_SPANISH = _endings("na: s> es> ces>z\na: as>o as>\nn: itos>o itas>a illos>o illas>a\nv: s> as>o", "many") + _endings(
    """
    a: a>o a> ita>o ito>o ote>o
    n: ito>o ita>a cito> cita> illo>o illa>a ón>
    v: a>o ando>ar iendo>er iendo>ir ándose>ar iéndose>er a>ar e>er e>ir an>ar en>er en>ir n>
    """
)
_FRENCH = _endings(
    "na: s> x> aux>al\na: es> euses>eux ives>if ennes>en elles>el ettes>et onnes>on ères>er\nv: s> es>", "many"
) + _endings(
    """
    a: e> euse>eux ive>if enne>en elle>el ette>et onne>on ère>er
    v: e> ant>er eant>er e>er ent>er ent> ant>ir issant>ir it>ir issent>ir ant>re
    """
)
_PORTUGUESE = _endings(
    """
    na: s> es> ões>ão ães>ão ais>al éis>el eis>el óis>ol is>il ns>m
    a: as>o as>
    n: inhos>o inhas>a zinhos> zinhas>
    v: s> as>o
    """,
    "many",
) + _endings(
    """
    a: a>o a> inho>o inha>o ã>ão
    n: inho>o inha>a zinho> zinha>
    v: a>o ando>ar endo>er indo>ir a>ar am>ar e>er em>er e>ir em>ir
    """
)


_RUSSIAN_NOUNS: tuple[tuple[str, Number, bool], ...] = (  # endings, their number, and whether they are genitives
    ("ами ями ах ях ам ям", "many", False),
    ("ов ев", "many", True),
    ("ом ем ой ою ею ью ю у е о ь", "one", False),
    ("ей а я ы и", "unsure", True),
)
_RUSSIAN_ADJECTIVES: tuple[tuple[str, Number], ...] = (
    ("ые ие ых их ыми ими", "many"),
    ("ый ий ой ая яя ое ее ого его ому ему ым им ую юю ей ою ом ем", "one"),
)


def _russian() -> list[Ending]:
    nouns = [
        Ending(ending, STEM, "n", number, genitive)
        for endings, number, genitive in _RUSSIAN_NOUNS
        for ending in endings.split()
    ]
    nouns.append(Ending("", STEM, "n", "many", True))  # "собак", of dogs
    adjectives = [
        Ending(ending + reflexive, ADJECTIVE_STEM, "av", number)
        for endings, number in _RUSSIAN_ADJECTIVES
        for ending in endings.split()
        for reflexive in ("", "ся")
    ]
    return adjectives + nouns


def _by_last_letter(endings: Iterable[Ending]) -> dict[str, list[Ending]]:
    """Endings by their last letter, longest first, so that few are tried."""
    found: dict[str, list[Ending]] = defaultdict(list)
    for ending in sorted(endings, key=lambda each: -len(each.ending)):
        found[ending.ending[-1:]].append(ending)
    return dict(found)


ENDINGS: dict[Code, dict[str, list[Ending]]] = {
    "de": _by_last_letter(_GERMAN),
    "es": _by_last_letter(_SPANISH),
    "fr": _by_last_letter(_FRENCH),
    "pt": _by_last_letter(_PORTUGUESE),
    "ru": _by_last_letter(_russian()),
}


def endings_of(code: Code, word: str) -> list[Ending]:
    """The endings with which a word may end."""
    by_letter = ENDINGS.get(code, {})
    found = [*by_letter.get(word[-1:], ()), *by_letter.get("", ())]
    return [ending for ending in found if word.endswith(ending.ending) and len(word) > len(ending.ending) + 1]
