"""The buttons under a finished picture, and the context menus of its message."""

from __future__ import annotations

from bot.bot import Atelier
from bot.features.results import buttons, describe, edit, film, painting, pick
from bot.ui.tree import everywhere

__all__ = [
    "buttons",
    "describe",
    "edit",
    "film",
    "painting",
    "pick",
    "setup",
]  # importing them registers their items


async def setup(bot: Atelier) -> None:
    for menu in (describe.describe_menu, buttons.prompt_menu):
        bot.tree.add_command(everywhere(menu))
