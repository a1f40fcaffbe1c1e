"""“Paint from this picture”: a form for the words, then a picture that begins with the one in a message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import discord

from bot import replies
from bot.attachments import TO_COME, Attachments
from bot.descent import digest_of, source_of
from bot.drafts import GONE, Draft
from bot.edit_form import LONGEST_PROMPT
from bot.fields import choice, form, lines
from bot.forms import values_in
from bot.language import Language, say
from bot.message_pictures import attached_picture, picture_in
from bot.options import QUALITY_NAMES, STYLE_NAMES
from engine.errors import InputError
from engine.spec import QUALITIES, STYLES, ArtSpec

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

_CUSTOM_ID: Final = re.compile(r"atelier:paint-from:(picture|draft):([0-9]{1,18})")
MIDDLE: Final = "0.5"
PLACEHOLDER: Final = ArtSpec(prompt="…")  # of a draft whose words are still to come


async def paint_from(interaction: Interaction, message: discord.Message) -> None:
    """The menu entry: opens the form about the message's picture."""
    picture, attachment = await picture_in(interaction, message), attached_picture(message)
    if picture is not None:
        target = f"picture:{picture.id}"
    elif attachment is not None:
        attached = Attachments(start_image=attachment)
        attached.check_sizes()
        target = f"draft:{interaction.client.drafts.keep(Draft(interaction.user.id, PLACEHOLDER, attached))}"
    else:
        raise InputError(say(interaction.locale, "There is no picture in this message that I could paint from."))
    await interaction.response.send_modal(
        _form(f"atelier:paint-from:{target}", interaction.client.settings.largest_quality, interaction.locale)
    )


async def paint_from_sent(interaction: Interaction) -> None:
    """The form came back: it becomes a job. Other forms are left alone."""
    data: Any = interaction.data or {}
    found = _CUSTOM_ID.fullmatch(str(data.get("custom_id")))
    if found is None:
        return
    try:
        await _wish(interaction, found[1], int(found[2]), dict(values_in(data.get("components") or [])))
    except Exception as error:
        await replies.explain(interaction, error)


async def _wish(interaction: Interaction, kind: str, target: int, typed: Mapping[str, str]) -> None:
    client, language = interaction.client, interaction.locale
    spec = ArtSpec(
        prompt=typed.get("prompt", ""),
        quality=typed.get("quality", ""),
        style=typed.get("style", ""),
        start_image=TO_COME,
        strength=float(typed.get("strength") or MIDDLE),
    )
    if kind == "picture":
        source = await source_of(client, target, 0, language)
        origin: Any = "edit" if source.picture.person_id == interaction.user.id else "remix"
        start = partial(digest_of, client, source, language)
        await client.admission.ask(interaction, spec, parent_id=target, origin=origin, start=start)
        return
    draft = client.drafts.get(target, interaction.user.id)
    if draft is None:
        raise InputError(say(language, GONE))
    await client.admission.ask(interaction, spec, draft.attached)


def _form(custom_id: str, largest_quality: str, language: Language) -> discord.ui.Modal:
    strengths = {
        "0.3": say(language, "a little"),
        "0.5": say(language, "half"),
        "0.8": say(language, "a lot"),
    }
    qualities = QUALITIES[: QUALITIES.index(largest_quality) + 1]
    far = say(language, "How far it may go from the picture")
    return form(
        say(language, "Paint from this picture"),
        custom_id,
        (
            (say(language, "What to paint"), lines("prompt", "", LONGEST_PROMPT, required=True)),
            (far, choice("strength", tuple(strengths), strengths, MIDDLE, language)),
            (say(language, "Quality"), choice("quality", qualities, QUALITY_NAMES, qualities[0], language)),
            (say(language, "Style"), choice("style", STYLES, STYLE_NAMES, STYLES[0], language)),
        ),
    )
