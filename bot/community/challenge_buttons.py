"""The buttons of a challenge: enter, look through the entries, vote."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord

from bot.buttons.base import StatefulItem
from bot.community.answers import whisper
from bot.community.challenge_messages import entry_embed
from bot.community.thumbnails import SUFFIX, thumbnail
from bot.language import Language, say
from bot.messages import plain
from engine.errors import InputError
from storage.challenges import Challenge, Entry
from storage.gallery import GalleryQuery

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

ENTRY_SIDE: Final = 720  # pixels of an entry as it is shown to who votes


class EnterButton(StatefulItem, template=r"atelier:enter:(?P<challenge>[0-9]{1,18})"):
    """Enters the newest picture of whoever presses it."""

    def __init__(self, challenge_id: int, language: Language = None) -> None:
        super().__init__(
            discord.ui.Button[Any](
                label=say(language, "Enter my newest picture"),
                style=discord.ButtonStyle.primary,
                custom_id=f"atelier:enter:{challenge_id}",
            )
        )
        self.challenge_id = challenge_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["challenge"]), interaction.locale)

    async def pressed(self, interaction: Interaction) -> None:
        person_id = interaction.user.id
        query = GalleryQuery(viewer_id=person_id, person_id=person_id, guild_id=interaction.guild_id)
        newest = (await interaction.client.gallery.page(query, 1)).items
        if not newest:
            raise InputError(say(interaction.locale, "You have painted nothing in this server yet: start with /art."))
        await enter(interaction, await running_challenge(interaction, self.challenge_id), newest[0].id)


class EntryPageButton(StatefulItem, template=r"atelier:entries:(?P<challenge>[0-9]{1,18}):(?P<place>[0-9]{1,4})"):
    """Shows one entry: under the announcement in a new private answer, under such an answer in its place."""

    def __init__(self, challenge_id: int, place: int, language: Language = None, label: str | None = None) -> None:
        super().__init__(
            discord.ui.Button[Any](
                label=label or say(language, "Look and vote"),
                style=discord.ButtonStyle.secondary,
                custom_id=f"atelier:entries:{challenge_id}:{place}",
            )
        )
        self.challenge_id = challenge_id
        self.place = place

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["challenge"]), int(match["place"]), interaction.locale)

    def _press_of(self, interaction: Interaction) -> str:
        return str(interaction.id)  # leafing back and forth is no double press

    async def pressed(self, interaction: Interaction) -> None:
        challenge = await running_challenge(interaction, self.challenge_id)
        await show_entry(interaction, challenge, self.place)


class VoteButton(StatefulItem, template=r"atelier:vote:(?P<challenge>[0-9]{1,18}):(?P<entry>[0-9]{1,18}):(?P<on>[01])"):
    """Votes for an entry (`on`), or takes the vote back."""

    def __init__(
        self, challenge_id: int, entry_id: int, language: Language = None, *, on: bool, own: bool = False
    ) -> None:
        if own:
            label = say(language, "This is yours")
        else:
            label = say(language, "Vote for it") if on else say(language, "Take my vote back")
        super().__init__(
            discord.ui.Button[Any](
                label=label,
                emoji=None if own else "⭐",
                style=discord.ButtonStyle.success if on and not own else discord.ButtonStyle.secondary,
                disabled=own,
                custom_id=f"atelier:vote:{challenge_id}:{entry_id}:{int(on)}",
            )
        )
        self.on = on
        self.challenge_id = challenge_id
        self.entry_id = entry_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["challenge"]), int(match["entry"]), interaction.locale, on=match["on"] == "1")

    async def pressed(self, interaction: Interaction) -> None:
        client, person_id = interaction.client, interaction.user.id
        challenge = await running_challenge(interaction, self.challenge_id)
        if await client.challenges.vote(challenge.id, person_id, self.entry_id, self.on) is None:
            raise InputError(say(interaction.locale, "This entry can't be voted for any more."))
        entries = await in_order(interaction, challenge)
        place = next((place for place, entry in enumerate(entries) if entry.id == self.entry_id), 0)
        await show_entry(interaction, challenge, place)


async def running_challenge(interaction: Interaction, challenge_id: int) -> Challenge:
    """The challenge of a button. Raises InputError where it has ended."""
    challenge = await interaction.client.challenges.get(challenge_id)
    if challenge is None or challenge.closed is not None:
        raise InputError(say(interaction.locale, "This challenge is over."))
    return challenge


async def enter(interaction: Interaction, challenge: Challenge, picture_id: int) -> None:
    """Enter a picture of whoever asks, and say so. Raises InputError where that can't be."""
    client, language = interaction.client, interaction.locale
    if await client.challenges.enter(challenge.id, interaction.user.id, picture_id) is None:
        raise InputError(
            say(language, "Picture {number} can't be entered: it is not yours, or the time is over.", number=picture_id)
        )
    client.community.challenge_host.count_soon(challenge.id)
    picture = await client.gallery.get(picture_id)
    said = say(language, "Picture {number} is in the challenge. Another one would take its place.", number=picture_id)
    if picture is not None:
        said += f"\n“{plain(picture.prompt, 200)}”"
    await whisper(interaction, said)


async def show_entry(interaction: Interaction, challenge: Challenge, place: int) -> None:
    """One entry for the eyes of whoever looks, with buttons to vote and to go on."""
    client, language = interaction.client, interaction.locale
    entries = await in_order(interaction, challenge)
    if not entries:
        raise InputError(say(language, "There are no entries yet: yours could be the first."))
    place = min(place, len(entries) - 1)
    entry = entries[place]
    picture = await client.gallery.get(entry.picture_id)
    data = None if picture is None else await thumbnail(client.files.path(picture.image), ENTRY_SIDE)
    name = f"entry-{entry.id}{SUFFIX}"
    embed = entry_embed(
        challenge, picture.prompt if picture else "", place + 1, len(entries), name if data else None, language
    )
    view = discord.ui.View(timeout=None)
    if place > 0:
        view.add_item(EntryPageButton(challenge.id, place - 1, label=say(language, "Back")))
    voted = await client.challenges.has_voted(interaction.user.id, entry.id)
    own = entry.person_id == interaction.user.id
    view.add_item(VoteButton(challenge.id, entry.id, language, on=not voted, own=own))
    if place + 1 < len(entries):
        view.add_item(EntryPageButton(challenge.id, place + 1, label=say(language, "Next")))
    files = [discord.File(io.BytesIO(data), name)] if data else []
    nobody = discord.AllowedMentions.none()
    if interaction.message is not None and interaction.message.flags.ephemeral:
        await interaction.response.edit_message(embed=embed, view=view, attachments=files, allowed_mentions=nobody)
    else:
        await interaction.response.send_message(
            embed=embed, view=view, files=files, ephemeral=True, allowed_mentions=nobody
        )


async def in_order(interaction: Interaction, challenge: Challenge) -> list[Entry]:
    """The entries as they came, which says nothing of their votes."""
    return sorted(await interaction.client.challenges.entries(challenge.id), key=lambda entry: entry.id)
