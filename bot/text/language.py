"""Translations: gettext catalogues whose keys are the English texts.

`bot/locales/<language>/LC_MESSAGES/atelier.po` has the translations into a language, by Discord's name for it; a text
without a translation stays English. `python -m bot.locales` keeps the catalogues in step with the source.

The current language is a ContextVar. It is set with `speaking` when an interaction or a delivery begins, and holds for
that task and the tasks that it starts.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final

import discord
from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Place

from engine.errors import Message

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
FOLDER: Final = Path(__file__).parents[1] / "locales"
COMMAND_NAME: Final = (
    "command name"  # contexts (msgctxt) in the catalogues, for texts that must obey Discord's rules for names
)
OPTION_NAME: Final = "option name"
MENU_NAME: Final = "menu name"  # may have spaces and capitals
LONGEST_NAME: Final = 32  # characters
LONGEST_DESCRIPTION: Final = 100  # characters
_NAME: Final = re.compile(r"[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}")
_FALLBACKS: Final = {"es-419": "es-ES"}  # languages that use another's catalogue
_CONTEXTS: Final = {
    Place.command_name: COMMAND_NAME,
    Place.group_name: COMMAND_NAME,
    Place.parameter_name: OPTION_NAME,
}

Language = discord.Locale | str | None


_language: ContextVar[Language] = ContextVar("_language", default=None)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Set the current language for a block, and for the tasks that start in it."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def speak(language: Language) -> None:
    """Set the current language for the rest of this task, and for the tasks that it starts."""
    _language.set(language)


def babel_locale() -> Locale:
    """Babel's locale of the current language, for numbers, dates and durations; English if Babel does not know it."""
    try:
        return Locale.parse(str(_language.get() or "en"), sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def _(text: str, /, **values: object) -> str:
    """`text` in the current language, with `{name}` replaced by `name=`; English if it has no translation.

    A translation whose placeholders are wrong counts as missing.
    """
    # In a catalogue the empty text is the key of the header.
    return _formatted(catalogue(_language.get()).gettext(text) if text else "", text, values)


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """As `_`, in the plural form for `number`, which replaces `{number}`."""
    values = {"number": number, **values}
    return _formatted(catalogue(_language.get()).ngettext(one, many, number), one if number == 1 else many, values)


def N_(text: str) -> str:
    """The text itself. Marks a text for extraction that is passed to `_` later."""
    return text


def localised(message: Message) -> str:
    """A message in the current language, with the messages in its values."""
    values = {name: localised(value) if isinstance(value, Message) else value for name, value in message.values.items()}
    return _(message.template, **values)


def catalogue(language: Language) -> gettext.NullTranslations:
    """The translations into a language; without a catalogue, `NullTranslations`, which leave texts English."""
    return _catalogue(folder_name(language))


def folder_name(language: Language) -> str:
    """The name of the folder for a language's catalogue, which need not exist."""
    name = str(language) if language is not None else ""
    return _FALLBACKS.get(name, name)


def catalogue_file(language: str) -> Path:
    """The path of a language's catalogue, which need not exist."""
    return FOLDER / language / "LC_MESSAGES" / "atelier.po"


def allowed_name(text: str) -> bool:
    """Whether Discord accepts this as the name of a command or option, in any language."""
    return _NAME.fullmatch(text) is not None and text == text.lower()


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    if name not in TRANSLATED or not catalogue_file(name).exists():
        return gettext.NullTranslations()
    with catalogue_file(name).open("rb") as file:
        parsed = read_po(file)
    compiled = io.BytesIO()
    write_mo(compiled, parsed)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _formatted(translated: str, text: str, values: dict[str, Any]) -> str:
    if not values:
        return translated
    try:
        return translated.format_map(values)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError):
        return text.format_map(values)


def message_context(context: app_commands.TranslationContextTypes) -> str | None:
    """The context (msgctxt) of a command's text in the catalogues; None for descriptions and choices."""
    if isinstance(context.data, app_commands.ContextMenu):
        return MENU_NAME
    return _CONTEXTS.get(context.location)


class CommandTranslator(app_commands.Translator):
    """Translates names, descriptions and choices of the commands."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """The translation, or None if there is none that Discord accepts."""
        translations, kind, text = catalogue(locale), message_context(context), string.message
        translated = translations.gettext(text) if kind is None else translations.pgettext(kind, text)
        if translated == text:
            return None
        if kind is None:
            return translated if len(translated) <= LONGEST_DESCRIPTION else None
        if kind == MENU_NAME:
            return translated if len(translated) <= LONGEST_NAME else None
        return translated if allowed_name(translated) else None
