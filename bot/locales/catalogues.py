"""Catalogues: extraction of texts from the source, updates of each language's file, and checks of translations."""

from __future__ import annotations

import string
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import discord
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from bot.bot import Atelier
from bot.config import Config
from bot.features import FEATURES
from bot.jobs.process_painter import ProcessPainter
from bot.text.language import (
    COMMAND_NAME,
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    MENU_NAME,
    OPTION_NAME,
    allowed_name,
    catalogue_file,
    message_context,
)
from bot.ui.tree import CommandTree
from storage.database import Database

SOURCE: Final = Path(__file__).parents[2]
FOLDERS: Final = ("bot", "engine")
EXCLUDED: Final = (
    "bot/loopback/",
    "bot/demo/",
    "bot/locales/",
    "engine/lab/",
    "engine/cli/",
    "engine/models/download.py",
)  # whose texts only developers and operators read
SHORT: Final = "In Discord's list of commands, {most} characters at most"
KEYWORDS: Final[dict[str, tuple[int, ...] | None]] = {
    "_": None,
    "N_": None,
    "ngettext": (1, 2),
    "Message": None,
    "AtelierError": None,
    "InputError": None,
    "PaintingError": None,
    "FilmError": None,
}  # Babel's: function → positions of the singular and plural; None: the first argument
_WIDTH: Final = 120


async def template() -> Catalog:
    """A catalogue of all texts to translate: those in the source, and the commands' names and descriptions."""
    texts = Catalog(project="Atelier", charset="utf-8", fuzzy=False)
    for folder in FOLDERS:
        for file in sorted((SOURCE / folder).rglob("*.py")):
            name = file.relative_to(SOURCE).as_posix()
            if not name.startswith(EXCLUDED):
                for text in texts_of(file):
                    texts.add(text, locations=[(name.removeprefix("bot/"), 0)])
    await _add_commands(texts)
    return texts


def texts_of(file: Path) -> Iterator[str | tuple[str, ...]]:
    """The texts in a module, in order; those with a plural as a tuple."""
    with file.open("rb") as source:
        for _line, text, _comments, _context in extract("python", source, KEYWORDS):
            yield text


class _Recorder(app_commands.Translator):
    """A translator that translates nothing and records all texts."""

    def __init__(self, texts: Catalog) -> None:
        self.texts = texts

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        kind = message_context(context)
        comments = [SHORT.format(most=LONGEST_DESCRIPTION)] if kind is None else []
        if isinstance(context.data, app_commands.Parameter):
            comments += [f"/{context.data.command.qualified_name} {context.data.name}"]
        self.texts.add(string.message, context=kind, locations=[("commands", 0)], auto_comments=comments)
        return None


async def _add_commands(texts: Catalog) -> None:
    recorder = _Recorder(texts)
    async with commands_of_all_features() as tree:
        for command in tree.get_commands(type=None):
            await command.get_translated_payload(tree, recorder)


@asynccontextmanager
async def commands_of_all_features() -> AsyncIterator[CommandTree]:
    """The command tree of a bot that is not connected."""
    with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
        config = Config(_env_file=None, DISCORD_TOKEN="none", ATELIER_DATA=folder)  # type: ignore[call-arg]
        database = await Database.open(Path(folder))
        bot = Atelier(config, database, ProcessPainter())
        try:
            for feature in FEATURES:
                await feature.setup(bot)
            yield bot.tree
        finally:
            await bot.close()
            await database.close()


def read(language: str) -> Catalog | None:
    """The catalogue of a language, or None if there is no file."""
    file = catalogue_file(language)
    if not file.exists():
        return None
    with file.open("rb") as stream:
        return read_po(stream, locale=language.replace("-", "_"), domain="atelier")


def update(language: str, wanted: Catalog) -> Catalog:
    """Update a language's file: add new texts, keep translations, and drop texts no longer in the source."""
    catalogue = read(language) or Catalog(
        locale=language.replace("-", "_"), project="Atelier", domain="atelier", charset="utf-8", fuzzy=False
    )
    catalogue.update(wanted, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.header_comment = f"# Atelier in {catalogue.locale.english_name if catalogue.locale else language}."
    file = catalogue_file(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        write_po(stream, catalogue, width=_WIDTH, include_lineno=False, ignore_obsolete=True, sort_by_file=True)
    return catalogue


def missing(catalogue: Catalog, wanted: Catalog) -> list[str]:
    """The English texts without a translation in the catalogue."""
    return [
        str(_english(text)) for text in _texts(wanted) if not _translated(catalogue.get(_english(text), text.context))
    ]


def mistakes(catalogue: Catalog, wanted: Catalog) -> list[str]:
    """A sentence for each translation that Discord would refuse or whose placeholders are wrong."""
    sentences, names = list[str](), dict[tuple[str, str], str]()
    for each in _texts(wanted):
        message = catalogue.get(_english(each), each.context)
        if message is None or not _translated(message):
            continue
        for text in _forms(message.string):
            problem = _problem(text, each)
            if problem:
                sentences.append(f"“{_english(each)}” is translated as “{text}”, which {problem}.")
            first = names.setdefault((each.context or str(each.id), text), str(each.id))
            if first != str(each.id):
                # With two equal names Discord refuses all commands.
                sentences.append(f"“{first}” and “{each.id}” have one name, “{text}”.")
    return sentences


def _problem(text: str, wanted: Message) -> str | None:
    if wanted.context in (COMMAND_NAME, OPTION_NAME) and not allowed_name(text):
        return f"is no name for Discord: 1 to {LONGEST_NAME} small letters, digits, - and _"
    if wanted.context == MENU_NAME and len(text) > LONGEST_NAME:
        return f"has more than {LONGEST_NAME} characters"
    if SHORT.format(most=LONGEST_DESCRIPTION) in wanted.auto_comments and len(text) > LONGEST_DESCRIPTION:
        return f"has {len(text)} characters instead of {LONGEST_DESCRIPTION} at most"
    english = set().union(*(placeholders(form) for form in _forms(wanted.id)))
    if not placeholders(text) <= english:
        return f"has placeholders that the English text has not ({', '.join(sorted(placeholders(text) - english))})"
    lost = english - placeholders(text) - {"number"}
    return f"has lost {', '.join(sorted(lost))}" if lost else None


def placeholders(text: str) -> set[str]:
    """The names in braces, as `str.format` parses them; the text itself if that fails."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return {text}


def _texts(catalogue: Catalog) -> Iterable[Message]:
    return [each for each in catalogue if each.id]


def _english(message: Message) -> Any:
    return message.id[0] if isinstance(message.id, list | tuple) else message.id


def _forms(text: Any) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, list | tuple) else (str(text or ""),)


def _translated(message: Message | None) -> bool:
    return message is not None and not message.fuzzy and all(_forms(message.string))
