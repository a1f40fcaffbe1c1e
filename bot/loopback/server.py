"""The loopback Discord as a server, and what its people do.

async with await Sandbox.start() as sandbox:
    alice = sandbox.person("alice")
    handle = await sandbox.type_command(alice, sandbox.channel, "art", {"prompt": "a red apple"})
    done = await handle.until(lambda message: message.file("*.png") is not None)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from aiohttp import web

from bot.loopback.commands import SUBCOMMANDS, CommandRefused, fill_command, use_menu
from bot.loopback.faults import Faults
from bot.loopback.gateway import DIRECT_REACTIONS, GUILD_REACTIONS, Gateway
from bot.loopback.modals import fill_modal
from bot.loopback.payloads import Links, Payloads
from bot.loopback.rest import Request, Rest
from bot.loopback.rules import Rules
from bot.loopback.world import (
    ORDINARY,
    SELECTS,
    Channel,
    ComponentType,
    Guild,
    Interaction,
    InteractionType,
    Json,
    Message,
    Permission,
    Revision,
    Upload,
    User,
    World,
    walk,
)

HOST: Final = "127.0.0.1"
T = TypeVar("T")


class NoAnswer(Exception):
    """The bot did not respond to an interaction in time; Discord shows "The application did not respond"."""


class InteractionHandle:
    """An interaction that a person started, and the bot's responses to it."""

    def __init__(self, sandbox: Sandbox, interaction: Interaction) -> None:
        self._sandbox = sandbox
        self.interaction = interaction

    @property
    def answered(self) -> bool:
        """Whether the bot has responded."""
        return self.interaction.answer is not None

    @property
    def message(self) -> Message | None:
        """The response (`@original`): a new message, or the message under which a button was pressed."""
        return self.interaction.response

    @property
    def history(self) -> list[Revision]:
        """The revisions of the response, oldest first; the first is "thinking" if the bot deferred."""
        return [] if self.message is None else self.message.history

    @property
    def now(self) -> Revision:
        """The newest revision of the response. Raises `NoAnswer` if there is none."""
        if self.message is None:
            raise NoAnswer("There is no answer yet.")
        return self.message.now

    @property
    def followups(self) -> list[Message]:
        return self.interaction.followups

    @property
    def modal(self) -> Json | None:
        return self.interaction.modal

    @property
    def choices(self) -> list[Json] | None:
        return self.interaction.choices

    async def answer(self) -> Self:
        """Wait for the response, of any type. Raises `NoAnswer` after `rules.answer_within`."""
        left = self.interaction.created + self._sandbox.rules.answer_within - time.monotonic()
        try:
            await self._sandbox.until(lambda: self.answered, within=max(left, 0.0) + 0.05)
        except TimeoutError as error:
            raise NoAnswer("The application did not respond.") from error
        return self

    async def until(
        self, check: Callable[[Revision], object], within: float = 60.0, *, after: Revision | None = None
    ) -> Revision:
        """The first revision of the response, past or future, for which `check` is true.

        With `after` only later revisions than that one count. Raises `NoAnswer`, or `TimeoutError` after `within`
        seconds.
        """
        await self.answer()

        def found() -> Revision | None:
            history = self.history
            start = history.index(after) + 1 if after is not None and after in history else 0
            return next((each for each in history[start:] if check(each)), None)

        try:
            return await self._sandbox.until(found, within)
        except TimeoutError as error:
            last = self.history[-1].text if self.history else "nothing"
            raise TimeoutError(f"After {within:g} s the answer says: {last}") from error

    async def until_deleted(self, within: float = 10.0) -> None:
        """Wait until the response is deleted."""
        await self._sandbox.until(lambda: self.message is not None and self.message.deleted, within)


