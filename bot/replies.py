"""Answering an interaction: in time, privately, and with a sentence whatever went wrong."""

from __future__ import annotations

import logging
from typing import Any, Final

import aiohttp
import discord
import stamina
from discord import app_commands

from bot.language import Language, LocalisedInputError, say, to_say
from bot.messages import refusal
from engine.errors import AtelierError
from storage.errors import StorageError

UNKNOWN_INTERACTION: Final = 10062  # answered too late, or not ours any more
ALREADY_ACKNOWLEDGED: Final = 40060
ANSWER_SECONDS: Final = 3.0  # Discord gives up on an interaction after this
SOMETHING_WRONG: Final = to_say("Something went wrong on my side, and I noted it. Please try again in a moment.")
STORAGE_WRONG: Final = to_say(
    "I can't keep anything at the moment; please tell the person who runs me, and try again later."
)
COMMAND_CHANGED: Final = to_say("This command has changed since your Discord loaded it: restart Discord and try again.")

_log = logging.getLogger(__name__)


async def acknowledge(interaction: discord.Interaction[Any]) -> int | None:
    """Tell Discord that an answer follows, and return the id of the message that will carry it (None: not told).

    Safe to repeat: when the connection dropped after Discord had taken the answer, the second try finds that out.
    Raises what discord.py raises when Discord did not take it; then nobody waits for an answer.
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
    """Say a sentence to the one who asked, and nobody else; with buttons where there is something to do about it."""
    payload = refusal(sentence)
    given: dict[str, Any] = {"ephemeral": True, "allowed_mentions": payload.allowed_mentions}
    if view is not None:
        given["view"] = view
    if interaction.response.is_done():
        await interaction.followup.send(payload.content, wait=True, **given)
    else:
        await interaction.response.send_message(payload.content, **given)


async def withdraw(interaction: discord.Interaction[Any], sentence: str) -> None:
    """Replace the public answer that was promised with a private sentence."""
    try:
        await interaction.delete_original_response()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        _log.info("the promised answer stays: %r", error)
    await privately(interaction, sentence)


async def explain(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Answer the person with what went wrong; never raises."""
    if isinstance(error, discord.NotFound) and error.code == UNKNOWN_INTERACTION:
        _log.warning("an interaction came too late to be answered")
        return
    try:
        await privately(interaction, sentence_for(error, interaction.locale))
    except Exception as second:
        _log.warning("could not tell a person about %r: %r", error, second)


def sentence_for(error: BaseException, language: Language = None) -> str:
    """What a person is told about an exception; what is nobody's fault but ours is logged with its traceback."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, LocalisedInputError):
        return error.said(language)
    if isinstance(error, AtelierError):
        return say(language, str(error))  # the engine speaks English
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return say(language, COMMAND_CHANGED)
    if isinstance(error, app_commands.TransformerError):
        return say(
            language, "“{value}” is not something that option takes; please choose another value.", value=error.value
        )
    if isinstance(error, StorageError):
        _log.error("storage failed: %s", error)
        return say(language, STORAGE_WRONG)
    _log.error("unexpected failure", exc_info=error)
    return say(language, SOMETHING_WRONG)


def may_manage(interaction: discord.Interaction[Any], person_id: int, guild_id: int | None) -> bool:
    """Whether who interacts owns this, or moderates the guild it is in."""
    if interaction.user.id == person_id:
        return True
    return guild_id is not None and interaction.guild_id == guild_id and interaction.permissions.manage_messages
