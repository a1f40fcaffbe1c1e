"""/challenge: moderators open one and may end it early, everybody enters and votes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from bot.community.answers import whisper
from bot.community.challenge_buttons import enter, show_entry
from bot.community.challenge_messages import THEME_LENGTH
from bot.language import say
from bot.messages import choice_name
from bot.options import MOST_CHOICES
from engine.errors import InputError
from storage.challenges import Challenge
from storage.gallery import GalleryQuery

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

DAY: Final = 86_400.0  # seconds
LONGEST: Final = 30  # days


async def own_pictures(interaction: Interaction, typed: int | str) -> list[app_commands.Choice[int]]:
    """One's own pictures: by their number, or by words of their prompt."""
    person_id, wanted = interaction.user.id, str(typed).strip()
    words = None if wanted.isdecimal() or not wanted else wanted
    query = GalleryQuery(viewer_id=person_id, person_id=person_id, search=words)
    page = await interaction.client.gallery.page(query, MOST_CHOICES)
    fitting = [each for each in page.items if not wanted.isdecimal() or str(each.id).startswith(wanted)]
    return [app_commands.Choice(name=choice_name(each.id, each.prompt), value=each.id) for each in fitting]


@app_commands.describe(theme="What everybody paints", days="How long it runs")
async def open_challenge(
    interaction: Interaction,
    theme: app_commands.Range[str, 1, THEME_LENGTH],
    days: app_commands.Range[int, 1, LONGEST] = 3,
) -> None:
    """/challenge open: announces a theme in this channel."""
    client, language = interaction.client, interaction.locale
    guild_id, channel_id = _place(interaction)
    _check_moderator(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    ends = time.time() + days * DAY
    challenge = await client.challenges.open(guild_id, channel_id, theme.strip(), ends, interaction.user.id)
    if challenge is None:
        raise InputError(say(language, "A challenge is running here already: end it first with /challenge close."))
    if not await client.community.challenge_host.announce(challenge):
        await client.challenges.close(challenge.id)
        raise InputError(say(language, "I can't write in this channel: let me, or open the challenge in another one."))
    await whisper(interaction, say(language, "The challenge is open. Whoever wants enters with the button below it."))


@app_commands.autocomplete(picture=own_pictures)
@app_commands.describe(picture="Which of your pictures: its number, or words of its prompt")
async def enter_challenge(interaction: Interaction, picture: app_commands.Range[int, 1, 2**53 - 1]) -> None:
    """/challenge enter: one's own picture, in place of one entered before."""
    await enter(interaction, await _running(interaction), picture)


async def vote_in_challenge(interaction: Interaction) -> None:
    """/challenge vote: the entries one by one."""
    await show_entry(interaction, await _running(interaction), 0)


async def close_challenge(interaction: Interaction) -> None:
    """/challenge close: ends it now, with the votes there are."""
    client, language = interaction.client, interaction.locale
    challenge = await _running(interaction)
    _check_moderator(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    if not await client.community.challenge_host.finish(challenge):
        raise InputError(say(language, "Discord doesn't take the closing post now. Please try again in a moment."))
    await whisper(interaction, say(language, "The challenge is closed."))


def challenge_command() -> app_commands.Group:
    group = app_commands.Group(
        name="challenge",
        description="A theme for some days, one picture a person, and votes",
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
    )
    commands: tuple[app_commands.Command[Any, ..., None], ...] = (
        app_commands.Command(
            name="open", description="For moderators: announce a challenge in this channel", callback=open_challenge
        ),
        app_commands.Command(name="enter", description="Enter a picture of yours", callback=enter_challenge),
        app_commands.Command(name="vote", description="Look through the entries and vote", callback=vote_in_challenge),
        app_commands.Command(name="close", description="For moderators: end it now", callback=close_challenge),
    )
    for command in commands:
        group.add_command(command)
    return group


def _place(interaction: Interaction) -> tuple[int, int]:
    """Server and channel. Raises InputError outside of servers."""
    if interaction.guild_id is None or interaction.channel_id is None:
        raise InputError(say(interaction.locale, "Challenges are for servers: ask in one."))
    return interaction.guild_id, interaction.channel_id


def _check_moderator(interaction: Interaction) -> None:
    if not interaction.permissions.manage_messages:
        raise InputError(say(interaction.locale, "Only moderators open and close challenges here."))


async def _running(interaction: Interaction) -> Challenge:
    """The challenge of this server. Raises InputError where there is none."""
    guild_id, _ = _place(interaction)
    challenge = await interaction.client.challenges.running(guild_id)
    if challenge is None:
        raise InputError(say(interaction.locale, "No challenge is running here."))
    return challenge
