"""/gallery and /show: browsing finished pictures."""

from __future__ import annotations

from bot.bot import Atelier
from bot.features.gallery import command
from bot.ui.tree import everywhere


async def setup(bot: Atelier) -> None:
    bot.tree.add_command(everywhere(command.gallery))
    bot.tree.add_command(everywhere(command.show))
