"""/prompts, /remix and the button Share: shared prompts, and requests that start from another person's picture."""

from __future__ import annotations

from bot.bot import Atelier
from bot.features.prompts import buttons, command, page, remix, sharing
from bot.ui.tree import everywhere

__all__ = ["buttons", "page", "setup", "sharing"]  # importing these modules registers their items


async def setup(bot: Atelier) -> None:
    bot.tree.add_command(everywhere(command.prompts))
    bot.tree.add_command(everywhere(remix.remix))
