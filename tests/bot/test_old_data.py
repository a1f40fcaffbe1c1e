"""A data folder of an older version opens, and what it holds is shown and can be painted on from."""

from __future__ import annotations

from bot.loopback import Sandbox
from engine.spec.artspec import ArtSpec
from tests.bot.conftest import StartBot
from tests.bot.features.actions import paint

OLD_SPEC = '{"version":2,"prompt":"a fox","style":"painting","ground":"toned"}'


async def test_a_picture_from_before_a_field_was_renamed(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        await paint(sandbox)
        async with client.database.transaction() as connection:
            await connection.execute("UPDATE picture SET spec = ?", (OLD_SPEC,))
    async with start_bot() as client:
        shown = await sandbox.type_command(alice, sandbox.channel, "show", {"id": 1})
        now = await shown.until(lambda now: now.file("*.png"))
        assert "a fox" in now.text and "background toned" in now.text
        told = await (await sandbox.press(alice, shown, "atelier:settings:1")).answer()
        assert "background toned" in told.now.text
        again = await sandbox.press(alice, shown, "atelier:again:1")
        await again.until(lambda now: now.file("*.png"))
        picture = await client.gallery.get(2)
        assert picture is not None and ArtSpec.from_json(picture.spec).background == "toned"
