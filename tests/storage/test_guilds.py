from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from storage import Database, Guilds, GuildSettings


async def test_a_server_without_rules_has_the_defaults(database: Database) -> None:
    settings = await Guilds(database).get(7)
    assert settings == GuildSettings()
    assert (settings.channels, settings.cost_a_day, settings.safety, settings.star_threshold) == (
        (),
        None,
        "standard",
        1,
    )


async def test_changes_are_kept_and_leave_the_rest(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    guilds = Guilds(database)
    first = await guilds.change(7, channels=(10, 11), priorities=((20, 2), (21, 1)), cost_a_day=12.5)
    second = await guilds.change(7, safety="strict", feed_channel=12, language="pt-BR", channels=())
    await guilds.change(8, open_jobs=5)
    await database.close()
    assert first == GuildSettings(channels=(10, 11), priorities=((20, 2), (21, 1)), cost_a_day=12.5)
    database = await Database.open(tmp_path)
    guilds = Guilds(database)
    assert (
        await guilds.get(7)
        == second
        == GuildSettings(
            priorities=((20, 2), (21, 1)), cost_a_day=12.5, safety="strict", feed_channel=12, language="pt-BR"
        )
    )
    assert await guilds.get(8) == GuildSettings(open_jobs=5)
    await database.close()


@pytest.mark.parametrize(
    "fields",
    [
        {"safety": "none"},
        {"open_jobs": 0},
        {"cost_a_day": -1.0},
        {"cost_a_day": float("nan")},
        {"star_threshold": 0},
        {"channels": ("a",)},
        {"priorities": ((1, 2, 3),)},
    ],
)
async def test_what_makes_no_sense_changes_nothing(database: Database, fields: dict[str, Any]) -> None:
    guilds = Guilds(database)
    await guilds.change(7, open_jobs=3)
    with pytest.raises(ValueError):
        await guilds.change(7, **fields)
    with pytest.raises(TypeError):
        await guilds.change(7, unheard_of=1)
    assert await guilds.get(7) == GuildSettings(open_jobs=3)


async def test_changes_at_the_same_time_are_all_kept(database: Database) -> None:
    guilds = Guilds(database)
    await asyncio.gather(
        guilds.change(7, open_jobs=3), guilds.change(7, feed_channel=12), guilds.change(7, default_style="pixel")
    )
    assert await guilds.get(7) == GuildSettings(open_jobs=3, feed_channel=12, default_style="pixel")


async def test_settings_of_a_later_atelier_are_left_out(database: Database) -> None:
    async with database.transaction() as connection:
        text = json.dumps({"open_jobs": 3, "moon_phase": "full"})
        await connection.execute("INSERT INTO guild (id, settings) VALUES (7, ?)", (text,))
    assert await Guilds(database).get(7) == GuildSettings(open_jobs=3)
