"""The gateway without discord.py: its close codes for faulty clients, and RESUME."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from bot.loopback import Rules, Sandbox

IDENTIFY = {"op": 2, "d": {"token": "sandbox-token", "intents": 1, "properties": {}}}


async def close_code(sandbox: Sandbox, *packets: Any, query: str = "?v=10&encoding=json") -> int | None:
    """Send these packets and return the code with which the gateway closes."""
    async with aiohttp.ClientSession() as session, session.ws_connect(sandbox.gateway.url + query) as socket:
        for packet in packets:
            await socket.send_str(packet if isinstance(packet, str) else json.dumps(packet))
        async with asyncio.timeout(3):
            async for _ in socket:
                pass
        return socket.close_code


@pytest.mark.parametrize(
    ("packets", "code"),
    [
        ([{"op": 2, "d": {"token": "wrong", "intents": 1}}], 4004),
        ([{"op": 2, "d": {"token": "sandbox-token", "intents": 1 << 15}}], 4014),
        ([{"op": 2, "d": {"token": "sandbox-token", "intents": -1}}], 4013),
        ([IDENTIFY, IDENTIFY], 4005),
        ([{"op": 3, "d": {}}], 4003),
        ([{"op": 99, "d": {}}], 4001),
        (["[]"], 4002),
        ([{"op": 6, "d": {"token": "wrong", "session_id": "x", "seq": 1}}], 4004),
    ],
)
async def test_errors_close_with_their_code(packets: list[Any], code: int, bare_sandbox: Sandbox) -> None:
    assert await close_code(bare_sandbox, *packets) == code


async def test_another_version_is_refused(bare_sandbox: Sandbox) -> None:
    assert await close_code(bare_sandbox, query="?v=6") == 4012


async def test_a_silent_client_is_disconnected() -> None:
    async with await Sandbox.start(Rules(heartbeat_interval=0.1)) as sandbox:
        assert await close_code(sandbox, IDENTIFY) == 4009


async def test_resume_replays_what_was_missed_in_order(bare_sandbox: Sandbox) -> None:
    sandbox = bare_sandbox
    address = sandbox.gateway.url + "?v=10&encoding=json"
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(address) as socket:
            assert (await socket.receive_json())["op"] == 10
            await socket.send_json(IDENTIFY)
            ready, guild = await socket.receive_json(), await socket.receive_json()
            assert (ready["t"], ready["s"], guild["t"], guild["s"]) == ("READY", 1, "GUILD_CREATE", 2)
            sandbox.gateway.drop()
        await sandbox.until(lambda: not sandbox.gateway.ready, 3)
        for number in range(3):
            sandbox.gateway.dispatch("SOMETHING", {"number": number})
        resume = {"op": 6, "d": {"token": "sandbox-token", "session_id": ready["d"]["session_id"], "seq": 2}}
        async with session.ws_connect(address) as socket:
            await socket.receive_json()
            await socket.send_json(resume)
            events = [await socket.receive_json() for _ in range(4)]
            assert [each["t"] for each in events] == ["SOMETHING"] * 3 + ["RESUMED"]
            assert [each["s"] for each in events] == [3, 4, 5, 6]
        await sandbox.until(lambda: not sandbox.gateway.ready, 3)
        async with session.ws_connect(address) as socket:  # the close above ended the session
            await socket.receive_json()
            await socket.send_json(resume)
            assert await socket.receive_json() == {"op": 9, "d": False, "s": None, "t": None}
