"""One spelling for the names of emoji, whichever set drew them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["emoji", "icon", "clipart", "flag", "symbol"]


def plain(text: str) -> str:
    """Lower case letters, digits and single spaces only."""
    text = text.lower().replace("’", "").replace("'", "")
    return re.sub(r"\s+", " ", re.sub(r"[^a-z0-9 ]+", " ", text)).strip()


@dataclass(frozen=True)
class EmojiNames:
    """The Unicode names of the emoji and the words that people use for them."""

    name_by_code: dict[str, str]  # "1f34e" -> "red apple"
    name_by_letters: dict[str, str]  # "redapple" -> "red apple": sets spell their names differently
    tags: dict[str, tuple[str, ...]]  # "red apple" -> ("fruit", ...)
    words: frozenset[str]  # every word of the names and the tags

    def canonical(self, name: str) -> str:
        """The Unicode name for a set's own spelling: FxEmoji writes its names without spaces."""
        letters = name.replace(" ", "")
        if letters in self.name_by_letters:
            return self.name_by_letters[letters]
        return name if " " in name or name in self.words else " ".join(self.parted(name))

    def parted(self, letters: str) -> list[str]:
        """ "curryandrice" -> ["curry", "and", "rice"]: the fewest known words that make it up, or itself."""
        best: list[list[str] | None] = [[]] + [None] * len(letters)
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - 14), end):
                before, word = best[start], letters[start:end]
                if before is None or word not in self.words or (len(word) < 3 and word not in SHORT_WORDS):
                    continue
                so_far = best[end]
                if so_far is None or len(before) + 1 < len(so_far):
                    best[end] = [*before, word]
        return best[-1] or [letters]


SHORT_WORDS = {"a", "and", "of", "in", "on", "up", "no", "ok", "to", "at", "by"}


def read_emoji_names(emojibase: Path, emojilib: Path) -> EmojiNames:
    entries = json.loads((emojibase / "package/en/data.json").read_text())
    shortcodes = json.loads((emojibase / "package/en/shortcodes/emojibase.json").read_text())
    keywords = json.loads((emojilib / "package/dist/emoji-en-US.json").read_text())
    keywords = {emoji.replace("\ufe0f", ""): words for emoji, words in keywords.items()}
    by_code: dict[str, str] = {}
    by_letters: dict[str, str] = {}
    tags: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        name = plain(entry["label"])
        code = entry["hexcode"].lower()
        by_code[code.replace("-fe0f", "")] = name
        by_letters.setdefault(name.replace(" ", ""), name)
        given = shortcodes.get(entry["hexcode"], [])
        given = [given] if isinstance(given, str) else list(given)
        emoji = entry["emoji"].replace("\ufe0f", "").replace("\ufe0e", "")
        words = given + list(entry.get("tags", [])) + keywords.get(emoji, [])
        cleaned = dict.fromkeys(plain(word.replace("_", " ")) for word in words)
        tags[name] = tuple(word for word in cleaned if word and word != name and len(word) < 30)[:16]
    all_words = {word for text in [*tags, *(tag for group in tags.values() for tag in group)] for word in text.split()}
    return EmojiNames(by_code, by_letters, tags, frozenset(all_words | SHORT_WORDS | {"side"}))


SKIN_TONE = re.compile(r"skin-tone|-(dark|light|medium|medium-dark|medium-light|default)$")
SYMBOL = re.compile(
    r"\b(button|keycap|squared|fullwidth|ideograph|symbol|arrow|oclock|thirty|regional|letter|letters|sign|cjk|mark"
    r"|tag|digit|square|katakana|circled|negative|white heavy|trigram|heavy)\b"
)


def kind_of_emoji(name: str) -> Kind:
    if name.startswith("flag "):
        return "flag"
    return "symbol" if SYMBOL.search(name) else "emoji"
