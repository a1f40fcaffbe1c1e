"""A small discord.py bot for tests of the loopback Discord."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import discord
import yarl
from discord import app_commands
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.loopback import Sandbox

Answer = Callable[[discord.Interaction], Awaitable[None]]


class Painter(discord.Client):
    """A client with the command `/paint prompt quality start_image`, which passes every interaction to `answer`."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__(
            intents=intents or discord.Intents(guilds=True), max_ratelimit_timeout=30, guild_ready_timeout=0.1
        )
        self.tree = app_commands.CommandTree(self)
        self.answer: Answer | None = None
        self.errors: list[BaseException] = []
        self.seen: list[discord.Interaction] = []
        self.became_ready = asyncio.Event()

    async def setup_hook(self) -> None:
        self.tree.add_command(app_commands.Command(name="paint", description="Paint a picture", callback=paint))
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.became_ready.set()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.seen.append(interaction)
        if self.answer is None or interaction.type is discord.InteractionType.autocomplete:
            return
        try:
            await self.answer(interaction)
        except Exception as error:  # for the test to check
            self.errors.append(error)


async def proposals(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{typed} on a table", value=f"{typed} on a table")]


@app_commands.autocomplete(prompt=proposals)
@app_commands.describe(prompt="what to paint", quality="how long to work", start_image="what to begin with")
@app_commands.choices(quality=[app_commands.Choice(name=name.title(), value=name) for name in ("draft", "best")])
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
async def paint(
    interaction: discord.Interaction,
    prompt: app_commands.Range[str, 1, 100],
    quality: str = "draft",
    start_image: discord.Attachment | None = None,
) -> None:
    interaction.extras["options"] = (prompt, quality, start_image)


@contextlib.contextmanager
def pointed_at(url: str) -> Iterator[None]:
    """Let discord.py connect to a loopback Discord."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    Route.BASE = f"{url}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url.replace("http", "ws") + "/gateway")
    Asset.BASE = f"{url}/cdn"
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = before


@contextlib.asynccontextmanager
async def connected(sandbox: Sandbox, client: Painter | None = None) -> AsyncIterator[Painter]:
    """The small bot, connected and ready."""
    client = client or Painter()
    with pointed_at(sandbox.url):
        async with client:
            running = asyncio.create_task(client.start(sandbox.rules.token))
            ready = asyncio.create_task(client.became_ready.wait())
            await asyncio.wait({running, ready}, timeout=15, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            assert client.became_ready.is_set()
            yield client
            await client.close()
            await running


def file(name: str, size: int = 100) -> discord.File:
    return discord.File(io.BytesIO(b"x" * size), name)
