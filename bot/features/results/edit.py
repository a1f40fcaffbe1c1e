"""The button Edit: a form with a picture's prompt and settings, which submits a new request."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import discord

from bot.bot import Interaction
from bot.features.results.painting import PictureButton
from bot.jobs.drafts import CHANGE, Draft
from bot.pictures.attachments import Attachments
from bot.pictures.result import EDIT
from bot.pictures.source import Source
from bot.text.language import _
from bot.text.spec_options import merged, read_options
from bot.text.spec_words import editable_options
from bot.ui import replies
from bot.ui.choices import QUALITY_NAMES, STYLE_NAMES, qualities_up_to
from bot.ui.forms import LONGEST_PROMPT, Field, StatefulForm, choice, lines
from bot.ui.items import view_of
from engine.errors import InputError
from engine.spec.artspec import STYLES, ArtSpec
from engine.spec.prompts import clean

LONGEST_NEGATIVE: Final = 500  # characters
LONGEST_SETTINGS: Final = 4000  # characters


class EditButton(PictureButton, path=EDIT.path):
    """Opens the form, filled in with the picture's prompt and settings."""

    once = False

    async def pressed(self, interaction: Interaction) -> None:
        spec = (await self.source(interaction)).painted
        values = {
            "prompt": spec.prompt,
            "negative": spec.negative,
            "quality": spec.quality,
            "style": spec.style,
            "settings": editable_options(spec),
        }
        largest = interaction.client.config.largest_quality
        await interaction.response.send_modal(edit_form(values, largest, self.picture, self.number))


class EditForm(StatefulForm, path="reworked:{picture}:{number}"):
    """Submits the edited request, or tells the person privately what to change."""

    picture: int
    number: int

    async def submitted(self, interaction: Interaction, fields: Mapping[str, str]) -> None:
        client = interaction.client
        source = await client.sources.get(self.picture, self.number)
        try:
            spec = edited(source, fields)
            await client.sources.check_attached(spec)
            await client.submitter.check(interaction, spec, Attachments())
        except InputError as error:
            form = partial(edit_form, fields, client.config.largest_quality, self.picture, self.number)
            draft = Draft(interaction.user.id, source.painted, Attachments(), lambda _number: form())
            button = CHANGE.button(draft=client.drafts.keep(draft))
            await replies.privately(interaction, replies.sentence_for(error), view_of([button]))
            return
        await client.submitter.submit(interaction, spec, parent_id=source.picture.id, origin="edit")


def edit_form(values: Mapping[str, str], largest_quality: str, picture: int, number: int) -> discord.ui.Modal:
    """The form of a picture, filled in with `values`."""
    texts = {name: values.get(name, "") for name in ("prompt", "negative", "quality", "style", "settings")}
    qualities = qualities_up_to(largest_quality)
    return EditForm.modal(
        _("Edit and paint again"),
        (
            Field(_("What to paint"), lines("prompt", texts["prompt"], LONGEST_PROMPT, required=True)),
            Field(_("What it should not look like"), lines("negative", texts["negative"], LONGEST_NEGATIVE)),
            Field(_("Quality"), choice("quality", qualities, QUALITY_NAMES, texts["quality"])),
            Field(_("Style"), choice("style", STYLES, STYLE_NAMES, texts["style"])),
            Field(_("Other settings, one a line"), lines("settings", texts["settings"], LONGEST_SETTINGS)),
        ),
        picture=picture,
        number=number,
    )


def edited(source: Source, fields: Mapping[str, str]) -> ArtSpec:
    """The new request, with the pictures that were attached. Raises `InputError` for a setting that can't be parsed."""
    before = source.painted
    typed = {
        "prompt": fields.get("prompt", ""),
        "negative": clean(fields.get("negative", "")),
        "quality": fields.get("quality", ""),
        "style": fields.get("style", ""),
    }
    attached: dict[str, Any] = {
        "start_image": before.start_image,
        "palette_image": before.palette_image,
        "image_prompts": before.image_prompts,
    }
    return ArtSpec(**attached, **merged(typed, read_options(fields.get("settings", ""))))