class Sandbox:
    """The loopback Discord. Tests control it by `rules` (limits and timeouts), `faults` (broken requests) and `gateway`
    (broken connections); they read `requests` (all REST requests of the bot) and `world` (the state)."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.world = World()
        self.faults = Faults()
        self.url = ""
        self._people: dict[str, User] = {}
        links = Links("", self.rules)
        self.payloads = Payloads(self.world, self.rules, links)
        self.gateway = Gateway(self.world, self.payloads, self.rules)
        self.rest = Rest(self.world, self.payloads, self.rules, self.faults, self.gateway)
        self.host = self.world.add_user("host")
        self.guild = self.world.add_guild("Atelier guests", self.host, has_bot=True)
        self.channel = self.world.add_channel("pictures", self.guild)
        app = web.Application(client_max_size=4 * self.rules.request_limit)
        self.rest.add_to(app)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        # open requests of a killed bot must not delay the shutdown
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handler_cancellation=False)

    @classmethod
    async def start(cls, rules: Rules | None = None, port: int = 0) -> Self:
        """Listen on the loopback interface; port 0 is any free one. Raises `OSError` if the port is in use."""
        sandbox = cls(rules)
        await sandbox._runner.setup()
        site = web.TCPSite(sandbox._runner, HOST, port)
        await site.start()
        bound = sandbox._runner.addresses[0][1]
        sandbox.url = f"http://{HOST}:{bound}"
        sandbox.gateway.url = f"ws://{HOST}:{bound}/gateway"
        sandbox.payloads.links.base = f"{sandbox.url}/cdn"
        return sandbox

    async def close(self) -> None:
        await self.gateway.close()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def requests(self) -> list[Request]:
        """Every REST request so far, oldest first."""
        return self.rest.requests

    @property
    def invalid_requests(self) -> int:
        """The number of 401, 403 and 429 responses: Discord bans an address after 10,000 in ten minutes."""
        return sum(each.status in (401, 403, 429) for each in self.requests)

    # The people and places

    def person(
        self,
        name: str,
        *,
        moderator: bool = False,
        manager: bool = False,
        locale: str = "en-US",
        accepts_dms: bool = True,
        installed: bool = False,
    ) -> User:
        """The person with this name; added with these properties on first use."""
        if name not in self._people:
            user = self._people[name] = self.world.add_user(name)
            user.locale, user.accepts_dms, user.installed = locale, accepts_dms, installed
            if moderator:
                self.guild.moderators.add(user.id)
            if manager:
                self.guild.managers.add(user.id)
        return self._people[name]

    def add_channel(self, name: str, guild: Guild | None = None, *, permissions: Permission = ORDINARY) -> Channel:
        """Add a channel of `guild` (by default `self.guild`) in which the bot has `permissions`.

        No event is dispatched: add channels before the bot connects.
        """
        channel = self.world.add_channel(name, guild or self.guild)
        channel.permissions = permissions
        return channel

    def add_role(self, name: str, *people: User) -> int:
        """Add a role of `self.guild` that these people have; returns its id. Add roles before the bot connects."""
        role_id = self.world.add_role(self.guild, name)
        for person in people:
            self.guild.roles_of.setdefault(person.id, []).append(role_id)
        return role_id

    def foreign_guild(self, name: str = "Elsewhere") -> Channel:
        """A channel of a guild without the bot, for people who user-installed the app."""
        guild = self.world.add_guild(name, self.world.add_user(f"owner of {name}"), has_bot=False)
        return self.add_channel("general", guild)

    def dm(self, user: User) -> Channel:
        """The direct-message channel of a person and the bot."""
        return self.world.private_channel(self.world.bot, user)

    def private_channel(self, *people: User) -> Channel:
        """A private channel of people, where the bot is only user-installed."""
        return self.world.private_channel(*people)

    def messages(self, channel: Channel | None = None) -> list[Message]:
        """The messages of a channel, or of all, oldest first, without deleted ones."""
        messages = self.world.messages.values()
        return [each for each in messages if not each.deleted and (channel is None or each.channel is channel)]

    # What people do

    async def type_command(
        self,
        user: User,
        channel: Channel,
        name: str,
        options: Mapping[str, Any] | None = None,
        attachments: Mapping[str, Upload | Path] | None = None,
    ) -> InteractionHandle:
        """Use a slash command; `attachments` are files by option.

        Raises `CommandRefused` if the command is unknown or not available here, or an option is unknown, missing or
        out of range.
        """
        return self._send_command(InteractionType.COMMAND, user, channel, name, options or {}, attachments or {})

    async def use_menu(self, user: User, message: Message | InteractionHandle, name: str) -> InteractionHandle:
        """Use a message command (context menu). Raises `CommandRefused`."""
        target = message.message if isinstance(message, InteractionHandle) else message
        if target is None or target.deleted or target.only_for not in (None, user):
            raise CommandRefused("There is no such message.")
        channel = target.channel
        data = use_menu(self.world.commands, name, channel.context, has_bot=channel.has_bot, installed=user.installed)
        data["target_id"] = str(target.id)
        data["resolved"] = {"messages": {str(target.id): self.payloads.message(target)}}
        return self._dispatch(self.world.add_interaction(InteractionType.COMMAND, user, channel, data))

    def say(self, user: User, channel: Channel, content: str = "", *files: Upload) -> Message:
        """A person writes a message. No event is dispatched, because the bot has no message intent."""
        attachments = tuple(self.world.add_attachment(each) for each in files)
        return self.world.add_message(channel, user, Revision(time.time(), content, attachments=attachments))

    async def complete(
        self, user: User, channel: Channel, name: str, options: Mapping[str, Any], focused: str
    ) -> list[Json]:
        """The choices that the bot proposes for the option `focused` while the command is being typed."""
        kind = InteractionType.AUTOCOMPLETE
        handle = self._send_command(kind, user, channel, name, options, {}, focused=focused)
        return (await handle.answer()).choices or []

    def _send_command(
        self,
        kind: InteractionType,
        user: User,
        channel: Channel,
        name: str,
        options: Mapping[str, Any],
        attachments: Mapping[str, Upload | Path],
        *,
        focused: str | None = None,
    ) -> InteractionHandle:
        filled = fill_command(
            self.world.commands,
            name,
            options,
            attachments,
            channel.context,
            has_bot=channel.has_bot,
            installed=user.installed,
            focused=focused,
        )
        resolved = {}
        for entry in _value_options(filled.data):
            if entry["name"] in filled.uploads:
                attachment = self.world.add_attachment(filled.uploads[entry["name"]], ephemeral=True)
                entry["value"] = str(attachment.id)
                resolved[str(attachment.id)] = self.payloads.attachment(attachment)
        if resolved:
            filled.data["resolved"] = {"attachments": resolved}
        return self._dispatch(self.world.add_interaction(kind, user, channel, filled.data))

    async def press(self, user: User, message: Message | InteractionHandle, button: str) -> InteractionHandle:
        """Press a button, given by its custom_id, its label, or a word of either.

        Raises `CommandRefused` if it is missing or disabled, or the person can't see the message.
        """
        target = message.message if isinstance(message, InteractionHandle) else message
        if target is None or target.deleted or target.only_for not in (None, user):
            raise CommandRefused("There is no such message.")
        found = target.now.button(button)
        if found is None:
            there = ", ".join(each.label for each in target.now.buttons) or "none"
            raise CommandRefused(f"The message has no button {button}; there are: {there}.")
        if found.disabled:
            raise CommandRefused(f"The button {found.label} is greyed out.")
        data = {"custom_id": found.custom_id, "component_type": ComponentType.BUTTON, "id": found.id}
        kind = InteractionType.COMPONENT
        return self._dispatch(self.world.add_interaction(kind, user, target.channel, data, target))

    async def choose(
        self, user: User, message: Message | InteractionHandle, menu: str, *chosen: str | int
    ) -> InteractionHandle:
        """Choose from the select menu with this custom_id: values or labels, or ids of channels or roles.

        Raises `CommandRefused` if the menu or a choice is missing, or there are too few or too many choices.
        """
        target = message.message if isinstance(message, InteractionHandle) else message
        if target is None or target.deleted or target.only_for not in (None, user):
            raise CommandRefused("There is no such message.")
        found = next((each for each in walk(target.now.components) if each.get("custom_id") == menu), None)
        if found is None or found["type"] not in SELECTS:
            raise CommandRefused(f"The message has no menu {menu}.")
        data = self._choice_data(found, [str(each) for each in chosen], target.channel)
        kind = InteractionType.COMPONENT
        return self._dispatch(self.world.add_interaction(kind, user, target.channel, data, target))

    def _choice_data(self, menu: Json, chosen: list[str], channel: Channel) -> Json:
        """The interaction data of a choice."""
        least, most = menu.get("min_values", 1), menu.get("max_values", 1)
        if not least <= len(chosen) <= most:
            raise CommandRefused(f"{menu['custom_id']} takes {least} to {most}, not {len(chosen)}.")
        data: Json = {"custom_id": menu["custom_id"], "component_type": menu["type"], "id": menu.get("id", 1)}
        if menu["type"] == ComponentType.STRING_SELECT:
            values = {each["label"]: each["value"] for each in menu["options"]}
            if unknown := [each for each in chosen if each not in values and each not in values.values()]:
                raise CommandRefused(f"{menu['custom_id']} has no choice {unknown[0]}.")
            return data | {"values": [values.get(each, each) for each in chosen]}
        guild = channel.guild
        if menu["type"] == ComponentType.ROLE_SELECT and guild is not None:
            roles = {each: self.payloads.role(int(each), guild.roles[int(each)]) for each in chosen}
            return data | {"values": chosen, "resolved": {"roles": roles}}
        if menu["type"] == ComponentType.CHANNEL_SELECT:
            channels = {
                each: self.payloads.channel(self.world.channels[int(each)]) | {"permissions": "0"} for each in chosen
            }
            return data | {"values": chosen, "resolved": {"channels": channels}}
        raise CommandRefused(f"{menu['custom_id']} can't be used here.")

    async def submit(self, user: User, opened: InteractionHandle, values: Mapping[str, str]) -> InteractionHandle:
        """Submit the modal that the bot opened with `values` by custom_id; the other fields keep their defaults.

        Raises `CommandRefused` if a field or choice is unknown, or a value is missing, too short or too long.
        """
        if opened.modal is None:
            raise CommandRefused("The bot opened no form.")
        data, before = fill_modal(opened.modal, values), opened.interaction
        sent = self.world.add_interaction(InteractionType.MODAL, user, before.channel, data, before.source)
        sent.trigger = before
        return self._dispatch(sent)

    def react(self, user: User, message: Message, emoji: str, *, on: bool = True) -> None:
        """Add (`on`) or remove a reaction. Raises `CommandRefused` if the message is deleted or ephemeral."""
        if message.deleted or message.only_for is not None:
            raise CommandRefused("There is no such message.")
        if self.world.react(message, user, emoji, on) and message.channel.has_bot:
            event = "MESSAGE_REACTION_ADD" if on else "MESSAGE_REACTION_REMOVE"
            intent = DIRECT_REACTIONS if message.channel.guild is None else GUILD_REACTIONS
            self.gateway.dispatch(event, self.payloads.reaction(message, user, emoji, added=on), intent)

    def _dispatch(self, interaction: Interaction) -> InteractionHandle:
        self.gateway.dispatch("INTERACTION_CREATE", self.payloads.interaction(interaction))
        return InteractionHandle(self, interaction)

    # Waiting

    async def until(self, check: Callable[[], T | None], within: float = 60.0) -> T:
        """Wait until `check` returns something true, and return that. Raises `TimeoutError`."""
        async with asyncio.timeout(within):
            while not (result := check()):
                await self.world.changes.wait()
        return result

    async def until_ready(self, within: float = 60.0) -> None:
        """Wait until a bot is connected and has registered commands. Raises `TimeoutError`."""
        await self.until(lambda: self.gateway.ready and self.world.commands, within)


def _value_options(data: Json) -> list[Json]:
    """The options with values, inside subcommands too."""
    options: list[Json] = []
    for each in data.get("options") or []:
        options += _value_options(each) if each["type"] in SUBCOMMANDS else [each]
    return options
