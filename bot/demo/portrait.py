"""A message image about as a phone shows it, for people to look at; not meant for comparing pixels."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image, ImageDraw, UnidentifiedImageError

from bot.demo.show import readable
from bot.loopback.world import SELECTS, ComponentType, Json, Message, Revision, World
from engine.images.lettering import Font, drawable, font_for

WIDTH: Final = 800  # pixels; a phone of 400 points
MARGIN: Final = 24
TEXT: Final = 28  # font size in pixels
SMALL: Final = 23
LEADING: Final = 1.35  # line height in font sizes
TALLEST: Final = 700  # pixels of an attached picture
BACKGROUND: Final = (49, 51, 56)
CARD: Final = (43, 45, 49)
INK: Final = (219, 222, 225)
FAINT: Final = (148, 155, 164)
GREY: Final = (78, 80, 88)
BLUE: Final = (88, 101, 242)
GREEN: Final = (36, 128, 70)
RED: Final = (218, 55, 60)
BUTTONS: Final = {1: BLUE, 2: GREY, 3: GREEN, 4: RED, 5: GREY}  # by Discord's button style

LINK: Final = re.compile(r"\[([^\]]+)\]\(https?://[^)]*\)")
MOMENT: Final = re.compile(r"<t:\d+:R>")
COMMAND: Final = re.compile(r"</([^:>]+):\d+>")
MARKS: Final = re.compile(r"^(?:#{1,3}|-#) |\*\*|`", re.MULTILINE)

Colour = tuple[int, int, int]


def portrait(message: Message, revision: Revision, world: World) -> Image.Image:
    """An RGB picture of a revision, `WIDTH` pixels wide and as high as needed."""
    blocks = [_lines(f"{message.author.name}  APP", SMALL, FAINT), *_Renderer(revision, world).blocks()]
    return _stacked(blocks, BACKGROUND, WIDTH, MARGIN)


@dataclass(frozen=True, slots=True)
class _Renderer:
    revision: Revision
    world: World

    def blocks(self) -> Iterator[Image.Image]:
        if self.revision.loading:
            yield _lines("… is thinking", TEXT, FAINT)
        if self.revision.content:
            yield _lines(self._plain(self.revision.content), TEXT, INK)
        shown_in_embeds = set[str]()
        for embed in self.revision.embeds:
            yield self._embed(embed, shown_in_embeds)
        yield from self._components(self.revision.components, WIDTH - 2 * MARGIN)
        used = shown_in_embeds | set(_named(self.revision.components))
        for attachment in self.revision.attachments:
            if attachment.filename not in used:
                yield self._file(attachment.filename, attachment.data)

    def _embed(self, embed: Json, used: set[str]) -> Image.Image:
        texts = [(embed.get("title"), TEXT, INK), (embed.get("description"), TEXT, INK)]
        blocks = [_lines(self._plain(text), size, ink, WIDTH - 4 * MARGIN) for text, size, ink in texts if text]
        for field in embed.get("fields") or []:
            blocks.append(_lines(self._plain(field["name"]), SMALL, FAINT, WIDTH - 4 * MARGIN))
            blocks.append(_lines(self._plain(field["value"]), SMALL, INK, WIDTH - 4 * MARGIN))
        name = str((embed.get("image") or {}).get("url", "")).rpartition("/")[2].partition("?")[0]
        if (picture := self._attached(name, WIDTH - 4 * MARGIN)) is not None:
            used.add(name)
            blocks.append(picture)
        if footer := (embed.get("footer") or {}).get("text"):
            blocks.append(_lines(self._plain(footer), SMALL, FAINT, WIDTH - 4 * MARGIN))
        card = _stacked(blocks, CARD, WIDTH - 2 * MARGIN, MARGIN)
        stripe = int(embed.get("color") or 0)
        ImageDraw.Draw(card).rectangle((0, 0, 6, card.height), fill=(stripe >> 16, stripe >> 8 & 255, stripe & 255))
        return card

    def _components(self, components: Sequence[Json], width: int) -> Iterator[Image.Image]:
        for each in components:
            kind = each["type"]
            if kind == ComponentType.ACTION_ROW:
                yield _row_of(each["components"], width)
            elif kind == ComponentType.TEXT_DISPLAY:
                yield _lines(self._plain(each["content"]), TEXT, INK, width)
            elif kind == ComponentType.SECTION:
                yield self._section(each, width)
            elif kind == ComponentType.MEDIA_GALLERY:
                yield from self._gallery([_file_name(item["media"]["url"]) for item in each["items"]], width)
            elif kind == ComponentType.CONTAINER:
                inner = list(self._components(each["components"], width - 2 * MARGIN))
                yield _stacked(inner, CARD, width, MARGIN)

    def _section(self, section: Json, width: int) -> Image.Image:
        accessory_json = section.get("accessory") or {}
        thumbnail = (
            self._attached(_file_name(accessory_json["media"]["url"]), 150)
            if accessory_json["type"] == ComponentType.THUMBNAIL
            else None
        )
        accessory = thumbnail or (
            _row_of([accessory_json], 240) if accessory_json["type"] == ComponentType.BUTTON else None
        )
        room = width - (0 if accessory is None else accessory.width + MARGIN)
        text = _stacked(list(self._components(section["components"], room)), None, room, 0)
        image = Image.new("RGBA", (width, max(text.height, 0 if accessory is None else accessory.height)))
        image.paste(text, (0, 0), text)
        if accessory is not None:
            image.paste(accessory, (width - accessory.width, 0))
        return image

    def _gallery(self, names: Sequence[str], width: int) -> Iterator[Image.Image]:
        """One picture over the whole width, or several in two columns."""
        side = width if len(names) == 1 else (width - 12) // 2
        found = [picture for name in names if (picture := self._attached(name, side)) is not None]
        for start in range(0, len(found), 1 if len(names) == 1 else 2):
            pair = found[start : start + (1 if len(names) == 1 else 2)]
            row = Image.new("RGBA", (width, max(each.height for each in pair)))
            for place, each in enumerate(pair):
                row.paste(each, (place * (side + 12), 0))
            yield row

    def _attached(self, name: str, width: int) -> Image.Image | None:
        found = next((each for each in self.revision.attachments if each.filename == name), None)
        return None if found is None else _opened(found.data, width)

    def _file(self, name: str, data: bytes) -> Image.Image:
        return _opened(data, WIDTH - 2 * MARGIN) or _lines(f"[ {name}, {len(data) / 1024:.0f} KiB ]", SMALL, FAINT)

    def _plain(self, text: str) -> str:
        """Text as Discord shows it, without bold and headings."""
        plain = LINK.sub(r"\1", readable(text, self.world))
        return MARKS.sub("", MOMENT.sub("just now", COMMAND.sub(r"/\1", plain)))


def _opened(data: bytes, width: int) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            picture = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError):
        return None
    scale = min(width / picture.width, TALLEST / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.NEAREST if scale > 3 else Image.Resampling.LANCZOS)


def _row_of(items: Sequence[Json], width: int) -> Image.Image:
    """Buttons side by side, on as many lines as they need, or a menu over the whole width."""
    placed, x, y, height = list[tuple[int, int, Image.Image]](), 0, 0, 58
    for item in items:
        image = _button_or_menu(item, width)
        if x and x + image.width > width:
            x, y = 0, y + height + 12
        placed.append((x, y, image))
        x += image.width + 12
    row = Image.new("RGBA", (width, y + height))
    for left, top, image in placed:
        row.paste(image, (left, top), image)
    return row


def _button_or_menu(item: Json, width: int) -> Image.Image:
    menu = item["type"] in SELECTS
    emoji = (item.get("emoji") or {}).get("name") or ""
    label = f"{_menu_text(item)}  ▾" if menu else f"{emoji} {item.get('label') or ''}".strip()
    font = font_for(drawable(label), SMALL)
    text = drawable(label)
    image = Image.new("RGBA", (width if menu else int(font.getlength(text)) + 44, 58))
    drawing = ImageDraw.Draw(image)
    colour = CARD if menu else BUTTONS.get(item.get("style", 2), GREY)
    drawing.rounded_rectangle((0, 0, image.width - 1, 57), 12, fill=colour, outline=GREY)
    drawing.text(
        (22, 29), text, font=font, fill=FAINT if item.get("disabled") or menu else (255, 255, 255), anchor="lm"
    )
    return image


def _menu_text(menu: Json) -> str:
    """The text of a closed menu."""
    chosen = [each["label"] for each in menu.get("options") or [] if each.get("default")]
    return ", ".join(chosen) or str(menu.get("placeholder") or "Make a selection")


def _lines(text: str, size: int, ink: Colour, width: int = WIDTH - 2 * MARGIN) -> Image.Image:
    lines = [line for paragraph in text.splitlines() for line in _wrapped(paragraph, size, width)] or [""]
    height = round(size * LEADING)
    block = Image.new("RGBA", (width, height * len(lines)))
    drawing = ImageDraw.Draw(block)
    for number, line in enumerate(lines):
        drawing.text((0, number * height), line, font=font_for(line, size), fill=ink)
    return block


def _wrapped(paragraph: str, size: int, width: int) -> list[str]:
    text = drawable(paragraph) if paragraph.strip() else ""
    font: Font = font_for(text, size)
    lines, line = list[str](), ""
    for word in text.split():
        if line and font.getlength(f"{line} {word}") > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


def _stacked(blocks: Sequence[Image.Image], background: Colour | None, width: int, margin: int) -> Image.Image:
    height = sum(each.height for each in blocks) + 12 * max(0, len(blocks) - 1) + 2 * margin
    image = Image.new("RGBA", (width, max(1, height)), (0, 0, 0, 0) if background is None else (*background, 255))
    top = margin
    for each in blocks:
        image.paste(each, (margin, top), each if each.mode == "RGBA" else None)
        top += each.height + 12
    return image


def _named(components: Any) -> Iterator[str]:
    """The attachments that components show."""
    if isinstance(components, dict):
        media = components.get("media")
        if isinstance(media, dict):
            yield _file_name(str(media.get("url", "")))
        components = list(components.values())
    if isinstance(components, list | tuple):
        for each in components:
            yield from _named(each)


def _file_name(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0]
