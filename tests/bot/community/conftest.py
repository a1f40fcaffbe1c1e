"""People who paint, quickly, at a loopback Discord."""

from __future__ import annotations

from bot.client import Atelier
from bot.sandbox import Channel, InteractionHandle, Sandbox, User
from storage.gallery import Picture


async def paint(
    sandbox: Sandbox, user: User, prompt: str, channel: Channel | None = None, **options: str
) -> InteractionHandle:
    """/art from the command to the finished picture."""
    handle = await sandbox.type_command(user, channel or sandbox.channel, "art", {"prompt": prompt, **options})
    await handle.until(lambda now: now.file("*.png"), 20)
    return handle


async def picture_of(client: Atelier, handle: InteractionHandle) -> Picture:
    """What a finished answer shows, as the gallery has it, once that knows where it was delivered."""
    assert handle.message is not None
    for _ in range(500):
        picture = await client.gallery.by_message(handle.message.id)
        if picture is not None:
            return picture
    raise AssertionError("no picture was delivered with this message")


async def share(sandbox: Sandbox, user: User, handle: InteractionHandle) -> InteractionHandle:
    """Press Share under one's picture and wait for what it says."""
    pressed = await sandbox.press(user, handle, "share")
    await pressed.until(lambda now: not now.loading and now.text)
    return pressed
