"""The buttons that do something with a finished picture other than paint."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import discord

from bot import replies
from bot.buttons.base import StatefulButton, pattern
from bot.buttons.visibility import visibility_view
from bot.community.removal import remove_everywhere
from bot.community.sharing import share
from bot.descent import check_attached, source_of
from bot.family import family_page
from bot.films import both_kinds
from bot.language import Language, say, say_number
from bot.settings_used import definition, settings_embed
from bot.uploads import files_of
from engine.errors import InputError
from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


async def kept_picture(interaction: Interaction, picture_id: int) -> Picture:
    """The picture a button is for. Raises `InputError` where it was deleted."""
    picture = await interaction.client.gallery.get(picture_id)
    if picture is None:
        raise InputError(say(interaction.locale, "This picture was deleted."))
    return picture


class FilmButton(StatefulButton, template=pattern("film")):
    """Gives the film as MP4 and GIF; a picture without one is painted again, the same, with its film."""

    action = "film"
    emoji = "🎞️"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Film")

    async def pressed(self, interaction: Interaction) -> None:
        client, language = interaction.client, interaction.locale
        picture = await kept_picture(interaction, self.target)
        if picture.films:
            await interaction.response.defer(ephemeral=True, thinking=True)
            films = tuple(client.files.path(name) for name in picture.films)
            uploads = await both_kinds(f"atelier-{picture.id}", films, interaction.filesize_limit)
            if not uploads:
                raise InputError(say(language, "The film of this picture is no longer kept, or too large to send."))
            said = say(language, "The film of picture {number}:", number=picture.id)
            await interaction.followup.send(said, files=files_of(uploads), ephemeral=True)
            return
        source = await source_of(client, self.target, 0, language)
        if source.spec.iterations == 0:
            raise InputError(say(language, "There is no film of an enlargement."))
        await check_attached(client, source.spec, language)
        spec = dataclasses.replace(source.spec, seed=picture.seed, film="both")
        await client.admission.ask(interaction, spec, parent_id=picture.id, origin="again")


class FavouriteButton(StatefulButton, template=pattern("favourite")):
    """Puts the picture among one's favourites, or takes it out again."""

    action = "favourite"
    emoji = "❤️"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Favourite")

    async def pressed(self, interaction: Interaction) -> None:
        gallery, person_id, language = interaction.client.gallery, interaction.user.id, interaction.locale
        picture = await kept_picture(interaction, self.target)
        on = not await gallery.is_favourite(person_id, picture.id)
        count = await gallery.favourite(person_id, picture.id, on)
        if not on:
            said = say(language, "Picture {number} is no longer among your favourites.", number=picture.id)
        elif await gallery.is_favourite(person_id, picture.id):
            said = say(
                language,
                "Picture {number} is now among your favourites: /gallery sorted by favourites shows them.",
                number=picture.id,
            )
        else:
            raise InputError(say(language, "This picture is private."))
        people = say_number(language, "{number} person has it there.", "{number} people have it there.", count)
        await replies.privately(interaction, f"{said} {people}")


class ShareButton(StatefulButton, template=pattern("share")):
    """Shares picture and prompt with the server."""

    action = "share"
    emoji = "📣"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Share")

    async def pressed(self, interaction: Interaction) -> None:
        await share(interaction, await kept_picture(interaction, self.target))


class SettingsButton(StatefulButton, template=pattern("settings")):
    """Tells privately what the picture was painted with."""

    action = "settings"
    emoji = "⚙️"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Settings")

    async def pressed(self, interaction: Interaction) -> None:
        await tell_settings(interaction, self.target, self.number)


async def tell_settings(interaction: Interaction, picture_id: int, number: int = 0) -> None:
    """Answer privately with prompt, settings, seed and descent of a picture."""
    source = await source_of(interaction.client, picture_id, number, interaction.locale)
    parent_id = source.picture.parent_id
    parent = None if parent_id is None else await interaction.client.gallery.get(parent_id)
    if parent is not None and not parent.seen_by(interaction.user.id, interaction.guild_id):
        parent = None
    given: dict[str, Any] = {}
    if source.picture.person_id == interaction.user.id:
        given["view"] = visibility_view(source.picture, interaction.locale)
    await interaction.response.send_message(
        embed=settings_embed(source, parent, interaction.locale),
        file=definition(source),
        ephemeral=True,
        allowed_mentions=discord.AllowedMentions.none(),
        **given,
    )


class FamilyButton(StatefulButton, template=pattern("family")):
    """Shows what a picture was made from, and what was made from it."""

    action = "family"
    emoji = "🌳"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Family")

    async def pressed(self, interaction: Interaction) -> None:
        picture = await kept_picture(interaction, self.target)
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await family_page(interaction, picture)
        await page.show(interaction)


class DeleteButton(StatefulButton, template=pattern("delete")):
    """Removes a picture with its files and its messages."""

    action = "delete"
    style = discord.ButtonStyle.danger
    emoji = "🗑️"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Delete")

    async def pressed(self, interaction: Interaction) -> None:
        client, language = interaction.client, interaction.locale
        picture = await client.gallery.get(self.target)
        if picture is None:
            raise InputError(say(language, "This picture was already deleted."))
        if not replies.may_manage(interaction, picture.person_id, picture.guild_id):
            raise InputError(say(language, "Only the one who asked for this picture, or a moderator, may delete."))
        await interaction.response.defer()
        if await remove_everywhere(client, picture):
            with contextlib.suppress(discord.NotFound):  # where the bot token reaches it, it is gone by now
                await interaction.delete_original_response()
