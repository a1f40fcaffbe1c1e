"""The form of `/art advanced:True`: the settings that /art has no options for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import discord

from bot.bot import Interaction
from bot.jobs.drafts import CHANGE, Draft
from bot.text.language import N_, _
from bot.text.spec_options import FIELDS, merged, read_option, read_options, read_size
from bot.ui import replies
from bot.ui.forms import Field, StatefulForm, choice, line, lines
from bot.ui.items import StatefulItem, view_of
from engine.spec.artspec import CAMERAS, SYMMETRIES, ArtSpec

TILE: Final = "tile"
PATTERNS: Final = {
    "none": N_("none"),
    "horizontal": N_("the right half mirrors the left"),
    "vertical": N_("the lower half mirrors the upper"),
    "both": N_("four quarters that mirror each other"),
    TILE: N_("a seamless tile: copies fit side by side"),
}
_CAMERA_NAMES: Final = {name: name.replace("-", " ") for name in CAMERAS}
_SETTINGS_EXAMPLE: Final = "cuts 32\nlearning rate 0.1\nema 0.99\npatience 100\nfilm seconds 12"


@dataclass(frozen=True, slots=True)
class FormValues:
    """The text of each field; the defaults are those of a form that is opened for the first time."""

    size: str = ""
    iterations: str = ""
    camera: str = CAMERAS[0]
    pattern: str = SYMMETRIES[0]
    settings: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """The submitted values; missing fields have their defaults."""
        return cls(**{field.name: fields[field.name] for field in dataclasses.fields(cls) if field.name in fields})

    def changes(self) -> dict[str, Any]:
        """The fields of `ArtSpec` that these values set. Raises `InputError` for a value that can't be parsed."""
        changes: dict[str, Any] = {}
        if self.camera != CAMERAS[0]:
            changes["camera"] = self.camera
        if self.pattern == TILE:
            changes[TILE] = True
        elif self.pattern != SYMMETRIES[0]:
            changes["symmetry"] = self.pattern
        sized = merged(read_size(self.size), read_option("iterations", self.iterations))
        return merged(merged(changes, sized), read_options(self.settings))


class ArtForm(StatefulForm, path="form:{draft}"):
    """Submits the draft with the values of the form, or tells the person privately what to change."""

    draft: int

    async def submitted(self, interaction: Interaction, fields: Mapping[str, str]) -> None:
        client = interaction.client
        draft = client.drafts.take(
            self.draft, interaction.user.id
        )  # before the first await, so that a form is submitted once
        values = FormValues.of(fields)
        try:
            spec: ArtSpec = dataclasses.replace(draft.spec, **values.changes())
            await client.submitter.check(interaction, spec, draft.attached)
        except Exception as error:
            client.drafts.keep(dataclasses.replace(draft, form=lambda number: art_form(number, values)), self.draft)
            button = CHANGE.button(draft=self.draft)
            await replies.privately(interaction, replies.sentence_for(error), view_of([button]))
            return
        await client.submitter.submit(interaction, spec, draft.attached)


class ChangeButton(StatefulItem, path=CHANGE.path):
    """Opens a refused form again, filled in as it was."""

    once = False
    draft: int

    async def pressed(self, interaction: Interaction) -> None:
        draft = interaction.client.drafts.get(self.draft, interaction.user.id)
        await interaction.response.send_modal(draft.form(self.draft))


async def open_form(interaction: Interaction, draft: Draft) -> None:
    """Respond with the form of a draft, which is kept until the form is submitted."""
    number = interaction.client.drafts.keep(draft)
    await interaction.response.send_modal(draft.form(number))


def art_form(number: int, values: FormValues | None = None) -> discord.ui.Modal:
    """The form of the draft with this number, filled in with `values`."""
    values = values or FormValues()
    patterns = tuple(PATTERNS)
    fields = (
        Field(
            _("Size"),
            line("size", values.size, "800x200"),
            _("Width and height in pixels, {range} each", range=_range("width")),
        ),
        Field(
            _("Iterations"),
            line("iterations", values.iterations, "300"),
            _("How many steps, {range}", range=_range("iterations")),
        ),
        Field(
            _("Camera of the film"),
            choice("camera", CAMERAS, _CAMERA_NAMES, values.camera, required=False),
            _("A moving camera films a journey"),
        ),
        Field(
            _("Pattern"),
            choice("pattern", patterns, PATTERNS, values.pattern, required=False),
            _("Whether the picture repeats itself"),
        ),
        Field(
            _("Other settings, one a line"),
            lines("settings", values.settings, 2000, example=_SETTINGS_EXAMPLE),
            _("A name and a value, such as “cuts 32” or “keep best”"),
        ),
    )
    return ArtForm.modal(_("More settings"), fields, draft=number)


def _range(name: str) -> str:
    """The range of a field of `ArtSpec`, such as `32 to 2048`."""
    rule = FIELDS[name].metadata
    return _("{low} to {high}", low=rule["low"], high=rule["high"])
