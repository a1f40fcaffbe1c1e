"""Prompts in other languages, and emoji, as English text for the embedded model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.embedded.languages import east_asian, european
from engine.embedded.languages.choice import foreign_in_english, language_of, named
from engine.embedded.languages.emoji import is_feeling, name_of, names_of
from engine.embedded.languages.english import UNKNOWN, Word, sentence, with_articles, without_ends
from engine.embedded.languages.tables import Code, folded, normal, tables
from engine.embedded.languages.tokens import Token, clauses, split

# Marks of other languages as those of English.
_MARKS = {"、": ", ", "，": ", ", "。": ". ", "！": "! ", "？": "? ", "；": "; ", "：": ": ", "¿": "", "¡": ""}
_MARKS |= dict.fromkeys("・～「」『』【】（）《》〈〉“”„«»", " ")
_COUNTED = "匹羽頭人本台個枚冊輪只个条头位名辆座朵棵张把隻條輛張"  # between a number and what it counts
_SCRIPTS = ("latin", "cyrillic", "asian")


@dataclass(frozen=True)
class Translation:
    """A text in English."""

    text: str  # the text itself, unchanged, where it is English already
    read: tuple[tuple[str, str], ...] = ()  # (what was written, what it was read as), in order, without grammar words
    unknown: tuple[str, ...] = ()  # words of the text that were not understood


def in_english(text: str) -> Translation:
    """The English of any text in German, Spanish, French, Portuguese, Russian, Japanese, Chinese, English or emoji.

    Words that are not understood stay if they are in Latin letters, since they may be names, and are left out
    otherwise. Marks such as commas stay where they are.
    """
    tokens = _rows_of_emoji(split(text))
    reader = _Reader(tokens)
    pieces = [reader.piece(clause) for clause in clauses(tokens)]
    if not reader.changed:
        return Translation(text)
    read = sorted(dict.fromkeys(reader.read), key=lambda pair: text.find(pair[0]))
    unknown = sorted(dict.fromkeys(reader.unknown), key=text.find)
    return Translation(_tidy("".join(pieces)), tuple(read), tuple(unknown))


def _rows_of_emoji(tokens: Iterable[Token]) -> list[Token]:
    """The tokens with emoji that follow one another as one, emoji parted by spaces."""
    read: list[Token] = []
    for token in tokens:
        if token.kind == "emoji" and read and read[-1].kind == "emoji":
            read[-1] = Token("emoji", f"{read[-1].text} {token.text}")
        elif token.kind == "emoji" and len(read) > 1 and read[-1].kind == "space" and read[-2].kind == "emoji":
            read[-2:] = [Token("emoji", f"{read[-2].text} {token.text}")]
        else:
            read.append(token)
    return read


class _Reader:
    """One text on its way to English, piece by piece."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.changed = False
        self.read: list[tuple[str, str]] = []
        self.unknown: list[str] = []
        words = _latin_words(tokens)
        self._latin = language_of(words)
        self._latin_words = len(words)
        self._asian = east_asian.which("".join(token.text for token in tokens if token.kind == "asian"))
        self._lone = len([token for token in tokens if token.kind not in ("space", "mark")]) == 1
        self._after_comma = False
        self._said: set[str] = set()  # words of the English so far

    def piece(self, tokens: Sequence[Token]) -> str:
        """The English of a mark, or of what stands between two marks."""
        if tokens[0].kind == "mark":
            mark = tokens[0].text
            self._after_comma = mark == ","
            return _MARKS.get(mark, mark)
        english: list[str] = []
        for run in _runs(tokens):
            before = english[-1].split()[-1:] if english else []
            articles = not before or before[0] not in tables().before_nouns  # "a 猫" has one
            english.append(self._run(run, articles=articles))
            self._said |= set(normal(english[-1]).split())
        return " ".join(english)

    def _run(self, tokens: Sequence[Token], *, articles: bool) -> str:
        """The English of words in one alphabet. `articles`: where the language has none, they are added."""
        kinds = {token.kind for token in tokens}
        if "asian" in kinds:
            read = self._asian_words(tokens)
            words = without_ends(east_asian.translate_clause(self._asian, read))
        elif "cyrillic" in kinds:
            read = self._european("ru", tokens)
            words = without_ends([word for word in read if word.english])
        else:
            language = self._language(_latin_words(tokens))
            if language is None:
                return self._english(tokens)
            read = words = self._european(language, tokens)
            articles = False
        if articles and not (self._lone and len(words) == 1):  # "猫" is "cat"
            words = with_articles(words)
        self._note(read)
        before = " " if tokens[0].kind == "space" else ""
        after = " " if tokens[-1].kind == "space" else ""
        return f"{before}{sentence(words)}{after}"

    def _note(self, words: Iterable[Word]) -> None:
        """Notes what was read, and what was not."""
        self.changed = True
        for word in words:
            if word.kind == UNKNOWN and word.source:
                self.unknown.append(word.source)
            elif word.kind in _CONTENT and word.source and folded(normal(word.source)) != word.english:
                self.read.append((word.source, word.english))

    def _language(self, words: Sequence[str]) -> Code | None:
        """The language of a part in Latin letters. In an English text one foreign word may be a name."""
        if self._latin is None and len(words) == 1 < self._latin_words:
            return None
        return language_of(words, usual=self._latin)

    def _european(self, code: Code, tokens: Sequence[Token]) -> list[Word]:
        units: list[european.Unit] = []
        for token in tokens:
            if token.kind in ("latin", "cyrillic"):
                units += european.units_of(token.text)
            elif token.kind != "space" and (word := self._ready(token)) is not None:
                units.append(european.Unit("", token.text, word))
        return european.translate_clause(code, units, after_comma=self._after_comma)

    def _asian_words(self, tokens: Sequence[Token]) -> list[Word]:
        words: list[Word] = []
        for token in tokens:
            if token.kind == "asian":
                counted = bool(words) and words[-1].kind == "m"
                words += east_asian.segmented(self._asian, token.text[counted and token.text[0] in _COUNTED :])
            elif token.kind == "latin":
                words.append(european.unknown_word(token.text))
            elif token.kind == "space":
                words.append(Word(" ", ""))
            elif (word := self._ready(token)) is not None:
                words += [Word(" ", ""), word] if token.kind == "emoji" else [word]
        return words

    def _ready(self, token: Token) -> Word | None:
        """The English of a number or of a row of emoji; None for letters of alphabets that are not read."""
        if token.kind == "number":
            return Word("m", unicodedata.normalize("NFKC", token.text))
        emoji = token.text.split() if token.kind == "emoji" else []
        names = {each: name for each in emoji if (name := name_of(each)) is not None}
        self.read += names.items()
        if not names:
            self.unknown.append(token.text)
            return None
        return Word("n", " and ".join(names_of(emoji)))

    def _english(self, tokens: Sequence[Token]) -> str:
        """English as it stands, but for emoji, single foreign words, and letters that are not read."""
        words = _latin_words(tokens)
        names = {words[place] for place in named(words)}
        pieces: list[str] = []
        before = ""
        for token in tokens:
            piece = token.text
            if token.kind == "latin" and token.text not in names:
                piece = foreign_in_english(token.text, before) or piece
                if piece != token.text:
                    self.read.append((token.text, piece))
            elif token.kind == "emoji":
                word = self._ready(token)
                piece = f" {self._emoji(word, before)} " if word is not None else " "
            elif token.kind == "other":
                self.unknown.append(token.text)
                piece = " "
            self.changed = self.changed or piece != token.text
            pieces.append(piece)
            before = before if token.kind == "space" else piece.split()[-1] if piece.split() else before
            self._said.add(normal(before))
        return "".join(pieces)

    def _emoji(self, word: Word, before: str) -> str:
        """A row of emoji after a word: in place of a noun, besides one, or left out where they only say it again."""
        if not before or normal(before) in tables().before_nouns:
            return word.english
        said_again = normal(word.english.split()[-1]) in self._said
        return "" if said_again or is_feeling(word.english) else f"and {word.english}"


_CONTENT = "navmt"  # kinds of words whose reading is told


def _latin_words(tokens: Iterable[Token]) -> list[str]:
    """The words in Latin letters, and emoji in place of words among them."""
    return [token.text for token in tokens if token.kind in ("latin", "emoji")]


def _runs(tokens: Sequence[Token]) -> list[list[Token]]:
    """A clause in parts of one alphabet, if there is a sentence in Latin letters around others; else as it is.

    "a 猫 on a sofa" has three parts, "かわいいcat" one.
    """
    scripts = {token.kind for token in tokens} & set(_SCRIPTS)
    grammar = tables().before_nouns
    if len(scripts) < 2 or not any(normal(word) in grammar for word in _latin_words(tokens)):
        return [list(tokens)]
    runs: list[list[Token]] = [[]]
    script = ""
    for token in tokens:
        if token.kind in _SCRIPTS:
            if script and token.kind != script:
                runs.append([])
            script = token.kind
        runs[-1].append(token)
    return runs


def _tidy(text: str) -> str:
    """The text without double spaces, and without space before marks."""
    return re.sub(r" +([,.;:!?])", r"\1", re.sub(r"[^\S\n]+", " ", text)).strip()
