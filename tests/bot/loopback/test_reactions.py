"""Reactions on the loopback, as discord.py receives them."""

from __future__ import annotations

import discord
import pytest

from bot.loopback import CommandRefused, Sandbox
from tests.bot.conftest import eventually
from tests.bot.loopback.client import Painter, connected

STAR = "⭐"


class Listener(Painter):
    def __init__(self, intents: discord.Intents) -> None:
        super().__init__(intents)
        self.heard: list[discord.RawReactionActionEvent] = []

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        self.heard.append(event)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        self.heard.append(event)


async def test_reactions_are_dispatched_once_added_and_once_removed(sandbox: Sandbox) -> None:
    alice = sandbox.person("alice")
    async with connected(sandbox, listener := Listener(discord.Intents(guilds=True, guild_reactions=True))) as client:
        posted = await client.get_partial_messageable(sandbox.channel.id).send("a picture")
        message = sandbox.world.messages[posted.id]
        for on in (True, True, False, False):
            sandbox.react(alice, message, STAR, on=on)
        sandbox.react(alice, message, "🎈")
        await eventually(lambda: len(listener.heard) == 3)
        added, removed, other = listener.heard
        assert (added.event_type, removed.event_type) == ("REACTION_ADD", "REACTION_REMOVE")
        assert (added.user_id, added.message_id, added.guild_id) == (alice.id, posted.id, sandbox.guild.id)
        assert added.member is not None and added.member.display_name == "alice"
        assert (str(added.emoji), str(other.emoji)) == (STAR, "🎈")
        fetched = await client.get_partial_messageable(sandbox.channel.id).fetch_message(posted.id)
        assert [(str(each.emoji), each.count, each.me) for each in fetched.reactions] == [("🎈", 1, False)]
        await posted.delete()
        with pytest.raises(CommandRefused):
            sandbox.react(alice, message, STAR)


async def test_without_the_intent_nothing_is_dispatched(sandbox: Sandbox) -> None:
    alice = sandbox.person("alice")
    async with connected(sandbox, listener := Listener(discord.Intents(guilds=True, guild_reactions=True))) as client:
        private = await client.create_dm(discord.Object(alice.id))
        direct = await private.send("a picture")
        posted = await client.get_partial_messageable(sandbox.channel.id).send("a picture")
        sandbox.react(
            alice, sandbox.world.messages[direct.id], STAR
        )  # needs the intent dm_reactions, which the bot lacks
        sandbox.react(alice, sandbox.world.messages[posted.id], STAR)
        await eventually(lambda: listener.heard)
        assert [event.message_id for event in listener.heard] == [posted.id]
