"""/settings, /reports and the context menu “Report”: the moderators' settings of a server, and reported pictures."""

from __future__ import annotations

from bot.bot import Atelier
from bot.features.moderation import reports, settings
from bot.ui.tree import everywhere


async def setup(bot: Atelier) -> None:
    bot.tree.add_command(settings.settings)
    bot.tree.add_command(reports.reports)
    bot.tree.add_command(everywhere(reports.report))
