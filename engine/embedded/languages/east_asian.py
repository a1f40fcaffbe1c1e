"""Clauses in Japanese and Chinese: parted into words, which are then put in English order.

Both languages put what describes a thing before it. So places, times and verbs wait until the thing is named, and
follow it: "a cat sleeping on a sofa". What still waits at the end belongs to the thing that was named before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.embedded.languages.english import NOUNS, UNKNOWN, Word, in_number
from engine.embedded.languages.lexicon import Meaning, exact
from engine.embedded.languages.tables import Code, normal, tables, words_of

LONGEST_KEY = 10  # letters
_COST_OF_WORD, _COST_OF_PARTICLE, _COST_OF_UNKNOWN = 2, 1, 20  # the last for each letter
# Chinese relations that follow their noun; others precede it.
_AFTER_NOUNS = {"in", "on", "under", "over", "behind", "beside", "between", "around", "inside", "outside"}
_AFTER_NOUNS |= {"in front of", "in the style of"}
_MOVING = {"walking", "running", "flying", "swimming", "sailing"}
_PARTS = {"hair", "eye", "eyes", "beard", "tail", "ear", "wing", "horn"}
_PICTURES = {"picture", "painting", "portrait", "photo", "drawing", "illustration", "poster", "statue", "comic"}
_SURFACES = {"sofa", "couch", "chair", "bed", "table", "desk", "horse", "roof", "floor", "grass"}

_Choice = tuple[int, int, tuple[Meaning, ...]]  # cost so far, start and meanings of the last word


def segmented(code: Code, text: str) -> list[Word]:
    """The words of a text without spaces: as few as possible, with as few unknown letters as possible."""
    keys = normal(text).replace(" ", "")
    if code == "zh":
        keys = "".join(tables().traditional.get(letter, letter) for letter in keys)
    table = words_of(code)
    best: list[_Choice] = [(0, 0, ())]
    for end in range(1, len(keys) + 1):
        choice: _Choice = (best[end - 1][0] + _COST_OF_UNKNOWN, end - 1, ())
        for start in range(max(0, end - LONGEST_KEY), end):
            key = keys[start:end]
            if key in table.everyday or key in table.of_emoji:
                found = exact(code, key)
                cost = best[start][0] + (_COST_OF_PARTICLE if found[0].kind == "p" else _COST_OF_WORD)
                choice = min(choice, (cost, start, found), key=lambda each: each[0])
        best.append(choice)
    words: list[Word] = []
    end = len(keys)
    while end:
        _, start, found = best[end]
        source = text[start:end] if len(text) == len(keys) else keys[start:end]
        if found:
            words.append(Word.meaning(found[0], source))
        elif words and words[-1].kind == UNKNOWN:
            words[-1] = replace(words[-1], source=source + words[-1].source)
        else:
            words.append(Word(UNKNOWN, "", source))
        end = start
    return words[::-1]


def which(text: str) -> Code:
    """Japanese if a text has kana, else the language of which more is known."""
    if any("\u3040" <= letter <= "\u30ff" or "\uff66" <= letter <= "\uff9f" for letter in text):
        return "ja"
    unknown = {code: _unknown_letters(segmented(code, text)) for code in ("zh", "ja")}
    return "zh" if unknown["zh"] <= unknown["ja"] else "ja"


def _unknown_letters(words: Sequence[Word]) -> int:
    return sum(len(word.source) for word in words if word.kind == UNKNOWN)


def translate_clause(code: Code, words: Sequence[Word]) -> list[Word]:
    """The English words, in their order, of the words of a clause in theirs."""
    clause = _Japanese() if code == "ja" else _Chinese()
    for word in words:
        clause.take(word)
    return in_number(clause.end())


@dataclass
class _Clause:
    """A clause as it is read: what was said, what waits for the thing it describes, and the thing being named."""

    said: list[Word] = field(default_factory=list)
    waiting: list[list[Word]] = field(default_factory=list)
    thing: list[Word] = field(default_factory=list)
    held: list[Word] = field(default_factory=list)  # "a" of a thing that is described before it is named

    def take(self, word: Word) -> None:
        """Reads one more word."""
        raise NotImplementedError

    def end(self) -> list[Word]:
        """All that was said, at the end of the clause."""
        self.thing = [*self.held, *self.thing] if not self.has_noun() else self.thing
        self.name_thing()
        self._say_waiting()
        return self.said

    def has_noun(self) -> bool:
        return any(word.kind in NOUNS for word in self.thing)

    def name_thing(self) -> None:
        """The thing is complete: it is said, with what waited for it."""
        if self.has_noun() or (self.thing and not self.said):
            if self.said and self.said[-1].kind not in "cr":
                self.said.append(Word("c", "and") if not self.waiting else Word("r", "with"))
            self.said += [*self.held, *_pictured(self.thing)]
            self.thing, self.held = [], []
            self._say_waiting()
        elif self.thing:  # "two" or "black" after its noun
            last = next((place for place in range(len(self.said)) if self.said[place].kind in NOUNS), 0)
            self.said[last:last] = self.thing
            self.thing = []

    def name_thing_if_noun(self) -> None:
        if self.has_noun():
            self.name_thing()

    def hold(self) -> None:
        """What was said of the thing waits, since a description follows that is not of it."""
        if not self.has_noun():
            self.held += self.thing
            self.thing = []

    def wait(self, relation: str) -> None:
        """The thing is where or how: it waits, with the relation before it."""
        if self.has_noun():
            self.waiting.append([Word("r", relation), *self.thing])
            self.thing = []

    def place(self) -> str:
        """The relation to the thing where no other is given."""
        noun = next((word.english for word in self.thing[::-1] if word.kind in NOUNS), "place")
        return "on" if noun.split()[-1] in _SURFACES else "in"

    def _say_waiting(self) -> None:
        for words in sorted(self.waiting, key=lambda words: words[0].kind != "v"):
            self.said += words
        self.waiting = []


def _pictured(thing: Sequence[Word]) -> list[Word]:
    """ "Cat OF picture" as "picture of cat", "hair OF girl" as "girl with hair", "wood OF house" as "wood house"."""
    places = [place for place, word in enumerate(thing) if word.kind == "p"]
    if not places:
        return list(thing)
    before = [word for word in thing[: places[-1]] if word.kind != "p"]
    after = list(thing[places[-1] + 1 :])
    if before and after and after[-1].english.split()[-1] in _PICTURES:
        return [*after, Word("r", "of"), *before]
    if before and after and before[-1].english.split()[-1] in _PARTS:
        return [*after, Word("r", "with"), *before]
    return before + after


class _Japanese(_Clause):
    """Particles follow what they mark; verbs follow their objects."""

    def take(self, word: Word) -> None:
        match word.kind:
            case "p":
                self._particle(word.english)
            case "r":
                self.wait(word.english)
            case "c":
                self.name_thing()
                self.said.append(word)
            case "v":
                self._verb(word)
            case "t":
                self.waiting.append([word])
            case " ":
                self.name_thing_if_noun()
            case _ if not word.english:
                pass
            case _:
                if word.kind == "a" and self.has_noun():
                    self.name_thing()
                self.thing.append(word)

    def _particle(self, english: str) -> None:
        if english in ("SUBJECT", "AND"):
            self.name_thing()
            if english == "AND" and self.said:
                self.said.append(Word("c", "and"))
        elif english == "OBJECT" and self.has_noun():
            self.waiting.append(self.thing)
            self.thing = []
        elif english == "PLACE":
            self.wait(self.place())
        elif english == "OF" and self.has_noun():
            self.thing.append(Word("p", ""))

    def _verb(self, verb: Word) -> None:
        """A verb takes what waits since the last verb: first its object, then places and times."""
        since = next((place for place in range(len(self.waiting), 0, -1) if self.waiting[place - 1][0].kind == "v"), 0)
        parts = self.waiting[since:]
        if self.has_noun():
            parts.append(self.thing)
            self.thing = []
        self.hold()
        if verb.english in _MOVING:  # "公園を歩く"
            parts = [part if part[0].kind in "rt" else [Word("r", "in"), *part] for part in parts]
        parts.sort(key=lambda words: words[0].kind in "rt")
        self.waiting[since:] = [[verb, *(word for part in parts for word in part)]]


class _Chinese(_Clause):
    """Verbs precede their objects; places stand between "在" and a word like "上"."""

    _verb: list[Word] | None = None  # that waits for its object
    _at: bool = False  # after "在"

    def take(self, word: Word) -> None:
        match word.kind:
            case "p" if word.english == "PLACE":
                self._finish_object()
                self.name_thing_if_noun()
                self.hold()
                self._at = True
            case "p":
                self._finish_object()
                if self.has_noun():
                    self.thing.append(Word("p", ""))
            case "r" if word.english in _AFTER_NOUNS and self.thing:
                self.wait(word.english)
                self._verb, self._at = None, False
            case "v" | "r":
                self._take_verb(word)
            case "c" if self._verb is not None or self._at:
                self.thing.append(word)
            case "c":
                self.name_thing()
                self.said.append(word)
            case "t":
                self._finish_object()
                self.name_thing_if_noun()
                self.waiting.append([word])
            case " ":
                self._finish_object()
                self.name_thing_if_noun()
            case _ if not word.english:
                pass
            case _:
                self.thing.append(word)

    def end(self) -> list[Word]:
        self._finish_object()
        return super().end()

    def _take_verb(self, word: Word) -> None:
        self._finish_object()
        self.name_thing_if_noun()
        self.hold()
        self._at = False
        self._verb = [word]
        self.waiting.append(self._verb)

    def _finish_object(self) -> None:
        """What was named after a verb is its object; what was named after "在" is a place."""
        if self.has_noun() and self._at:
            self.wait(self.place())
        elif self._verb is not None and self.thing:
            self._verb += self.thing
            self.thing = []
        self._verb = None if self.waiting and not self.thing else self._verb
        self._at = False if not self.thing else self._at
