"""The REST API, version 10: the routes a bot of slash commands, buttons and pictures needs.

The handler of a route is a method of `Rest` that takes a `Call` and returns the JSON of the response (`None`: 204) or
raises a `Refusal`. `serve` does what is common to all: reading, recording, faults, rate limits, the bot token, errors.
"""

from __future__ import annotations

import asyncio
import functools
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aiohttp import BodyPartReader, web

from bot.loopback import refusals
from bot.loopback.commands import check_commands
from bot.loopback.faults import Fault, Faults, Kind
from bot.loopback.gateway import Gateway
from bot.loopback.modals import check_modal
from bot.loopback.payloads import Payloads
from bot.loopback.ratelimits import RateLimits
from bot.loopback.refusals import Refusal
from bot.loopback.revisions import EMPTY, revise
from bot.loopback.rules import Rules
from bot.loopback.world import (
    Channel,
    Flag,
    Interaction,
    InteractionType,
    Json,
    Message,
    Permission,
    Revision,
    Upload,
    World,
    integer,
)

API: Final = "/api/v10"
FILE_FIELD: Final = re.compile(r"files\[(\d{1,2})\]")


@dataclass(frozen=True, slots=True)
class SentFile:
    """One file part of a multipart request."""

    field: str
    filename: str
    content_type: str
    size: int


