"""Challenges: a theme for a few days, one entry per person, and votes."""

from __future__ import annotations

from bot.bot import Atelier
from bot.features.challenges.command import challenge
from bot.features.challenges.host import ChallengeHost


async def setup(bot: Atelier) -> None:
    bot.tree.add_command(challenge)
    await bot.add_cog(ChallengeHost(bot))
