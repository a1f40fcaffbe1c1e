"""The context menu “Paint from this picture”: a form for the prompt, with the picture in the message as init image."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import discord
from discord import app_commands

from bot.bot import Interaction
from bot.jobs.drafts import Draft
from bot.pictures.attachments import PENDING, Attachments
from bot.pictures.source import attached_picture
from bot.text.language import _
from bot.ui.choices import QUALITY_NAMES, STYLE_NAMES, qualities_up_to
from bot.ui.forms import LONGEST_PROMPT, Field, StatefulForm, choice, lines
from engine.errors import InputError
from engine.spec.artspec import STYLES, ArtSpec
from storage.queue import Origin

MEDIUM_STRENGTH: Final = "0.5"
PLACEHOLDER: Final = ArtSpec(prompt="…")  # of a draft until the form gives it a prompt


@app_commands.context_menu(name="Paint from this picture")
async def paint_from_menu(interaction: Interaction, message: discord.Message) -> None:
    """Open the form for the picture in the message. Raises `InputError` if there is none."""
    client = interaction.client
    largest = client.config.largest_quality
    picture, attachment = await client.sources.in_message(message, client.user), attached_picture(message)
    if picture is not None:
        await interaction.response.send_modal(paint_from_form(largest, "picture", picture.id))
    elif attachment is not None:
        attached = Attachments(start_image=attachment)
        attached.check_sizes()
        draft = Draft(interaction.user.id, PLACEHOLDER, attached, partial(paint_from_form, largest, "draft"))
        await interaction.response.send_modal(draft.form(client.drafts.keep(draft)))
    else:
        raise InputError("There is no picture in this message that I could paint from.")


class PaintFromForm(StatefulForm, path="paint-from:{kind:picture|draft}:{target}"):
    """Submits a request with the picture as init image."""

    kind: str
    target: int

    async def submitted(self, interaction: Interaction, fields: Mapping[str, str]) -> None:
        client = interaction.client
        spec = ArtSpec(
            prompt=fields.get("prompt", ""),
            quality=fields.get("quality", ""),
            style=fields.get("style", ""),
            start_image=PENDING,
            strength=float(fields.get("strength") or MEDIUM_STRENGTH),
        )
        if self.kind == "draft":
            draft = client.drafts.get(self.target, interaction.user.id)
            await client.submitter.submit(interaction, spec, draft.attached)
            return
        source = await client.sources.get(self.target)
        origin: Origin = "edit" if source.picture.person_id == interaction.user.id else "remix"
        start = partial(client.sources.as_start_image, source)
        await client.submitter.submit(interaction, spec, parent_id=self.target, origin=origin, start_image=start)


def paint_from_form(largest_quality: str, kind: str, target: int) -> discord.ui.Modal:
    """The form; `target` is the id of a picture in the gallery or of a draft with an attachment, as `kind` says."""
    strengths = {"0.3": _("a little"), "0.5": _("half"), "0.8": _("a lot")}
    qualities = qualities_up_to(largest_quality)
    return PaintFromForm.modal(
        _("Paint from this picture"),
        (
            Field(_("What to paint"), lines("prompt", "", LONGEST_PROMPT, required=True)),
            Field(
                _("How far it may go from the picture"),
                choice("strength", tuple(strengths), strengths, MEDIUM_STRENGTH),
            ),
            Field(_("Quality"), choice("quality", qualities, QUALITY_NAMES, qualities[0])),
            Field(_("Style"), choice("style", STYLES, STYLE_NAMES, STYLES[0])),
        ),
        kind=kind,
        target=target,
    )
