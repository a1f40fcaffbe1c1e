"""A Discord on the loopback interface: enough of gateway and REST that the bot, unmodified, works against it."""

from __future__ import annotations

from bot.sandbox.commands import CommandRefused
from bot.sandbox.rest import Request
from bot.sandbox.rules import Allowance, Rules
from bot.sandbox.server import InteractionHandle, NoAnswer, Sandbox
from bot.sandbox.world import Attachment, Channel, Message, Permission, Revision, Upload, User

__all__ = [
    "Allowance",
    "Attachment",
    "Channel",
    "CommandRefused",
    "InteractionHandle",
    "Message",
    "NoAnswer",
    "Permission",
    "Request",
    "Revision",
    "Rules",
    "Sandbox",
    "Upload",
    "User",
]