@dataclass(slots=True)
class Request:
    """A request of the bot, for tests. The bot token is never kept."""

    time: float  # seconds since 1970
    method: str
    path: str  # after /api/v10, as sent
    route: str  # the template of the path, with parameters in braces
    query: dict[str, str]
    content_type: str
    body: Any  # the JSON of the body or of payload_json
    files: tuple[SentFile, ...]
    status: int = 0  # of the response; 0 while there is none, or if the connection broke
    code: int | None = None  # Discord's error code

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed request."""

    match: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    uploads: dict[int, Upload] = field(default_factory=dict)  # by the n of files[n]

    @property
    def form(self) -> Json:
        """The body, if it is an object. Raises `Refusal` otherwise."""
        if not isinstance(self.body, dict):
            raise refusals.invalid_json()
        return self.body

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("1", "true")


Handler = Callable[[Call], Awaitable[Any]]
Limit = Literal["messages", "routes", "none"]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    handler: Handler
    limit: Limit = "routes"  # the allowance; "none" for routes that Discord exempts
    bot_token: bool = True  # whether it requires one; webhooks have a token in the path


class Rest:
    """The REST API of one world."""

    def __init__(self, world: World, payloads: Payloads, rules: Rules, faults: Faults, gateway: Gateway) -> None:
        self.world = world
        self.payloads = payloads
        self.rules = rules
        self.faults = faults
        self.gateway = gateway
        self.limits = RateLimits(rules)
        self.requests: list[Request] = []

    def routes(self) -> list[Route]:
        commands = "/applications/{application_id}/commands"
        messages = "/channels/{channel_id}/messages"
        one = messages + "/{message_id}"
        webhook = "/webhooks/{webhook_id}/{webhook_token}"
        answer = webhook + "/messages/{message_id}"
        return [
            Route("GET", "/users/@me", self.get_me),
            Route("GET", "/users/{user_id}", self.get_user),
            Route("POST", "/users/@me/channels", self.open_private_channel),
            Route("GET", "/oauth2/applications/@me", self.get_application),
            Route("GET", "/applications/@me", self.get_application),
            Route("GET", "/gateway", self.get_gateway, bot_token=False),
            Route("GET", "/gateway/bot", self.get_gateway_bot),
            Route("GET", commands, self.get_commands),
            Route("PUT", commands, self.put_commands),
            Route("POST", "/interactions/{interaction_id}/{webhook_token}/callback", self.call_back, "none", False),
            Route("POST", webhook, self.follow_up, "messages", False),
            Route("GET", answer, self.get_answer, bot_token=False),
            Route("PATCH", answer, self.edit_answer, "messages", False),
            Route("DELETE", answer, self.delete_answer, "messages", False),
            Route("GET", "/channels/{channel_id}", self.get_channel),
            Route("POST", "/channels/{channel_id}/typing", self.type),
            Route("GET", messages, self.get_messages),
            Route("POST", messages, self.post_message, "messages"),
            Route("GET", one, self.get_message),
            Route("PATCH", one, self.edit_message, "messages"),
            Route("DELETE", one, self.delete_message, "messages"),
        ]

    def add_to(self, app: web.Application) -> None:
        for route in self.routes():
            app.router.add_route(route.method, API + route.path, functools.partial(self.serve, route))
        app.router.add_route("*", API + "/{rest:.*}", functools.partial(self.serve, None))
        app.router.add_get("/cdn/{folder}/{attachment_id}/{filename}", self.serve_attachment)

    async def serve(self, route: Route | None, request: web.Request) -> web.StreamResponse:
        record = Request(
            time=time.time(),
            method=request.method,
            path=request.raw_path.split("?")[0].removeprefix(API),
            route=route.path if route is not None else "",
            query=dict(request.query),
            content_type=request.content_type,
            body=None,
            files=(),
        )
        self.requests.append(record)
        fault = self.faults.take(record.line)
        answer = await self._answer(route, request, record, fault)
        if fault is not None and fault.kind in (Kind.DROP, Kind.DROP_ANSWER):
            return _break(request)
        record.status = answer.status
        self.world.changes.notify()
        return answer

    async def _answer(
        self, route: Route | None, request: web.Request, record: Request, fault: Fault | None
    ) -> web.Response:
        headers: dict[str, str] = {}
        try:
            uploads = await self._read(request, record)
            if fault is not None and fault.kind is Kind.DROP:
                return web.Response()  # not sent: `serve` breaks the connection
            if fault is not None and fault.kind is Kind.STATUS:
                return web.Response(status=fault.status, text="upstream connect error", content_type="text/plain")
            if fault is not None and fault.kind is Kind.LIMIT:
                return _limited({"Via": "1.1 google"} if fault.via else {}, fault.seconds, is_global=False)
            if fault is not None and fault.kind is Kind.SLOW:
                await asyncio.sleep(fault.seconds)
            if route is None:
                raise refusals.not_found()
            if route.bot_token and request.headers.get("Authorization") != f"Bot {self.rules.token}":
                raise refusals.unauthorised()
            if route.limit != "none":
                match = request.match_info
                major = "/".join(match.get(each, "") for each in ("channel_id", "webhook_id", "webhook_token"))
                result = self.limits.take(
                    f"{route.method} {route.path}",
                    major,
                    messages=route.limit == "messages",
                    exempt=not route.bot_token,
                )
                headers = result.headers
                if result.retry_after is not None:
                    return _limited(headers, result.retry_after, is_global=result.is_global)
            body = await route.handler(Call(request.match_info, request.query, record.body, uploads))
        except Refusal as refusal:
            record.code = refusal.code
            return _json(refusal.payload(), refusal.status, headers)
        return web.Response(status=204, headers=headers) if body is None else _json(body, 200, headers)

    async def _read(self, request: web.Request, record: Request) -> dict[int, Upload]:
        """Read the body into the record; returns the files. A body over the limit is read to its end and refused."""
        if request.content_type == "multipart/form-data":
            return await self._read_multipart(request, record)
        raw = await request.read()
        if len(raw) > self.rules.request_limit:
            raise refusals.too_large()
        if raw:
            record.body = _parse(raw)
        return {}

    async def _read_multipart(self, request: web.Request, record: Request) -> dict[int, Upload]:
        uploads: dict[int, Upload] = {}
        total, too_large = 0, False
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise refusals.invalid_json()
            data = bytes(await part.read())
            total += len(data)
            too_large = too_large or total > self.rules.request_limit
            name, filename = part.name or "", part.filename or ""
            if name == "payload_json":
                record.body = _parse(data)
                continue
            sent = SentFile(name, filename, part.headers.get("Content-Type", ""), len(data))
            record.files = (*record.files, sent)
            number = FILE_FIELD.fullmatch(name)
            if number is not None and not too_large:
                uploads[int(number[1])] = Upload(filename, data)
            too_large = too_large or len(data) > self.rules.upload_limit
        if too_large:
            raise refusals.too_large()
        return uploads

    async def serve_attachment(self, request: web.Request) -> web.Response:
        """The CDN: a file by its signed URL, until that expires."""
        query, identity = request.query, int(request.match_info["attachment_id"])
        attachment = self.world.attachments.get(identity)
        try:
            valid = self.payloads.links.valid(identity, query["ex"], query["is"], query["hm"])
        except (KeyError, ValueError):
            valid = False
        if attachment is None or not valid:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=attachment.data, content_type=attachment.content_type or "application/octet-stream")

    # The application

    async def get_me(self, call: Call) -> Json:
        return self.payloads.me()

    async def get_user(self, call: Call) -> Json:
        user = self.world.users.get(_id(call, "user_id"))
        if user is None:
            raise refusals.unknown_user()
        return self.payloads.user(user)

    async def get_application(self, call: Call) -> Json:
        return self.payloads.application()

    async def get_gateway(self, call: Call) -> Json:
        return {"url": self.gateway.url}

    async def get_gateway_bot(self, call: Call) -> Json:
        limit = {"total": 1000, "remaining": 1000 - self.gateway.identified, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.gateway.url, "shards": 1, "session_start_limit": limit}

    async def get_commands(self, call: Call) -> list[Json]:
        self._own_application(call)
        return self.world.commands

    async def put_commands(self, call: Call) -> list[Json]:
        self._own_application(call)
        wanted = [] if call.body is None else call.body
        check_commands(wanted)
        known = {(each["type"], each["name"]): each["id"] for each in self.world.commands}
        self.world.commands = [
            {"type": 1, "description": ""}
            | command
            | {
                "id": known.get((command.get("type", 1), command["name"])) or str(self.world.snowflake()),
                "application_id": str(self.world.bot.id),
                "version": str(self.world.snowflake()),
            }
            for command in wanted
        ]
        self.world.changes.notify()
        return self.world.commands

    def _own_application(self, call: Call) -> None:
        if _id(call, "application_id") != self.world.bot.id:
            raise refusals.not_your_application()

    # Interactions

    async def call_back(self, call: Call) -> Json | None:
        """The interaction response: https://discord.com/developers/docs/interactions/receiving-and-responding"""
        interaction = self.world.interactions.get(_id(call, "interaction_id"))
        if interaction is None or interaction.token != call.match["webhook_token"]:
            raise refusals.unknown_interaction()
        if interaction.answer is not None:
            raise refusals.already_acknowledged()
        if time.monotonic() - interaction.created > self.rules.answer_within:
            raise refusals.unknown_interaction()
        kind, data = call.form.get("type"), call.form.get("data") or {}
        self._act(interaction, kind, data, call.uploads)
        interaction.answer = kind
        self.world.changes.notify()
        return self.payloads.callback(interaction) if call.flag("with_response") else None

    def _act(self, interaction: Interaction, kind: object, data: Json, uploads: dict[int, Upload]) -> None:
        source, autocomplete = interaction.source, interaction.type is InteractionType.AUTOCOMPLETE
        ephemeral = bool(Flag(data.get("flags") or 0) & Flag.EPHEMERAL)
        match kind:
            case 4 if not autocomplete:
                revision = revise(self.world, EMPTY, data, uploads, ephemeral=ephemeral)
                interaction.response = self._answer_message(interaction, revision, ephemeral)
            case 5 if not autocomplete:
                flags = Flag.LOADING | (Flag.EPHEMERAL if ephemeral else Flag(0))
                interaction.response = self._answer_message(interaction, Revision(time.time(), flags=flags), ephemeral)
            case 6 if source is not None:
                interaction.response = source
            case 7 if source is not None:
                self._revise(source, data, uploads)
                interaction.response = source
            case 8 if autocomplete:
                interaction.choices = list(data.get("choices") or [])
            case 9 if interaction.type is not InteractionType.MODAL and not autocomplete:
                check_modal(data)
                interaction.modal = data
            case _:
                form = refusals.Form()
                form.refuse(("type",), "INTERACTION_CALLBACK_TYPE_INVALID", "This interaction has no such answer.")
                form.raise_errors()

    def _answer_message(self, interaction: Interaction, revision: Revision, ephemeral: bool) -> Message:
        message = self.world.add_message(interaction.channel, self.world.bot, revision)
        message.interaction = interaction
        message.only_for = interaction.user if ephemeral else None
        return message

    def _revise(self, message: Message, body: Json, uploads: dict[int, Upload]) -> None:
        """Apply an edit. The first one ends the state “thinking”."""
        ephemeral = message.only_for is not None
        self.world.revise(message, revise(self.world, message.now, body, uploads, ephemeral=ephemeral))

    def _interaction(self, call: Call) -> Interaction:
        """The interaction of the token in the path. Raises `Refusal` if it is unknown, not answered or expired."""
        interaction = self.world.interaction_by_token(call.match["webhook_token"])
        if interaction is None or _id(call, "webhook_id") != self.world.bot.id or interaction.answer is None:
            raise refusals.unknown_webhook()
        if time.monotonic() - interaction.created > self.rules.token_life:
            raise refusals.token_expired()
        return interaction

    def _answered_message(self, call: Call) -> Message:
        interaction, wanted = self._interaction(call), call.match["message_id"]
        message = interaction.response
        if wanted != "@original":
            mine = [each for each in (message, *interaction.followups) if each is not None]
            message = next((each for each in mine if str(each.id) == wanted), None)
        if message is None or message.deleted:
            raise refusals.unknown_message()
        return message

    async def get_answer(self, call: Call) -> Json:
        return self.payloads.message(self._answered_message(call))

    async def edit_answer(self, call: Call) -> Json:
        message = self._answered_message(call)
        self._revise(message, call.form, call.uploads)
        return self.payloads.message(message)

    async def delete_answer(self, call: Call) -> None:
        self.world.delete(self._answered_message(call))

    async def follow_up(self, call: Call) -> Json:
        interaction = self._interaction(call)
        response = interaction.response
        if interaction.answer == 5 and response is not None and response.now.loading and not response.deleted:
            self._revise(response, call.form, call.uploads)  # as Discord does
            return self.payloads.message(response)
        if not interaction.channel.has_bot and len(interaction.followups) >= self.rules.followups_without_bot:
            raise refusals.too_many_followups()
        ephemeral = bool(Flag(call.form.get("flags") or 0) & Flag.EPHEMERAL)
        revision = revise(self.world, EMPTY, call.form, call.uploads, ephemeral=ephemeral)
        message = self._answer_message(interaction, revision, ephemeral)
        interaction.followups.append(message)
        self.world.changes.notify()
        return self.payloads.message(message)

    # Channels and messages, with the bot's own token

    async def open_private_channel(self, call: Call) -> Json:
        user = self.world.users.get(integer(call.form.get("recipient_id")))
        if user is None or user.bot:
            raise refusals.invalid_recipient()
        return self.payloads.channel(self.world.private_channel(self.world.bot, user))

    def _channel(self, call: Call) -> Channel:
        channel = self.world.channels.get(_id(call, "channel_id"))
        if channel is None:
            raise refusals.unknown_channel()
        if not channel.has_bot or Permission.VIEW_CHANNEL not in channel.permissions:
            raise refusals.missing_access()
        return channel

    def _message(self, call: Call) -> Message:
        channel = self._channel(call)
        message = self.world.messages.get(_id(call, "message_id"))
        if message is None or message.deleted or message.channel is not channel or message.only_for is not None:
            raise refusals.unknown_message()
        return message

    async def get_channel(self, call: Call) -> Json:
        return self.payloads.channel(self._channel(call))

    async def type(self, call: Call) -> None:
        self._channel(call)

    async def get_messages(self, call: Call) -> list[Json]:
        """The messages of a channel, newest first; `before`, `after` and `around` are not implemented."""
        channel = self._channel(call)
        seen = [each for each in self.world.messages.values() if each.channel is channel and not each.deleted]
        public = [each for each in reversed(seen) if each.only_for is None]
        return [self.payloads.message(each) for each in public[: int(call.query.get("limit", 50))]]

    async def get_message(self, call: Call) -> Json:
        return self.payloads.message(self._message(call))

    async def post_message(self, call: Call) -> Json:
        channel, form = self._channel(call), call.form
        if any(not each.accepts_dms for each in channel.people):
            raise refusals.no_direct_messages()
        needed = Permission.SEND_MESSAGES | (Permission.ATTACH_FILES if call.uploads else Permission(0))
        if needed not in channel.permissions:
            raise refusals.missing_permissions()
        nonce = form.get("nonce")
        if nonce is not None and form.get("enforce_nonce"):
            for each in self.world.messages.values():
                if each.nonce == str(nonce) and each.channel is channel and time.time() - each.history[0].time < 180:
                    return self.payloads.message(each)
        reference = self._reference(channel, form.get("message_reference"))
        message = self.world.add_message(
            channel, self.world.bot, revise(self.world, EMPTY, form, call.uploads, ephemeral=False)
        )
        message.nonce = None if nonce is None else str(nonce)
        message.reference = reference
        return self.payloads.message(message)

    def _reference(self, channel: Channel, wanted: Json | None) -> Json | None:
        if wanted is None:
            return None
        message = self.world.messages.get(integer(wanted.get("message_id")))
        if message is not None and message.channel is channel and not message.deleted:
            return {"message_id": str(message.id), "channel_id": str(channel.id), "type": 0}
        if wanted.get("fail_if_not_exists", True):
            form = refusals.Form()
            form.refuse(("message_reference",), "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
            form.raise_errors()
        return None

    async def edit_message(self, call: Call) -> Json:
        message = self._message(call)
        if message.author is not self.world.bot:
            raise refusals.another_author()
        if call.uploads and Permission.ATTACH_FILES not in message.channel.permissions:
            raise refusals.missing_permissions()
        self._revise(message, call.form, call.uploads)
        return self.payloads.message(message)

    async def delete_message(self, call: Call) -> None:
        message = self._message(call)
        if message.author is not self.world.bot and Permission.MANAGE_MESSAGES not in message.channel.permissions:
            raise refusals.missing_permissions()
        self.world.delete(message)


def _break(request: web.Request) -> web.StreamResponse:
    """Break the connection; the response that is returned can no longer be sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _json(body: object, status: int, headers: Mapping[str, str]) -> web.Response:
    # as bytes: aiohttp adds a charset to text, and clients compare the content type exactly
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers, content_type="application/json")


def _limited(headers: Mapping[str, str], retry_after: float, *, is_global: bool) -> web.Response:
    message = "You are being rate limited."
    return _json({"message": message, "retry_after": round(retry_after, 3), "global": is_global}, 429, headers)


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise refusals.invalid_json() from error


def _id(call: Call, name: str) -> int:
    identity = integer(call.match[name])
    if identity < 0:
        form = refusals.Form()
        form.refuse((name,), "NUMBER_TYPE_COERCE", f'Value "{call.match[name][:40]}" is not snowflake.')
        form.raise_errors()
    return identity
