"""The drawings of every source, with names, before they are rasterised."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.lab.training.emoji_names import SKIN_TONE, EmojiNames, Kind, kind_of_emoji, plain
from engine.lab.training.sources import EMOJI_SETS, NEWER_EMOJI_SETS

ICONS = Path(__file__).with_name("icons.txt")
SIDE = 256  # the side of a rasterised picture: the size that the index of drawings is kept at


@dataclass(frozen=True)
class Picture:
    """What is known about one rasterised picture."""

    source: str
    key: str  # where it lies inside its package
    name: str  # "red apple"
    tags: tuple[str, ...]  # "fruit", "food", ...
    kind: Kind


@dataclass(frozen=True)
class Drawing:
    """A picture that is not rasterised yet: either an SVG text or a file of pixels."""

    picture: Picture
    svg: str | None
    file: Path | None
    paper: str | None = None  # what fills the gaps that a silhouette encloses: "#rrggbb"


def emoji_picture(source: str, key: str, name: str, names: EmojiNames) -> Picture:
    name = plain(name.replace("-", " ").replace("_", " "))
    name = names.canonical(name)
    return Picture(source, key, name, names.tags.get(name, ()), kind_of_emoji(name))


# --- sets of emoji and of icons ---------------------------------------------------------------------------------

# Older spellings of Unicode's names; what is left out says something else than its picture, or shows a weapon.
OLD_NAMES = {
    "dizzy face": "face with crossed out eyes",
    "crazy face": "zany face",
    "pouting face": "enraged face",
    "direct hit": "bullseye",
    "laptop computer": "laptop",
    "laptop": "laptop",
    "bride with veil": "person with veil",
    "blond haired person": "person blond hair",
    "game dice": "game die",
    "school backpack": "backpack",
    "red wine glass": "wine glass",
    "champagne glass": "clinking glasses",
    "pinata": "pinata",
}
NOT_TAKEN = re.compile(
    r"^(pistol|love hotel|gesturing ok|restroom|bust in silhouette|busts in silhouette|man with chinese cap"
    r"|muslim|shibuya 109 department store|person wearing turban|(wo)?man in suit levitating|digit .*|letter .*)$"
    r"|^(family|kiss|couple with|keycap|flag|two (wo)?men)\b|holding hands|\bbutton$"
)
# Of these the numbered drawings differ in the tone of the skin alone.
SKIN = re.compile(
    r"\b(man|woman|men|women|person|boy|girl|baby|prince|princess|bride|guard|detective|santa|hand|hands|fist|finger"
    r"|fingers|index|thumbs|biceps|horns|selfie|vulcan|angel|nail|old|face)\b"
)


def current_name(name: str, names: EmojiNames) -> str:
    """Today's Unicode name for one of an older version: "bear face" is "bear", "weary cat face" is "weary cat"."""
    name = OLD_NAMES.get(name, name)
    if names.canonical(name) in names.tags:
        return names.canonical(name)
    shorter = name.replace("cat face", "cat").removesuffix(" face")
    return shorter if shorter in names.tags else name


def newer_emoji_picture(source: str, key: str, names: EmojiNames) -> Picture | None:
    """The record of one emoji of the sets added later, of which neither flags nor signs nor couples are taken."""
    name = plain(key.replace("-", " "))
    numbered = re.search(r" ([1-9])$", name)
    if numbered:
        name = name[:-2]
        if numbered.group(1) != "1" and SKIN.search(name):
            return None
    name = current_name(name, names)
    if NOT_TAKEN.search(name) or f"flag {name}" in names.tags or kind_of_emoji(name) != "emoji" or len(name) < 2:
        return None
    return Picture(source, key, name, names.tags.get(name, ()), "emoji")


