"""The gateway, version 10: https://discord.com/developers/docs/topics/gateway

A session keeps all its events, and a connection only counts how many of them it was sent. So a RESUME is a new
connection that starts where the lost one stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import json
import secrets
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import WSMsgType, web

from bot.loopback.payloads import Payloads
from bot.loopback.rules import Rules
from bot.loopback.world import Json, World

GUILDS: Final = 1 << 0  # bits of the intents
PRIVILEGED: Final = 1 << 1 | 1 << 8 | 1 << 15  # members, presences, message content
GUILD_REACTIONS: Final = 1 << 10
DIRECT_REACTIONS: Final = 1 << 13
ALL_INTENTS: Final = (1 << 26) - 1


class Op(enum.IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Close(enum.IntEnum):
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQUENCE = 4007
    SESSION_TIMED_OUT = 4009
    INVALID_VERSION = 4012
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


class _Closing(Exception):
    """Closes the connection with this code."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(eq=False, slots=True)
class Session:
    """A gateway session. `events[n]` has the sequence number n + 1."""

    id: str
    intents: int
    events: list[str] = field(default_factory=list)
    connection: Connection | None = None
    lost: float = 0.0  # time.monotonic() when it lost its connection

    def dispatch(self, event: str, data: Json) -> None:
        number = len(self.events) + 1
        self.events.append(json.dumps({"op": Op.DISPATCH, "t": event, "s": number, "d": data}))
        if self.connection is not None:
            self.connection.new_events.set()


@dataclass(eq=False, slots=True)
class Connection:
    """A WebSocket connection."""

    socket: web.WebSocketResponse
    request: web.Request
    session: Session | None = None
    sent: int = 0  # number of the session's events that were sent
    new_events: asyncio.Event = field(default_factory=asyncio.Event)
    heartbeat: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, op: Op, data: Any) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    async def send_events(self) -> None:
        """Send the session's events, those to come too, until cancelled."""
        assert self.session is not None
        while True:
            self.new_events.clear()
            while self.sent < len(self.session.events):
                self.sent += 1
                await self.socket.send_str(self.session.events[self.sent - 1])
            await self.new_events.wait()

    def abort(self) -> None:
        """Break the connection without a close frame."""
        if self.request.transport is not None:
            self.request.transport.abort()


