"""/stats and /leaderboard: numbers as a picture."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import discord
from discord import app_commands

from bot.community.answers import whisper
from bot.community.cards import guild_card, leaderboard_card, leaderboard_title, person_card
from bot.community.figures import Card, draw
from bot.language import Language, say
from engine.errors import InputError
from storage.statistics import LeaderboardKind, LeaderboardRow

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

DAY: Final = 86_400.0  # seconds
PERIODS: Final[dict[str, float | None]] = {"week": 7 * DAY, "month": 30 * DAY, "ever": None}
MOST_ASKED: Final = 25  # rows that are read for ten: who paints in private is left out


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
async def stats(interaction: Interaction, whose: str = "mine", everybody: bool = False) -> None:
    """/stats: what somebody, or a whole server, painted."""
    client, user, language = interaction.client, interaction.user, interaction.locale
    guild_id = interaction.guild_id
    if whose == "server" and guild_id is None:
        raise InputError(say(language, "There is no server here: ask in one, or for your own numbers."))
    await interaction.response.defer(ephemeral=not everybody, thinking=True)
    if whose == "server" and guild_id is not None:
        numbers, title = await client.statistics.of_guild(guild_id), _guild_name(interaction)
        cards = [guild_card(numbers, title, each) for each in (language, None)]
    else:
        numbers = await client.statistics.of_person(user.id)
        cards = [person_card(numbers, user.display_name, each, prompts=not everybody) for each in (language, None)]
    if not numbers.pictures:
        await whisper(interaction, say(language, "Nothing has been painted yet. Start with /art."))
        return
    await _send(interaction, "stats.png", *cards)


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
async def leaderboard(interaction: Interaction, kind: str = "stars", period: str = "week") -> None:
    """/leaderboard: who in this server has the most of something."""
    client, language, guild_id = interaction.client, interaction.locale, interaction.guild_id
    if guild_id is None:
        raise InputError(say(language, "Leaderboards are for servers: ask in one."))
    await interaction.response.defer(thinking=True)
    counted, seconds = cast(LeaderboardKind, kind), PERIODS[period]
    since = None if seconds is None else time.time() - seconds
    rows = await _public(client, await client.statistics.leaderboard(guild_id, counted, since, MOST_ASKED))
    if not rows:
        title = leaderboard_title(counted, language)
        await whisper(interaction, say(language, "{title}: nobody yet.", title=title))
        return
    names = await client.community.names.of(row.person_id for row in rows[:10])
    cards = [
        leaderboard_card(rows, names, counted, _period(interaction, period, each), each) for each in (language, None)
    ]
    await _send(interaction, "leaderboard.png", *cards)


def stats_commands() -> tuple[app_commands.Command[Any, ..., None], ...]:
    return (
        app_commands.Command(
            name="stats", description="What you, or this server, painted, as a picture", callback=stats
        ),
        app_commands.Command(
            name="leaderboard", description="Who in this server has the most stars or pictures", callback=leaderboard
        ),
    )


async def _send(interaction: Interaction, name: str, *cards: Card) -> None:
    """The first card that the fonts of this machine have all letters of, as a picture; the last is in English."""
    shown, data = await asyncio.to_thread(_drawn, cards)
    file = discord.File(io.BytesIO(data), name, description=shown.words())
    await interaction.edit_original_response(attachments=[file], allowed_mentions=discord.AllowedMentions.none())


def _drawn(cards: Sequence[Card]) -> tuple[Card, bytes]:
    shown = next((card for card in cards if card.is_readable()), cards[-1])
    return shown, draw(shown)


async def _public(client: Atelier, rows: list[LeaderboardRow]) -> list[LeaderboardRow]:
    """Without those who chose to paint in private."""
    preferences = await asyncio.gather(*(client.people.preferences(row.person_id) for row in rows))
    return [row for row, chosen in zip(rows, preferences, strict=True) if chosen.public]


def _guild_name(interaction: Interaction) -> str:
    return interaction.guild.name if interaction.guild is not None and interaction.guild.name else "Atelier"


def _period(interaction: Interaction, period: str, language: Language) -> str:
    spans = {
        "week": say(language, "the last 7 days"),
        "month": say(language, "the last 30 days"),
        "ever": say(language, "since the beginning"),
    }
    return f"{_guild_name(interaction)} · {spans[period]}"
