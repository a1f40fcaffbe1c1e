"""Challenges from the announcement to the result, including restarts of the bot."""

from __future__ import annotations

import time

import pytest

from bot.bot import Atelier
from bot.features.challenges import host as challenge_host
from bot.features.challenges.host import host_of
from bot.loopback import InteractionHandle, Message, Permission, Sandbox, User
from storage.challenges import Challenge
from tests.bot.conftest import StartBot, eventually
from tests.bot.features.actions import paint, picture_of

BUTTON = "Enter my newest picture"


async def open_challenge(sandbox: Sandbox, client: Atelier, theme: str = "the sea") -> tuple[Challenge, Message]:
    """A challenge that a moderator opened, and its announcement."""
    moderator = sandbox.person("mod", moderator=True)
    asked = await sandbox.type_command(moderator, sandbox.channel, "challenge open", {"theme": theme, "days": 3})
    await asked.until(lambda now: "open" in now.text)
    challenge = await client.challenges.running(sandbox.guild.id)
    assert challenge is not None and challenge.message_id is not None
    return challenge, sandbox.world.messages[challenge.message_id]


async def press(sandbox: Sandbox, user: User, message: Message | InteractionHandle, button: str) -> InteractionHandle:
    return await (await sandbox.press(user, message, button)).answer()


async def end(client: Atelier, challenge: Challenge) -> None:
    """Set the end of a challenge to the past."""
    async with client.database.transaction() as connection:
        await connection.execute("UPDATE challenge SET ends = ? WHERE id = ?", (time.time() - 1, challenge.id))


