"""Messages as pictures: every type of component is drawn, with any text."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from bot.demo.portrait import WIDTH, portrait
from bot.loopback import InteractionHandle, Sandbox
from tests.bot.conftest import StartBot
from tests.bot.features.actions import paint

LOOK_AT = os.environ.get("ATELIER_PORTRAITS")  # a folder to save the pictures in


async def draw(sandbox: Sandbox, handle: InteractionHandle, name: str) -> Image.Image:
    await handle.until(lambda now: not now.loading)
    assert handle.message is not None
    picture = portrait(handle.message, handle.now, sandbox.world)
    if LOOK_AT:
        picture.convert("RGB").save(Path(LOOK_AT) / f"{name}.png")
    return picture


async def test_messages_are_drawn_with_their_pictures_and_buttons(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        result = await paint(sandbox, "alice", prompt="a lighthouse in a storm @everyone ✨ 灯台 " + "x" * 300)
        await paint(sandbox, "bob", prompt="a red fox", style="painting")
        pictures = {"result": await draw(sandbox, result, "result")}
        for name, options in (
            ("gallery", {}),
            ("show", {"id": 2}),
            ("help", {}),
            ("preferences", {}),
            ("privacy", {}),
            ("queue", {}),
            ("stats", {}),
        ):
            handle = await sandbox.type_command(sandbox.person("bob"), sandbox.channel, name, options)
            pictures[name] = await draw(sandbox, handle, name)
        moderator = sandbox.person("carol", manager=True)
        handle = await sandbox.type_command(moderator, sandbox.channel, "settings", {})
        pictures["settings"] = await draw(sandbox, handle, "settings")
    for name, picture in pictures.items():
        assert picture.width == WIDTH and 100 < picture.height < 6000, name
    colours = {each for _, each in pictures["result"].getcolors(1 << 24) or []}
    assert len(colours) > 20, "text, the picture and the buttons"
