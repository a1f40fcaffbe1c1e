"""The buttons in every context: servers, direct messages, and servers where the bot is only user-installed."""

from __future__ import annotations

import pytest

from bot.loopback import Sandbox
from tests.bot.conftest import StartBot
from tests.bot.features.actions import private_answer


@pytest.mark.parametrize("place", ["server", "direct messages", "foreign server", "private conversation"])
async def test_the_buttons_work_everywhere(sandbox: Sandbox, start_bot: StartBot, place: str) -> None:
    alice, bob = sandbox.person("alice", installed=True), sandbox.person("bob")
    channels = {
        "server": sandbox.channel,
        "direct messages": sandbox.dm(alice),
        "foreign server": sandbox.foreign_guild(),
        "private conversation": sandbox.private_channel(alice, bob),
    }
    channel = channels[place]
    async with start_bot():
        art = await sandbox.type_command(alice, channel, "art", {"prompt": "a tree"})
        await art.until(lambda now: now.file("*.png"))
    async with start_bot() as client:  # after a restart
        varied = await sandbox.press(alice, art, "Variations")
        await varied.until(lambda now: now.file("atelier-2.png"))
        told = await (await sandbox.press(alice, art, "Settings")).answer()
        assert "a tree" in told.now.text
        liked = await sandbox.press(alice, art, "Favourite")
        assert "now among your favourites" in await private_answer(sandbox, liked)
        family = await sandbox.press(alice, varied, "Family")
        assert "#1" in (await family.until(lambda now: now.text)).text
        shown = await sandbox.type_command(alice, channel, "show", {"id": 1})
        await shown.until(lambda now: now.file("atelier-1.png"))
        await sandbox.press(alice, art, "Delete")
        await art.until_deleted()
        assert await client.gallery.get(1) is None
