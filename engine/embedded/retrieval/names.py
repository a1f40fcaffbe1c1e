"""Retrieval of drawings by name, correction of typos, and unknown words."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.embedded.retrieval.index import Entry
from engine.embedded.scene.backgrounds import BACKGROUND_WORDS
from engine.embedded.scene.colours import COLOUR_WORDS
from engine.embedded.scene.people import wishes_for
from engine.embedded.scene.read import Subject, shortened
from engine.embedded.scene.spelling import COMMA, singular_guesses, words_and_commas
from engine.embedded.scene.words import GRAMMAR_WORDS, MOOD_TAGS, STYLE_WORDS
from engine.embedded.text_tower import TextEncoder

# Subtracted from the score of drawings from these icon sets, which are noisy, faint, or monochrome.
SOURCE_PENALTY = {
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
FACE_ALONE = 0.2  # less for a face alone where there is the whole
IN_MOOD = 0.2  # by which drawings in the subject's mood are before all others
# Score from which on a drawing shows a subject. Of 68 words for things that are drawn, most under another name, 59 are
# above ("stallion" is a horse, 0.60; "canine" a dog, 0.90); of the nine below, six would be shown wrongly ("kingfisher"
# as a king, 0.59), three rightly ("beast" as a monster, 0.53). Of 57 words for what no drawing shows 52 are below
# ("einstein" is nearest to a scientist, 0.53); of the five above three make sense ("justice": a judge, 0.97), two do
# not ("memory": a ram, 0.66).
FITS = 0.60
SHORTEST_TYPO = 5  # letters: shorter words have too many neighbours


@dataclass(frozen=True)
class Candidate:
    """A drawing of the index, and its score."""

    row: int
    name: str
    source: str
    score: float


def readable(text: str) -> str:
    """The text without accents, with emoji replaced by their names: "café" as "cafe", a cat's face as "cat face"."""
    letters: list[str] = []
    for letter in unicodedata.normalize("NFKD", text):
        if unicodedata.category(letter) == "So":
            letters.append(f", {unicodedata.name(letter, '')}, ")
        elif not unicodedata.combining(letter):
            letters.append(letter)
    return "".join(letters)