class Gateway:
    """The sessions and connections. `drop`, `reconnect`, `invalidate` and `close` let tests break them."""

    def __init__(self, world: World, payloads: Payloads, rules: Rules) -> None:
        self.world = world
        self.payloads = payloads
        self.rules = rules
        self.url = ""  # ws://host:port/gateway; set when the server listens
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []
        self.identified = 0  # number of IDENTIFYs accepted
        self.resumed = 0  # number of RESUMEs accepted
        self.refuse_resumes = 0  # number of the next RESUMEs to answer with INVALID_SESSION

    @property
    def ready(self) -> bool:
        """Whether a bot is connected and identified."""
        return any(each.session is not None for each in self.connections)

    def dispatch(self, event: str, data: Json, intent: int = 0) -> None:
        """Dispatch an event to every session that is connected or can still resume; without any it is lost.

        An event with an `intent` goes only to sessions with this intent.
        """
        now = time.monotonic()
        for session in list(self.sessions.values()):
            if session.connection is None and now - session.lost > self.rules.resume_window:
                del self.sessions[session.id]
            elif session.intents & intent == intent:
                session.dispatch(event, data)

    def drop(self) -> None:
        """Break all connections; their sessions can be resumed."""
        for connection in list(self.connections):
            connection.abort()

    async def reconnect(self) -> None:
        """Send RECONNECT, which asks clients to reconnect and resume."""
        for connection in list(self.connections):
            await connection.send(Op.RECONNECT, None)

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Send INVALID_SESSION to all clients."""
        for connection in list(self.connections):
            if connection.session is not None and not resumable:
                self.sessions.pop(connection.session.id, None)
            await connection.send(Op.INVALID_SESSION, resumable)

    async def close(self, code: int = 1001) -> None:
        """Close all connections with this code."""
        for connection in list(self.connections):
            await connection.socket.close(code=code)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it closes."""
        socket = web.WebSocketResponse(max_msg_size=4096, autoclose=True)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.connections.append(connection)
        heartbeat_check = asyncio.create_task(self._check_heartbeat(connection))
        sender: asyncio.Task[None] | None = None
        try:
            if request.query.get("v") != "10" or request.query.get("encoding", "json") != "json":
                raise _Closing(Close.INVALID_VERSION, "Invalid API version or encoding")
            await connection.send(Op.HELLO, {"heartbeat_interval": int(self.rules.heartbeat_interval * 1000)})
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    raise _Closing(Close.DECODE_ERROR, "Error while decoding payload.")
                await self._receive(connection, message.data)
                if sender is None and connection.session is not None:
                    sender = asyncio.create_task(_ignore_disconnect(connection.send_events()))
        except _Closing as closing:
            await socket.close(code=closing.code, message=str(closing).encode())
        except ConnectionError:
            pass  # dropped while something was being sent
        finally:
            heartbeat_check.cancel()
            if sender is not None:
                sender.cancel()
            self._on_disconnect(connection)
        return socket

    async def _receive(self, connection: Connection, text: str) -> None:
        try:
            packet = json.loads(text)
            op, data = Op(packet["op"]), packet.get("d")
        except (KeyError, TypeError) as error:
            raise _Closing(Close.DECODE_ERROR, "Error while decoding payload.") from error
        except ValueError as error:
            raise _Closing(Close.UNKNOWN_OPCODE, "Unknown opcode.") from error
        if op is Op.HEARTBEAT:
            connection.heartbeat.set()
            await connection.send(Op.HEARTBEAT_ACK, None)
        elif op is Op.IDENTIFY:
            self._identify(connection, data)
        elif op is Op.RESUME:
            await self._resume(connection, data)
        elif connection.session is None:
            raise _Closing(Close.NOT_AUTHENTICATED, "Not authenticated.")
        elif op not in (Op.PRESENCE, Op.VOICE_STATE, Op.REQUEST_MEMBERS):
            raise _Closing(Close.UNKNOWN_OPCODE, "Unknown opcode.")

    def _identify(self, connection: Connection, data: Json) -> None:
        if connection.session is not None:
            raise _Closing(Close.ALREADY_AUTHENTICATED, "Already authenticated.")
        if data.get("token") != self.rules.token:
            raise _Closing(Close.AUTHENTICATION_FAILED, "Authentication failed.")
        intents = data.get("intents")
        if not isinstance(intents, int) or not 0 <= intents <= ALL_INTENTS:
            raise _Closing(Close.INVALID_INTENTS, "Invalid intent(s).")
        if intents & PRIVILEGED & ~self.rules.privileged_intents:
            raise _Closing(Close.DISALLOWED_INTENTS, "Disallowed intent(s).")
        session = Session(secrets.token_hex(16), intents, connection=connection)
        connection.session = session
        self.sessions[session.id] = session
        self.identified += 1
        guilds = [guild for guild in self.world.guilds.values() if guild.has_bot and intents & GUILDS]
        ready: Json = {
            "v": 10,
            "user": self.payloads.me(),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "application": {"id": str(self.world.bot.id), "flags": 0},
        }
        session.dispatch("READY", ready | ({"shard": data["shard"]} if "shard" in data else {}))
        for guild in guilds:
            session.dispatch("GUILD_CREATE", self.payloads.guild(guild))
        self.world.changes.notify()

    async def _resume(self, connection: Connection, data: Json) -> None:
        if connection.session is not None:
            raise _Closing(Close.ALREADY_AUTHENTICATED, "Already authenticated.")
        if data.get("token") != self.rules.token:
            raise _Closing(Close.AUTHENTICATION_FAILED, "Authentication failed.")
        session = self.sessions.get(data.get("session_id", ""))
        expired = session is None or (
            session.connection is None and time.monotonic() - session.lost > self.rules.resume_window
        )
        if session is None or expired or self.refuse_resumes > 0:
            self.refuse_resumes = max(self.refuse_resumes - 1, 0)
            await connection.send(Op.INVALID_SESSION, False)
            return
        sequence = data.get("seq")
        if not isinstance(sequence, int) or not 0 <= sequence <= len(session.events):
            raise _Closing(Close.INVALID_SEQUENCE, "Invalid sequence number.")
        if session.connection is not None:
            session.connection.abort()
        session.connection, connection.session, connection.sent = connection, session, sequence
        self.resumed += 1
        session.dispatch("RESUMED", {})
        self.world.changes.notify()

    async def _check_heartbeat(self, connection: Connection) -> None:
        """Close the connection when the client misses two heartbeats."""
        with contextlib.suppress(TimeoutError):
            while True:
                connection.heartbeat.clear()
                async with asyncio.timeout(2 * self.rules.heartbeat_interval):
                    await connection.heartbeat.wait()
        await connection.socket.close(code=Close.SESSION_TIMED_OUT, message=b"Session timed out.")

    def _on_disconnect(self, connection: Connection) -> None:
        self.connections.remove(connection)
        session = connection.session
        if session is None or session.connection is not connection:
            return
        session.connection, session.lost = None, time.monotonic()
        if connection.socket.close_code in (1000, 1001):  # a client that closes normally ends its session
            self.sessions.pop(session.id, None)
        self.world.changes.notify()


async def _ignore_disconnect(sending: Awaitable[None]) -> None:
    """Await `sending`; a connection that breaks meanwhile is handled where it is received from."""
    with contextlib.suppress(ConnectionError):
        await sending
