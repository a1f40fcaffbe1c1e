"""A page of shared prompts as a message: each with a thumbnail, its author, and buttons."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import discord

from bot.bot import Atelier, Interaction
from bot.features.prompts.buttons import (
    DROP_PROMPT,
    UNSHARE_PROMPT,
    DropPromptButton,
    PaintPromptButton,
    SavePromptButton,
    UnsharePromptButton,
)
from bot.features.prompts.query import KINDS, LONGEST_CURSOR, PAGE, Kind, PromptQuery
from bot.pictures.credit import byline
from bot.pictures.feed import PAINT_PROMPT, SAVE_PROMPT
from bot.text.buttons import Action
from bot.text.language import _, ngettext
from bot.text.messages import plain
from bot.ui.items import StatefulItem
from bot.ui.thumbnails import SUFFIX, thumbnail
from storage.pages import Page
from storage.prompts import SharedPrompt

ON_A_PAGE: Final = 4  # 33 components with all buttons; Discord allows 40
PROMPT_LENGTH: Final = 220  # characters of a prompt on a page
THUMBNAIL_SECONDS: Final = 1.5  # later ones are left out: Discord waits three seconds for the response


@dataclass(frozen=True, slots=True)
class PromptsPage:
    """A page, ready to send."""

    view: discord.ui.LayoutView
    files: tuple[discord.File, ...]


class PageButton(StatefulItem, path=PAGE):
    """Shows another page or list in the same message."""

    once = False  # paging back and forth quickly is no double press

    def __init__(self, item: discord.ui.Item[Any], values: Mapping[str, int | str]) -> None:
        super().__init__(item, values)
        self.query = PromptQuery.of(values)

    async def pressed(self, interaction: Interaction) -> None:
        page = await prompts_page(interaction, self.query)
        await interaction.response.edit_message(
            view=page.view, attachments=page.files, allowed_mentions=discord.AllowedMentions.none()
        )


async def prompts_page(interaction: Interaction, query: PromptQuery) -> PromptsPage:
    """The page, for this person in this place."""
    client, person_id = interaction.client, interaction.user.id
    page = await client.prompts.page(
        query.kind, interaction.guild_id, person_id, query.search or None, query.style, ON_A_PAGE, query.after
    )
    thumbnails = await _thumbnails(client, page)
    files = tuple(discord.File(io.BytesIO(data), _file_name(prompt_id)) for prompt_id, data in thumbnails.items())
    return PromptsPage(page_view(query, page, thumbnails, person_id), files)


def page_view(
    query: PromptQuery, page: Page[SharedPrompt], thumbnails: Mapping[int, bytes], person_id: int
) -> discord.ui.LayoutView:
    """The message: the prompts, then buttons for pages and lists. `thumbnails` are image bytes by prompt id."""
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.TextDisplay(f"## {heading(query.kind)}{_filters(query)}"))
    for shared in page.items:
        text = discord.ui.TextDisplay[Any](_text(shared))
        if shared.id in thumbnails:
            picture = discord.ui.Thumbnail[Any](f"attachment://{_file_name(shared.id)}")
            view.add_item(discord.ui.Section(text, accessory=picture))
        else:
            view.add_item(text)
        view.add_item(discord.ui.ActionRow(*_buttons(query, shared, person_id)))
    if not page.items:
        view.add_item(discord.ui.TextDisplay(_empty(query)))
    turns = ((page.previous, _("Back")), (page.next, _("More")))
    page_buttons = [
        PageButton.button(label, **query.at(cursor).values())
        for cursor, label in turns
        if cursor is not None and len(cursor) <= LONGEST_CURSOR
    ]
    if page_buttons:
        view.add_item(discord.ui.ActionRow(*page_buttons))
    view.add_item(discord.ui.ActionRow(*(_list_button(query, kind) for kind in KINDS)))
    return view


def _list_button(query: PromptQuery, kind: Kind) -> PageButton:
    selected = kind == query.kind
    values = query.in_list(kind).values()
    return PageButton.button(heading(kind), style="primary" if selected else "secondary", disabled=selected, **values)


def heading(kind: Kind) -> str:
    """The title of a list."""
    match kind:
        case "new":
            return _("New prompts")
        case "week":
            return _("Top this week")
        case "ever":
            return _("Top ever")
        case "mine":
            return _("Mine")
        case "saved":
            return _("Saved")


def _filters(query: PromptQuery) -> str:
    parts = [query.style or "", f"“{plain(query.search)}”" if query.search else ""]
    return "".join(f" · {part}" for part in parts if part)


def _text(shared: SharedPrompt) -> str:
    details = [byline(shared.person_id), shared.style]
    if shared.uses:
        details.append(ngettext("painted {number} time", "painted {number} times", shared.uses))
    return f"“{plain(shared.prompt, PROMPT_LENGTH)}”\n-# {' · '.join(details)}"


def _empty(query: PromptQuery) -> str:
    if query.search or query.style:
        return _("Nothing here fits. Look for other words, or in another list.")
    if query.kind == "saved":
        return _("You have saved no prompt yet: press Save under one that you like.")
    return _("There is nothing here yet: press Share under a picture of yours.")


def _buttons(query: PromptQuery, shared: SharedPrompt, person_id: int) -> tuple[discord.ui.Item[Any], ...]:
    paint = _button(PaintPromptButton, PAINT_PROMPT, shared)
    if query.kind == "saved":
        return paint, _button(DropPromptButton, DROP_PROMPT, shared)
    if shared.person_id == person_id:
        return paint, _button(UnsharePromptButton, UNSHARE_PROMPT, shared)
    return paint, _button(SavePromptButton, SAVE_PROMPT, shared)


def _button(item: type[StatefulItem], action: Action, shared: SharedPrompt) -> StatefulItem:
    return item.button(_(action.label), emoji=action.emoji, style=action.style, prompt=shared.id)


async def _thumbnails(client: Atelier, page: Page[SharedPrompt]) -> dict[int, bytes]:
    """Thumbnails as image bytes by prompt id; only those that are ready in time."""
    tasks = {each.id: asyncio.create_task(thumbnail(client.files.path(each.image))) for each in page.items}
    if tasks:
        await asyncio.wait(tasks.values(), timeout=THUMBNAIL_SECONDS)
    ready = {prompt_id: task.result() for prompt_id, task in tasks.items() if task.done()}
    return {prompt_id: data for prompt_id, data in ready.items() if data is not None}


def _file_name(prompt_id: int) -> str:
    return f"prompt-{prompt_id}{SUFFIX}"