class Names:
    """Search in the names and tags of the index, by word and by embedding."""

    def __init__(self, entries: Sequence[Entry], meanings: Tensor, texts: TextEncoder) -> None:
        """`meanings` (entries, D): the names as `texts` reads them."""
        self._entries = entries
        self._texts = texts
        self._common = meanings.mean(0)  # what all names share, which would make all of them alike
        self._rows = F.normalize(meanings - self._common, dim=-1)
        self._meaning = lru_cache(maxsize=2048)(self._read)
        self._by_tag: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._by_joined: dict[str, list[int]] = defaultdict(list)
        self._by_name: dict[str, list[int]] = defaultdict(list)
        self._word_counts: list[int] = []
        self._coloured: dict[int, str] = {}
        for number, entry in enumerate(entries):
            words = entry.name.split()
            self._by_name[entry.name].append(number)
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
        names = self._by_name.keys()
        faces = {entry.first for entry in entries if entry.name.endswith(" face")}
        self._faces = [  # other names of faces, such as "dragon", where a drawing of the whole has the name too
            number
            for number, entry in enumerate(entries)
            if entry.first in faces and not entry.name.endswith(" face") and len(self._by_name[entry.name]) > 1
        ]
        tags = {tag for tag in self._by_tag if not any(guess in self._by_tag for guess in singular_guesses(tag))}
        self.phrases = frozenset(names | tags)
        self._vocabulary = GRAMMAR_WORDS | self._by_word.keys() | {tag for tag in self._by_tag if " " not in tag}
        self._by_letter: dict[str, list[str]] = defaultdict(list)
        for word in (self._by_word.keys() | BACKGROUND_WORDS | COLOUR_WORDS.keys()) - STYLE_WORDS:
            if len(word) >= SHORTEST_TYPO:
                self._by_letter[word[0]].append(word)

    def corrected(self, text: str) -> tuple[str, dict[str, str]]:
        """The words of a text with typos corrected, and the corrections: typed → corrected."""
        words = shortened(words_and_commas(readable(text)))
        corrections: dict[str, str] = {}
        for word in dict.fromkeys(words):
            if word != COMMA and not self.knows(word):
                meant = self._meant(word)
                if meant is not None:
                    corrections[word] = meant
        mended = " ".join(corrections.get(word, word) for word in words)
        return mended.replace(f" {COMMA}", COMMA).rstrip(COMMA), corrections

    def knows(self, word: str) -> bool:
        """Whether a word is a number, a name, a tag, of the grammar, or any that the text tower reads whole.

        Those are no typos: of 14,396 of them 478 are an edit away from a name, and "better" means no butter.
        """
        forms = (word, *singular_guesses(word))
        return word.isdigit() or any(form in self._vocabulary or self._texts.tokenizer.knows(form) for form in forms)

    def _meant(self, word: str) -> str | None:
        """The known word that a typo is nearest to: at an edit distance of 1, or of 2 for a long word; or None."""
        if len(word) < SHORTEST_TYPO or not word.isalpha():
            return None
        most = 2 if len(word) >= 7 else 1
        best: tuple[int, int, str] | None = None
        for known in self._by_letter.get(word[0], ()):
            if abs(len(known) - len(word)) <= most:
                distance = edits(word, known)
                if distance <= most and (best is None or (distance, abs(len(known) - len(word)), known) < best):
                    best = (distance, abs(len(known) - len(word)), known)
        return best[2] if best else None

    def _read(self, text: str) -> Tensor:
        return F.normalize(self._texts.sentences([text])[0] - self._common, dim=-1)

    def scores(self, subject: Subject) -> Tensor:
        """(entries,) scores: cosine similarity of subject and name, plus a bonus for shared words and tags."""
        colour = subject.colours[0] if subject.colours else None
        name = self._meaning(subject.name)
        coloured_name = self._meaning(f"{' '.join(subject.colours)} {subject.name}".strip())
        subject_words = subject.name.split()
        phrases = (subject.name, *singular_guesses(subject.name))
        forms = {form for word in subject_words for form in (word, *singular_guesses(word))}
        heads = {subject_words[-1], *singular_guesses(subject_words[-1])} if subject_words else set()
        bonus = torch.zeros(len(self._entries))
        for phrase in phrases:
            for number, place in self._by_tag.get(phrase, ()):
                bonus[number] = max(float(bonus[number]), 0.4 - min(0.12, 0.03 * place))
        shared: dict[int, int] = defaultdict(int)
        for form in forms:
            for number in self._by_word.get(form, ()):
                shared[number] += 1
        for number, count in shared.items():
            words = self._word_counts[number]
            complete = count >= words
            share = 0.45 * count / max(words, len(subject_words)) if complete else 0.2 * count / words
            bonus[number] = max(float(bonus[number]), share)
            # The last word is the head: a "kitchen table" is a table, "table tennis" is not.
            if self._entries[number].name.split()[-1] in heads:
                bonus[number] += 0.15
            elif not complete or count < len(subject_words):
                bonus[number] -= 0.2
        for phrase in phrases:
            for number in self._by_joined.get(phrase.replace(" ", ""), ()):
                bonus[number] = 0.5
        scores: Tensor = 0.7 * self._rows @ name + 0.3 * self._rows @ coloured_name + bonus
        for number, entry_colour in self._coloured.items():
            scores[number] += 0.1 if entry_colour == colour else -0.1
        scores[self._faces] -= FACE_ALONE
        return scores

    def fits(self, subject: Subject) -> bool:
        """Whether a drawing shows what the subject's name says, by its words or by their meaning."""
        return self.candidates(subject, most=1)[0].score >= FITS

    def candidates(self, subject: Subject, most: int) -> list[Candidate]:
        """At most `most` drawings of the best names, best first."""
        portraits = self._portraits(subject, most)
        if portraits:
            return portraits
        scores = self.scores(subject)
        in_mood = self._in_mood(subject)
        scores[in_mood] = scores.max() + IN_MOOD
        order = scores.topk(min(8, len(scores)))
        best = float(order.values[0])
        candidates: list[Candidate] = []
        for score, index in zip(order.values.tolist(), order.indices.tolist(), strict=True):
            if score > best - 0.12:
                entry = self._entries[index]
                for place, source in enumerate(entry.sources):
                    fit = score - SOURCE_PENALTY.get(source, 0.0) - 0.005 * place
                    candidates.append(Candidate(entry.first + place, entry.name, source, fit))
        once: dict[int, Candidate] = {}
        for candidate in sorted(candidates, key=lambda each: -each.score):
            once.setdefault(candidate.row, candidate)
        return list(once.values())[:most]

    def _portraits(self, subject: Subject, most: int) -> list[Candidate]:
        """The drawings that are kept for a person, none for other things and for names of the index as they stand."""
        if " " in subject.name and subject.name in self._by_name:
            return []
        for drawings in wishes_for(subject.name, subject.manner):
            found = [
                Candidate(self._entries[number].first + place, name, source, 1.0)
                for name, sources in drawings
                for number in self._by_name.get(name, ())
                for place, source in enumerate(self._entries[number].sources)
                if source in sources
            ]
            if found:
                return found[:most]
        return []

    def _in_mood(self, subject: Subject) -> list[int]:
        """The entries that show the subject in its mood: "grinning cat" for a happy cat."""
        wanted = {tag for mood in subject.manner for tag in MOOD_TAGS.get(mood, ())}
        last = subject.name.split()[-1:]
        heads = {form for word in last for form in (word, *singular_guesses(word))}
        shown = {number for head in heads for number in self._by_word.get(head, ())}
        shown |= {number for head in heads for number, _ in self._by_tag.get(head, ())}
        return [
            number
            for number in sorted(shown)
            if wanted & {*self._entries[number].name.split(), *self._entries[number].tags}
        ]

    def nearest(self, subject: Subject, most: int = 5) -> list[str]:
        """At most `most` names with a score above 0.5, best first."""
        best = self.scores(subject).topk(min(most, len(self._entries)))
        pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        return [self._entries[index].name for score, index in pairs if score > 0.5]


def edits(one: str, other: str) -> int:
    """Edit distance: insertions, deletions, substitutions, and swaps of neighbours (Damerau 1964)."""
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


def non_latin(text: str) -> Iterable[str]:
    """The words of a text with letters of another alphabet."""
    for word in re.findall(r"\w+", text):
        if any(letter.isalpha() and not letter.isascii() for letter in readable(word)):
            yield word
