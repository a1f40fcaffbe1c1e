"""What all buttons and menus under messages have in common: their state is in their custom_id.

So they work after any restart. Views consist of these alone: discord.py 2.7 forgets a pattern when a view that mixes
them with others times out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from bot import replies
from bot.language import Language
from bot.messages import Action, Button

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


def pattern(action: Action) -> str:
    """The custom_ids of an action: its target and, behind another colon, which picture of a grid."""
    return rf"atelier:{action}:(?P<target>[0-9]{{1,18}})(?::(?P<number>[0-9]{{1,2}}))?"


class StatefulItem(discord.ui.DynamicItem[discord.ui.Item[Any]], template=r"atelier:(?!)"):
    """Base of all buttons and menus: a double press does one thing, and whatever goes wrong is answered."""

    once = True  # False: a second press within seconds is meant, and does no harm

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        presses, press = interaction.client.presses, (interaction.user.id, self._press_of(interaction))
        try:
            if not self.once or presses.note(*press):
                await self.pressed(interaction)
            else:
                await interaction.response.defer()
        except Exception as error:
            presses.forget(*press)
            await replies.explain(interaction, error)

    async def pressed(self, interaction: Interaction) -> None:
        """What the item does. An `InputError` is told to the person alone."""
        raise NotImplementedError

    def _press_of(self, interaction: Interaction) -> str:
        """What makes a press another one than the one before."""
        return self.custom_id


class FieldMenu(StatefulItem, template=r"atelier:(?!)"):
    """A menu or button that sets one field; its pattern has a group `field`."""

    def __init__(self, item: discord.ui.Item[Any], field: str) -> None:
        super().__init__(item)
        self.field = field

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(item, match["field"])

    def _press_of(self, interaction: Interaction) -> str:
        return str(interaction.id)  # choosing the same twice does one thing anyway


class StatefulButton(StatefulItem, template=r"atelier:(?!)"):
    """A button for a picture, a job or a draft: `Button` says which."""

    action: Action
    style = discord.ButtonStyle.secondary
    emoji: str | None = None

    def __init__(self, button: Button, language: Language = None) -> None:
        item = discord.ui.Button[Any](
            label=self.label(language), emoji=self.emoji, style=self.style, custom_id=button.custom_id
        )
        super().__init__(item, row=button.row)
        self.target, self.number = button.target, button.number

    @classmethod
    def label(cls, language: Language) -> str:
        """What stands on the button."""
        raise NotImplementedError

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(Button(cls.action, int(match["target"]), int(match["number"] or 0)), interaction.locale)
