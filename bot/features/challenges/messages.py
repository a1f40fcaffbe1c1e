"""The embeds of a challenge: announcement, entry, result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import discord

from bot.text.buttons import Action, Path
from bot.text.language import N_, _, ngettext
from bot.text.messages import plain
from storage.challenges import Challenge, Entry

THEME_LENGTH: Final = 200
MOST_WINNERS: Final = 4  # whose pictures are shown; a tie of more is only named
PLACES: Final = 3
ENTER: Final = Action(Path("enter:{challenge}"), N_("Enter my newest picture"), style="primary")
LOOK: Final = Action(Path("entries:{challenge}:{place}"), N_("Look and vote"))


def announcement(challenge: Challenge, entries: int) -> discord.Embed:
    """The announcement of an open challenge, with its number of entries."""
    embed = _embed(_("Challenge"), challenge)
    embed.add_field(name=_("Ends"), value=f"<t:{int(challenge.ends)}:R>")
    embed.add_field(name=_("Entries"), value=str(entries))
    embed.set_footer(
        text=_(
            "Paint with /art, then enter your picture: one entry a person, another takes its place. "
            "Vote for as many as you like."
        )
    )
    return embed


def closed(challenge: Challenge, entries: int) -> discord.Embed:
    """The announcement of a challenge that is closed."""
    embed = _embed(_("Challenge"), challenge)
    embed.add_field(name=_("Ended"), value=f"<t:{int(challenge.closed or challenge.ends)}:R>")
    embed.add_field(name=_("Entries"), value=str(entries))
    return embed


def winners_of(entries: Sequence[Entry]) -> list[Entry]:
    """All entries with the most votes, none if nobody voted; `entries` are sorted, most votes first."""
    return [entry for entry in entries if entry.votes and entry.votes == entries[0].votes]


def result(challenge: Challenge, entries: Sequence[Entry]) -> discord.Embed:
    """The result: the winners and the first places."""
    embed = _embed(_("The challenge is over"), challenge)
    winners = winners_of(entries)
    if not entries:
        text = _("Nobody entered a picture. Another time!")
    elif not winners:
        text = _("Nobody voted, so there is no winner. Thank you for your pictures!")
    else:
        names = ", ".join(f"<@{entry.person_id}>" for entry in winners)
        text = ngettext(
            "{names} won with {number} vote.", "{names} won with {number} votes.", winners[0].votes, names=names
        )
    embed.add_field(name=_("Result"), value=text[:1024], inline=False)
    places = [
        f"{place}. <@{entry.person_id}> · {_votes(entry.votes)} · " + _("picture {number}", number=entry.picture_id)
        for place, entry in enumerate(entries[:PLACES], start=1)
        if entry.votes
    ]
    if len(places) > 1:
        embed.add_field(name=_("Places"), value="\n".join(places), inline=False)
    return embed


def entry_embed(challenge: Challenge, prompt: str, number: int, of: int, image_name: str | None) -> discord.Embed:
    """One entry as voters see it: without its author, so that only the picture counts."""
    embed = _embed(_("Entry {number} of {all}", number=number, all=of), challenge)
    embed.add_field(name=_("Prompt"), value=f"“{plain(prompt, 300)}”", inline=False)
    if image_name is not None:
        embed.set_image(url=f"attachment://{image_name}")
    return embed


def _votes(votes: int) -> str:
    return ngettext("{number} vote", "{number} votes", votes)


def _embed(title: str, challenge: Challenge) -> discord.Embed:
    return discord.Embed(
        title=title, description=f"**{plain(challenge.theme, THEME_LENGTH)}**", colour=discord.Colour.gold()
    )
