"""The buttons that keep a picture to oneself, or let others of its server see it in galleries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.buttons.base import StatefulButton, pattern
from bot.language import Language, say
from bot.messages import Button
from engine.errors import InputError
from storage.gallery import Picture

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


class HideButton(StatefulButton, template=pattern("hide")):
    """From now on only its owner finds the picture."""

    action = "hide"
    once = False  # each replaces the other, and pressing one twice changes nothing
    emoji = "🔒"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Make it private")

    async def pressed(self, interaction: Interaction) -> None:
        await _set_public(interaction, self.target, False)


class PublishButton(StatefulButton, template=pattern("publish")):
    """From now on others of its server find the picture too."""

    action = "publish"
    once = False
    emoji = "🔓"

    @classmethod
    def label(cls, language: Language) -> str:
        return say(language, "Make it public")

    async def pressed(self, interaction: Interaction) -> None:
        await _set_public(interaction, self.target, True)


def visibility_view(picture: Picture, language: Language) -> discord.ui.View:
    """The one button that changes something."""
    return _view(picture.id, picture.public, language)


def _view(picture_id: int, public: bool, language: Language) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if public:
        view.add_item(HideButton(Button("hide", picture_id), language))
    else:
        view.add_item(PublishButton(Button("publish", picture_id), language))
    return view


async def _set_public(interaction: Interaction, picture_id: int, public: bool) -> None:
    language = interaction.locale
    if not await interaction.client.gallery.set_public(picture_id, interaction.user.id, public):
        raise InputError(say(language, "There is no such picture of yours any more."))
    if public:
        said = say(language, "Others of its server find this picture in /gallery now.")
    else:
        said = say(language, "Only you find this picture in /gallery now; its message stays where it is.")
    await interaction.response.edit_message(content=said, view=_view(picture_id, public, language))
