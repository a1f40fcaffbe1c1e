"""The menu under a grid: one of its pictures, alone, with buttons of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord

from bot.buttons.base import StatefulItem, pattern
from bot.buttons.painting import ContinueButton, DoubleButton, QuadrupleButton, ReworkButton, VaryButton
from bot.descent import source_of
from bot.language import Language, say
from bot.messages import Button, plain
from bot.uploads import ResultFiles, files_of, fit
from engine.errors import InputError

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

GOING_ON: Final = (VaryButton, ReworkButton, ContinueButton, DoubleButton, QuadrupleButton)


class PickMenu(StatefulItem, template=pattern("pick")):
    """Shows the picked picture to whoever picked it; what is painted from it then is for everybody."""

    def __init__(self, button: Button, language: Language = None) -> None:
        names = [say(language, "Picture {number}", number=number) for number in range(1, button.number + 1)]
        menu = discord.ui.Select[Any](
            custom_id=button.custom_id,
            placeholder=say(language, "Pick one to go on from"),
            options=[discord.SelectOption(label=name, value=str(place)) for place, name in enumerate(names, start=1)],
        )
        super().__init__(menu, row=button.row)
        self.target = button.target

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(Button("pick", int(match["target"]), int(match["number"])), interaction.locale)

    async def pressed(self, interaction: Interaction) -> None:
        number, language = int(_chosen(interaction)), interaction.locale
        source = await source_of(interaction.client, self.target, number, language)
        await interaction.response.defer(ephemeral=True, thinking=True)
        results = ResultFiles(f"atelier-{self.target}-{number}", source.file)
        fitted = await fit(results, interaction.filesize_limit)
        if fitted.image_name is None:
            raise InputError(say(language, "The file of this picture is no longer kept."))
        embed = discord.Embed(description=f"“{plain(source.spec.prompt)}”", colour=discord.Colour.dark_gold())
        embed.add_field(name=say(language, "Seed"), value=f"`{source.spec.seed}`")
        embed.set_image(url=f"attachment://{fitted.image_name}")
        await interaction.edit_original_response(
            content=say(language, "Picture {number} of the grid. What shall become of it?", number=number),
            embed=embed,
            attachments=files_of(fitted.uploads),
            view=_view(self.target, number, language),
            allowed_mentions=discord.AllowedMentions.none(),
        )

    def _press_of(self, interaction: Interaction) -> str:
        return f"{self.custom_id}={_chosen(interaction)}"


def _view(picture_id: int, number: int, language: Language) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for kind in GOING_ON:
        view.add_item(kind(Button(kind.action, picture_id, number), language))
    return view


def _chosen(interaction: discord.Interaction[Any]) -> str:
    data: Any = interaction.data
    return str(data["values"][0])
