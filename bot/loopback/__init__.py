"""A Discord server on the loopback interface, with enough of gateway and REST for the unmodified bot."""

from __future__ import annotations

from bot.loopback.commands import CommandRefused
from bot.loopback.rest import Request
from bot.loopback.rules import Allowance, Rules
from bot.loopback.server import InteractionHandle, NoAnswer, Sandbox
from bot.loopback.world import Attachment, Channel, Message, Permission, Revision, Upload, User

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
