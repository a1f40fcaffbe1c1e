"""Finds the pictures of the bank whose names fit a thing, and tells which words lead nowhere."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.mini.bank import Entry
from engine.mini.colours import COLOUR_WORDS
from engine.mini.grounds import GROUND_WORDS
from engine.mini.text import WordTable, singular_guesses, split_words
from engine.mini.wishes import READ_WORDS, STYLE_WORDS, Thing, shortened

# What a drawing's source costs it: noisy, faint, or of one colour.
LESS_CLEAR = {
    "openclipart": 0.12,
    "noto-v1": 0.02,
    "fluent-emoji-3d": 0.03,
    "streamline-emojis": 0.05,
    "streamline-kameleon-color": 0.06,
    "streamline-ultimate-color": 0.06,
    "streamline-stickies-color": 0.06,
    "flat-ui": 0.05,
    "ph-duotone": 0.22,
    "hugeicons": 0.25,
    "temaki": 0.25,
    "mdi": 0.25,
    "game-icons": 0.25,
}
# Cosine to the nearest name above which a word is known. Of the words tried, "waterfall" (0.56 to "fountain") is the
# last that leads somewhere sensible and "freedom" (0.49 to "prohibited") the first that does not.
NEAR_ENOUGH = 0.54
SHORTEST_TYPO = 5  # letters: shorter words have too many neighbours


@dataclass(frozen=True)
class Candidate:
    """One picture of the bank that may be painted from, and how well its name fits."""

    row: int
    name: str
    source: str
    score: float


def readable(text: str) -> str:
    """The text with accents dropped and emoji spelled out: "café" as "cafe", a cat's face as "cat face"."""
    letters: list[str] = []
    for letter in unicodedata.normalize("NFKD", text):
        if unicodedata.category(letter) == "So":
            letters.append(f" {unicodedata.name(letter, '')} ")
        elif not unicodedata.combining(letter):
            letters.append(letter)
    return "".join(letters)


