"""The buttons and menus under messages. Their state is in their custom_id, so they work after any restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import discord

from bot.buttons.base import StatefulButton
from bot.buttons.draft import EditButton
from bot.buttons.keeping import DeleteButton, FamilyButton, FavouriteButton, FilmButton, SettingsButton, ShareButton
from bot.buttons.painting import (
    AgainButton,
    ContinueButton,
    DoubleButton,
    QuadrupleButton,
    ReworkButton,
    VaryButton,
)
from bot.buttons.pick import PickMenu
from bot.buttons.queue import CancelButton
from bot.buttons.visibility import HideButton, PublishButton
from bot.language import Language
from bot.messages import Action, Button

BUTTONS: Final[dict[Action, type[StatefulButton | PickMenu]]] = {
    "cancel": CancelButton,
    "again": AgainButton,
    "vary": VaryButton,
    "rework": ReworkButton,
    "continue": ContinueButton,
    "double": DoubleButton,
    "quadruple": QuadrupleButton,
    "film": FilmButton,
    "favourite": FavouriteButton,
    "share": ShareButton,
    "settings": SettingsButton,
    "family": FamilyButton,
    "delete": DeleteButton,
    "hide": HideButton,
    "publish": PublishButton,
    "pick": PickMenu,
    "edit": EditButton,
}


def view_of(buttons: Sequence[Button], language: Language = None) -> discord.ui.View | None:
    """The buttons as discord.py sends them; None removes those a message has."""
    if not buttons:
        return None
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(BUTTONS[button.action](button, language))
    return view
