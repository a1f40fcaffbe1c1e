"""Getting a message in front of a person: by interaction token, then by bot token, then as a direct message.

An interaction token lives 15 minutes and painting may take longer; the bot token reaches the same message where the
bot itself may see the channel; a direct message is the last way. What is too large is shrunk, and what was dropped is
sent again.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final, cast

import aiohttp
import discord
import stamina

from bot.buttons import view_of
from bot.messages import PREVIEW_NAME, Payload, by_direct_message
from bot.uploads import Fitted, ResultFiles, Upload, files_of, fit, smaller

TOKEN_MARGIN: Final = 20.0  # seconds before its end at which a token is no longer used: uploads take time
DEFAULT_UPLOAD_LIMIT: Final = 10 * 1024 * 1024  # bytes a file, where no better is known
TOO_LARGE: Final = 40005  # https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
SHOW_SECONDS: Final = 10.0  # what one progress edit may take, waiting for rate limits included
SEND_SECONDS: Final = 150.0  # what one upload of the result may take
ORIGINAL: Final = cast(int, "@original")  # the answer to an interaction; goes into the address like any message id
MESSAGES_REMEMBERED: Final = 1000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """Where an answer goes. Kept as JSON with the job, so that it is found after a restart."""

    application_id: int
    person_id: int
    guild_id: int | None
    channel_id: int | None
    message_id: int | None  # of the answer that is edited
    upload_limit: int  # bytes a file, as Discord said with the interaction
    bot_may_edit: bool  # whether the bot token reaches the channel: not where only a person installed the bot
    token: str | None = field(default=None, repr=False)  # of the interaction
    token_until: float = 0.0  # UNIX seconds
    language: str | None = None  # of the person, as their Discord said with the interaction

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ReplyAddress:
        """Read it back. Raises ValueError for anything that is no address."""
        try:
            return cls(**json.loads(text))
        except TypeError:
            raise ValueError("this is not an address") from None

    @classmethod
    def of(cls, interaction: discord.Interaction[Any], message_id: int | None) -> ReplyAddress:
        """The address of the message that answered this interaction."""
        in_own_direct_messages = interaction.context.dm_channel is True
        return cls(
            application_id=interaction.application_id,
            person_id=interaction.user.id,
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id,
            message_id=message_id,
            upload_limit=interaction.filesize_limit,
            bot_may_edit=interaction.is_guild_integration() or in_own_direct_messages,
            token=interaction.token,
            token_until=interaction.expires_at.timestamp(),
            language=str(interaction.locale),
        )

    def without_token(self) -> ReplyAddress:
        return dataclasses.replace(self, token=None, token_until=0.0)


class Stage(IntEnum):
    """What a message tells of; a later stage is never replaced by an earlier one."""

    WAITING = 0
    RUNNING = 1
    ENDED = 2


class Outcome(StrEnum):
    """How a delivery ended."""

    DELIVERED = "delivered"
    LATER = "later"  # Discord can't be reached: try again
    UNREACHABLE = "unreachable"  # no way to this person is left


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome and, where delivered, the message that carries the answer."""

    outcome: Outcome
    channel_id: int | None = None
    message_id: int | None = None


class Way(StrEnum):
    """The ways to a person."""

    TOKEN = "interaction token"
    BOT = "bot token"
    DIRECT = "direct message"


