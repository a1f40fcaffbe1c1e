"""The commands /stats and /leaderboard."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Sequence
from typing import Final, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.bot import Atelier, Interaction
from bot.features.stats.cards import PLACES, guild_card, leaderboard_card, leaderboard_title, person_card
from bot.features.stats.drawing import Card, draw
from bot.features.stats.names import Names
from bot.text.language import N_, _, speaking
from bot.ui.replies import whisper
from bot.ui.tree import everywhere
from engine.errors import InputError
from storage.statistics import LeaderboardKind, LeaderboardRow

DAY: Final = 86_400.0  # seconds
PERIODS: Final[dict[str, float | None]] = {"week": 7 * DAY, "month": 30 * DAY, "ever": None}
MOST_ROWS: Final = 25  # read for ten places, because people who paint in private are left out


class Stats(commands.Cog):
    """Both commands, with a cache of the names of people."""

    def __init__(self, bot: Atelier) -> None:
        self._names = Names(bot)

    @everywhere
    @app_commands.command(
        name="leaderboard",
        description="Who in this server has the most stars or pictures",
        extras={"help": N_("who painted most and got the most stars")},
    )
    @app_commands.describe(
        kind="What counts: stars from others, pictures painted, or how often one's prompts were painted",
        period="Since when",
    )
    @app_commands.choices(
        kind=[
            app_commands.Choice(name="stars from others", value="stars"),
            app_commands.Choice(name="pictures painted", value="pictures"),
            app_commands.Choice(name="how often one's prompts were painted", value="prompts"),
        ],
        period=[
            app_commands.Choice(name="this week", value="week"),
            app_commands.Choice(name="this month", value="month"),
            app_commands.Choice(name="ever", value="ever"),
        ],
    )
    async def leaderboard(self, interaction: Interaction, kind: str = "stars", period: str = "week") -> None:
        """Show who in this server has the most stars, pictures or uses of their prompts."""
        client, guild_id = interaction.client, interaction.guild_id
        if guild_id is None:
            raise InputError("Leaderboards are for servers: ask in one.")
        await interaction.response.defer(thinking=True)
        leaderboard_kind, seconds = cast(LeaderboardKind, kind), PERIODS[period]
        since = None if seconds is None else time.time() - seconds
        rows = await _with_public_pictures(
            client, await client.statistics.leaderboard(guild_id, leaderboard_kind, since, MOST_ROWS)
        )
        if not rows:
            title = leaderboard_title(leaderboard_kind)
            await whisper(interaction, _("{title}: nobody yet.", title=title))
            return
        names = await self._names.of(row.person_id for row in rows[:PLACES])
        cards = _also_in_english(lambda: leaderboard_card(rows, names, leaderboard_kind, _period(interaction, period)))
        await _send(interaction, "leaderboard.png", *cards)

    @everywhere
    @app_commands.command(
        name="stats",
        description="What you, or this server, painted, as a picture",
        extras={"help": N_("your numbers and those of this server, as a picture")},
    )
    @app_commands.describe(
        whose="Yours, or those of this server",
        everybody="Whether everybody here sees the answer",
    )
    @app_commands.choices(
        whose=[
            app_commands.Choice(name="mine", value="mine"),
            app_commands.Choice(name="this server's", value="server"),
        ]
    )
    async def stats(self, interaction: Interaction, whose: str = "mine", everybody: bool = False) -> None:
        """Show the statistics of the person or of this server."""
        client, user = interaction.client, interaction.user
        guild_id = interaction.guild_id
        if whose == "server" and guild_id is None:
            raise InputError("There is no server here: ask in one, or for your own numbers.")
        await interaction.response.defer(ephemeral=not everybody, thinking=True)
        if whose == "server" and guild_id is not None:
            numbers, title = await client.statistics.of_guild(guild_id), _guild_name(interaction)
            cards = _also_in_english(lambda: guild_card(numbers, title))
        else:
            numbers = await client.statistics.of_person(user.id)
            cards = _also_in_english(lambda: person_card(numbers, user.display_name, prompts=not everybody))
        if not numbers.pictures:
            await whisper(interaction, _("Nothing has been painted yet. Start with /art."))
            return
        await _send(interaction, "stats.png", *cards)


def _also_in_english(card: Callable[[], Card]) -> tuple[Card, Card]:
    """The card in the current language, and in English in case no font has the letters."""
    with speaking(None):
        english = card()
    return card(), english


async def _send(interaction: Interaction, name: str, *cards: Card) -> None:
    """Send the first card that the installed fonts can show; the last one is in English."""
    card, data = await asyncio.to_thread(_draw_readable, cards)
    file = discord.File(io.BytesIO(data), name, description=card.words())
    await interaction.edit_original_response(attachments=[file], allowed_mentions=discord.AllowedMentions.none())


def _draw_readable(cards: Sequence[Card]) -> tuple[Card, bytes]:
    readable = next((card for card in cards if card.is_readable()), cards[-1])
    return readable, draw(readable)


async def _with_public_pictures(client: Atelier, rows: list[LeaderboardRow]) -> list[LeaderboardRow]:
    """The rows of people whose pictures are public."""
    preferences = await asyncio.gather(*(client.people.preferences(row.person_id) for row in rows))
    return [row for row, each in zip(rows, preferences, strict=True) if each.public]


def _guild_name(interaction: Interaction) -> str:
    return interaction.guild.name if interaction.guild is not None and interaction.guild.name else "Atelier"


def _period(interaction: Interaction, period: str) -> str:
    spans = {
        "week": _("the last 7 days"),
        "month": _("the last 30 days"),
        "ever": _("since the beginning"),
    }
    return f"{_guild_name(interaction)} · {spans[period]}"
