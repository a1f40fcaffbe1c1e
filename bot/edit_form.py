"""The form that Edit opens: a picture's prompt and settings filled in, sent back as a new wish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import discord

from bot.advanced import merged, read_settings
from bot.descent import Source
from bot.fields import choice, form, lines
from bot.forms import values_in
from bot.language import Language, say
from bot.options import QUALITY_NAMES, STYLE_NAMES
from bot.spec_words import settings_to_edit
from engine.prompts import clean
from engine.spec import QUALITIES, STYLES, ArtSpec

_CUSTOM_ID: Final = re.compile(r"atelier:reworked:([0-9]{1,18}):([0-9]{1,2})")
LONGEST_PROMPT: Final = 1000
LONGEST_NEGATIVE: Final = 500
LONGEST_SETTINGS: Final = 4000


@dataclass(frozen=True, slots=True)
class EditForm:
    """What stands in the fields of the form about one picture."""

    picture_id: int
    number: int
    prompt: str
    negative: str
    quality: str
    style: str
    settings: str

    @classmethod
    def of(cls, source: Source) -> EditForm:
        """The picture as it was asked for."""
        spec = source.painted
        settings = settings_to_edit(spec)
        return cls(source.picture.id, source.number, spec.prompt, spec.negative, spec.quality, spec.style, settings)

    @classmethod
    def sent(cls, data: Mapping[str, Any]) -> EditForm | None:
        """What a person sent, from the data of the interaction; None: it is none of these forms."""
        found = _CUSTOM_ID.fullmatch(str(data.get("custom_id")))
        if found is None:
            return None
        typed = dict(values_in(data.get("components") or []))
        fields = ("prompt", "negative", "quality", "style", "settings")
        return cls(int(found[1]), int(found[2]), *(typed.get(name, "") for name in fields))

    def spec(self, source: Source) -> ArtSpec:
        """The new wish: pictures that were attached stay. Raises `InputError` for what can't be understood."""
        before = source.painted
        given = {"prompt": self.prompt, "negative": clean(self.negative), "quality": self.quality, "style": self.style}
        attached: dict[str, Any] = {
            "start_image": before.start_image,
            "palette_image": before.palette_image,
            "image_prompts": before.image_prompts,
        }
        return ArtSpec(**attached, **merged(given, read_settings(self.settings)))

    def modal(self, largest_quality: str, language: Language) -> discord.ui.Modal:
        """The form, filled in as it stands."""
        custom_id = f"atelier:reworked:{self.picture_id}:{self.number}"
        qualities = QUALITIES[: QUALITIES.index(largest_quality) + 1]
        return form(
            say(language, "Edit and paint again"),
            custom_id,
            (
                (say(language, "What to paint"), lines("prompt", self.prompt, LONGEST_PROMPT, required=True)),
                (say(language, "What it should not look like"), lines("negative", self.negative, LONGEST_NEGATIVE)),
                (say(language, "Quality"), choice("quality", qualities, QUALITY_NAMES, self.quality, language)),
                (say(language, "Style"), choice("style", STYLES, STYLE_NAMES, self.style, language)),
                (say(language, "Other settings, one a line"), lines("settings", self.settings, LONGEST_SETTINGS)),
            ),
        )
