"""What the client has for people who make art together: one object, made with it and stopped with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.community.challenge_buttons import EnterButton, EntryPageButton, VoteButton
from bot.community.challenge_host import ChallengeHost
from bot.community.feed_posts import FeedPosts
from bot.community.names import Names
from bot.community.prompt_buttons import DropPromptButton, PaintPromptButton, SavePromptButton, UnsharePromptButton
from bot.community.prompts_command import PromptsPageButton
from bot.community.reactions import Reactions

if TYPE_CHECKING:
    from bot.client import Atelier

ITEMS: Final[tuple[type[discord.ui.DynamicItem[Any]], ...]] = (
    PaintPromptButton,
    SavePromptButton,
    DropPromptButton,
    UnsharePromptButton,
    PromptsPageButton,
    EnterButton,
    EntryPageButton,
    VoteButton,
)


class Community:
    """Names, the feeds, reactions and the challenges."""

    def __init__(self, client: Atelier) -> None:
        self.names = Names(client)
        self.feed_posts = FeedPosts(client)
        self.reactions = Reactions(client)
        self.challenge_host = ChallengeHost(client)

    def start(self) -> None:
        """After the login."""
        self.challenge_host.start()

    async def stop(self) -> None:
        """Before the client closes."""
        await self.challenge_host.stop()
