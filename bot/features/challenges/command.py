"""The /challenge commands: moderators open and close a challenge, everybody enters and votes."""

from __future__ import annotations

import time
from typing import Final

from discord import app_commands

from bot.bot import Interaction
from bot.features.challenges.buttons import enter, show_entry
from bot.features.challenges.host import host_of
from bot.features.challenges.messages import THEME_LENGTH
from bot.text.language import N_, _
from bot.ui.choices import own_pictures
from bot.ui.replies import whisper
from engine.errors import InputError
from storage.challenges import Challenge

DAY: Final = 86_400.0  # seconds
LONGEST_DAYS: Final = 30

challenge = app_commands.Group(
    name="challenge",
    description="A theme for some days, one picture a person, and votes",
    allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
    extras={"help": N_("a theme for some days, with votes")},
)


@challenge.command(name="open", description="For moderators: announce a challenge in this channel")
@app_commands.describe(theme="What everybody paints", days="How long it runs")
async def open_challenge(
    interaction: Interaction,
    theme: app_commands.Range[str, 1, THEME_LENGTH],
    days: app_commands.Range[int, 1, LONGEST_DAYS] = 3,
) -> None:
    """Open a challenge and announce it in this channel."""
    client = interaction.client
    guild_id, channel_id = _guild_and_channel(interaction)
    _check_moderator(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    ends = time.time() + days * DAY
    opened = await client.challenges.open(guild_id, channel_id, theme.strip(), ends, interaction.user.id)
    if opened is None:
        raise InputError("A challenge is running here already: end it first with /challenge close.")
    if not await host_of(client).announce(opened):
        await client.challenges.close(opened.id)
        raise InputError("I can't write in this channel: let me, or open the challenge in another one.")
    await whisper(interaction, _("The challenge is open. Whoever wants enters with the button below it."))


@challenge.command(name="enter", description="Enter a picture of yours")
@app_commands.autocomplete(picture=own_pictures)
@app_commands.describe(picture="Which of your pictures: its number, or words of its prompt")
async def enter_challenge(interaction: Interaction, picture: app_commands.Range[int, 1, 2**53 - 1]) -> None:
    """Enter one of the person's own pictures; it replaces an earlier entry."""
    await enter(interaction, await _running(interaction), picture)


@challenge.command(name="vote", description="Look through the entries and vote")
async def vote_in_challenge(interaction: Interaction) -> None:
    """Show the first entry, with buttons to vote and to page."""
    await show_entry(interaction, await _running(interaction), 0)


@challenge.command(name="close", description="For moderators: end it now")
async def close_challenge(interaction: Interaction) -> None:
    """Close the challenge now and post its result."""
    client = interaction.client
    running = await _running(interaction)
    _check_moderator(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    if not await host_of(client).finish(running):
        raise InputError("Discord doesn't take the closing post now. Please try again in a moment.")
    await whisper(interaction, _("The challenge is closed."))


def _guild_and_channel(interaction: Interaction) -> tuple[int, int]:
    """The ids of server and channel. Raises `InputError` outside servers."""
    if interaction.guild_id is None or interaction.channel_id is None:
        raise InputError("Challenges are for servers: ask in one.")
    return interaction.guild_id, interaction.channel_id


def _check_moderator(interaction: Interaction) -> None:
    if not interaction.permissions.manage_messages:
        raise InputError("Only moderators open and close challenges here.")


async def _running(interaction: Interaction) -> Challenge:
    """The open challenge of this server. Raises `InputError` if there is none."""
    guild_id, _channel_id = _guild_and_channel(interaction)
    running = await interaction.client.challenges.running(guild_id)
    if running is None:
        raise InputError("No challenge is running here.")
    return running
