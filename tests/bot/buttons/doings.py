"""What people do to a finished picture."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from bot.sandbox import InteractionHandle, Revision, Sandbox


async def painted(sandbox: Sandbox, name: str = "alice", prompt: str = "a red apple", **options: Any) -> Any:
    handle = await sandbox.type_command(sandbox.person(name), sandbox.channel, "art", {"prompt": prompt, **options})
    await handle.until(lambda now: now.file("*.png"))
    return handle


async def private_answer(sandbox: Sandbox, pressed: InteractionHandle) -> str:
    """What the presser alone is told, whether first answer or follow-up."""
    await pressed.answer()
    if pressed.message is not None and pressed.message.only_for is not None:
        return pressed.now.text
    await sandbox.until(lambda: pressed.followups, 5)
    assert pressed.followups[0].only_for is pressed.interaction.user
    return pressed.followups[0].now.text


def grid_files(count: int) -> dict[str, bytes]:
    """What the painter keeps of a grid: a small picture each."""
    return {f"{number}.png": tile(number) for number in range(1, count + 1)}


def tile(number: int, side: int = 24) -> bytes:
    """A PNG that tells its number by its colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (number * 20, 10, 200)).save(buffer, format="PNG")
    return buffer.getvalue()


def labels(now: Revision) -> list[str]:
    return [each.label for each in now.buttons]
