"""What is said of a challenge: its announcement, its entries one by one, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import discord

from bot.language import Language, say, say_number
from bot.messages import plain
from storage.challenges import Challenge, Entry

THEME_LENGTH: Final = 200
MOST_WINNERS: Final = 4  # that are shown with their pictures; a tie of more is told in words
PLACES: Final = 3


def announcement(challenge: Challenge, entries: int, language: Language) -> discord.Embed:
    """An open challenge, with the number of its entries so far."""
    embed = _embed(say(language, "Challenge"), challenge)
    embed.add_field(name=say(language, "Ends"), value=f"<t:{int(challenge.ends)}:R>")
    embed.add_field(name=say(language, "Entries"), value=str(entries))
    embed.set_footer(
        text=say(
            language,
            "Paint with /art, then enter your picture: one entry a person, another takes its place. "
            "Vote for as many as you like.",
        )
    )
    return embed


def over(challenge: Challenge, entries: int, language: Language) -> discord.Embed:
    """The announcement of a challenge that has ended."""
    embed = _embed(say(language, "Challenge"), challenge)
    embed.add_field(name=say(language, "Ended"), value=f"<t:{int(challenge.closed or challenge.ends)}:R>")
    embed.add_field(name=say(language, "Entries"), value=str(entries))
    return embed


def winners_of(entries: Sequence[Entry]) -> list[Entry]:
    """All with the most votes, nobody where nobody voted; `entries` come with most votes first."""
    return [entry for entry in entries if entry.votes and entry.votes == entries[0].votes]


def result(challenge: Challenge, entries: Sequence[Entry], language: Language) -> discord.Embed:
    """The closing post: who won, and the places behind."""
    embed = _embed(say(language, "The challenge is over"), challenge)
    winners = winners_of(entries)
    if not entries:
        said = say(language, "Nobody entered a picture. Another time!")
    elif not winners:
        said = say(language, "Nobody voted, so there is no winner. Thank you for your pictures!")
    else:
        names = ", ".join(f"<@{entry.person_id}>" for entry in winners)
        said = say_number(
            language,
            "{names} won with {number} vote.",
            "{names} won with {number} votes.",
            winners[0].votes,
            names=names,
        )
    embed.add_field(name=say(language, "Result"), value=said[:1024], inline=False)
    places = [
        f"{place}. <@{entry.person_id}> · {_votes(entry.votes, language)} · "
        + say(language, "picture {number}", number=entry.picture_id)
        for place, entry in enumerate(entries[:PLACES], start=1)
        if entry.votes
    ]
    if len(places) > 1:
        embed.add_field(name=say(language, "Places"), value="\n".join(places), inline=False)
    return embed


def entry_embed(
    challenge: Challenge, prompt: str, number: int, of: int, image_name: str | None, language: Language
) -> discord.Embed:
    """One entry as who votes sees it: without its author, so that the picture alone counts."""
    embed = _embed(say(language, "Entry {number} of {all}", number=number, all=of), challenge)
    embed.add_field(name=say(language, "Prompt"), value=f"“{plain(prompt, 300)}”", inline=False)
    if image_name is not None:
        embed.set_image(url=f"attachment://{image_name}")
    return embed


def _votes(votes: int, language: Language) -> str:
    return say_number(language, "{number} vote", "{number} votes", votes)


def _embed(title: str, challenge: Challenge) -> discord.Embed:
    return discord.Embed(
        title=title, description=f"**{plain(challenge.theme, THEME_LENGTH)}**", colour=discord.Colour.gold()
    )
