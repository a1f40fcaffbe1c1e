"""The menu under a grid: picks one of its pictures and shows it with its own buttons."""

from __future__ import annotations

from typing import Final

import discord

from bot.bot import Interaction
from bot.pictures.result import CONTINUE, DOUBLE, EDIT, PICK, QUADRUPLE, VARY
from bot.text.language import _
from bot.text.messages import plain
from bot.ui.items import StatefulItem, chosen, view_of
from bot.ui.uploads import ResultFiles, files_of, fit
from engine.errors import InputError

ACTIONS: Final = (VARY, EDIT, CONTINUE, DOUBLE, QUADRUPLE)


class PickMenu(StatefulItem, path=PICK):
    """Shows the picked picture, visible only to the person; what is painted from it is posted for everybody."""

    picture: int
    number: int  # of pictures in the grid

    async def pressed(self, interaction: Interaction) -> None:
        number = int(chosen(interaction)[0])
        source = await interaction.client.sources.get(self.picture, number)
        await interaction.response.defer(ephemeral=True, thinking=True)
        results = ResultFiles(f"atelier-{self.picture}-{number}", source.file)
        fitted = await fit(results, interaction.filesize_limit)
        if fitted.image_name is None:
            raise InputError("The file of this picture is no longer kept.")
        embed = discord.Embed(description=f"“{plain(source.spec.prompt)}”", colour=discord.Colour.dark_gold())
        embed.add_field(name=_("Seed"), value=f"`{source.spec.seed}`")
        embed.set_image(url=f"attachment://{fitted.image_name}")
        await interaction.edit_original_response(
            content=_("Picture {number} of the grid. What shall become of it?", number=number),
            embed=embed,
            attachments=files_of(fitted.uploads),
            view=view_of(action.button(picture=self.picture, number=number) for action in ACTIONS),
            allowed_mentions=discord.AllowedMentions.none(),
        )
