"""/privacy: a person's data: see, export or erase it."""

from __future__ import annotations

from bot.bot import Atelier
from bot.features.privacy.command import privacy
from bot.ui.tree import everywhere


async def setup(bot: Atelier) -> None:
    bot.tree.add_command(everywhere(privacy))
