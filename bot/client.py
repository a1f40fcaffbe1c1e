"""The bot as Discord sees it, and its life from start to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

import aiohttp
import discord
import yarl

from bot.admission import Admission
from bot.art_command import form_sent
from bot.buttons import BUTTONS
from bot.commands import CommandTree, add_commands
from bot.community.community import ITEMS, Community
from bot.delivery import Delivery
from bot.drafts import Drafts
from bot.editing import edit_sent
from bot.gallery_page import ITEMS as GALLERY_ITEMS
from bot.help_command import ExampleButton, Help
from bot.lag import LoopLag
from bot.limits import Limits
from bot.notifications import Notifications
from bot.paint_from import paint_from_sent
from bot.painter import Painter
from bot.picture_pages import Thumbnails
from bot.preferences_command import PreferenceMenu
from bot.presses import Presses
from bot.privacy_command import PrivacyButton
from bot.reports import VerdictButton, report_sent
from bot.settings import DEVELOPER_PORTAL, Settings
from bot.settings_command import GuildMenu, limits_sent
from bot.start_images import StartImages
from bot.worker import Worker
from storage.challenges import Challenges
from storage.database import Database
from storage.errors import StorageError
from storage.feed import Feed
from storage.files import FileStore
from storage.gallery import Gallery
from storage.guilds import GuildSettings
from storage.people import People
from storage.prompts import Prompts
from storage.queue import SQLiteQueue
from storage.reports import Reports
from storage.statistics import Statistics

MISCONFIGURED: Final = 2  # exit status: the operator has something to change
BROKEN: Final = 1
LONGEST_RATE_LIMIT: Final = 60.0  # seconds discord.py waits by itself before it says so
GUILD_SECONDS: Final = 0.3  # without a further guild until discord.py calls itself ready; nothing here needs them all
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
    """The bot can't run like this; `str(error)` is a sentence that says what to do."""


class Atelier(discord.Client):
    """Discord's events on one side; queue, gallery, painter and delivery on the other."""

    def __init__(self, settings: Settings, database: Database, painter: Painter) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_reactions=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_RATE_LIMIT,
            guild_ready_timeout=GUILD_SECONDS,
        )
        self.settings = settings
        self.database = database
        self.painter = painter
        self.queue = SQLiteQueue(database)
        self.gallery = Gallery(database)
        self.prompts = Prompts(database)
        self.challenges = Challenges(database)
        self.statistics = Statistics(database)
        self.reports = Reports(database)
        self.feed = Feed(database)
        self.files = FileStore(settings.data)
        self.start_images = StartImages(database, self.files)
        self.drafts = Drafts()
        self.presses = Presses()
        self.thumbnails = Thumbnails()
        self.guild_settings = GuildSettings(database)
        self.people = People(database)
        self.delivery = Delivery(self)
        self.notifications = Notifications(self, self.people)
        self.worker = Worker(
            settings,
            database=database,
            queue=self.queue,
            gallery=self.gallery,
            files=self.files,
            start_images=self.start_images,
            painter=painter,
            delivery=self.delivery,
            notifications=self.notifications,
        )
        self.limits = Limits(self.guild_settings, self.queue, self.worker.family)
        self.admission = Admission(
            settings,
            self.queue,
            self.start_images,
            self.limits,
            self.people,
            family=self.worker.family,
            announce=self.worker.announce,
        )
        self.help = Help()
        self.community = Community(self)
        self.tree = CommandTree(self)
        add_commands(self.tree, settings)
        self.worker_ended = asyncio.Event()  # by itself, which it never should
        self._working: asyncio.Task[None] | None = None
        self._greeted = False
        self._beside: set[asyncio.Task[None]] = set()

    async def setup_hook(self) -> None:
        """After the login, before the gateway: what must be ready when the first interaction comes."""
        self.add_dynamic_items(
            *BUTTONS.values(), *GALLERY_ITEMS, VerdictButton, GuildMenu, PreferenceMenu, PrivacyButton, ExampleButton
        )
        self.add_dynamic_items(*ITEMS)
        self.community.start()
        assert self.application_id is not None  # the login has set it
        await self.tree.sync_if_changed(self.database, self.application_id)
        self._working = asyncio.create_task(self.worker.run())
        self._working.add_done_callback(self._note_end)

    async def on_ready(self) -> None:
        if not self._greeted and self.user is not None:  # Discord says it again after every reconnection
            self._greeted = True
            print(f"ready as {self.user.name}", file=sys.stderr, flush=True)

    async def on_interaction(self, interaction: discord.Interaction[Atelier]) -> None:
        """Forms come back here: discord.py answers only those that it remembers, and none after a restart."""
        if interaction.type is discord.InteractionType.modal_submit:
            await form_sent(interaction)
            await edit_sent(interaction)
            await paint_from_sent(interaction)
            await report_sent(interaction)
            await limits_sent(interaction)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self.community.reactions.hear(event, on=True)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        await self.community.reactions.hear(event, on=False)

    async def stop(self) -> None:
        """Put the running picture aside, deliver what is at hand, and leave Discord."""
        await self.community.stop()
        if self._working is not None:
            self._working.remove_done_callback(self._note_end)
            await self.worker.stop(self._working)
        for task in self._beside:
            task.cancel()
        await self.close()

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for; it ends with the bot at the latest."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._note_failure)

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        self._beside.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("something in the background failed", exc_info=error)

    def _note_end(self, working: asyncio.Task[None]) -> None:
        if not working.cancelled():
            _log.critical("the worker has ended", exc_info=working.exception())
        self.worker_ended.set()


async def run_bot(settings: Settings, painter: Painter) -> int:
    """Run until SIGTERM or SIGINT and return the exit status. Raises StartError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if settings.discord_url is not None:
        point_at(settings.discord_url)
    try:
        database = await Database.open(settings.data)
    except StorageError as error:
        raise StartError(str(error)) from None
    lag = LoopLag()
    watching = asyncio.create_task(lag.watch())
    client = Atelier(settings, database, painter)
    try:
        return await _live(client, settings, stop)
    finally:
        watching.cancel()
        await painter.close()
        await database.close()
        _log.info("%s", lag.line())


async def _live(client: Atelier, settings: Settings, stop: asyncio.Event) -> int:
    """The bot from login until it is told to stop or can't go on."""
    connected = asyncio.create_task(client.start(settings.token.get_secret_value()))
    told_to_stop = asyncio.create_task(_until_set(stop))
    worker_ended = asyncio.create_task(_until_set(client.worker_ended))
    tasks = (connected, told_to_stop, worker_ended)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if client.worker_ended.is_set():
            return BROKEN
        if connected.done():
            await connected  # says why
        _log.info("stopping")
        return 0
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise StartError(_reason(error, settings)) from None
    finally:
        await client.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_set(event: asyncio.Event) -> None:
    await event.wait()


def point_at(url: str) -> None:
    """Send all of discord.py to another server: the three addresses it has are class attributes."""
    address = yarl.URL(url)
    scheme = "wss" if address.scheme == "https" else "ws"
    discord.http.Route.BASE = f"{url}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = address.with_scheme(scheme).with_path("/gateway")
    discord.asset.Asset.BASE = f"{url}/cdn"


def _reason(error: BaseException, settings: Settings) -> str:
    """Why the bot could not start or stay, as a sentence."""
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
    where = settings.discord_url or "discord.com"
    return f"Discord can't be reached at {where}: look at this machine's network connection, then start again."