async def test_entries_votes_and_the_closing_post(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob, carol = (sandbox.person(name) for name in ("alice", "bob", "carol"))
    async with start_bot() as client:
        challenge, announcement = await open_challenge(sandbox, client, "the *sea* <@1>")
        assert r"\*sea\*" in announcement.now.text and f"<t:{int(challenge.ends)}:R>" in announcement.now.text
        assert announcement.now.mentions == ()
        for person in (alice, bob):
            await paint(sandbox, person, f"a wave by {person.name}")
            said = await press(sandbox, person, announcement, BUTTON)
            assert "is in the challenge" in said.now.text
            assert said.message is not None and said.message.only_for is person

        page = await press(sandbox, carol, announcement, "Look and vote")
        assert "Entry 1 of 2" in page.now.text and "alice" in page.now.text
        assert f"<@{alice.id}>" not in page.now.text and page.now.file("entry-*.webp")
        await (await sandbox.press(carol, page, "Next")).until(lambda now: "Entry 2 of 2" in now.text)
        await (await sandbox.press(carol, page, "Vote for it")).until(lambda now: now.button("Take my vote back"))
        before = page.now
        own = await press(sandbox, bob, announcement, "Look and vote")
        await (await sandbox.press(bob, own, "Next")).until(lambda now: now.button("This is yours"))
        button = own.now.button("This is yours")
        assert button is not None and button.disabled
        assert page.now is before

        await end(client, challenge)
        late = await press(sandbox, carol, page, "Take my vote back")
        assert "can't be voted" in late.now.text and late.message is not page.message
        host_of(client).close_due.change_interval(seconds=0.05)
        await eventually(lambda: [each for each in sandbox.messages(sandbox.channel) if "is over" in each.now.text])
        (closing,) = [each for each in sandbox.messages(sandbox.channel) if "is over" in each.now.text]
        assert closing.now.mentions == (bob.id,) and f"<@{bob.id}> won with 1 vote" in closing.now.text
        assert closing.now.file("*.png")

        async def closed() -> bool:
            return await client.challenges.running(sandbox.guild.id) is None

        await eventually(closed)
        await eventually(lambda: announcement.now.buttons == ())
        assert "is over" in (await press(sandbox, carol, page, "Back")).now.text


async def test_a_challenge_that_ended_while_the_bot_was_down_is_closed_once(
    sandbox: Sandbox, start_bot: StartBot
) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot() as client:
        challenge, announcement = await open_challenge(sandbox, client)
        await paint(sandbox, alice, "a wave")
        await press(sandbox, alice, announcement, BUTTON)
        (entry,) = await client.challenges.entries(challenge.id)
        await client.challenges.vote(challenge.id, bob.id, entry.id, True)
        await end(client, challenge)
    for _ in range(2):
        async with start_bot() as client:

            async def closed(client: Atelier = client) -> bool:
                return await client.challenges.running(sandbox.guild.id) is None

            await eventually(closed)
    closing = [each for each in sandbox.messages(sandbox.channel) if "The challenge is over" in each.now.text]
    assert len(closing) == 1 and f"<@{alice.id}> won" in closing[0].now.text


async def test_a_bot_that_died_between_post_and_closing_does_not_post_twice(
    sandbox: Sandbox, start_bot: StartBot
) -> None:
    async with start_bot() as client:
        challenge, _ = await open_challenge(sandbox, client)
        await host_of(client).finish(challenge)
        async with client.database.transaction() as connection:  # as if it had died before this
            await connection.execute("UPDATE challenge SET closed = NULL WHERE id = ?", (challenge.id,))
        await host_of(client).finish(challenge)
    closing = [each for each in sandbox.messages(sandbox.channel) if "The challenge is over" in each.now.text]
    assert len(closing) == 1 and "Nobody entered" in closing[0].now.text


async def test_the_closing_post_waits_for_discord_and_gives_up_where_it_may_not_write(
    sandbox: Sandbox, start_bot: StartBot
) -> None:
    place = sandbox.add_channel("challenges")
    moderator = sandbox.person("mod", moderator=True)
    async with start_bot() as client:
        host = host_of(client)
        for permitted in (True, False):
            asked = await sandbox.type_command(moderator, place, "challenge open", {"theme": "the sea"})
            await asked.until(lambda now: "is open" in now.text)
            challenge = await client.challenges.running(sandbox.guild.id)
            assert challenge is not None
            if permitted:
                sandbox.faults.drop(f"POST /channels/{place.id}/messages")
                assert not await host.finish(challenge)
                assert await client.challenges.running(sandbox.guild.id) is not None
            else:
                place.permissions = Permission.VIEW_CHANNEL
            assert await host.finish(challenge)
            assert await client.challenges.running(sandbox.guild.id) is None
        closing = [each for each in sandbox.messages(place) if "The challenge is over" in each.now.text]
        assert len(closing) == 1


async def test_another_picture_takes_the_place_of_the_first(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        challenge, announcement = await open_challenge(sandbox, client)
        first = await picture_of(client, await paint(sandbox, alice, "a wave"))
        await paint(sandbox, alice, "a storm")
        await press(sandbox, alice, announcement, BUTTON)
        again = await sandbox.type_command(alice, sandbox.channel, "challenge enter", {"picture": first.id})
        assert "is in the challenge" in (await again.answer()).now.text
        (entry,) = await client.challenges.entries(challenge.id)
        assert entry.picture_id == first.id
        proposed = await sandbox.complete(alice, sandbox.channel, "challenge enter", {"picture": "wav"}, "picture")
        assert [each["value"] for each in proposed] == [first.id]
        other = await sandbox.type_command(sandbox.person("bob"), sandbox.channel, "challenge enter", {"picture": 1})
        assert "can't be entered" in (await other.answer()).now.text


async def test_the_announcement_counts_the_entries(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenge_host, "COUNT_SECONDS", 0.05)
    async with start_bot() as client:
        _, announcement = await open_challenge(sandbox, client)
        for name in ("alice", "bob"):
            await paint(sandbox, sandbox.person(name), "a wave")
            await press(sandbox, sandbox.person(name), announcement, BUTTON)
        await eventually(lambda: "Entries: 2" in announcement.now.text)
        assert announcement.now.button(BUTTON) is not None


async def test_refusals_are_private(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, moderator = sandbox.person("alice"), sandbox.person("mod", moderator=True)
    silent = sandbox.add_channel("silent", permissions=Permission.VIEW_CHANNEL)
    async with start_bot() as client:

        async def told(user: User, name: str, **options: object) -> str:
            asked = await sandbox.type_command(user, sandbox.channel, f"challenge {name}", options)
            now = await asked.until(lambda now: not now.loading and now.text)
            assert asked.message is not None and asked.message.only_for is user
            return now.text

        assert "Only moderators" in await told(alice, "open", theme="the sea")
        for name in ("vote", "close"):
            assert "No challenge" in await told(moderator, name)
        asked = await sandbox.type_command(moderator, silent, "challenge open", {"theme": "the sea"})
        await asked.until(lambda now: "can't write" in now.text)
        assert await client.challenges.running(sandbox.guild.id) is None
        _, announcement = await open_challenge(sandbox, client)
        assert "running here already" in await told(moderator, "open", theme="the hills")
        assert "Only moderators" in await told(alice, "close")
        assert "no entries yet" in await told(alice, "vote")
        assert "painted nothing" in (await press(sandbox, alice, announcement, BUTTON)).now.text
        assert "is closed" in await told(moderator, "close")
        await eventually(lambda: announcement.now.buttons == ())