# The top and the bottom of the gradient that a silhouette is painted in, and the paper behind its inner gaps.
TONES = {
    "steel": ("#8fa3b5", "#465766", "#e3eaf0"),
    "wood": ("#c08a52", "#744721", "#f3e2c8"),
    "green": ("#6fb24c", "#2c6b33", "#e2f2cf"),
    "grey": ("#8b8f98", "#4a4e58", "#eceef1"),
    "brown": ("#a9714b", "#5c3822", "#f3e0cf"),
    "skin": ("#d99a6c", "#8a5336", "#fbe6d3"),
    "red": ("#e5604f", "#9c2530", "#fde3dc"),
    "blue": ("#5aa7e0", "#235a9c", "#def0fb"),
    "gold": ("#f0b93a", "#a86a12", "#fff3cf"),
    "purple": ("#a57bd0", "#56348a", "#efe4fa"),
}


@dataclass(frozen=True)
class Pick:
    """One line's entry of `icons.txt`: an icon that is gathered."""

    source: str
    key: str
    name: str
    tone: str  # one of TONES, or empty for a drawing that has its own colours


def read_picks(file: Path = ICONS) -> list[Pick]:
    """What `icons.txt` lists, in its order. Raises ValueError for a tone that is not known."""
    picks: list[Pick] = []
    lines = (line for line in file.read_text().splitlines() if not line.startswith("#"))
    for section in " ".join(lines).split("[")[1:]:
        heading, _, items = section.partition("]")
        source, _, tone = heading.partition(" ")
        if tone and tone not in TONES:
            raise ValueError(f"{file.name}: no tone {tone}")
        suffix = "-duotone" if source == "ph-duotone" else ""
        for item in items.split(","):
            key, _, name = (part.strip() for part in item.partition("="))
            if key:
                picks.append(Pick(source, key + suffix, plain(name or key.replace("-", " ")), tone))
    return picks


def svg_of_icon(collection: dict[str, Any], key: str, colour: str = "#222") -> str:
    """The SVG text of one icon of an @iconify-json collection; `colour` paints what leaves the colour open.

    Raises KeyError when the collection has no such icon.
    """
    icon = collection["icons"][key]
    width = icon.get("width", collection.get("width", 16))
    height = icon.get("height", collection.get("height", 16))
    left, top = icon.get("left", 0), icon.get("top", 0)
    zoom = SIDE / max(width, height)
    body = icon["body"].replace("currentColor", colour)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width * zoom}" height="{height * zoom}" viewBox="{left} {top} {width} {height}">{body}</svg>'
    )


def painted_silhouette(collection: dict[str, Any], pick: Pick) -> str:
    """A one-colour icon in a gradient of its tone; what was half transparent becomes half as strong."""
    light, dark, _ = TONES[pick.tone]
    icon = collection["icons"][pick.key]
    top = icon.get("top", 0)
    height = icon.get("height", collection.get("height", 16))
    gradient = (
        f'<defs><linearGradient id="tone" gradientUnits="userSpaceOnUse" x1="0" x2="0" y1="{top}" y2="{top + height}">'
        f'<stop offset="0" stop-color="{light}"/><stop offset="1" stop-color="{dark}"/></linearGradient></defs>'
    )
    svg = svg_of_icon(collection, pick.key, "url(#tone)").replace('opacity=".2"', 'opacity=".45"')
    return re.sub(r"(<svg[^>]*>)", lambda head: head.group(1) + gradient, svg, count=1)


def picked_icons(source: str, folder: Path, names: EmojiNames) -> Iterator[Drawing]:
    """The icons of one @iconify-json package that `icons.txt` lists."""
    collection: dict[str, Any] = json.loads((folder / "package/icons.json").read_text())
    for pick in read_picks():
        if pick.source != source:
            continue
        picture = Picture(source, pick.key, pick.name, names.tags.get(pick.name, ()), "icon")
        if pick.tone:
            yield Drawing(picture, painted_silhouette(collection, pick), None, TONES[pick.tone][2])
        else:
            yield Drawing(picture, svg_of_icon(collection, pick.key), None)


