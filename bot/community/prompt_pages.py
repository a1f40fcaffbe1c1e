"""A page of shared prompts as a message: each with a small picture, its author, and buttons."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.community.credit import by
from bot.community.prompt_buttons import DropPromptButton, PaintPromptButton, SavePromptButton, UnsharePromptButton
from bot.community.prompt_query import KINDS, LONGEST_CURSOR, Kind, PromptQuery
from bot.community.thumbnails import SUFFIX, thumbnail
from bot.language import Language, say, say_number
from bot.messages import plain
from storage.pages import Page
from storage.prompts import SharedPrompt

if TYPE_CHECKING:
    from bot.client import Atelier

ON_A_PAGE: Final = 4  # with all buttons 33 components; Discord takes 40
PROMPT_LENGTH: Final = 220  # characters of a prompt on a page
THUMBNAIL_SECONDS: Final = 1.5  # what is not ready by then is left out: Discord waits three seconds for the page

TurnButton = Callable[[PromptQuery, str, bool], discord.ui.Item[Any]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page, ready to be sent."""

    view: discord.ui.LayoutView
    files: tuple[discord.File, ...]


async def render(
    client: Atelier, query: PromptQuery, person_id: int, guild_id: int | None, language: Language, turn: TurnButton
) -> Rendered:
    """The page of this person in this place. `turn` makes the buttons that lead to other pages."""
    page = await client.prompts.page(
        query.kind, guild_id, person_id, query.search or None, query.style, ON_A_PAGE, query.after
    )
    thumbnails = await _thumbnails(client, page)
    files = tuple(discord.File(io.BytesIO(data), _name(prompt_id)) for prompt_id, data in thumbnails.items())
    return Rendered(page_view(query, page, thumbnails, person_id, language, turn), files)


def page_view(
    query: PromptQuery,
    page: Page[SharedPrompt],
    thumbnails: Mapping[int, bytes],
    person_id: int,
    language: Language,
    turn: TurnButton,
) -> discord.ui.LayoutView:
    """The page with its lists above and its prompts below; thumbnails by the prompt's id, where there are any."""
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.TextDisplay(f"## {heading(query.kind, language)}{_narrowed(query, language)}"))
    for shared in page.items:
        text = discord.ui.TextDisplay[Any](_text(shared, language))
        if shared.id in thumbnails:
            picture = discord.ui.Thumbnail[Any](f"attachment://{_name(shared.id)}")
            view.add_item(discord.ui.Section(text, accessory=picture))
        else:
            view.add_item(text)
        view.add_item(discord.ui.ActionRow(*_buttons(query, shared, person_id, language)))
    if not page.items:
        view.add_item(discord.ui.TextDisplay(_nothing(query, language)))
    turns = ((page.previous, say(language, "Back")), (page.next, say(language, "More")))
    turning = [
        turn(query.turned(cursor), label, False)
        for cursor, label in turns
        if cursor is not None and len(cursor) <= LONGEST_CURSOR
    ]
    if turning:
        view.add_item(discord.ui.ActionRow(*turning))
    lists = (turn(query.listing(kind), heading(kind, language), kind == query.kind) for kind in KINDS)
    view.add_item(discord.ui.ActionRow(*lists))
    return view


def heading(kind: Kind, language: Language) -> str:
    """What a list is called."""
    match kind:
        case "new":
            return say(language, "New prompts")
        case "week":
            return say(language, "Top this week")
        case "ever":
            return say(language, "Top ever")
        case "mine":
            return say(language, "Mine")
        case "saved":
            return say(language, "Saved")


def _narrowed(query: PromptQuery, language: Language) -> str:
    parts = [query.style or "", f"“{plain(query.search)}”" if query.search else ""]
    return "".join(f" · {part}" for part in parts if part)


def _text(shared: SharedPrompt, language: Language) -> str:
    details = [by(shared.person_id, language), shared.style]
    if shared.uses:
        details.append(say_number(language, "painted {number} time", "painted {number} times", shared.uses))
    return f"“{plain(shared.prompt, PROMPT_LENGTH)}”\n-# {' · '.join(details)}"


def _nothing(query: PromptQuery, language: Language) -> str:
    if query.search or query.style:
        return say(language, "Nothing here fits. Look for other words, or in another list.")
    if query.kind == "saved":
        return say(language, "You have saved no prompt yet: press Save under one that you like.")
    return say(language, "There is nothing here yet: press Share under a picture of yours.")


def _buttons(
    query: PromptQuery, shared: SharedPrompt, person_id: int, language: Language
) -> tuple[discord.ui.Item[Any], ...]:
    paint = PaintPromptButton(shared.id, language)
    if shared.person_id == person_id and query.kind != "saved":
        return paint, UnsharePromptButton(shared.id, language)
    keep = DropPromptButton if query.kind == "saved" else SavePromptButton
    return paint, keep(shared.id, language)


async def _thumbnails(client: Atelier, page: Page[SharedPrompt]) -> dict[int, bytes]:
    """Small pictures by the prompt's id, those that are ready in time."""
    tasks = {each.id: asyncio.create_task(thumbnail(client.files.path(each.image))) for each in page.items}
    if tasks:
        await asyncio.wait(tasks.values(), timeout=THUMBNAIL_SECONDS)
    found = {each: task.result() for each, task in tasks.items() if task.done()}
    return {each: data for each, data in found.items() if data is not None}


def _name(prompt_id: int) -> str:
    return f"prompt-{prompt_id}{SUFFIX}"
