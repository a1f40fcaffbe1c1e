"""The commands /gallery and /show."""

from __future__ import annotations

from typing import Final

import discord
from discord import app_commands

from bot.bot import Interaction
from bot.features.gallery.page import gallery_page
from bot.features.gallery.query import LONGEST_SEARCH, GalleryView, Order
from bot.features.gallery.show import show_picture
from bot.text.language import N_
from bot.ui.choices import STYLE_NAMES, named_choices, own_pictures
from engine.spec.artspec import STYLES
from engine.spec.prompts import clean

ORDER_NAMES: Final[dict[Order, str]] = {
    "new": "newest first",
    "top": "most stars first",
    "old": "oldest first",
    "liked": "my favourites",
}


@app_commands.command(
    name="gallery",
    description="Pictures that were painted, page by page",
    extras={"help": N_("all pictures, yours and those of this server")},
)
@app_commands.choices(
    style=named_choices(STYLE_NAMES, STYLES),
    sort=[app_commands.Choice(name=name, value=order) for order, name in ORDER_NAMES.items()],
)
@app_commands.describe(
    person="Whose pictures; everybody's of this server where you leave it out",
    search="Words that the prompt has",
    style="How they are made",
    sort="In which order (newest first, unless you say otherwise)",
)
async def gallery(
    interaction: Interaction,
    person: discord.User | None = None,
    search: app_commands.Range[str, 1, LONGEST_SEARCH] = "",
    style: str | None = None,
    sort: str = "new",
) -> None:
    """Show the first page of a gallery, visible only to the person."""
    order: Order = next((order for order in ORDER_NAMES if order == sort), "new")
    view = GalleryView(None if person is None else person.id, order, style, clean(search))
    view.query(interaction)  # raises a refusal before the response is deferred
    await interaction.response.defer(ephemeral=True, thinking=True)
    await (await gallery_page(interaction, view)).show(interaction)


@app_commands.command(name="show", description="One picture with everything that can be done with it")
@app_commands.rename(picture="id")
@app_commands.autocomplete(picture=own_pictures)
@app_commands.describe(picture="The number of the picture, as /gallery and its message tell it")
async def show(interaction: Interaction, picture: app_commands.Range[int, 1, 2**53 - 1]) -> None:
    """Show one picture with all its buttons."""
    await show_picture(interaction, picture)
