"""The buttons under messages. Their state is in their custom_id, so they work after any restart."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Self

import discord

from bot import replies
from bot.drafts import GONE
from bot.forms import modal_of
from bot.messages import Action, Button
from engine.errors import InputError

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

_log = logging.getLogger(__name__)


class _Button(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"atelier:(?!)"):
    """Base of all buttons: reads its target from the custom_id and answers the person when something goes wrong.

    Views consist of these alone: discord.py 2.7 forgets a pattern when a view that mixes them with others times out.
    """

    action: Action
    face: tuple[str, discord.ButtonStyle]

    def __init__(self, target: int) -> None:
        label, style = self.face
        custom_id = Button(self.action, target).custom_id
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=custom_id))
        self.target = target

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["target"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await self.pressed(interaction)
        except Exception as error:
            await replies.explain(interaction, error)

    async def pressed(self, interaction: Interaction) -> None:
        """What the button does."""
        raise NotImplementedError


class CancelButton(_Button, template=r"atelier:cancel:(?P<target>[0-9]{1,18})"):
    """Takes a waiting or running picture back."""

    action = "cancel"
    face = ("Cancel", discord.ButtonStyle.secondary)

    async def pressed(self, interaction: Interaction) -> None:
        client = interaction.client
        job = await client.queue.get(self.target)
        if job is None:
            await replies.privately(interaction, "This picture is no longer known; there is nothing to cancel.")
        elif not replies.may_manage(interaction, job.person_id, job.guild_id):
            await replies.privately(interaction, "Only the one who asked for this picture, or a moderator, may cancel.")
        else:
            await interaction.response.defer()
            if not await client.worker.cancel(job.id):
                await replies.privately(interaction, "This picture has already ended.")


class AgainButton(_Button, template=r"atelier:again:(?P<target>[0-9]{1,18})"):
    """Paints the same definition with a new seed, for whoever pressed it."""

    action = "again"
    face = ("Again, new seed", discord.ButtonStyle.primary)

    async def pressed(self, interaction: Interaction) -> None:
        await interaction.client.admission.again(interaction, self.target)


class DeleteButton(_Button, template=r"atelier:delete:(?P<target>[0-9]{1,18})"):
    """Removes a picture with its files and its message."""

    action = "delete"
    face = ("Delete", discord.ButtonStyle.danger)

    async def pressed(self, interaction: Interaction) -> None:
        client = interaction.client
        picture = await client.gallery.get(self.target)
        if picture is None:
            await replies.privately(interaction, "This picture was already deleted.")
            return
        if not replies.may_manage(interaction, picture.person_id, picture.guild_id):
            await replies.privately(interaction, "Only the one who asked for this picture, or a moderator, may delete.")
            return
        await interaction.response.defer()
        if await client.gallery.remove(picture.id) is None:
            return  # the other press of a double press is at it
        # The row goes first: a row must never point at a file that is gone.
        for name in picture.files:
            await client.files.remove(name)
        try:
            await interaction.delete_original_response()
        except discord.NotFound:
            _log.debug("the message of picture %d was already gone", picture.id)


class EditButton(_Button, template=r"atelier:edit:(?P<target>[0-9]{1,18})"):
    """Opens a form again, as it was filled in."""

    action = "edit"
    face = ("Change it", discord.ButtonStyle.primary)

    async def pressed(self, interaction: Interaction) -> None:
        draft = interaction.client.drafts.get(self.target, interaction.user.id)
        if draft is None:
            raise InputError(GONE)
        await interaction.response.send_modal(modal_of(self.target, draft.form))


BUTTONS: Final[dict[Action, type[_Button]]] = {
    "cancel": CancelButton,
    "again": AgainButton,
    "delete": DeleteButton,
    "edit": EditButton,
}


def view_of(buttons: Sequence[Button]) -> discord.ui.View | None:
    """The buttons as discord.py sends them; None removes those a message has."""
    if not buttons:
        return None
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(BUTTONS[button.action](button.target))
    return view