@dataclass(slots=True)
class _Message:
    """What this process knows of a message it edits."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    stage: Stage = Stage.WAITING
    refused: set[Way] = field(default_factory=set)


Send = Callable[[Payload, tuple[Upload, ...]], Awaitable[discord.Message]]


class Delivery:
    """The ways to a person, through one client."""

    def __init__(
        self,
        client: discord.Client,
        *,
        attempts: int = 6,
        patience: float = 90.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """A result is tried `attempts` times by each way, for `patience` seconds in all, until it is for later."""
        self._client = client
        self._attempts = attempts
        self._patience = patience
        self._clock = clock
        self._messages: OrderedDict[int, _Message] = OrderedDict()

    async def show(
        self, address: ReplyAddress, payload: Payload, preview: bytes | None = None, *, stage: Stage = Stage.RUNNING
    ) -> bool:
        """Edit the answer once, by the first way that is open; never by direct message, never again.

        A newer state follows soon, so a failure costs nothing but this frame. Returns whether there is reason to go on
        as often as before; does nothing where the message already tells of a later stage.
        """
        async with self._turn(address, stage) as message:
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
        """Bring the final message to the person, by whichever way works.

        `build` makes the message for what is left of the files. Editing the same message again does no harm, and
        `nonce` (at most 25 characters) keeps Discord from taking a direct message twice within minutes.
        """
        async with self._turn(address, Stage.ENDED) as message:
            return await self._deliver(address, message, build, results, nonce)

    async def _show(self, address: ReplyAddress, message: _Message, payload: Payload, preview: bytes | None) -> bool:
        uploads = () if preview is None else (Upload(PREVIEW_NAME, preview),)
        for way, send in self._edits(address):
            if way in message.refused:
                continue
            try:
                async with asyncio.timeout(SHOW_SECONDS):
                    await send(payload, uploads)
                return True
            except discord.HTTPException as error:
                if not _is_refusal(error) or _is_too_large(error):
                    _log.info("progress edit dropped: %s", error)
                    return False
                message.refused.add(way)
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
        ways = [(way, send, address.upload_limit) for way, send in self._edits(address)]
        limit = min(address.upload_limit, DEFAULT_UPLOAD_LIMIT)
        ways.append((Way.DIRECT, self._direct_message(address, nonce), limit))
        for way, send, limit in ways:
            if way is Way.TOKEN and way in message.refused:
                continue  # a token never comes back; a channel may
            try:
                sent = await self._persist(send, build, results, limit)
            except discord.HTTPException as error:
                if not _is_refusal(error):
                    _log.warning("delivery put off: %s", error)
                    return Receipt(Outcome.LATER)
                _log.info("no delivery by %s: %s", way, error)
                message.refused.add(way)
            except (discord.RateLimited, aiohttp.ClientError, OSError) as error:
                _log.warning("delivery put off: %r", error)
                return Receipt(Outcome.LATER)
            else:
                return Receipt(Outcome.DELIVERED, sent.channel.id, sent.id)
        return Receipt(Outcome.UNREACHABLE)

    @asynccontextmanager
    async def _turn(self, address: ReplyAddress, stage: Stage) -> AsyncIterator[_Message]:
        """One edit of a message at a time, and what is known of it; its stage only rises."""
        message = _Message()
        if address.message_id is not None:
            message = self._messages.setdefault(address.message_id, message)
            self._messages.move_to_end(address.message_id)
            while len(self._messages) > MESSAGES_REMEMBERED:
                self._messages.popitem(last=False)
        async with message.turn:
            message.stage = max(stage, message.stage)
            yield message

    def _edits(self, address: ReplyAddress) -> list[tuple[Way, Send]]:
        """The ways to edit the answer, best first."""
        ways = list[tuple[Way, Send]]()
        if address.token is not None and self._clock() < address.token_until - TOKEN_MARGIN:
            ways.append((Way.TOKEN, self._edit_by_token(address, address.token)))
        if address.bot_may_edit and address.channel_id is not None and address.message_id is not None:
            ways.append((Way.BOT, self._edit_by_bot(address, address.channel_id, address.message_id)))
        return ways

    def _edit_by_token(self, address: ReplyAddress, token: str) -> Send:
        async def send(payload: Payload, uploads: tuple[Upload, ...]) -> discord.Message:
            webhook = discord.Webhook.partial(address.application_id, token, client=self._client)
            return await webhook.edit_message(
                ORIGINAL,
                content=payload.content,
                embed=payload.embed,
                attachments=files_of(uploads),
                view=view_of(payload.buttons, payload.language),
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
                view=view_of(payload.buttons, payload.language),
                allowed_mentions=payload.allowed_mentions,
            )

        return send

    def _direct_message(self, address: ReplyAddress, nonce: str) -> Send:
        async def send(payload: Payload, uploads: tuple[Upload, ...]) -> discord.Message:
            channel = await self._client.create_dm(discord.Object(address.person_id))
            said = by_direct_message(payload)
            given: dict[str, Any] = {}
            if said.embed is not None:
                given["embed"] = said.embed
            if said.buttons:
                given["view"] = view_of(said.buttons, said.language)
            return await channel.send(
                content=said.content,
                files=files_of(uploads),
                allowed_mentions=said.allowed_mentions,
                nonce=nonce,
                **given,
            )

        return send

    async def _persist(
        self, send: Send, build: Callable[[Fitted], Payload], results: ResultFiles | None, limit: int
    ) -> discord.Message:
        """Send by one way until it is taken, smaller each time it is called too large."""
        fitted = await fit(results, limit)
        while True:
            try:
                return await self._retried(send, build(fitted), fitted.uploads)
            except discord.HTTPException as error:
                if not _is_too_large(error) or not fitted.uploads:
                    raise
                fitted = await smaller(results, fitted)
                _log.info("too large for Discord, now %d bytes", sum(len(each.data) for each in fitted.uploads))

    async def _retried(self, send: Send, payload: Payload, uploads: tuple[Upload, ...]) -> discord.Message:
        """Send, and again after what passes: dropped connections, failures of Discord's, rate limits."""
        async for attempt in stamina.retry_context(
            on=_pause, attempts=self._attempts, timeout=self._patience, wait_initial=0.5, wait_max=15.0
        ):
            with attempt:
                async with asyncio.timeout(SEND_SECONDS):
                    return await send(payload, uploads)
        raise AssertionError("stamina ends with a result or an exception")


def _pause(error: Exception) -> bool | float:
    """Whether to try again after this, or after how many seconds at least."""
    if isinstance(error, discord.RateLimited):
        return error.retry_after
    if isinstance(error, discord.HTTPException):
        return not _is_refusal(error)
    return isinstance(error, aiohttp.ClientError | OSError)  # a timeout is an OSError


def _is_refusal(error: discord.HTTPException) -> bool:
    """Whether asking again in the same way is useless."""
    return 400 <= error.status < 500 and error.status not in (408, 429)


def _is_too_large(error: discord.HTTPException) -> bool:
    return error.status == 413 or error.code == TOO_LARGE
