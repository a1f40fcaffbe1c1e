from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.bot import Atelier
from bot.jobs.limits import draft_work, in_drafts
from bot.loopback import Channel, InteractionHandle, Sandbox, User
from tests.bot.conftest import StartBot, eventually
from tests.bot.fake_painter import FakePainter


async def ask(
    sandbox: Sandbox, person: User, prompt: str = "a sea", where: Channel | None = None, **options: Any
) -> InteractionHandle:
    return await sandbox.type_command(person, where or sandbox.channel, "art", {"prompt": prompt, **options})


async def is_painted(handle: InteractionHandle) -> bool:
    return bool(await handle.until(lambda now: now.file("*.png")))


async def refused(sandbox: Sandbox, client: Atelier, handle: InteractionHandle) -> str:
    """The text of a private refusal; no job was added."""
    await handle.answer()
    assert handle.message is not None and handle.message.only_for is handle.interaction.user
    assert await client.queue.open_jobs(handle.interaction.user.id) == []
    return handle.now.text


async def test_channels(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, other = sandbox.person("alice", installed=True), sandbox.add_channel("paintings")
    async with start_bot() as client:
        await client.guild_settings.change(sandbox.guild.id, channels=(other.id,))
        said = await refused(sandbox, client, await ask(sandbox, alice))
        assert "please ask me in #paintings" in said
        assert await is_painted(await ask(sandbox, alice, where=other))
        # What one server decides is nobody's business elsewhere.
        assert await is_painted(await ask(sandbox, alice, where=sandbox.dm(alice)))
        await client.guild_settings.change(sandbox.guild.id, channels=())
        assert await is_painted(await ask(sandbox, alice))


async def test_roles(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob, boss = sandbox.person("alice"), sandbox.person("bob"), sandbox.person("boss", manager=True)
    artists = sandbox.add_role("Artists", alice)
    async with start_bot() as client:
        await client.guild_settings.change(sandbox.guild.id, roles=(artists,))
        assert await is_painted(await ask(sandbox, alice))
        assert "these roles paint: Artists" in await refused(sandbox, client, await ask(sandbox, bob))
        assert await is_painted(await ask(sandbox, boss))


async def test_quality(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        await client.guild_settings.change(sandbox.guild.id, largest_quality="normal")
        said = await refused(sandbox, client, await ask(sandbox, alice, quality="best"))
        assert "choose normal or less" in said
        assert await is_painted(await ask(sandbox, alice, quality="normal"))


async def test_the_style_where_none_is_chosen(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        await client.guild_settings.change(sandbox.guild.id, default_style="pixel")
        assert await is_painted(await ask(sandbox, alice))
        assert await is_painted(await ask(sandbox, alice, style="sketch"))
        pictures = [await client.gallery.get(number) for number in (1, 2)]
        assert [picture.style for picture in pictures if picture] == ["pixel", "sketch"]


async def test_words(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        assert "“gore”" in await refused(sandbox, client, await ask(sandbox, alice, "gore"))
        assert "“gore”" in await refused(sandbox, client, await ask(sandbox, alice, "gore", where=sandbox.dm(alice)))
        await client.guild_settings.change(sandbox.guild.id, safety="off")
        assert await is_painted(await ask(sandbox, alice, "gore"))
        await client.guild_settings.change(sandbox.guild.id, safety="strict")
        assert "“nude”" in await refused(sandbox, client, await ask(sandbox, alice, "a nude"))


async def test_open_jobs(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    painter = FakePainter()
    async with start_bot(painter) as client:
        await client.guild_settings.change(sandbox.guild.id, open_jobs=1)
        painter.unblocked.clear()
        first = await ask(sandbox, alice)
        await first.until(lambda now: now.buttons)
        second = await (await ask(sandbox, alice)).answer()
        assert "one at a time" in second.now.text
        elsewhere = await ask(sandbox, alice, where=sandbox.dm(alice))
        painter.unblocked.set()
        assert await is_painted(first) and await is_painted(elsewhere)


async def test_the_budget_of_a_day(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot() as client:
        draft = draft_work("mini")
        await client.guild_settings.change(sandbox.guild.id, cost_a_day=2.5 * draft)
        for _ in range(2):
            assert await is_painted(await ask(sandbox, alice))
        said = await refused(sandbox, client, await ask(sandbox, alice))
        assert "the work of 2.5 drafts; you have 0.5 left, and this picture takes 1" in said
        assert await is_painted(await ask(sandbox, bob))


async def test_concurrent_requests_do_not_slip_past_a_limit(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    painter = FakePainter()
    painter.unblocked.clear()
    async with start_bot(painter) as client:
        await client.guild_settings.change(sandbox.guild.id, open_jobs=1)
        handles = await asyncio.gather(*[ask(sandbox, alice, f"sea {number}") for number in range(3)])
        await sandbox.until(lambda: sum("one at a time" in each.now.text for each in sandbox.messages()) == 2, 10)
        assert len(await client.queue.open_jobs(alice.id)) == 1
        painter.unblocked.set()
        await asyncio.gather(*[handle.answer() for handle in handles])


async def test_roles_with_priority_are_painted_first(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob, carol = sandbox.person("alice"), sandbox.person("bob"), sandbox.person("carol")
    sponsors, guests = sandbox.add_role("Sponsors", carol), sandbox.add_role("Guests", bob)
    painter = FakePainter()
    async with start_bot(painter) as client:
        await client.guild_settings.change(sandbox.guild.id, priorities=((sponsors, 1), (guests, -1)))
        painter.unblocked.clear()
        running = await ask(sandbox, sandbox.person("dora"), "running")
        await eventually(lambda: painter.orders)
        for person in (bob, alice, carol):
            await (await ask(sandbox, person, f"of {person.name}")).until(lambda now: now.buttons)
        assert [job.priority for job in await client.queue.open_jobs()] == [0, 1, 0, -1]
        painter.unblocked.set()
        await is_painted(running)
        await eventually(lambda: len(painter.orders) == 4)
        assert [order.spec.prompt for order in painter.orders[1:]] == ["of carol", "of alice", "of bob"]


@pytest.mark.parametrize(
    ("work", "down", "said"), [(3.0, False, "3"), (2.46, False, "2.5"), (0.99, True, "0.9"), (0.0, True, "0")]
)
def test_work_in_drafts(work: float, down: bool, said: str) -> None:
    assert in_drafts(work, 1.0, down=down) == said
