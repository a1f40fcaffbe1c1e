"""Start and stop of the bot process: signals, database, features, and the reasons why it could not start."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Final

import aiohttp
import discord
import yarl

from bot.bot import Atelier
from bot.config import DEVELOPER_PORTAL, Config
from bot.features import FEATURES
from bot.jobs.painter import Painter
from bot.lag import LoopLag
from storage.database import Database
from storage.errors import StorageError

MISCONFIGURED: Final = 2  # exit status: the operator must change something
BROKEN: Final = 1  # exit status: an unexpected error
_GATEWAY_REFUSALS: Final = {  # https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
    4004: f"Discord does not accept DISCORD_TOKEN: reset it at {DEVELOPER_PORTAL} → Bot and put the new one into .env.",
    4013: "Discord does not know the intents this version asks for: update Atelier.",
    4014: (
        "Discord denies the intents “guilds” and “guild reactions” to this application: look at "
        f"{DEVELOPER_PORTAL} → your application → Bot → Privileged Gateway Intents."
    ),
}

_log = logging.getLogger(__name__)


class StartError(Exception):
    """The bot can't start; `str(error)` is a sentence that tells the operator what to do."""


async def run_bot(config: Config, painter: Painter) -> int:
    """Run until SIGTERM or SIGINT and return the exit status. Raises `StartError`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if config.discord_url is not None:
        point_at(config.discord_url)
    try:
        database = await Database.open(config.data)
    except StorageError as error:
        raise StartError(str(error)) from None
    lag = LoopLag()
    sampling = asyncio.create_task(lag.sample())
    client = Atelier(config, database, painter, FEATURES)
    try:
        return await _run_client(client, config, stop)
    finally:
        sampling.cancel()
        await painter.close()
        await database.close()
        _log.info("%s", lag.summary())


async def _run_client(client: Atelier, config: Config, stop: asyncio.Event) -> int:
    """Run the client until `stop` is set or it fails; returns the exit status. Raises `StartError`."""
    connection = asyncio.create_task(client.start(config.token.get_secret_value()))
    stop_requested = asyncio.create_task(_until_set(stop))
    worker_ended = asyncio.create_task(_until_set(client.worker_ended))
    tasks = (connection, stop_requested, worker_ended)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if client.worker_ended.is_set():
            return BROKEN
        if connection.done():
            await connection  # raises the reason
        _log.info("stopping")
        return 0
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise StartError(_reason(error, config)) from None
    finally:
        await client.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_set(event: asyncio.Event) -> None:
    await event.wait()


def point_at(url: str) -> None:
    """Make discord.py use the server at `url`: its three base addresses are class attributes."""
    address = yarl.URL(url)
    scheme = "wss" if address.scheme == "https" else "ws"
    discord.http.Route.BASE = f"{url}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = address.with_scheme(scheme).with_path("/gateway")
    discord.asset.Asset.BASE = f"{url}/cdn"


def _reason(error: BaseException, config: Config) -> str:
    """A sentence that tells the operator why the client could not connect or was disconnected."""
    if isinstance(error, discord.LoginFailure):
        return _GATEWAY_REFUSALS[4004]
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return _GATEWAY_REFUSALS[4014]
    if isinstance(error, discord.ConnectionClosed):
        return _GATEWAY_REFUSALS.get(
            error.code, f"Discord closed the connection for good (code {error.code}): start again in a few minutes."
        )
    if isinstance(error, discord.Forbidden):
        return f"Discord forbids this application what it needs ({error.text}): look at {DEVELOPER_PORTAL}."
    if isinstance(error, discord.HTTPException | discord.GatewayNotFound | discord.RateLimited):
        return f"Discord is in trouble ({error}): start again in a few minutes."
    where = config.discord_url or "discord.com"
    return f"Discord can't be reached at {where}: look at this machine's network connection, then start again."