def icons_of_set(source: str, folder: Path, names: EmojiNames) -> Iterator[Drawing]:
    """The drawings of one @iconify-json package that is taken as a whole."""
    collection: dict[str, Any] = json.loads((folder / "package/icons.json").read_text())
    for key, icon in collection["icons"].items():
        if SKIN_TONE.search(key) or icon.get("hidden"):
            continue
        if source == "meteocons" and not key.endswith("-fill"):
            continue  # the outlined and the filled version of one drawing
        if source in EMOJI_SETS:
            picture = emoji_picture(source, key, key, names)
        elif source in NEWER_EMOJI_SETS:
            newer = newer_emoji_picture(source, key, names)
            if newer is None:
                continue
            picture = newer
        else:
            name = plain(key.replace("-", " ").replace("_", " "))
            name = re.sub(r" (fill|\d+)$", "", name)
            name = names.canonical(name)
            picture = Picture(source, key, name, names.tags.get(name, ()), "icon")
        yield Drawing(picture, svg_of_icon(collection, key), None)


def fluent_3d(source: str, folder: Path, names: EmojiNames) -> Iterator[Drawing]:
    for file in sorted((folder / "package/assets").glob("*.webp")):
        code = file.stem.lower().replace("-fe0f", "")
        if re.search("1f3f[b-f]", code) or code not in names.name_by_code:
            continue
        yield Drawing(emoji_picture(source, file.name, names.name_by_code[code], names), None, file)


# Folders of Open Clip Art that hold desktop icons, flags, diagrams and the same star 1,378 times.
NO_OBJECTS = re.compile(
    r"^(computer/(icons|buttons|folders)|shapes|special|signs_and_symbols/(flags|map_symbols|led|clocks|semaphore)"
    r"|recreation/games/cards|transportation/(roadsigns|aiga)|people/stickmen|geography/maps|office/stamps)"
    r"|aiga|semaphore|etiquette|svg_road|/bb_"
)
NO_SUBJECT = {"clip art", "clipart", "image", "media", "public domain", "png", "svg", "externalsource", "unsorted",
              "hash", "colour", "color", "contour", "outline", "line art", "cartoon", "icon", "symbol", "black white",
              "signs and symbols", "en", "recreation", "drawing", "vector"}  # fmt: skip


def open_clip_art(folder: Path) -> Iterator[Drawing]:
    """Objects of Open Clip Art 0.18; titles are cleaned as far as rules can."""
    root = next(folder.rglob("openclipart/svg"))
    files = [file for file in sorted(root.rglob("*.svg")) if not NO_OBJECTS.search(str(file.relative_to(root)))]
    heads = {file: file.read_text(encoding="utf8", errors="ignore")[:20000] for file in files if not file.is_symlink()}
    titles = {file: _between(head, "dc:title") for file, head in heads.items()}
    often = Counter(titles.values())
    for file, head in heads.items():
        relative = file.relative_to(root)
        creator = set(plain(_between(_between(head, "dc:creator"), "dc:title")).split())
        title = titles[file]
        if not title or often[title] > 6 or " by " in title.lower() or len(title) > 50:
            # The file name is made of the title and of the first letters of its author's name.
            words = plain(re.sub(r"[_\-.]", " ", file.stem)).split()
            title = " ".join(word for word in words if not any(name.startswith(word) for name in creator))
        name = plain(re.sub(r"([a-z])\d+\b", r"\1", title.lower()))
        name = re.sub(r"\b(clip ?arts?|cliparts?|svg|png|\d+|b w|various|bw)\b", " ", name)
        name = re.sub(r"\s+", " ", name).strip()
        subjects = [plain(item) for item in re.findall(r"<rdf:li>(.*?)</rdf:li>", _between(head, "dc:subject"))]
        subjects += [plain(part.replace("_", " ")) for part in relative.parts[-2:-1]]
        tags = [word for word in dict.fromkeys(subjects) if 2 < len(word) < 30 and word not in NO_SUBJECT]
        tags = [word for word in tags if not set(word.split()) & creator]
        if len(name) < 3 or "architett" in file.stem:  # who gave some 700 drawings Italian names
            name = " ".join(tags[:2])
        if len(name) < 3:
            continue
        svg = file.read_text(encoding="utf8", errors="ignore")
        if len(svg) > 1_500_000:
            continue  # embedded photographs
        picture = Picture("openclipart", str(relative), name, tuple(tags[:10]), "clipart")
        yield Drawing(picture, svg, None)


def _between(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
    return found.group(1).strip() if found else ""
