"""A page of a gallery: small pictures, a line about each, a menu to open one, buttons to turn the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord

from bot.archive import archive_part
from bot.buttons.base import StatefulItem
from bot.gallery_view import LONGEST_CURSOR, STATE, GalleryView
from bot.language import Language, say, say_number
from bot.links import titled
from bot.messages import plain
from bot.picture_pages import PicturePage, small_pictures, text
from bot.showing import show_picture
from engine.errors import InputError
from engine.prompts import clean
from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

ON_A_PAGE: Final = 6
PROMPT_LENGTH: Final = 120  # characters of a prompt in its line
LABEL_LENGTH: Final = 100  # of a choice in the menu


async def gallery_page(interaction: Interaction, view: GalleryView) -> PicturePage:
    """The page for who asks, in their language. Raises InputError where they may not see this gallery."""
    client, language = interaction.client, interaction.locale
    page = await view.page(client.gallery, interaction, ON_A_PAGE)
    count = await view.count(client.gallery, interaction)
    uploads = await client.thumbnails.of(client, page.items)
    heading = [f"## {_title(view, interaction)}", *_narrowed(view, count, language)]
    if not page.items:
        return PicturePage((text([*heading, _nothing(view, language)]),))
    turns = ((page.previous, say(language, "Back"), "◀️"), (page.next, say(language, "More"), "▶️"))
    buttons: list[discord.ui.Item[Any]] = [
        TurnButton(view.turned(cursor), label, emoji)
        for cursor, label, emoji in turns
        if cursor is not None and len(cursor) <= LONGEST_CURSOR
    ]
    buttons.append(ArchiveButton(view.turned(None), say(language, "All as ZIP")))
    items: tuple[discord.ui.Item[Any], ...] = (
        text(heading),
        *small_pictures(page.items, uploads),
        text([_line(picture, view, language) for picture in page.items]),
        discord.ui.ActionRow(OpenMenu(page.items, language)),
        discord.ui.ActionRow(*buttons),
    )
    return PicturePage(items, tuple(uploads.values()))


class TurnButton(StatefulItem, template=rf"atelier:page:{STATE}"):
    """Turns the page of a gallery."""

    once = False  # people leaf to and fro, and the same page twice does no harm

    def __init__(self, view: GalleryView, label: str = "…", emoji: str | None = None) -> None:
        super().__init__(discord.ui.Button[Any](label=label, emoji=emoji, custom_id=f"atelier:page:{view.state}"))
        self.gallery = view

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(GalleryView.of(match))

    async def pressed(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await (await gallery_page(interaction, self.gallery)).show(interaction)


class ArchiveButton(StatefulItem, template=rf"atelier:zip:{STATE}"):
    """Gives pictures with their definitions as a ZIP, as many as fit, and a button for the next ones."""

    def __init__(self, view: GalleryView, label: str = "…") -> None:
        super().__init__(discord.ui.Button[Any](label=label, emoji="🗜️", custom_id=f"atelier:zip:{view.state}"))
        self.gallery = view

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(GalleryView.of(match))

    async def pressed(self, interaction: Interaction) -> None:
        language = interaction.locale
        await interaction.response.defer(ephemeral=True, thinking=True)
        part = await archive_part(interaction, self.gallery)
        if not part.pictures:
            raise InputError(say(language, "There are no pictures left in this gallery."))
        said = say_number(
            language,
            "{number} picture with its definition.",
            "{number} pictures with their definitions.",
            part.pictures,
        )
        given: dict[str, Any] = {}
        if part.next is not None:
            said += " " + say(language, "There are more.")
            rest = discord.ui.View(timeout=None)
            rest.add_item(ArchiveButton(self.gallery.turned(part.next), say(language, "The next ones as ZIP")))
            given["view"] = rest
        await interaction.followup.send(said, file=part.file(), ephemeral=True, **given)


class OpenMenu(StatefulItem, template=r"atelier:open"):
    """Shows one of the pictures of a page with its buttons, to who chose it."""

    def __init__(self, pictures: tuple[Picture, ...] = (), language: Language = None) -> None:
        options = [
            discord.SelectOption(label=f"#{each.id} {clean(each.prompt)}"[:LABEL_LENGTH], value=str(each.id))
            for each in pictures
        ]
        menu = discord.ui.Select[Any](
            custom_id="atelier:open",
            placeholder=say(language, "Open one of them"),
            options=options or [discord.SelectOption(label="…")],
        )
        super().__init__(menu)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls()

    async def pressed(self, interaction: Interaction) -> None:
        await show_picture(interaction, int(_chosen(interaction)), ephemeral=True)

    def _press_of(self, interaction: Interaction) -> str:
        return f"{self.custom_id}={_chosen(interaction)}"


ITEMS: Final = (TurnButton, ArchiveButton, OpenMenu)


def _chosen(interaction: discord.Interaction[Any]) -> str:
    data: Any = interaction.data
    return str(data["values"][0])


def _title(view: GalleryView, interaction: Interaction) -> str:
    language = interaction.locale
    if view.order == "liked":
        return say(language, "Your favourites")
    if view.person_id == interaction.user.id or (view.person_id is None and interaction.guild_id is None):
        return say(language, "Your pictures")
    if view.person_id is None:
        return say(language, "Pictures of this server")
    return say(language, "Pictures by {person}", person=f"<@{view.person_id}>")


def _narrowed(view: GalleryView, count: int | None, language: Language) -> list[str]:
    """A small line that says how many there are, and what they are narrowed to."""
    parts = [say_number(language, "{number} picture", "{number} pictures", count)] if count is not None else []
    if view.order == "top":
        parts.append(say(language, "most stars first"))
    if view.order == "old":
        parts.append(say(language, "oldest first"))
    parts += [view.style] if view.style else []
    parts += [f"“{plain(view.search)}”"] if view.search else []
    return [f"-# {' · '.join(parts)}"] if parts else []


def _nothing(view: GalleryView, language: Language) -> str:
    if view.search or view.style:
        return say(language, "Nothing here fits: look for other words, or leave the style out.")
    if view.order == "liked":
        return say(language, "You have no favourites yet: press Favourite under a picture that you like.")
    return say(language, "There is nothing here yet: start a picture with /art.")


def _line(picture: Picture, view: GalleryView, language: Language) -> str:
    """`#5 “a red apple” · pixel · ⭐ 2 · by @alice · two days ago`, the number leading to its message."""
    parts = [f"**{titled(picture)}** “{plain(picture.prompt, PROMPT_LENGTH)}”", picture.style]
    if picture.score:
        parts.append(f"⭐ {picture.score}")
    if not picture.public:
        parts.append("🔒")
    if view.person_id is None:
        parts.append(f"<@{picture.person_id}>")
    return " · ".join((*parts, f"<t:{int(picture.created)}:R>"))
