"""`Atelier`: the discord.py client, with the services that its features share."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine, Sequence
from typing import Any, Final, Protocol

import discord
from discord.ext import commands

from bot.config import Config
from bot.jobs.delivery import Delivery
from bot.jobs.drafts import Drafts
from bot.jobs.final import FinalDeliveries
from bot.jobs.limits import Limits
from bot.jobs.notifications import Notifications
from bot.jobs.painter import Painter
from bot.jobs.submit import Submitter
from bot.jobs.worker import Worker
from bot.pictures.feed import FeedPosts
from bot.pictures.removal import Removal
from bot.pictures.source import Sources
from bot.pictures.start_images import StartImages
from bot.ui import forms
from bot.ui.debounce import Debounce
from bot.ui.items import ITEMS
from bot.ui.thumbnails import Thumbnails
from bot.ui.tree import CommandTree
from storage.challenges import Challenges
from storage.database import Database
from storage.feed import Feed
from storage.files import FileStore
from storage.gallery import Gallery
from storage.guilds import Guilds
from storage.people import People
from storage.prompts import Prompts
from storage.queue import SQLiteQueue
from storage.reports import Reports
from storage.statistics import Statistics

LONGEST_RATE_LIMIT: Final = 60.0  # seconds; for longer ones discord.py raises RateLimited instead of waiting
GUILD_READY_SECONDS: Final = 0.3  # discord.py's wait for further guilds before on_ready; nothing here needs them all

_log = logging.getLogger(__name__)


class Feature(Protocol):
    """A package in `bot.features`."""

    async def setup(self, bot: Atelier) -> None:
        """Add commands, context menus and listeners. Items and forms register when their class is defined."""


class Atelier(commands.Bot):
    """The client and its services: queue, gallery, painter, delivery …"""

    tree: CommandTree

    def __init__(self, config: Config, database: Database, painter: Painter, features: Sequence[Feature] = ()) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,  # unused: all commands are slash commands
            help_command=None,
            tree_cls=CommandTree,
            intents=discord.Intents(guilds=True, guild_reactions=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_RATE_LIMIT,
            guild_ready_timeout=GUILD_READY_SECONDS,
        )
        self.config = config
        self.database = database
        self.painter = painter
        self.queue = SQLiteQueue(database)
        self.gallery = Gallery(database)
        self.prompts = Prompts(database)
        self.challenges = Challenges(database)
        self.statistics = Statistics(database)
        self.reports = Reports(database)
        self.feed = Feed(database)
        self.guild_settings = Guilds(database)
        self.people = People(database)
        self.files = FileStore(config.data)
        self.start_images = StartImages(database, self.files)
        self.sources = Sources(self.gallery, self.feed, self.files, self.start_images)
        self.removal = Removal(self, self.gallery, self.feed, self.files)
        self.feed_posts = FeedPosts(self, self.guild_settings, self.feed, self.gallery, self.files, self.removal)
        self.thumbnails = Thumbnails(self.files)
        self.drafts = Drafts()
        self.debounce = Debounce()
        self.delivery = Delivery(self)
        self.notifications = Notifications(self, self.people)
        self.final_deliveries = FinalDeliveries(self.queue, self.gallery, self.files, self.delivery, self.notifications)
        self.worker = Worker(
            config,
            database=database,
            queue=self.queue,
            gallery=self.gallery,
            files=self.files,
            start_images=self.start_images,
            painter=painter,
            delivery=self.delivery,
            final_deliveries=self.final_deliveries,
        )
        self.limits = Limits(self.guild_settings, self.queue, self.worker.family)
        self.submitter = Submitter(
            config,
            self.queue,
            self.start_images,
            self.limits,
            self.people,
            family=self.worker.family,
            announce=self.worker.announce,
        )
        self.worker_ended = asyncio.Event()  # set when the worker ends without being stopped
        self._features = features
        self._worker_task: asyncio.Task[None] | None = None
        self._was_ready = False
        self._background_tasks: set[asyncio.Task[None]] = set()

    async def setup_hook(self) -> None:
        """Called by discord.py after the login and before the gateway connection."""
        for feature in self._features:
            await feature.setup(self)
        self.add_dynamic_items(*ITEMS)
        assert self.application_id is not None  # set by the login
        await self.tree.sync_if_changed(self.database, self.application_id)
        self._worker_task = asyncio.create_task(self.worker.run())
        self._worker_task.add_done_callback(self._on_worker_end)

    async def on_ready(self) -> None:
        if not self._was_ready and self.user is not None:  # it is called again after every reconnection
            self._was_ready = True
            print(f"ready as {self.user.name}", file=sys.stderr, flush=True)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            await forms.submit(interaction)

    async def stop(self) -> None:
        """Suspend the running job, finish pending deliveries, and close the connection."""
        if self._worker_task is not None:
            self._worker_task.remove_done_callback(self._on_worker_end)
            await self.worker.stop(self._worker_task)
        for task in self._background_tasks:
            task.cancel()
        await self.close()

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine as a task that is cancelled when the bot stops."""
        task = asyncio.create_task(work)
        self._background_tasks.add(task)
        task.add_done_callback(self._on_background_end)

    def _on_background_end(self, task: asyncio.Task[None]) -> None:
        self._background_tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a background task failed", exc_info=error)

    def _on_worker_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            _log.critical("the worker has ended", exc_info=task.exception())
        self.worker_ended.set()


Interaction = discord.Interaction[Atelier]
