"""The buttons under a finished picture that start no new picture: favourite, settings, lineage, delete."""

from __future__ import annotations

import contextlib
from typing import Any, Final

import discord
from discord import app_commands

from bot.bot import Interaction
from bot.features.results.lineage import lineage_page
from bot.features.results.settings_used import settings_embed, spec_file
from bot.pictures.result import DELETE, FAVOURITE, LINEAGE, SETTINGS
from bot.text.buttons import Action, Path
from bot.text.language import N_, _, ngettext
from bot.ui import replies
from bot.ui.items import StatefulItem, view_of
from engine.errors import InputError

HIDE: Final = Action(Path("hide:{picture}"), N_("Make it private"), "🔒")
PUBLISH: Final = Action(Path("publish:{picture}"), N_("Make it public"), "🔓")


class FavouriteButton(StatefulItem, path=FAVOURITE.path):
    """Adds the picture to the person's favourites, or removes it."""

    picture: int

    async def pressed(self, interaction: Interaction) -> None:
        gallery, person_id = interaction.client.gallery, interaction.user.id
        picture = await interaction.client.sources.picture(self.picture)
        on = not await gallery.is_favourite(person_id, picture.id)
        count = await gallery.favourite(person_id, picture.id, on)
        if not on:
            text = _("Picture {number} is no longer among your favourites.", number=picture.id)
        elif await gallery.is_favourite(person_id, picture.id):
            text = _(
                "Picture {number} is now among your favourites: /gallery sorted by favourites shows them.",
                number=picture.id,
            )
        else:
            raise InputError("This picture is private.")
        people = ngettext("{number} person has it there.", "{number} people have it there.", count)
        await replies.privately(interaction, f"{text} {people}")


class SettingsButton(StatefulItem, path=SETTINGS.path):
    """Shows the settings of a picture, visible only to the person."""

    picture: int
    number: int = 0

    async def pressed(self, interaction: Interaction) -> None:
        await show_settings(interaction, self.picture, self.number)


async def show_settings(interaction: Interaction, picture_id: int, number: int = 0) -> None:
    """Respond with prompt, settings, seed and parent of a picture, visible only to the person."""
    client = interaction.client
    source = await client.sources.get(picture_id, number)
    parent_id = source.picture.parent_id
    parent = None if parent_id is None else await client.gallery.get(parent_id)
    if parent is not None and not parent.seen_by(interaction.user.id, interaction.guild_id):
        parent = None
    kwargs: dict[str, Any] = {}
    if source.picture.person_id == interaction.user.id:
        kwargs["view"] = visibility_view(source.picture.id, source.picture.public)
    await interaction.response.send_message(
        embed=settings_embed(source, parent),
        file=spec_file(source),
        ephemeral=True,
        allowed_mentions=discord.AllowedMentions.none(),
        **kwargs,
    )


class LineageButton(StatefulItem, path=LINEAGE.path):
    """Shows the ancestors and children of a picture."""

    picture: int

    async def pressed(self, interaction: Interaction) -> None:
        picture = await interaction.client.sources.picture(self.picture)
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await lineage_page(interaction, picture)
        await page.show(interaction)


class DeleteButton(StatefulItem, path=DELETE.path):
    """Deletes a picture with its files and messages."""

    picture: int

    async def pressed(self, interaction: Interaction) -> None:
        client = interaction.client
        picture = await client.gallery.get(self.picture)
        if picture is None:
            raise InputError("This picture was already deleted.")
        if not replies.may_manage(interaction, picture.person_id, picture.guild_id):
            raise InputError("Only the one who asked for this picture, or a moderator, may delete.")
        await interaction.response.defer()
        if await client.removal.remove(picture):
            with contextlib.suppress(discord.NotFound):  # `remove` has deleted it where the bot token may
                await interaction.delete_original_response()


class HideButton(StatefulItem, path=HIDE.path):
    """Makes a picture private: only its owner finds it."""

    once = False  # pressing twice changes nothing, and going back and forth is no double press
    picture: int

    async def pressed(self, interaction: Interaction) -> None:
        text = _("Only you find this picture in /gallery now; its message stays where it is.")
        await self._set(interaction, False, text)

    async def _set(self, interaction: Interaction, public: bool, text: str) -> None:
        if not await interaction.client.gallery.set_public(self.picture, interaction.user.id, public):
            raise InputError("There is no such picture of yours any more.")
        await interaction.response.edit_message(content=text, view=visibility_view(self.picture, public))


class PublishButton(HideButton, path=PUBLISH.path):
    """Makes a picture public: the people of its server find it."""

    async def pressed(self, interaction: Interaction) -> None:
        await self._set(interaction, True, _("Others of its server find this picture in /gallery now."))


def visibility_view(picture_id: int, public: bool) -> discord.ui.View | None:
    """The button that changes the visibility."""
    return view_of([(HIDE if public else PUBLISH).button(picture=picture_id)])


@app_commands.context_menu(name="Show the prompt")
async def prompt_menu(interaction: Interaction, message: discord.Message) -> None:
    """Show prompt and settings of the picture in the message, visible only to the person."""
    client = interaction.client
    picture = await client.sources.own_in_message(message, client.user)
    await show_settings(interaction, picture.id)
