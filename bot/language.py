"""What people read, in their language: gettext catalogues with the English text as key.

`bot/locales/<language>/LC_MESSAGES/atelier.po` holds a language under the name that Discord has for it; what has no
translation is said in English. `python -m bot.locales` keeps the catalogues in step with the texts.
"""

from __future__ import annotations

import gettext
import io
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import discord
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Place

from engine.errors import InputError

LANGUAGES: Final = {
    "de": "Deutsch",
    "en-US": "English",
    "es-ES": "Español",
    "fr": "Français",
    "pt-BR": "Português",
    "ru": "Русский",
    "zh-CN": "中文",
    "ja": "日本語",
}
TRANSLATED: Final = tuple(language for language in LANGUAGES if language != "en-US")
FOLDER: Final = Path(__file__).parent / "locales"
COMMAND_NAME: Final = "command name"  # contexts in the catalogues: what must obey Discord's rules for names
OPTION_NAME: Final = "option name"
MENU_NAME: Final = "menu name"  # may have spaces and capitals
LONGEST_NAME: Final = 32
LONGEST_DESCRIPTION: Final = 100
_NAME: Final = re.compile(r"[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}")
_NEAR: Final = {"es-419": "es-ES"}  # languages that read another's catalogue
_CONTEXTS: Final = {
    Place.command_name: COMMAND_NAME,
    Place.group_name: COMMAND_NAME,
    Place.parameter_name: OPTION_NAME,
}

Language = discord.Locale | str | None


def say(language: Language, text: str, /, **values: object) -> str:
    """`text` in that language, with `{name}` replaced by `name=`; English where it is not translated.

    A translation whose placeholders are wrong counts as missing.
    """
    # gettext keeps what it knows about the catalogue under the empty text.
    return _filled(catalogue(language).gettext(text) if text else "", text, values)


def say_number(language: Language, one: str, many: str, number: int, /, **values: object) -> str:
    """As `say`, with the form for that number; `{number}` stands for it."""
    values = {"number": number, **values}
    return _filled(catalogue(language).ngettext(one, many, number), one if number == 1 else many, values)


class LocalisedInputError(InputError):
    """An `InputError` from where nobody's language is known: who shows it says it in the reader's."""

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(say(None, text, **values))
        self._text = text
        self._values = values

    def said(self, language: Language) -> str:
        """The sentence in that language."""
        return say(language, self._text, **self._values)


def to_say(text: str) -> str:
    """The same text. Marks one that stands in a table and goes through `say` later, so that it is extracted."""
    return text


def catalogue(language: Language) -> gettext.NullTranslations:
    """The translations into a language; for one that has none, English."""
    return _catalogue(folder_name(language))


def folder_name(language: Language) -> str:
    """The name of the folder that a language's catalogue lies in, whether there is one or not."""
    name = str(language) if language is not None else ""
    return _NEAR.get(name, name)


def catalogue_file(language: str) -> Path:
    """Where the catalogue of a language lies."""
    return FOLDER / language / "LC_MESSAGES" / "atelier.po"


def allowed_name(text: str) -> bool:
    """Whether Discord takes this as the name of a command or option, in any language."""
    return _NAME.fullmatch(text) is not None and text == text.lower()


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    if name not in TRANSLATED or not catalogue_file(name).exists():
        return gettext.NullTranslations()
    with catalogue_file(name).open("rb") as file:
        read = read_po(file)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _filled(translated: str, text: str, values: dict[str, Any]) -> str:
    if not values:
        return translated
    try:
        return translated.format_map(values)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError):
        return text.format_map(values)


def section_of(context: app_commands.TranslationContextTypes) -> str | None:
    """Which context the catalogues have for a text of a command; None: for descriptions and choices there is none."""
    if isinstance(context.data, app_commands.ContextMenu):
        return MENU_NAME
    return _CONTEXTS.get(context.location)


class CommandTranslator(app_commands.Translator):
    """Names, descriptions and choices of the commands, as Discord shows them to each person."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """The translation, or None where there is none that Discord takes."""
        known, section, text = catalogue(locale), section_of(context), string.message
        translated = known.gettext(text) if section is None else known.pgettext(section, text)
        if translated == text:
            return None
        if section is None:
            return translated if len(translated) <= LONGEST_DESCRIPTION else None
        if section == MENU_NAME:
            return translated if len(translated) <= LONGEST_NAME else None
        return translated if allowed_name(translated) else None
