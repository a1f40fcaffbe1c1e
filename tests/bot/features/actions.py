"""What people do in Discord, for tests of several features."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from bot.bot import Atelier
from bot.loopback import Channel, InteractionHandle, Sandbox, User
from storage.gallery import Picture


async def paint(
    sandbox: Sandbox,
    user: User | str = "alice",
    prompt: str = "a red apple",
    channel: Channel | None = None,
    **options: Any,
) -> InteractionHandle:
    """Use /art and wait for the finished picture."""
    person = sandbox.person(user) if isinstance(user, str) else user
    handle = await sandbox.type_command(person, channel or sandbox.channel, "art", {"prompt": prompt, **options})
    await handle.until(lambda now: now.file("*.png"))
    return handle


async def picture_of(client: Atelier, handle: InteractionHandle) -> Picture:
    """The picture in a final message, from the gallery, once its message is noted there."""
    assert handle.message is not None
    for _ in range(500):
        picture = await client.gallery.by_message(handle.message.id)
        if picture is not None:
            return picture
    raise AssertionError("no picture was delivered with this message")


async def share(sandbox: Sandbox, user: User, handle: InteractionHandle) -> InteractionHandle:
    """Press Share under a picture and wait for the response."""
    pressed = await sandbox.press(user, handle, "share")
    await pressed.until(lambda now: not now.loading and now.text)
    return pressed


async def private_answer(sandbox: Sandbox, pressed: InteractionHandle) -> str:
    """The text of the ephemeral response, or of the first follow-up, which must be ephemeral."""
    await pressed.answer()
    if pressed.message is not None and pressed.message.only_for is not None:
        return pressed.now.text
    await sandbox.until(lambda: pressed.followups, 5)
    assert pressed.followups[0].only_for is pressed.interaction.user
    return pressed.followups[0].now.text


def grid_files(count: int) -> dict[str, bytes]:
    """The single pictures of a grid, as the painter reports them."""
    return {f"{number}.png": tile(number) for number in range(1, count + 1)}


def tile(number: int, side: int = 24) -> bytes:
    """A PNG whose colour depends on its number."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (number * 20, 10, 200)).save(buffer, format="PNG")
    return buffer.getvalue()
