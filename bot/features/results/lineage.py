"""The lineage of a picture: the pictures it was made from, and those made from it."""

from __future__ import annotations

from typing import Final

from bot.bot import Interaction
from bot.text.language import _
from bot.text.links import number_link
from bot.text.messages import plain
from bot.ui.pages import PicturePage, small_pictures, text
from storage.gallery import Picture

MOST_PICTURES: Final = 10  # Discord's limit of a media gallery
MOST_ANCESTORS: Final = 6
PROMPT_LENGTH: Final = 60  # characters
INDENT: Final = "\u2003"  # an em space: Discord strips plain spaces at the start of a line


async def lineage_page(interaction: Interaction, picture: Picture) -> PicturePage:
    """The ancestors, the picture itself, and its children; only those that the person may see here."""
    client, viewer_id = interaction.client, interaction.user.id
    family = await client.gallery.lineage(picture.id, viewer_id)
    ancestors = [each for each in family.ancestors if each.seen_by(viewer_id, interaction.guild_id)]
    children = [each for each in family.children if each.seen_by(viewer_id, interaction.guild_id)]
    line = [*ancestors[-MOST_ANCESTORS:], picture]
    lines = [_("### Family of picture {number}", number=picture.id)]
    lines += [_line(each, depth, here=each is picture) for depth, each in enumerate(line)]
    lines += [_line(each, len(line)) for each in children]
    if len(line) == 1 and not children:
        lines.append(_("It was made from words alone, and nothing was made from it so far."))
    shown = [*line, *children][:MOST_PICTURES]
    uploads = await client.thumbnails.of(shown)
    return PicturePage((text(lines), *small_pictures(shown, uploads)), tuple(uploads.values()))


def origin_words(origin: str) -> str:
    """How a picture came about, in a word or two."""
    match origin:
        case "again":
            return _("painted again")
        case "variation":
            return _("variations")
        case "edit":
            return _("edited")
        case "continue":
            return _("continued")
        case "upscale":
            return _("enlarged")
        case "remix":
            return _("remixed")
        case "compare":
            return _("compared")
        case _:
            return _("painted")


def _line(picture: Picture, depth: int, *, here: bool = False) -> str:
    branch = INDENT * depth + ("↳ " if depth else "")
    prompt = plain(picture.prompt, PROMPT_LENGTH)
    words = f"{branch}{number_link(picture)} {origin_words(picture.origin)}: “{prompt}” · <@{picture.person_id}>"
    return f"**{words}**" if here else words
