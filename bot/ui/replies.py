"""Replies to interactions: deferring in time, private (ephemeral) answers, and sentences for exceptions."""

from __future__ import annotations

import logging
from typing import Any, Final

import aiohttp
import discord
import stamina
from discord import app_commands

from bot.text.language import N_, _, localised
from bot.text.messages import refusal
from engine.errors import AtelierError
from storage.errors import StorageError

UNKNOWN_INTERACTION: Final = 10062  # the token is no longer valid
ALREADY_ACKNOWLEDGED: Final = 40060
ANSWER_SECONDS: Final = 3.0  # Discord's limit for the first response to an interaction
SOMETHING_WRONG: Final = N_("Something went wrong on my side, and I noted it. Please try again in a moment.")
STORAGE_WRONG: Final = N_(
    "I can't keep anything at the moment; please tell the person who runs me, and try again later."
)
COMMAND_CHANGED: Final = N_("This command has changed since your Discord loaded it: restart Discord and try again.")

_log = logging.getLogger(__name__)


async def acknowledge(interaction: discord.Interaction[Any]) -> int | None:
    """Defer the response ("thinking …") and return the id of its message, or None if Discord does not say.

    Retried after network errors; if Discord had accepted an attempt whose response was lost, the next one notices.
    Raises discord.py's exceptions if Discord did not accept it; then nobody waits for an answer.
    """
    async for attempt in stamina.retry_context(
        on=(aiohttp.ClientError, OSError), attempts=3, timeout=ANSWER_SECONDS - 0.5, wait_initial=0.05, wait_max=0.5
    ):
        with attempt:
            try:
                response = await interaction.response.defer(thinking=True)
            except discord.HTTPException as error:
                if error.code != ALREADY_ACKNOWLEDGED or attempt.num == 1:
                    raise
                return (await interaction.original_response()).id
            return None if response is None else response.message_id
    raise AssertionError("stamina ends with a result or an exception")


async def privately(interaction: discord.Interaction[Any], sentence: str, view: discord.ui.View | None = None) -> None:
    """Answer with an ephemeral sentence, escaped and without mentions, and with buttons if there is a view."""
    payload = refusal(sentence)
    options: dict[str, Any] = {"ephemeral": True, "allowed_mentions": payload.allowed_mentions}
    if view is not None:
        options["view"] = view
    if interaction.response.is_done():
        await interaction.followup.send(payload.content, wait=True, **options)
    else:
        await interaction.response.send_message(payload.content, **options)


async def whisper(interaction: discord.Interaction[Any], text: str) -> None:
    """Answer with an ephemeral text of our own, which unlike `privately` may have Markdown, links and mentions."""
    mentions = discord.AllowedMentions.none()
    if interaction.response.is_done():
        await interaction.followup.send(text, wait=True, ephemeral=True, allowed_mentions=mentions)
    else:
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=mentions)


async def withdraw(interaction: discord.Interaction[Any], sentence: str) -> None:
    """Delete the public deferred response and answer with an ephemeral sentence instead."""
    try:
        await interaction.delete_original_response()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        _log.info("the deferred response could not be deleted: %r", error)
    await privately(interaction, sentence)


async def explain(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Answer with the sentence for an exception; never raises."""
    if isinstance(error, discord.NotFound) and error.code == UNKNOWN_INTERACTION:
        _log.warning("an interaction came too late to be answered")
        return
    try:
        await privately(interaction, sentence_for(error))
    except Exception as failure:
        _log.warning("could not tell a person about %r: %r", error, failure)


def sentence_for(error: BaseException) -> str:
    """The sentence for an exception, in the current language; unexpected ones are logged with their traceback."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, AtelierError):
        return localised(error.message)
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return _(COMMAND_CHANGED)
    if isinstance(error, app_commands.TransformerError):
        return _("“{value}” is not something that option takes; please choose another value.", value=error.value)
    if isinstance(error, StorageError):
        _log.error("storage failed: %s", error)
        return _(STORAGE_WRONG)
    _log.error("unexpected failure", exc_info=error)
    return _(SOMETHING_WRONG)


def may_manage(interaction: discord.Interaction[Any], person_id: int, guild_id: int | None) -> bool:
    """Whether the user is `person_id`, or may manage messages in the guild `guild_id` and is there now."""
    if interaction.user.id == person_id:
        return True
    return guild_id is not None and interaction.guild_id == guild_id and interaction.permissions.manage_messages
