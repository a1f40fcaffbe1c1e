"""The buttons of a challenge: enter, browse the entries, vote."""

from __future__ import annotations

import io
from typing import Final

import discord

from bot.bot import Interaction
from bot.features.challenges.host import host_of
from bot.features.challenges.messages import ENTER, LOOK, entry_embed
from bot.text.language import _
from bot.text.messages import plain
from bot.ui.items import StatefulItem
from bot.ui.replies import whisper
from bot.ui.thumbnails import SUFFIX, thumbnail
from engine.errors import InputError
from storage.challenges import Challenge, Entry
from storage.gallery import GalleryQuery

ENTRY_SIDE: Final = 720  # pixels, longest side of an entry as voters see it


class EnterButton(StatefulItem, path=ENTER.path):
    """Enters the newest picture of the person who pressed it."""

    challenge: int

    async def pressed(self, interaction: Interaction) -> None:
        person_id = interaction.user.id
        query = GalleryQuery(viewer_id=person_id, person_id=person_id, guild_id=interaction.guild_id)
        newest = (await interaction.client.gallery.page(query, 1)).items
        if not newest:
            raise InputError("You have painted nothing in this server yet: start with /art.")
        await enter(interaction, await running_challenge(interaction, self.challenge), newest[0].id)


class EntryPageButton(StatefulItem, path=LOOK.path):
    """Shows the entry at `place`: pressed under the announcement in a new ephemeral message, else in that message."""

    once = False  # paging back and forth quickly is no double press
    challenge: int
    place: int

    async def pressed(self, interaction: Interaction) -> None:
        challenge = await running_challenge(interaction, self.challenge)
        await show_entry(interaction, challenge, self.place)


class VoteButton(StatefulItem, path="vote:{challenge}:{entry}:{on}"):
    """Votes for an entry (`on`), or withdraws the vote."""

    challenge: int
    entry: int
    on: int  # 1 or 0

    async def pressed(self, interaction: Interaction) -> None:
        client, person_id = interaction.client, interaction.user.id
        challenge = await running_challenge(interaction, self.challenge)
        if await client.challenges.vote(challenge.id, person_id, self.entry, bool(self.on)) is None:
            raise InputError("This entry can't be voted for any more.")
        entries = await entries_in_order(interaction, challenge)
        place = next((place for place, entry in enumerate(entries) if entry.id == self.entry), 0)
        await show_entry(interaction, challenge, place)


async def running_challenge(interaction: Interaction, challenge_id: int) -> Challenge:
    """The challenge with this id. Raises `InputError` if it has ended."""
    challenge = await interaction.client.challenges.get(challenge_id)
    if challenge is None or challenge.closed is not None:
        raise InputError("This challenge is over.")
    return challenge


async def enter(interaction: Interaction, challenge: Challenge, picture_id: int) -> None:
    """Enter one of the person's own pictures and confirm it. Raises `InputError` if it can't be entered."""
    client = interaction.client
    if await client.challenges.enter(challenge.id, interaction.user.id, picture_id) is None:
        raise InputError("Picture {number} can't be entered: it is not yours, or the time is over.", number=picture_id)
    host_of(client).count_soon(challenge.id)
    picture = await client.gallery.get(picture_id)
    text = _("Picture {number} is in the challenge. Another one would take its place.", number=picture_id)
    if picture is not None:
        text += f"\n“{plain(picture.prompt, 200)}”"
    await whisper(interaction, text)


async def show_entry(interaction: Interaction, challenge: Challenge, place: int) -> None:
    """Show one entry, visible only to the person, with buttons to vote and to page."""
    client = interaction.client
    entries = await entries_in_order(interaction, challenge)
    if not entries:
        raise InputError("There are no entries yet: yours could be the first.")
    place = min(place, len(entries) - 1)
    entry = entries[place]
    picture = await client.gallery.get(entry.picture_id)
    data = None if picture is None else await thumbnail(client.files.path(picture.image), ENTRY_SIDE)
    name = f"entry-{entry.id}{SUFFIX}"
    embed = entry_embed(challenge, picture.prompt if picture else "", place + 1, len(entries), name if data else None)
    view = discord.ui.View(timeout=None)
    if place > 0:
        view.add_item(EntryPageButton.button(_("Back"), challenge=challenge.id, place=place - 1))
    view.add_item(await _vote_button(interaction, entry))
    if place + 1 < len(entries):
        view.add_item(EntryPageButton.button(_("Next"), challenge=challenge.id, place=place + 1))
    files = [discord.File(io.BytesIO(data), name)] if data else []
    mentions = discord.AllowedMentions.none()
    if interaction.message is not None and interaction.message.flags.ephemeral:
        await interaction.response.edit_message(embed=embed, view=view, attachments=files, allowed_mentions=mentions)
    else:
        await interaction.response.send_message(
            embed=embed, view=view, files=files, ephemeral=True, allowed_mentions=mentions
        )


async def _vote_button(interaction: Interaction, entry: Entry) -> VoteButton:
    """The button that votes or withdraws the vote; disabled for the person's own entry."""
    voted = await interaction.client.challenges.has_voted(interaction.user.id, entry.id)
    own = entry.person_id == interaction.user.id
    label = _("Take my vote back") if voted else _("Vote for it")
    return VoteButton.button(
        _("This is yours") if own else label,
        emoji=None if own else "⭐",
        style="secondary" if own or voted else "success",
        disabled=own,
        challenge=entry.challenge_id,
        entry=entry.id,
        on=int(not voted),
    )


async def entries_in_order(interaction: Interaction, challenge: Challenge) -> list[Entry]:
    """The entries in the order in which they were entered, which does not reveal the votes."""
    return sorted(await interaction.client.challenges.entries(challenge.id), key=lambda entry: entry.id)
