from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.features.moderation.settings import MOST_OPEN, read_limits
from bot.loopback import CommandRefused, InteractionHandle, Sandbox, User
from engine.errors import InputError
from storage.guilds import GuildSettings
from tests.bot.conftest import StartBot


async def open_settings(sandbox: Sandbox, person: User) -> InteractionHandle:
    return await (await sandbox.type_command(person, sandbox.channel, "settings")).answer()


async def choose(sandbox: Sandbox, person: User, shown: InteractionHandle, field: str, *values: str | int) -> None:
    await (await sandbox.choose(person, shown, f"atelier:guild:{field}", *values)).answer()


async def test_every_choice_is_kept_and_shown(sandbox: Sandbox, start_bot: StartBot) -> None:
    boss, guild = sandbox.person("boss", manager=True), sandbox.guild
    artists, sponsors = sandbox.add_role("Artists"), sandbox.add_role("Sponsors")
    feed = sandbox.add_channel("feed")
    async with start_bot() as client:
        shown = await open_settings(sandbox, boss)
        assert shown.message is not None and shown.message.only_for is boss
        await choose(sandbox, boss, shown, "channels", sandbox.channel.id, feed.id)
        await choose(sandbox, boss, shown, "roles", artists)
        await choose(sandbox, boss, shown, "first", sponsors, artists)
        await choose(sandbox, boss, shown, "last", artists)
        await choose(sandbox, boss, shown, "feed_channel", feed.id)
        await choose(sandbox, boss, shown, "safety", "strict")
        await choose(sandbox, boss, shown, "language", "Deutsch")
        expected = GuildSettings(
            channels=(sandbox.channel.id, feed.id),
            roles=(artists,),
            priorities=((sponsors, 1), (artists, -1)),
            feed_channel=feed.id,
            safety="strict",
            language="de",
        )
        assert await client.guild_settings.get(guild.id) == expected
        menus = {each["custom_id"]: each for row in rows(shown) for each in row["components"]}
        assert [each["id"] for each in menus["atelier:guild:last"]["default_values"]] == [artists]
        assert [each["value"] for each in menus["atelier:guild:safety"]["options"] if each.get("default")] == ["strict"]
        await choose(sandbox, boss, shown, "channels")
        assert (await client.guild_settings.get(guild.id)).channels == ()
    async with start_bot() as client:
        assert (await client.guild_settings.get(guild.id)).roles == (artists,)
        await choose(sandbox, boss, shown, "roles")  # the old message still works after a restart
        assert (await client.guild_settings.get(guild.id)).roles == ()


def rows(shown: InteractionHandle) -> list[Any]:
    (container,) = shown.now.components
    return [each for each in container["components"] if each["type"] == 1]


async def test_limits_are_set_in_a_form_and_shown_at_once(sandbox: Sandbox, start_bot: StartBot) -> None:
    boss = sandbox.person("boss", manager=True)
    async with start_bot() as client:
        shown = await open_settings(sandbox, boss)
        assert "Open pictures a person: no limit" in shown.now.text
        form = await (await sandbox.press(boss, shown, "atelier:guild:limits")).answer()
        values = {
            "open_jobs": "2",
            "cost_a_day": "30",
            "star_threshold": "3",
            "largest_quality": "better",
            "default_style": "pixel",
        }
        await (await sandbox.submit(boss, form, values)).answer()
        await shown.until(lambda now: "Open pictures a person: 2" in now.text)
        for words in ("the work of 30 drafts", "Largest quality: better", "chosen: pixel", "with 3 stars"):
            assert words in shown.now.text
        kept = await client.guild_settings.get(sandbox.guild.id)
        assert (kept.open_jobs, kept.star_threshold, kept.largest_quality) == (2, 3, "better")
        form = await (await sandbox.press(boss, shown, "atelier:guild:limits")).answer()
        wrong = await (await sandbox.submit(boss, form, {"open_jobs": "many"})).answer()
        assert wrong.message is not None and "is not a whole number from 1 to 100" in wrong.now.text
        assert await client.guild_settings.get(sandbox.guild.id) == kept
        form = await (await sandbox.press(boss, shown, "atelier:guild:limits")).answer()
        await (await sandbox.submit(boss, form, {"open_jobs": "", "cost_a_day": ""})).answer()
        await shown.until(lambda now: "a day and person: no limit" in now.text)


async def test_only_managers_change_settings(sandbox: Sandbox, start_bot: StartBot) -> None:
    boss, bob = sandbox.person("boss", manager=True), sandbox.person("bob", moderator=True)
    async with start_bot() as client:
        refused = await open_settings(sandbox, bob)
        assert refused.message is not None and "Only those who manage this server" in refused.now.text
        shown = await open_settings(sandbox, boss)
        sandbox.guild.managers.clear()
        await choose(sandbox, boss, shown, "safety", "off")
        assert (await client.guild_settings.get(sandbox.guild.id)).safety == "standard"
        with pytest.raises(CommandRefused):
            await sandbox.type_command(boss, sandbox.dm(boss), "settings")


async def test_choices_made_at_once_all_count(sandbox: Sandbox, start_bot: StartBot) -> None:
    boss = sandbox.person("boss", manager=True)
    async with start_bot() as client:
        shown = await open_settings(sandbox, boss)
        await asyncio.gather(
            choose(sandbox, boss, shown, "safety", "off"),
            choose(sandbox, boss, shown, "language", "ja"),
            choose(sandbox, boss, shown, "channels", sandbox.channel.id),
        )
        kept = await client.guild_settings.get(sandbox.guild.id)
        assert (kept.safety, kept.language, kept.channels) == ("off", "ja", (sandbox.channel.id,))


@pytest.mark.parametrize("typed", ["0", "-1", "1.5", "٣", "1e3", "9" * 40, "⑨", str(MOST_OPEN + 1)])
def test_what_is_no_number_of_pictures_is_refused(typed: str) -> None:
    with pytest.raises(InputError, match="whole number"):
        read_limits({"open_jobs": typed}, 1.0)


def test_empty_fields_and_unknown_choices_mean_no_limit() -> None:
    read = read_limits({"open_jobs": " ", "largest_quality": "unset", "default_style": "oil"}, 1.0)
    assert read == {
        "open_jobs": None,
        "cost_a_day": None,
        "star_threshold": 1,
        "largest_quality": None,
        "default_style": None,
    }
