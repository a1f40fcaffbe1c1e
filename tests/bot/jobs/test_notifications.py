from __future__ import annotations

import dataclasses
import time
from typing import Any

import pytest

from bot.bot import Atelier
from bot.jobs.delivery import ReplyAddress
from bot.jobs.notifications import Notifications
from bot.loopback import Channel, Sandbox, User
from storage.gallery import Picture
from storage.queue import Job
from tests.bot.conftest import StartBot

LATER = "is ready"


async def painted(client: Atelier, sandbox: Sandbox, person: User, channel: Channel) -> tuple[Job, Picture, Any]:
    """A job that was delivered, as if it had taken ten minutes."""
    handle = await sandbox.type_command(person, channel, "art", {"prompt": "a [quiet](https://evil.example) lake"})
    await handle.until(lambda now: now.file("*.png"))
    await sandbox.until(lambda: handle.now.buttons)
    picture = None
    while picture is None or picture.message_id is None:
        picture = await client.gallery.by_job(1)
    job = await client.queue.get(1)
    assert job is not None and job.ended is not None
    long = dataclasses.replace(job, created=job.ended - 600)
    address = ReplyAddress.from_json(job.reply)
    return long, picture, address


def new_messages(sandbox: Sandbox, before: list[Any]) -> list[Any]:
    return [message for message in sandbox.messages() if message not in before]


async def test_a_long_job_ends_with_a_mention_in_reply_to_the_picture(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        job, picture, address = await painted(client, sandbox, alice, sandbox.channel)
        before = sandbox.messages()
        await Notifications(client, client.people).notify(job, picture, address)
        (sent,) = new_messages(sandbox, before)
        assert sent.channel is sandbox.channel and sent.now.mentions == (alice.id,)
        assert (
            sent.reference["message_id"] == str(picture.message_id)
            or sent.reference["message_id"] == picture.message_id
        )
        assert "quiet" not in sent.now.content


async def test_people_can_choose_a_direct_message_with_a_link_to_the_picture(
    sandbox: Sandbox, start_bot: StartBot
) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        await client.people.change(alice.id, notify="message")
        job, picture, address = await painted(client, sandbox, alice, sandbox.channel)
        before = sandbox.messages()
        await Notifications(client, client.people).notify(job, picture, address)
        (sent,) = new_messages(sandbox, before)
        assert sent.channel is sandbox.dm(alice)
        assert f"/{sandbox.channel.id}/{picture.message_id})" in sent.now.text
        assert "](https://evil" not in sent.now.text


async def test_people_without_direct_messages_are_mentioned_instead(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice", accepts_dms=False)
    async with start_bot() as client:
        await client.people.change(alice.id, notify="message")
        job, picture, address = await painted(client, sandbox, alice, sandbox.channel)
        before = sandbox.messages()
        await Notifications(client, client.people).notify(job, picture, address)
        (sent,) = new_messages(sandbox, before)
        assert sent.channel is sandbox.channel and sent.now.mentions == (alice.id,)


@pytest.mark.parametrize("reason", ["quick", "none", "delivered elsewhere"])
async def test_people_who_need_no_notification_get_none(sandbox: Sandbox, start_bot: StartBot, reason: str) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        job, picture, address = await painted(client, sandbox, alice, sandbox.channel)
        if reason == "quick":
            job = dataclasses.replace(job, created=(job.ended or 0.0) - 60)
        elif reason == "none":
            await client.people.change(alice.id, notify="none")
        else:
            picture = dataclasses.replace(picture, channel_id=1)
        before = sandbox.messages()
        await Notifications(client, client.people).notify(job, picture, address)
        assert new_messages(sandbox, before) == []


async def test_a_user_install_is_notified_by_interaction_token(sandbox: Sandbox, start_bot: StartBot) -> None:
    traveller = sandbox.person("traveller", installed=True)
    async with start_bot() as client:
        place = sandbox.foreign_guild()
        job, picture, address = await painted(client, sandbox, traveller, place)
        before = sandbox.messages()
        token = next(iter(sandbox.world.interactions.values())).token
        alive = dataclasses.replace(address, token=token, token_until=time.time() + 600)
        await Notifications(client, client.people).notify(job, picture, alive)
        (sent,) = new_messages(sandbox, before)
        assert sent.channel is place and sent.now.mentions == (traveller.id,)
        await Notifications(client, client.people).notify(job, picture, address.without_token())
        assert new_messages(sandbox, before) == [sent]


async def test_notify_never_raises(sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        job, picture, address = await painted(client, sandbox, alice, sandbox.channel)
        assert picture.message_id is not None
        sandbox.world.delete(sandbox.world.messages[picture.message_id])
        await Notifications(client, client.people).notify(job, picture, address)

        async def broken(_: int) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(client.people, "preferences", broken)
        await Notifications(client, client.people).notify(job, picture, address)


async def test_people_are_notified_when_a_job_took_long(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = sandbox.person("alice", locale="de"), sandbox.person("bob")
    async with start_bot() as client:
        monkeypatch.setattr(client.notifications, "_long", 0.0)
        await client.people.change(bob.id, notify="message")
        for person in (alice, bob):
            handle = await sandbox.type_command(person, sandbox.channel, "art", {"prompt": "a lake"})
            await handle.until(lambda now: now.file("*.png"))
        await sandbox.until(lambda: [each for each in sandbox.messages() if each.reference is not None], 5)
        await sandbox.until(lambda: sandbox.messages(sandbox.dm(bob)), 5)
        (mentioning,) = [each for each in sandbox.messages() if each.reference is not None]
        assert mentioning.now.mentions == (alice.id,)
