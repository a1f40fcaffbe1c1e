"""/gallery and /show: looking at what was painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from bot import options
from bot.gallery_page import gallery_page
from bot.gallery_view import LONGEST_SEARCH, GalleryView, Order
from bot.messages import choice_name
from bot.options import MOST_CHOICES
from bot.showing import show_picture
from engine.prompts import clean
from engine.spec import STYLES
from storage.gallery import GalleryQuery

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

ORDER_NAMES: Final[dict[Order, str]] = {
    "new": "newest first",
    "top": "most stars first",
    "old": "oldest first",
    "liked": "my favourites",
}


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
    """/gallery: a page of small pictures for the eyes of who asks."""
    order: Order = next((each for each in ORDER_NAMES if each == sort), "new")
    view = GalleryView(None if person is None else person.id, order, style, clean(search))
    view.query(interaction)  # says no before an answer is promised
    await interaction.response.defer(ephemeral=True, thinking=True)
    await (await gallery_page(interaction, view)).show(interaction)


@app_commands.rename(picture="id")
@app_commands.describe(picture="The number of the picture, as /gallery and its message tell it")
async def show(interaction: Interaction, picture: app_commands.Range[int, 1, 2**53 - 1]) -> None:
    """/show: one picture with everything that can be done with it."""
    await show_picture(interaction, picture)


async def own_pictures(interaction: Interaction, typed: int | str) -> list[app_commands.Choice[int]]:
    """The choices of /show: one's own newest pictures whose prompt or number has what was typed."""
    text = clean(str(typed))
    query = GalleryQuery(viewer_id=interaction.user.id, search=None if text.isdecimal() else text)
    page = await interaction.client.gallery.page(query, MOST_CHOICES)
    named = [(each.id, choice_name(each.id, each.prompt)) for each in page.items]
    return [
        app_commands.Choice(name=name, value=number)
        for number, name in named
        if not text.isdecimal() or str(number).startswith(text)
    ]


def gallery_commands() -> tuple[app_commands.Command[Any, ..., None], ...]:
    """Both commands."""
    choices = app_commands.choices(
        style=options.named(options.STYLE_NAMES, STYLES),
        sort=[app_commands.Choice(name=name, value=order) for order, name in ORDER_NAMES.items()],
    )
    return (
        app_commands.Command(
            name="gallery", description="Pictures that were painted, page by page", callback=choices(gallery)
        ),
        app_commands.Command(
            name="show",
            description="One picture with everything that can be done with it",
            callback=app_commands.autocomplete(picture=own_pictures)(show),
        ),
    )
