"""A picture's family tree: what it was made from, and what was made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import discord

from bot.language import Language, say
from bot.links import titled
from bot.messages import plain
from bot.picture_pages import PicturePage, small_pictures, text
from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

MOST_PICTURES: Final = 10  # Discord's most in a media gallery
MOST_ANCESTORS: Final = 6
PROMPT_LENGTH: Final = 60
INDENT: Final = "\u2003"  # an em space: plain ones are dropped at the beginning of a line


async def family_page(interaction: Interaction, picture: Picture) -> PicturePage:
    """The line of ancestors, the picture itself, and its children, as far as who asks may see them."""
    client, viewer_id, language = interaction.client, interaction.user.id, interaction.locale
    family = await client.gallery.family(picture.id, viewer_id)
    ancestors = [each for each in family.ancestors if each.seen_by(viewer_id, interaction.guild_id)]
    children = [each for each in family.children if each.seen_by(viewer_id, interaction.guild_id)]
    line = [*ancestors[-MOST_ANCESTORS:], picture]
    lines = [say(language, "### Family of picture {number}", number=picture.id)]
    lines += [_line(each, depth, language, here=each is picture) for depth, each in enumerate(line)]
    lines += [_line(each, len(line), language) for each in children]
    if len(line) == 1 and not children:
        lines.append(say(language, "It was made from words alone, and nothing was made from it so far."))
    shown = [*line, *children][:MOST_PICTURES]
    uploads = await client.thumbnails.of(client, shown)
    return PicturePage((text(lines), *small_pictures(shown, uploads)), tuple(uploads.values()))


def origin_words(origin: str, language: Language) -> str:
    """How a picture came about, in a word or two."""
    match origin:
        case "again":
            return say(language, "painted again")
        case "variation":
            return say(language, "variations")
        case "edit":
            return say(language, "edited")
        case "continue":
            return say(language, "continued")
        case "upscale":
            return say(language, "enlarged")
        case "remix":
            return say(language, "remixed")
        case "compare":
            return say(language, "compared")
        case _:
            return say(language, "painted")


def _line(picture: Picture, depth: int, language: Language, *, here: bool = False) -> str:
    branch = INDENT * depth + ("↳ " if depth else "")
    prompt = plain(picture.prompt, PROMPT_LENGTH)
    words = f"{branch}{titled(picture)} {origin_words(picture.origin, language)}: “{prompt}” · <@{picture.person_id}>"
    return f"**{words}**" if here else words
