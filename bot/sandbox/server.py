"""A Discord of one's own on the loopback interface, and the people in it.

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

from bot.sandbox.commands import CommandRefused, fill_command, use_menu
from bot.sandbox.faults import Faults
from bot.sandbox.gateway import DIRECT_REACTIONS, GUILD_REACTIONS, Gateway
from bot.sandbox.modals import filled_in
from bot.sandbox.payloads import Links, Payloads
from bot.sandbox.rest import Request, Rest
from bot.sandbox.rules import Rules
from bot.sandbox.validation import CHANNEL_SELECT, ROLE_SELECT, SELECTS, STRING_SELECT
from bot.sandbox.world import (
    ORDINARY,
    Channel,
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
    """The bot did not answer an interaction in time; a person sees "The application did not respond"."""


class InteractionHandle:
    """One thing a person did, and what the bot makes of it."""

    def __init__(self, sandbox: Sandbox, interaction: Interaction) -> None:
        self._sandbox = sandbox
        self.interaction = interaction

    @property
    def answered(self) -> bool:
        """Whether the bot gave its first answer."""
        return self.interaction.answer is not None

    @property
    def message(self) -> Message | None:
        """The answer (`@original`): a new message, or for a button pressed perhaps the message it is under."""
        return self.interaction.response

    @property
    def history(self) -> list[Revision]:
        """Every state of the answer so far, oldest first; a "thinking" one comes first where the bot deferred."""
        return [] if self.message is None else self.message.history

    @property
    def now(self) -> Revision:
        """The answer as it stands. Raises `NoAnswer` before there is one."""
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
        """Wait for the first answer of any kind. Raises `NoAnswer` when Discord's time for it has passed."""
        left = self.interaction.created + self._sandbox.rules.answer_within - time.monotonic()
        try:
            await self._sandbox.until(lambda: self.answered, within=max(left, 0.0) + 0.05)
        except TimeoutError as error:
            raise NoAnswer("The application did not respond.") from error
        return self

    async def until(
        self, check: Callable[[Revision], object], within: float = 60.0, *, after: Revision | None = None
    ) -> Revision:
        """The first state of the answer, past or still to come, for which `check` holds.

        With `after` only the states later than that one count. Raises `NoAnswer`, or `TimeoutError` after `within`
        seconds, with what the answer said last.
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
        """Wait until the answer is gone."""
        await self._sandbox.until(lambda: self.message is not None and self.message.deleted, within)


class Sandbox:
    """The server with its knobs: `rules` (limits and lifetimes), `faults` (what breaks), `gateway` (dropped sockets,
    reconnects). `requests` has everything the bot asked of REST, `world` everything there is."""

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
        # A killed bot must not keep the server: open requests are cancelled soon after close.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handler_cancellation=False)

    @classmethod
    async def start(cls, rules: Rules | None = None, port: int = 0) -> Self:
        """Listen on the loopback interface; port 0 takes a free one. Raises `OSError` when the port is taken."""
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
        """Answers of 401, 403 and 429: ten thousand in ten minutes and Discord bans the address."""
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
        """The person of this name; made on first use, with these properties."""
        if name not in self._people:
            user = self._people[name] = self.world.add_user(name)
            user.locale, user.accepts_dms, user.installed = locale, accepts_dms, installed
            if moderator:
                self.guild.moderators.add(user.id)
            if manager:
                self.guild.managers.add(user.id)
        return self._people[name]

    def add_channel(self, name: str, guild: Guild | None = None, *, permissions: Permission = ORDINARY) -> Channel:
        """Another channel of `guild` (the first one by default) in which the bot has `permissions`.

        A bot that is connected is not told; make channels before it starts.
        """
        channel = self.world.add_channel(name, guild or self.guild)
        channel.permissions = permissions
        return channel

    def add_role(self, name: str, *people: User) -> int:
        """A role of the first guild that these people have. Make roles before the bot connects, like channels."""
        role_id = self.world.add_role(self.guild, name)
        for person in people:
            self.guild.roles_of.setdefault(person.id, []).append(role_id)
        return role_id

    def foreign_guild(self, name: str = "Elsewhere") -> Channel:
        """A channel of a guild without the bot, for people who `installed` the app on their account."""
        guild = self.world.add_guild(name, self.world.add_user(f"owner of {name}"), has_bot=False)
        return self.add_channel("general", guild)

    def dm(self, user: User) -> Channel:
        """The direct messages between a person and the bot."""
        return self.world.private_channel(self.world.bot, user)

    def private_channel(self, *people: User) -> Channel:
        """A conversation between people, where the bot is only through an account install."""
        return self.world.private_channel(*people)

    def messages(self, channel: Channel | None = None) -> list[Message]:
        """The messages that stand in a channel, or everywhere, oldest first."""
        every = self.world.messages.values()
        return [each for each in every if not each.deleted and (channel is None or each.channel is channel)]

    # What people do

    async def type_command(
        self,
        user: User,
        channel: Channel,
        name: str,
        options: Mapping[str, Any] | None = None,
        attachments: Mapping[str, Upload | Path] | None = None,
    ) -> InteractionHandle:
        """Type a slash command; `attachments` are files by the name of their option.

        Raises `CommandRefused` with the sentence Discord's client would show: the command or an option is unknown,
        something required is missing, a value is out of range, or the command is not available here.
        """
        return self._send_command(InteractionType.COMMAND, user, channel, name, options or {}, attachments or {})

    async def use_menu(self, user: User, message: Message | InteractionHandle, name: str) -> InteractionHandle:
        """Choose an entry of a message's context menu. Raises `CommandRefused` as for slash commands."""
        target = message.message if isinstance(message, InteractionHandle) else message
        if target is None or target.deleted or target.only_for not in (None, user):
            raise CommandRefused("There is no such message.")
        channel = target.channel
        data = use_menu(self.world.commands, name, channel.context, has_bot=channel.has_bot, installed=user.installed)
        data["target_id"] = str(target.id)
        data["resolved"] = {"messages": {str(target.id): self.payloads.message(target)}}
        return self._dispatch(self.world.add_interaction(InteractionType.COMMAND, user, channel, data))

    def say(self, user: User, channel: Channel, content: str = "", *files: Upload) -> Message:
        """A person writes a message; the bot, which may not read along, is not told of it."""
        attachments = tuple(self.world.add_attachment(each) for each in files)
        return self.world.add_message(channel, user, Revision(time.time(), content, attachments=attachments))

    async def complete(
        self, user: User, channel: Channel, name: str, options: Mapping[str, Any], focused: str
    ) -> list[Json]:
        """What the bot proposes for the option `focused` while the command is being typed."""
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
        for entry in _leaves(filled.data):
            if entry["name"] in filled.uploads:
                attachment = self.world.add_attachment(filled.uploads[entry["name"]], ephemeral=True)
                entry["value"] = str(attachment.id)
                resolved[str(attachment.id)] = self.payloads.attachment(attachment)
        if resolved:
            filled.data["resolved"] = {"attachments": resolved}
        return self._dispatch(self.world.add_interaction(kind, user, channel, filled.data))

    async def press(self, user: User, message: Message | InteractionHandle, button: str) -> InteractionHandle:
        """Press a button, named by its custom_id, its label, or a word of either.

        Raises `CommandRefused` with a sentence when the person cannot: no such button, greyed out, not theirs to see.
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
        data = {"custom_id": found.custom_id, "component_type": 2, "id": found.id}
        kind = InteractionType.COMPONENT
        return self._dispatch(self.world.add_interaction(kind, user, target.channel, data, target))

    async def choose(
        self, user: User, message: Message | InteractionHandle, menu: str, *chosen: str | int
    ) -> InteractionHandle:
        """Choose from the select menu with this custom_id: values or labels, or ids of channels or roles.

        Raises `CommandRefused` when the person cannot: no such menu, not as many, not among what it offers.
        """
        target = message.message if isinstance(message, InteractionHandle) else message
        if target is None or target.deleted or target.only_for not in (None, user):
            raise CommandRefused("There is no such message.")
        found = next((each for each in walk(target.now.components) if each.get("custom_id") == menu), None)
        if found is None or found["type"] not in SELECTS:
            raise CommandRefused(f"The message has no menu {menu}.")
        data = self._chosen(found, [str(each) for each in chosen], target.channel)
        kind = InteractionType.COMPONENT
        return self._dispatch(self.world.add_interaction(kind, user, target.channel, data, target))

    def _chosen(self, menu: Json, chosen: list[str], channel: Channel) -> Json:
        """The data of the interaction that a choice makes."""
        least, most = menu.get("min_values", 1), menu.get("max_values", 1)
        if not least <= len(chosen) <= most:
            raise CommandRefused(f"{menu['custom_id']} takes {least} to {most}, not {len(chosen)}.")
        data: Json = {"custom_id": menu["custom_id"], "component_type": menu["type"], "id": menu.get("id", 1)}
        if menu["type"] == STRING_SELECT:
            values = {each["label"]: each["value"] for each in menu["options"]}
            if unknown := [each for each in chosen if each not in values and each not in values.values()]:
                raise CommandRefused(f"{menu['custom_id']} has no choice {unknown[0]}.")
            return data | {"values": [values.get(each, each) for each in chosen]}
        guild = channel.guild
        if menu["type"] == ROLE_SELECT and guild is not None:
            roles = {each: self.payloads.role(int(each), guild.roles[int(each)]) for each in chosen}
            return data | {"values": chosen, "resolved": {"roles": roles}}
        if menu["type"] == CHANNEL_SELECT:
            channels = {
                each: self.payloads.channel(self.world.channels[int(each)]) | {"permissions": "0"} for each in chosen
            }
            return data | {"values": chosen, "resolved": {"channels": channels}}
        raise CommandRefused(f"{menu['custom_id']} can't be used here.")

    async def submit(self, user: User, opened: InteractionHandle, values: Mapping[str, str]) -> InteractionHandle:
        """Fill fields (by custom_id) of the form that the bot opened, and send it; the others stay as they were opened.

        Raises `CommandRefused` with the sentence Discord's client would show: there is no such field or choice, a
        field must be filled in, or it holds no text as long as that.
        """
        if opened.modal is None:
            raise CommandRefused("The bot opened no form.")
        data, before = filled_in(opened.modal, values), opened.interaction
        sent = self.world.add_interaction(InteractionType.MODAL, user, before.channel, data, before.source)
        sent.trigger = before
        return self._dispatch(sent)

    def react(self, user: User, message: Message, emoji: str, *, on: bool = True) -> None:
        """Put an emoji under a message, or take it back. Raises `CommandRefused` for a message that isn't there."""
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
        """Wait until something about this Discord holds; gives what `check` gave. Raises `TimeoutError`."""
        async with asyncio.timeout(within):
            while not (result := check()):
                await self.world.changes.next()
        return result

    async def until_ready(self, within: float = 60.0) -> None:
        """Wait until a bot is connected and has registered commands."""
        await self.until(lambda: self.gateway.ready and self.world.commands, within)


def _leaves(data: Json) -> list[Json]:
    """The options with values, below any subcommand."""
    found: list[Json] = []
    for each in data.get("options") or []:
        found += _leaves(each) if each["type"] in (1, 2) else [each]
    return found
