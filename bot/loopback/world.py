"""The state of the loopback Discord: users, guilds, channels, interactions, and messages with all their revisions."""

from __future__ import annotations

import asyncio
import enum
import fnmatch
import io
import mimetypes
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from PIL import Image, UnidentifiedImageError

Json: TypeAlias = dict[str, Any]

EPOCH_MS: Final = 1_420_070_400_000  # Discord's epoch, 2015-01-01
MENTION: Final = re.compile(r"<@!?(\d{1,20})>")


class Permission(enum.IntFlag):
    """The permissions that matter to a bot that answers with pictures."""

    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    USE_EXTERNAL_APPS = 1 << 50


ORDINARY: Final = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.USE_EXTERNAL_APPS
)


class Flag(enum.IntFlag):
    """Message flags: https://discord.com/developers/docs/resources/message#message-object-message-flags"""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_COMPONENTS_V2 = 1 << 15


class Context(enum.IntEnum):
    """Where an interaction happens."""

    GUILD = 0
    BOT_DM = 1
    PRIVATE_CHANNEL = 2


class ComponentType(enum.IntEnum):
    """https://discord.com/developers/docs/components/reference#component-object-component-types"""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18


SELECTS: Final = (
    ComponentType.STRING_SELECT,
    ComponentType.USER_SELECT,
    ComponentType.ROLE_SELECT,
    ComponentType.MENTIONABLE_SELECT,
    ComponentType.CHANNEL_SELECT,
)


