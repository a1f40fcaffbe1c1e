"""The objects of the world as JSON payloads: https://discord.com/developers/docs"""

from __future__ import annotations

import copy
import datetime
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from bot.loopback.rules import Rules
from bot.loopback.world import (
    ORDINARY,
    Attachment,
    Channel,
    Guild,
    Interaction,
    InteractionType,
    Json,
    Message,
    Revision,
    User,
    World,
    walk,
)

ATTACHMENT_SCHEME: Final = "attachment://"


def timestamp(seconds: float) -> str:
    """ISO 8601 in UTC with microseconds, as Discord formats time."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="microseconds")


@dataclass(slots=True)
class Links:
    """Signed URLs of attachments, which expire at `ex`."""

    base: str  # of the loopback's CDN, "http://127.0.0.1:8080/cdn"
    rules: Rules
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def of(self, attachment: Attachment) -> str:
        now = int(time.time())
        expires, issued = f"{now + int(self.rules.link_life):x}", f"{now:x}"
        folder = "ephemeral-attachments" if attachment.ephemeral else "attachments"
        signature = self._sign(attachment.id, expires, issued)
        name = quote(attachment.filename)
        return f"{self.base}/{folder}/{attachment.id}/{name}?ex={expires}&is={issued}&hm={signature}"

    def valid(self, attachment_id: int, expires: str, issued: str, signature: str) -> bool:
        """Whether a URL has a valid signature and has not expired."""
        if not hmac.compare_digest(self._sign(attachment_id, expires, issued), signature):
            return False
        return time.time() < int(expires, 16)

    def _sign(self, attachment_id: int, expires: str, issued: str) -> str:
        return hmac.new(self.secret, f"{attachment_id}/{expires}/{issued}".encode(), hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Payloads:
    """The payloads of one world."""

    world: World
    rules: Rules
    links: Links

    def user(self, user: User) -> Json:
        return {
            "id": str(user.id),
            "username": user.name.lower().replace(" ", "."),
            "global_name": None if user.bot else user.name,
            "discriminator": "0000" if user.bot else "0",
            "avatar": None,
            "bot": user.bot,
            "public_flags": 0,
        }

    def me(self) -> Json:
        extra = {"verified": True, "mfa_enabled": True, "flags": 0, "locale": "en-US", "email": None}
        return self.user(self.world.bot) | extra

    def application(self) -> Json:
        owner = next((each for each in self.world.users.values() if not each.bot), self.world.bot)
        return {
            "id": str(self.world.bot.id),
            "name": self.world.bot.name,
            "description": "",
            "icon": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "owner": self.user(owner),
            "team": None,
            "flags": 0,
            "tags": [],
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "approximate_guild_count": sum(guild.has_bot for guild in self.world.guilds.values()),
            "approximate_user_install_count": sum(user.installed for user in self.world.users.values()),
            "integration_types_config": {"0": {}, "1": {}},
        }

    def member(self, user: User, guild: Guild) -> Json:
        return {
            "user": self.user(user),
            "roles": [str(each) for each in guild.roles_of.get(user.id, ())],
            "nick": None,
            "joined_at": timestamp(time.time()),
            "deaf": False,
            "mute": False,
            "flags": 0,
        }

    def role(self, role_id: int, name: str) -> Json:
        return {
            "id": str(role_id),
            "name": name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": 0,
            "permissions": str(int(ORDINARY)),
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }

    def guild(self, guild: Guild) -> Json:
        """The payload of GUILD_CREATE, with the bot as only member, as without the members intent."""
        roles = {guild.id: "@everyone", **guild.roles}
        channels = [each for each in self.world.channels.values() if each.guild is guild]
        empty: dict[str, Any] = {
            each: []
            for each in (
                "emojis",
                "features",
                "guild_scheduled_events",
                "presences",
                "soundboard_sounds",
                "stage_instances",
                "stickers",
                "threads",
                "voice_states",
            )
        }
        return empty | {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "owner_id": str(guild.owner.id),
            "roles": [self.role(role_id, name) for role_id, name in roles.items()],
            "channels": [self.channel(each) for each in channels],
            "members": [self.member(self.world.bot, guild)],
            "member_count": len(self.world.users),
            "joined_at": timestamp(time.time()),
            "large": False,
            "unavailable": False,
            "preferred_locale": guild.locale,
            "verification_level": 0,
            "default_message_notifications": 1,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "afk_timeout": 300,
            "system_channel_flags": 0,
        }

    def channel(self, channel: Channel) -> Json:
        if channel.guild is not None:
            return {
                "id": str(channel.id),
                "type": 0,
                "guild_id": str(channel.guild.id),
                "name": channel.name,
                "position": 0,
                "permission_overwrites": [],
                "nsfw": False,
                "parent_id": None,
                "topic": None,
                "last_message_id": None,
                "rate_limit_per_user": 0,
                "flags": 0,
            }
        others = [self.user(each) for each in channel.people if not each.bot]
        return {"id": str(channel.id), "type": 1, "last_message_id": None, "flags": 0, "recipients": others}

    def attachment(self, attachment: Attachment) -> Json:
        address = self.links.of(attachment)
        payload: Json = {
            "id": str(attachment.id),
            "filename": attachment.filename,
            "size": len(attachment.data),
            "url": address,
            "proxy_url": address,
        }
        optional = {
            "content_type": attachment.content_type,
            "width": attachment.width,
            "height": attachment.height,
            "description": attachment.description,
            "ephemeral": attachment.ephemeral or None,
        }
        return payload | {name: value for name, value in optional.items() if value is not None}

    def message(self, message: Message) -> Json:
        now = message.now
        embeds, shown = self._with_urls(now)
        answered = message.interaction
        command = answered is not None and answered.type is InteractionType.COMMAND
        kind = 19 if message.reference else 20 if command else 0
        mentioned = [self.world.users[each] for each in now.mentions if each in self.world.users]
        payload: Json = {
            "id": str(message.id),
            "channel_id": str(message.channel.id),
            "type": kind,
            "author": self.user(message.author),
            "content": now.content,
            "timestamp": timestamp(message.history[0].time),
            "edited_timestamp": timestamp(now.time) if len(message.history) > 1 else None,
            "tts": False,
            "pinned": False,
            "mention_everyone": now.mentions_everyone,
            "mentions": [self.user(each) for each in mentioned],
            "mention_roles": [],
            # Discord leaves out files that an embed or a component shows.
            "attachments": [self.attachment(each) for each in now.attachments if each.filename not in shown],
            "embeds": embeds,
            "components": list(now.components),
            "flags": int(now.flags),
        }
        if message.nonce is not None:
            payload["nonce"] = message.nonce
        if message.reference is not None:
            payload["message_reference"] = message.reference
        if message.reactions:
            payload["reactions"] = [self.reactions(message, emoji) for emoji in message.reactions]
        if answered is not None:
            payload["application_id"] = payload["webhook_id"] = str(self.world.bot.id)
            payload["interaction_metadata"] = self.metadata(answered)
        return payload

    def reactions(self, message: Message, emoji: str) -> Json:
        """The reactions to a message with this emoji."""
        people = message.reactions[emoji]
        return {
            "emoji": {"id": None, "name": emoji},
            "count": len(people),
            "count_details": {"burst": 0, "normal": len(people)},
            "burst_colors": [],
            "me_burst": False,
            "me": self.world.bot.id in people,
        }

    def reaction(self, message: Message, user: User, emoji: str, *, added: bool) -> Json:
        """The payload of MESSAGE_REACTION_ADD or MESSAGE_REACTION_REMOVE."""
        payload: Json = {
            "user_id": str(user.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
        }
        guild = message.channel.guild
        if guild is not None:
            payload["guild_id"] = str(guild.id)
        if added:
            payload["message_author_id"] = str(message.author.id)
            if guild is not None:
                payload["member"] = self.member(user, guild)
        return payload

    def metadata(self, interaction: Interaction) -> Json:
        """The `interaction_metadata` of a message."""
        payload: Json = {
            "id": str(interaction.id),
            "type": int(interaction.type),
            "user": self.user(interaction.user),
            "authorizing_integration_owners": self.integration_owners(interaction.user, interaction.channel),
        }
        if interaction.trigger is not None:
            payload["triggering_interaction_metadata"] = self.metadata(interaction.trigger)
        return payload

    def integration_owners(self, user: User, channel: Channel) -> dict[str, str]:
        """Who installed the app: under "0" the guild (or "0" in the bot's direct messages), under "1" the person."""
        owners = {}
        if channel.has_bot:
            owners["0"] = str(channel.guild.id) if channel.guild is not None else "0"
        if user.installed:
            owners["1"] = str(user.id)
        return owners

    def interaction(self, interaction: Interaction) -> Json:
        user, channel = interaction.user, interaction.channel
        payload: Json = {
            "id": str(interaction.id),
            "application_id": str(self.world.bot.id),
            "type": int(interaction.type),
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel_id": str(channel.id),
            "channel": self.channel(channel),
            "locale": user.locale,
            "entitlements": [],
            "authorizing_integration_owners": self.integration_owners(user, channel),
            "context": int(channel.context),
            "app_permissions": str(int(channel.permissions)),
            "attachment_size_limit": self.rules.attachment_size_limit,
        }
        if interaction.source is not None:
            payload["message"] = self.message(interaction.source)
        if channel.guild is None:
            return payload | {"user": self.user(user)}
        permissions = str(int(channel.guild.permissions(user)))
        payload["channel"]["permissions"] = permissions
        payload["member"] = self.member(user, channel.guild) | {"permissions": permissions}
        payload["guild_id"] = str(channel.guild.id)
        payload["guild_locale"] = channel.guild.locale
        payload["guild"] = {"id": str(channel.guild.id), "locale": channel.guild.locale, "features": []}
        return payload

    def callback(self, interaction: Interaction) -> Json:
        """The response to an interaction callback with `with_response`."""
        response, answer = interaction.response, interaction.answer
        about: Json = {"id": str(interaction.id), "type": int(interaction.type)}
        payload: Json = {"interaction": about}
        if answer in (4, 5, 6, 7) and response is not None:
            about["response_message_id"] = str(response.id)
            about["response_message_loading"] = response.now.loading
            about["response_message_ephemeral"] = response.only_for is not None
        if answer in (4, 7) and response is not None:
            payload["resource"] = {"type": answer, "message": self.message(response)}
        return payload

    def _with_urls(self, revision: Revision) -> tuple[list[Json], set[str]]:
        """The embeds with `attachment://` URLs resolved, and the names of the files that embeds or components show."""
        embeds = copy.deepcopy(list(revision.embeds))
        files = {each.filename: each for each in revision.attachments}
        shown = set()
        for embed in embeds:
            for part in ("image", "thumbnail", "video"):
                name = (embed.get(part) or {}).get("url", "").removeprefix(ATTACHMENT_SCHEME)
                if name in files:
                    embed[part]["url"] = embed[part]["proxy_url"] = self.links.of(files[name])
                    shown.add(name)
        for component in walk(revision.components):
            medias = [item.get("media") for item in component.get("items") or ()]
            for media in [*medias, component.get("media"), component.get("file")]:
                name = (media or {}).get("url", "").removeprefix(ATTACHMENT_SCHEME)
                if name in files:
                    shown.add(name)
        return embeds, shown
