"""/stats and /leaderboard: statistics drawn as a picture."""

from __future__ import annotations

from bot.bot import Atelier
from bot.features.stats.command import Stats


async def setup(bot: Atelier) -> None:
    await bot.add_cog(Stats(bot))
