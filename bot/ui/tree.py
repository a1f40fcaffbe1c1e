"""The command tree: localised commands, synced with Discord when they changed."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import Any, TypeVar

import discord
from discord import app_commands

from bot.text.language import CommandTranslator, speak
from bot.ui import replies
from engine.spec.artspec import ArtSpec
from storage.database import Database

CommandOrMenu = TypeVar("CommandOrMenu", app_commands.Command[Any, ..., Any], app_commands.ContextMenu)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Example:
    """A request to try, shown by /help with a button."""

    about: str  # what it shows, in English, marked with N_
    spec: ArtSpec


class CommandTree(app_commands.CommandTree[Any]):
    """The command tree; sets the language of each command's user and answers exceptions with a sentence.

    A command's line in /help is `extras["help"]`, in English, marked with N_.
    """

    def __init__(self, client: discord.Client, **options: Any) -> None:
        super().__init__(client, **options)
        self.examples: list[Example] = []
        self._ids: dict[str, int] = {}  # Discord's ids by name, of commands without subcommands

    def mention(self, name: str) -> str:
        """A mention of the command, clickable if its id is known; else `/name` as code."""
        return f"</{name}:{self._ids[name]}>" if name in self._ids else f"`/{name}`"

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        speak(interaction.locale)  # discord.py runs each interaction in a task of its own
        return True

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /) -> None:
        await replies.explain(interaction, error)

    async def sync_if_changed(self, database: Database, application_id: int) -> bool:
        """Sync the commands if they differ from those synced last, and return whether they did."""
        translator = CommandTranslator()
        await self.set_translator(translator)
        payload = [await command.get_translated_payload(self, translator) for command in self.get_commands(type=None)]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        key, ids_key = f"commands:{application_id}", f"command ids:{application_id}"
        ids = await database.setting(ids_key)
        if ids is not None and await database.setting(key) == digest:
            self._ids = json.loads(ids)
            return False
        synced = {command.name: command.id for command in await self.sync()}
        names = [each.name for each in self.get_commands() if isinstance(each, app_commands.Command)]
        self._ids = {name: synced[name] for name in names if name in synced}
        await database.set_setting(ids_key, json.dumps(self._ids))
        await database.set_setting(key, digest)
        _log.info("the commands were sent to Discord")
        return True


def everywhere(command: CommandOrMenu) -> CommandOrMenu:
    """Decorator: allow a command in guilds, direct messages and group chats, for guild and user installs."""
    installable = app_commands.allowed_installs(guilds=True, users=True)(command)
    return app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(installable)