class InteractionType(enum.IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


@dataclass(eq=False, slots=True)
class User:
    """A person, or the bot itself."""

    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    accepts_dms: bool = True  # False: the bot's direct messages are refused with 50007
    installed: bool = False  # user-installed the app, so that it works in guilds without the bot

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(eq=False, slots=True)
class Guild:
    id: int
    name: str
    owner: User
    has_bot: bool = True  # False: only people who user-installed the app can use it here
    locale: str = "en-US"
    moderators: set[int] = field(default_factory=set)  # ids of people with Manage Messages
    managers: set[int] = field(default_factory=set)  # ids of people with Manage Server
    roles: dict[int, str] = field(default_factory=dict)  # names by id, without @everyone
    roles_of: dict[int, list[int]] = field(default_factory=dict)  # ids of roles by id of the person

    def permissions(self, user: User) -> Permission:
        """The permissions of a person here."""
        granted = ORDINARY
        if user is self.owner or user.id in self.moderators:
            granted |= Permission.MANAGE_MESSAGES
        if user is self.owner or user.id in self.managers:
            granted |= Permission.MANAGE_GUILD
        return granted


@dataclass(eq=False, slots=True)
class Channel:
    """A text channel of a guild, or a private channel of `people`."""

    id: int
    name: str
    guild: Guild | None = None
    people: tuple[User, ...] = ()
    permissions: Permission = ORDINARY  # the bot's

    @property
    def context(self) -> Context:
        if self.guild is not None:
            return Context.GUILD
        return Context.BOT_DM if any(user.bot for user in self.people) else Context.PRIVATE_CHANNEL

    @property
    def has_bot(self) -> bool:
        """Whether the bot is a member here, so that it can use the channel with its bot token."""
        return self.guild.has_bot if self.guild is not None else self.context is Context.BOT_DM


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to upload."""

    filename: str
    data: bytes = field(repr=False)
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was uploaded."""

    id: int
    filename: str
    data: bytes = field(repr=False)
    content_type: str | None
    width: int | None
    height: int | None
    description: str | None = None
    ephemeral: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    id: int  # of the component within its message
    custom_id: str
    label: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Revision:
    """A state of a message, from one edit to the next."""

    time: float  # seconds since 1970
    content: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: Flag = Flag(0)  # noqa: RUF009  # flags are values
    mentions: tuple[int, ...] = ()  # ids of the people that are notified, as allowed_mentions permits
    mentions_everyone: bool = False

    @property
    def loading(self) -> bool:
        """Whether the message is a deferred response, shown as "the bot is thinking"."""
        return Flag.LOADING in self.flags

    @property
    def buttons(self) -> tuple[Button, ...]:
        """The buttons in reading order, disabled ones included, without link buttons."""
        return tuple(
            Button(each.get("id", 0), each["custom_id"], each.get("label") or "", bool(each.get("disabled")))
            for each in walk(self.components)
            if each["type"] == ComponentType.BUTTON and each.get("custom_id")
        )

    @property
    def text(self) -> str:
        """All text of the message: content, embeds and text displays, a line each."""
        lines: list[str | None] = [self.content]
        for embed in self.embeds:
            lines += [embed.get("title"), embed.get("description")]
            lines += [f"{each['name']}: {each['value']}" for each in embed.get("fields") or ()]
            lines.append((embed.get("footer") or {}).get("text"))
        lines += [each["content"] for each in walk(self.components) if each["type"] == ComponentType.TEXT_DISPLAY]
        return "\n".join(line for line in lines if line)

    def file(self, pattern: str) -> Attachment | None:
        """The first attachment whose name matches, for example `"*.png"`."""
        return next((each for each in self.attachments if fnmatch.fnmatch(each.filename, pattern)), None)

    def button(self, wanted: str) -> Button | None:
        """The button with this custom_id, or this label, or this word in its custom_id or label."""
        word = wanted.casefold()
        for fits in (
            lambda each: each.custom_id == wanted,
            lambda each: each.label.casefold() == word,
            lambda each: word in each.custom_id.casefold().split(":") or word in each.label.casefold().split(),
        ):
            found = [each for each in self.buttons if fits(each)]
            if found:
                return found[0]
        return None


@dataclass(eq=False, slots=True)
class Message:
    id: int
    channel: Channel
    author: User
    history: list[Revision]
    interaction: Interaction | None = None  # the one that it is a response or follow-up to
    only_for: User | None = None  # ephemeral: only this person sees it, and the bot token can't read it
    nonce: str | None = None
    reference: Json | None = None
    deleted: bool = False
    reactions: dict[str, list[int]] = field(default_factory=dict)  # emoji → ids of the people who reacted, in order

    @property
    def now(self) -> Revision:
        return self.history[-1]


@dataclass(eq=False, slots=True)
class Interaction:
    """An interaction, with the bot's responses to it."""

    id: int
    token: str = field(repr=False)
    type: InteractionType
    user: User
    channel: Channel
    data: Json
    created: float  # time.monotonic()
    source: Message | None = None  # the message whose component was used
    answer: int | None = None  # type of the interaction response
    response: Message | None = None  # the message that `@original` stands for
    followups: list[Message] = field(default_factory=list)
    choices: list[Json] | None = None  # of an autocomplete response
    modal: Json | None = None  # of a modal response
    trigger: Interaction | None = None  # of a modal submit: the interaction that the modal was a response to


class Changes:
    """Wakes the tasks that wait for the next change of the world."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        await self._event.wait()


class World:
    """The state behind gateway and REST. The checks of requests are in `rest` and `gateway`."""

    def __init__(self) -> None:
        self._last_id = 0
        self.changes = Changes()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.attachments: dict[int, Attachment] = {}
        self.interactions: dict[int, Interaction] = {}
        self.commands: list[Json] = []  # as registered, each with id, application_id and version
        self.bot = self.add_user("Atelier", bot=True)

    def snowflake(self) -> int:
        """A new id, larger than all before; its upper bits are the time."""
        self._last_id = max(self._last_id + 1, int(time.time() * 1000) - EPOCH_MS << 22)
        return self._last_id

    def add_user(self, name: str, *, bot: bool = False) -> User:
        user = User(self.snowflake(), name, bot)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, owner: User, *, has_bot: bool) -> Guild:
        guild = Guild(self.snowflake(), name, owner, has_bot)
        self.guilds[guild.id] = guild
        return guild

    def add_role(self, guild: Guild, name: str) -> int:
        role_id = self.snowflake()
        guild.roles[role_id] = name
        return role_id

    def add_channel(self, name: str, guild: Guild | None = None, people: tuple[User, ...] = ()) -> Channel:
        channel = Channel(self.snowflake(), name, guild, people)
        self.channels[channel.id] = channel
        return channel

    def private_channel(self, *people: User) -> Channel:
        """The private channel of these people, made if there is none."""
        for channel in self.channels.values():
            if channel.guild is None and set(channel.people) == set(people):
                return channel
        return self.add_channel(" and ".join(each.name for each in people), people=people)

    def add_attachment(self, upload: Upload, *, ephemeral: bool = False) -> Attachment:
        content_type, _ = mimetypes.guess_type(upload.filename)
        width, height = _picture_size(upload.data)
        filename = upload.filename.replace(" ", "_")
        identity = self.snowflake()
        attachment = Attachment(
            identity, filename, upload.data, content_type, width, height, upload.description, ephemeral
        )
        self.attachments[attachment.id] = attachment
        return attachment

    def add_message(self, channel: Channel, author: User, revision: Revision) -> Message:
        message = Message(self.snowflake(), channel, author, [revision])
        self.messages[message.id] = message
        self.changes.notify()
        return message

    def revise(self, message: Message, revision: Revision) -> None:
        message.history.append(revision)
        self.changes.notify()

    def delete(self, message: Message) -> None:
        message.deleted = True
        self.changes.notify()

    def react(self, message: Message, user: User, emoji: str, on: bool) -> bool:
        """Add (`on`) or remove a reaction; False: nothing changed."""
        people = message.reactions.setdefault(emoji, [])
        changed = (user.id in people) is not on
        if changed:
            (people.append if on else people.remove)(user.id)
        if not people:
            del message.reactions[emoji]
        self.changes.notify()
        return changed

    def add_interaction(
        self, kind: InteractionType, user: User, channel: Channel, data: Json, source: Message | None = None
    ) -> Interaction:
        identity = self.snowflake()
        token = f"aW50ZXJhY3Rpb246{identity}-{secrets.token_urlsafe(48)}"
        interaction = Interaction(identity, token, kind, user, channel, data, time.monotonic(), source)
        self.interactions[identity] = interaction
        return interaction

    def interaction_by_token(self, token: str) -> Interaction | None:
        return next((each for each in self.interactions.values() if each.token == token), None)


def walk(components: tuple[Json, ...] | list[Json]) -> Iterator[Json]:
    """All components in reading order, including those in rows, sections, containers and labels."""
    for each in components:
        yield each
        yield from walk(each.get("components") or [])
        for inner in (each.get("accessory"), each.get("component")):
            if inner is not None:
                yield from walk([inner])


def integer(value: object) -> int:
    """An id or number in JSON or in a path as an integer; -1 if it is none."""
    try:
        return int(str(value))
    except ValueError:
        return -1


def _picture_size(data: bytes) -> tuple[int, int] | tuple[None, None]:
    """Width and height in pixels, or None for what is no picture."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None, None
