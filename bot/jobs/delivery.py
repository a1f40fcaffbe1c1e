"""Delivery of a job's messages: edits of the reply by interaction token or by bot token, else a direct message.

An interaction token is valid for 15 minutes, and painting may take longer; the bot token can edit the same message if
the bot has access to the channel; a direct message is the last resort. Files that are too large are shrunk, and
requests that fail temporarily are retried.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final, cast

import aiohttp
import discord
import stamina
from cachetools import LRUCache

from bot.text.messages import PREVIEW_NAME, Payload, by_direct_message
from bot.ui.items import view_of
from bot.ui.uploads import Fitted, ResultFiles, Upload, files_of, fit, smaller

TOKEN_MARGIN: Final = 20.0  # seconds before its expiry at which a token is no longer used: uploads take time
DEFAULT_UPLOAD_LIMIT: Final = 10 * 1024 * 1024  # bytes a file, if the limit of the channel is unknown
TOO_LARGE: Final = 40005  # https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
SHOW_SECONDS: Final = 10.0  # timeout of a progress edit, including rate limits
SEND_SECONDS: Final = 150.0  # timeout of one attempt to send a final message
ORIGINAL: Final = cast(int, "@original")  # in place of a message id: the original response to the interaction
MESSAGES_REMEMBERED: Final = 1000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """The address of a job's reply, stored as JSON with the job."""

    application_id: int
    person_id: int
    guild_id: int | None
    channel_id: int | None
    message_id: int | None  # of the reply that is edited
    upload_limit: int  # bytes a file, as the interaction said
    bot_may_edit: bool  # whether the bot token can edit the reply: not where only a user installed the bot
    token: str | None = field(default=None, repr=False)  # of the interaction
    token_until: float = 0.0  # UNIX seconds
    language: str | None = None  # the person's locale

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ReplyAddress:
        """The inverse of `to_json`. Raises `ValueError`."""
        try:
            return cls(**json.loads(text))
        except TypeError:
            raise ValueError("this is not an address") from None

    @classmethod
    def of(cls, interaction: discord.Interaction[Any], message_id: int | None) -> ReplyAddress:
        """The address of the response to an interaction."""
        in_bot_dm = interaction.context.dm_channel is True
        return cls(
            application_id=interaction.application_id,
            person_id=interaction.user.id,
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id,
            message_id=message_id,
            upload_limit=interaction.filesize_limit,
            bot_may_edit=interaction.is_guild_integration() or in_bot_dm,
            token=interaction.token,
            token_until=interaction.expires_at.timestamp(),
            language=str(interaction.locale),
        )

    def without_token(self) -> ReplyAddress:
        return dataclasses.replace(self, token=None, token_until=0.0)


class Stage(IntEnum):
    """The stage of a job that a message shows; an earlier stage never replaces a later one."""

    WAITING = 0
    RUNNING = 1
    ENDED = 2


class Outcome(StrEnum):
    """How a delivery ended."""

    DELIVERED = "delivered"
    LATER = "later"  # Discord can't be reached: to be tried again
    UNREACHABLE = "unreachable"  # Discord refuses all transports


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of a delivery and, if delivered, its message."""

    outcome: Outcome
    channel_id: int | None = None
    message_id: int | None = None


class Transport(StrEnum):
    """How a message gets to a person."""

    TOKEN = "interaction token"
    BOT = "bot token"
    DIRECT = "direct message"


@dataclass(slots=True)
class _Message:
    """The state of a message that this process edits."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    stage: Stage = Stage.WAITING
    refused: set[Transport] = field(default_factory=set)  # by Discord; `deliver` tries all but the token again


Send = Callable[[Payload, tuple[Upload, ...]], Awaitable[discord.Message]]


