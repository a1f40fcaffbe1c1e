"""Answers of our own wording: they may hold links and mentions, which `replies.privately` takes out of a stranger's."""

from __future__ import annotations

from typing import Any

import discord


async def whisper(interaction: discord.Interaction[Any], text: str) -> None:
    """Say something to the one who asked, and nobody else; it notifies nobody."""
    nobody = discord.AllowedMentions.none()
    if interaction.response.is_done():
        await interaction.followup.send(text, wait=True, ephemeral=True, allowed_mentions=nobody)
    else:
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=nobody)