class Names:
    """The bank's names and tags, by their words and by their meaning."""

    def __init__(self, entries: Sequence[Entry], table: WordTable) -> None:
        self._entries = entries
        self._table = table
        self._rows = table.embed([entry.name for entry in entries])
        self._by_tag: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._by_joined: dict[str, list[int]] = defaultdict(list)
        self._word_counts: list[int] = []
        self._coloured: dict[int, str] = {}
        for number, entry in enumerate(entries):
            words = entry.name.split()
            for word in words:
                if word in COLOUR_WORDS:
                    self._coloured.setdefault(number, word)
            bare = set(words) - COLOUR_WORDS.keys() - {"of", "with", "and", "the", "in", "a"}
            for word in bare:
                self._by_word[word].append(number)
            self._word_counts.append(len(bare))
            self._by_joined["".join(words)].append(number)
            for place, tag in enumerate(entry.tags):
                self._by_tag[tag].append((number, place))
        names = {entry.name for entry in entries}
        tags = {tag for tag in self._by_tag if not any(guess in self._by_tag for guess in singular_guesses(tag))}
        self.phrases = frozenset(names | tags)
        self._vocabulary = READ_WORDS | self._by_word.keys() | {tag for tag in self._by_tag if " " not in tag}
        self._by_letter: dict[str, list[str]] = defaultdict(list)
        for word in (self._by_word.keys() | GROUND_WORDS | COLOUR_WORDS.keys()) - STYLE_WORDS:
            if len(word) >= SHORTEST_TYPO:
                self._by_letter[word[0]].append(word)

    def corrected(self, text: str) -> tuple[str, dict[str, str]]:
        """The words of a text with typos mended, and what was read as what."""
        words = shortened(split_words(readable(text)))
        read: dict[str, str] = {}
        for word in dict.fromkeys(words):
            if not self.knows(word):
                meant = self._meant(word)
                if meant is not None:
                    read[word] = meant
        return " ".join(read.get(word, word) for word in words), read

    def knows(self, word: str) -> bool:
        """Whether a word says something here: it is a name, a tag or a word of the grammar, or means nearly that."""
        if any(form in self._vocabulary for form in (word, *singular_guesses(word))) or word.isdigit():
            return True
        if self._table.known(word) is None:
            return False
        if len(word) > 4 and word.endswith(("ing", "ly")) or len(word) < 3:  # how, not what
            return True
        return float((self._rows @ self._table.embed([word])[0]).max()) >= NEAR_ENOUGH

    def _meant(self, word: str) -> str | None:
        """The known word that differs by a letter, or by two in a long word."""
        if len(word) < SHORTEST_TYPO or not word.isalpha():
            return None
        real = self._table.known(word) is not None  # "courage" is no mistaken "cottage"
        most = 2 if len(word) >= 7 and not real else 1
        best: tuple[int, int, str] | None = None
        for known in self._by_letter.get(word[0], ()):
            if abs(len(known) - len(word)) <= most and not (real and known not in self._by_joined):
                far = edits(word, known)
                if far <= most and (best is None or (far, abs(len(known) - len(word)), known) < best):
                    best = (far, abs(len(known) - len(word)), known)
        return best[2] if best else None

    def scores(self, thing: Thing) -> Tensor:
        """(entries,) how well each name fits: near in meaning, equal in words or in a tag."""
        colour = thing.colours[0] if thing.colours else None
        name, whole = self._table.embed([thing.name, f"{' '.join(thing.colours)} {thing.name}"])
        asked = thing.name.split()
        phrases = (thing.name, *singular_guesses(thing.name))
        forms = {form for word in asked for form in (word, *singular_guesses(word))}
        heads = {asked[-1], *singular_guesses(asked[-1])} if asked else set()
        equal = torch.zeros(len(self._entries))
        for phrase in phrases:
            for number, place in self._by_tag.get(phrase, ()):
                equal[number] = max(float(equal[number]), 0.4 - min(0.12, 0.03 * place))
        shared: dict[int, int] = defaultdict(int)
        for form in forms:
            for number in self._by_word.get(form, ()):
                shared[number] += 1
        for number, count in shared.items():
            words = self._word_counts[number]
            all_said = count >= words
            share = 0.45 * count / max(words, len(asked)) if all_said else 0.2 * count / words
            equal[number] = max(float(equal[number]), share)
            # The last word is what a thing is: a "kitchen table" is a table, "table tennis" is not.
            if self._entries[number].name.split()[-1] in heads:
                equal[number] += 0.15
            elif not all_said or count < len(asked):
                equal[number] -= 0.2
        for phrase in phrases:
            for number in self._by_joined.get(phrase.replace(" ", ""), ()):
                equal[number] = 0.5
        scores: Tensor = 0.7 * self._rows @ name + 0.3 * self._rows @ whole + equal
        for number, has in self._coloured.items():
            scores[number] += 0.1 if has == colour else -0.1
        return scores

    def candidates(self, thing: Thing, most: int) -> list[Candidate]:
        """The pictures with the best names, best first, each once; of equal names each one's first picture first."""
        scores = self.scores(thing)
        order = scores.topk(min(8, len(scores)))
        best = float(order.values[0])
        found: list[Candidate] = []
        for score, index in zip(order.values.tolist(), order.indices.tolist(), strict=True):
            if score > best - 0.12:
                entry = self._entries[index]
                for place, source in enumerate(entry.sources):
                    fit = score - LESS_CLEAR.get(source, 0.0) - 0.005 * place
                    found.append(Candidate(entry.first + place, entry.name, source, fit))
        once: dict[int, Candidate] = {}
        for candidate in sorted(found, key=lambda each: -each.score):
            once.setdefault(candidate.row, candidate)
        return list(once.values())[:most]

    def nearest(self, thing: Thing, most: int = 5) -> list[str]:
        """The names that are nearest to a thing, best first; only those that have something to do with it."""
        best = self.scores(thing).topk(min(most, len(self._entries)))
        pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        return [self._entries[index].name for score, index in pairs if score > 0.5]


def edits(one: str, other: str) -> int:
    """Letters to insert, drop, exchange or swap with the next to make one word the other (Damerau 1964)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def unread(text: str) -> Iterable[str]:
    """The words of a text that have letters of another alphabet."""
    for word in re.findall(r"\w+", text):
        if any(letter.isalpha() and not letter.isascii() for letter in readable(word)):
            yield word