class Delivery:
    """Delivers messages about jobs through a client."""

    def __init__(
        self,
        client: discord.Client,
        *,
        attempts: int = 6,
        patience: float = 90.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """A final message is tried `attempts` times by each transport, for `patience` seconds at most."""
        self._client = client
        self._attempts = attempts
        self._patience = patience
        self._clock = clock
        self._messages: LRUCache[int, _Message] = LRUCache(MESSAGES_REMEMBERED)

    async def show(
        self, address: ReplyAddress, payload: Payload, preview: bytes | None = None, *, stage: Stage = Stage.RUNNING
    ) -> bool:
        """Edit the reply once, without retries and never by direct message: a newer state follows soon.

        Does nothing if the message already shows a later stage. Returns False if the edit failed, so that the caller
        slows down.
        """
        async with self._locked(address, stage) as message:
            if message.stage > stage:
                return True
            return await self._show(address, message, payload, preview)

    async def deliver(
        self,
        address: ReplyAddress,
        build: Callable[[Fitted], Payload],
        results: ResultFiles | None = None,
        *,
        nonce: str,
    ) -> Receipt:
        """Deliver the final message by the first transport that works.

        `build` makes the message for the files that fit. Repeated deliveries are harmless: an edit is idempotent, and
        with the same `nonce` (at most 25 characters) Discord sends a direct message only once within minutes.
        """
        async with self._locked(address, Stage.ENDED) as message:
            return await self._deliver(address, message, build, results, nonce)

    async def _show(self, address: ReplyAddress, message: _Message, payload: Payload, preview: bytes | None) -> bool:
        uploads = () if preview is None else (Upload(PREVIEW_NAME, preview),)
        for transport, send in self._edits(address):
            if transport in message.refused:
                continue
            try:
                async with asyncio.timeout(SHOW_SECONDS):
                    await send(payload, uploads)
                return True
            except discord.HTTPException as error:
                if not _is_refusal(error) or _is_too_large(error):
                    _log.info("progress edit dropped: %s", error)
                    return False
                message.refused.add(transport)
            except (discord.RateLimited, aiohttp.ClientError, OSError) as error:
                _log.info("progress edit dropped: %r", error)
                return False
        return False

    async def _deliver(
        self,
        address: ReplyAddress,
        message: _Message,
        build: Callable[[Fitted], Payload],
        results: ResultFiles | None,
        nonce: str,
    ) -> Receipt:
        transports = [(transport, send, address.upload_limit) for transport, send in self._edits(address)]
        limit = min(address.upload_limit, DEFAULT_UPLOAD_LIMIT)
        transports.append((Transport.DIRECT, self._direct_message(address, nonce), limit))
        for transport, send, limit in transports:
            if transport is Transport.TOKEN and transport in message.refused:
                continue  # an expired token stays so; access to a channel may come back
            try:
                sent = await self._send_fitting(send, build, results, limit)
            except discord.HTTPException as error:
                if not _is_refusal(error):
                    _log.warning("delivery put off: %s", error)
                    return Receipt(Outcome.LATER)
                _log.info("no delivery by %s: %s", transport, error)
                message.refused.add(transport)
            except (discord.RateLimited, aiohttp.ClientError, OSError) as error:
                _log.warning("delivery put off: %r", error)
                return Receipt(Outcome.LATER)
            else:
                return Receipt(Outcome.DELIVERED, sent.channel.id, sent.id)
        return Receipt(Outcome.UNREACHABLE)

    @asynccontextmanager
    async def _locked(self, address: ReplyAddress, stage: Stage) -> AsyncIterator[_Message]:
        """The locked state of the reply, whose stage is raised to `stage`: one edit of a message at a time."""
        message = _Message()
        if address.message_id is not None:
            message = self._messages.setdefault(address.message_id, message)
        async with message.lock:
            message.stage = max(stage, message.stage)
            yield message

    def _edits(self, address: ReplyAddress) -> list[tuple[Transport, Send]]:
        """The transports that can edit the reply, best first."""
        edits = list[tuple[Transport, Send]]()
        if address.token is not None and self._clock() < address.token_until - TOKEN_MARGIN:
            edits.append((Transport.TOKEN, self._edit_by_token(address, address.token)))
        if address.bot_may_edit and address.channel_id is not None and address.message_id is not None:
            edits.append((Transport.BOT, self._edit_by_bot(address, address.channel_id, address.message_id)))
        return edits

    def _edit_by_token(self, address: ReplyAddress, token: str) -> Send:
        async def send(payload: Payload, uploads: tuple[Upload, ...]) -> discord.Message:
            webhook = discord.Webhook.partial(address.application_id, token, client=self._client)
            return await webhook.edit_message(
                ORIGINAL,
                content=payload.content,
                embed=payload.embed,
                attachments=files_of(uploads),
                view=view_of(payload.items),
                allowed_mentions=payload.allowed_mentions,
            )

        return send

    def _edit_by_bot(self, address: ReplyAddress, channel_id: int, message_id: int) -> Send:
        async def send(payload: Payload, uploads: tuple[Upload, ...]) -> discord.Message:
            channel = self._client.get_partial_messageable(channel_id, guild_id=address.guild_id)
            return await channel.get_partial_message(message_id).edit(
                content=payload.content,
                embed=payload.embed,
                attachments=files_of(uploads),
                view=view_of(payload.items),
                allowed_mentions=payload.allowed_mentions,
            )

        return send

    def _direct_message(self, address: ReplyAddress, nonce: str) -> Send:
        async def send(payload: Payload, uploads: tuple[Upload, ...]) -> discord.Message:
            channel = await self._client.create_dm(discord.Object(address.person_id))
            direct = by_direct_message(payload)
            options: dict[str, Any] = {}
            if direct.embed is not None:
                options["embed"] = direct.embed
            if direct.items:
                options["view"] = view_of(direct.items)
            return await channel.send(
                content=direct.content,
                files=files_of(uploads),
                allowed_mentions=direct.allowed_mentions,
                nonce=nonce,
                **options,
            )

        return send

    async def _send_fitting(
        self, send: Send, build: Callable[[Fitted], Payload], results: ResultFiles | None, limit: int
    ) -> discord.Message:
        """Send by one transport, with smaller files each time Discord calls them too large."""
        fitted = await fit(results, limit)
        while True:
            try:
                return await self._send_with_retries(send, build(fitted), fitted.uploads)
            except discord.HTTPException as error:
                if not _is_too_large(error) or not fitted.uploads:
                    raise
                fitted = await smaller(results, fitted)
                _log.info("too large for Discord, now %d bytes", sum(len(each.data) for each in fitted.uploads))

    async def _send_with_retries(self, send: Send, payload: Payload, uploads: tuple[Upload, ...]) -> discord.Message:
        """Send, with retries after temporary failures: dropped connections, server errors, rate limits."""
        async for attempt in stamina.retry_context(
            on=_retry_after, attempts=self._attempts, timeout=self._patience, wait_initial=0.5, wait_max=15.0
        ):
            with attempt:
                async with asyncio.timeout(SEND_SECONDS):
                    return await send(payload, uploads)
        raise AssertionError("stamina ends with a result or an exception")


def _retry_after(error: Exception) -> bool | float:
    """stamina's hook: whether to retry after this error, or after how many seconds."""
    if isinstance(error, discord.RateLimited):
        return error.retry_after
    if isinstance(error, discord.HTTPException):
        return not _is_refusal(error)
    return isinstance(error, aiohttp.ClientError | OSError)  # a timeout is an OSError


def _is_refusal(error: discord.HTTPException) -> bool:
    """Whether a retry by the same transport is useless."""
    return 400 <= error.status < 500 and error.status not in (408, 429)


def _is_too_large(error: discord.HTTPException) -> bool:
    return error.status == 413 or error.code == TOO_LARGE
