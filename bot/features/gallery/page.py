"""A page of a gallery: thumbnails, a line about each, a menu to open one, buttons for other pages and a ZIP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord

from bot.bot import Interaction
from bot.features.gallery.archive import archive_part
from bot.features.gallery.query import LONGEST_CURSOR, STATE, GalleryView
from bot.features.gallery.show import show_picture
from bot.text.language import _, ngettext
from bot.text.links import number_link
from bot.text.messages import plain
from bot.ui.items import StatefulItem, chosen
from bot.ui.pages import PicturePage, small_pictures, text
from engine.errors import InputError
from engine.spec.prompts import clean
from storage.gallery import Picture

ON_A_PAGE: Final = 6
PROMPT_LENGTH: Final = 120  # characters of a prompt in its line
LABEL_LENGTH: Final = 100  # characters of an option in the menu


async def gallery_page(interaction: Interaction, view: GalleryView) -> PicturePage:
    """The page, in the person's language. Raises `InputError` if they may not see this gallery here."""
    client = interaction.client
    page = await view.page(client.gallery, interaction, ON_A_PAGE)
    count = await view.count(client.gallery, interaction)
    uploads = await client.thumbnails.of(page.items)
    heading = [f"## {_title(view, interaction)}", *_filters(view, count)]
    if not page.items:
        return PicturePage((text([*heading, _empty(view)]),))
    turns = ((page.previous, _("Back"), "◀️"), (page.next, _("More"), "▶️"))
    buttons: list[discord.ui.Item[Any]] = [
        TurnButton.button(label, emoji=emoji, **view.at(cursor).values())
        for cursor, label, emoji in turns
        if cursor is not None and len(cursor) <= LONGEST_CURSOR
    ]
    buttons.append(archive_button(view.at(None), _("All as ZIP")))
    items: tuple[discord.ui.Item[Any], ...] = (
        text(heading),
        *small_pictures(page.items, uploads),
        text([_line(picture, view) for picture in page.items]),
        discord.ui.ActionRow(open_menu(page.items)),
        discord.ui.ActionRow(*buttons),
    )
    return PicturePage(items, tuple(uploads.values()))


class GalleryButton(StatefulItem):
    """Base of the buttons under a page. `gallery` is the `GalleryView` in their custom_id."""

    def __init__(self, item: discord.ui.Item[Any], values: Mapping[str, int | str]) -> None:
        super().__init__(item, values)
        self.gallery = GalleryView.of(values)


class TurnButton(GalleryButton, path=f"page:{STATE}"):
    """Shows another page of a gallery in the same message."""

    once = False  # paging back and forth quickly is no double press

    async def pressed(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await (await gallery_page(interaction, self.gallery)).show(interaction)


class ArchiveButton(GalleryButton, path=f"zip:{STATE}"):
    """Sends a ZIP of as many pictures as fit, with a button for the next ones."""

    async def pressed(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        part = await archive_part(interaction, self.gallery)
        if not part.pictures:
            raise InputError("There are no pictures left in this gallery.")
        content = ngettext(
            "{number} picture with its definition.", "{number} pictures with their definitions.", part.pictures
        )
        kwargs: dict[str, Any] = {}
        if part.next is not None:
            content += " " + _("There are more.")
            next_view = discord.ui.View(timeout=None)
            next_view.add_item(archive_button(self.gallery.at(part.next), _("The next ones as ZIP")))
            kwargs["view"] = next_view
        await interaction.followup.send(content, file=part.file(), ephemeral=True, **kwargs)


def archive_button(view: GalleryView, label: str) -> ArchiveButton:
    """The button for a ZIP of the gallery, from this page on."""
    return ArchiveButton.button(label, emoji="🗜️", **view.values())


class OpenMenu(StatefulItem, path="open"):
    """Shows the chosen picture with its buttons, visible only to the person."""

    async def pressed(self, interaction: Interaction) -> None:
        await show_picture(interaction, int(chosen(interaction)[0]), ephemeral=True)


def open_menu(pictures: Sequence[Picture]) -> OpenMenu:
    """The menu of the pictures on a page."""
    options = [
        discord.SelectOption(label=f"#{each.id} {clean(each.prompt)}"[:LABEL_LENGTH], value=str(each.id))
        for each in pictures
    ]
    return OpenMenu.menu(options, placeholder=_("Open one of them"))


def _title(view: GalleryView, interaction: Interaction) -> str:
    if view.order == "liked":
        return _("Your favourites")
    if view.person_id == interaction.user.id or (view.person_id is None and interaction.guild_id is None):
        return _("Your pictures")
    if view.person_id is None:
        return _("Pictures of this server")
    return _("Pictures by {person}", person=f"<@{view.person_id}>")


def _filters(view: GalleryView, count: int | None) -> list[str]:
    """A small line with the number of pictures and the filters, if there are any."""
    parts = [ngettext("{number} picture", "{number} pictures", count)] if count is not None else []
    if view.order == "top":
        parts.append(_("most stars first"))
    if view.order == "old":
        parts.append(_("oldest first"))
    parts += [view.style] if view.style else []
    parts += [f"“{plain(view.search)}”"] if view.search else []
    return [f"-# {' · '.join(parts)}"] if parts else []


def _empty(view: GalleryView) -> str:
    if view.search or view.style:
        return _("Nothing here fits: look for other words, or leave the style out.")
    if view.order == "liked":
        return _("You have no favourites yet: press Favourite under a picture that you like.")
    return _("There is nothing here yet: start a picture with /art.")


def _line(picture: Picture, view: GalleryView) -> str:
    """`#5 “a red apple” · pixel · ⭐ 2 · @alice · two days ago`; the number is a link to the picture's message."""
    parts = [f"**{number_link(picture)}** “{plain(picture.prompt, PROMPT_LENGTH)}”", picture.style]
    if picture.score:
        parts.append(f"⭐ {picture.score}")
    if not picture.public:
        parts.append("🔒")
    if view.person_id is None:
        parts.append(f"<@{picture.person_id}>")
    return " · ".join((*parts, f"<t:{int(picture.created)}:R>"))
