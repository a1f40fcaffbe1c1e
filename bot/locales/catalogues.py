"""Catalogues from source: what there is to translate, written into each language's file, and what is wrong in one."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import discord
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from bot.commands import CommandTree, add_commands
from bot.language import (
    COMMAND_NAME,
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    MENU_NAME,
    OPTION_NAME,
    allowed_name,
    catalogue_file,
    section_of,
)
from bot.settings import Settings

SOURCE: Final = Path(__file__).parents[1]
NOT_READ: Final = ("sandbox", "locales", "demo.py")  # said to who runs the bot, not to people on Discord
SHORT: Final = "In Discord's list of commands, {most} characters at most"
ENGINE: Final = ("derived.py", "openings.py", "pictures.py", "presets.py", "prompts.py")  # whose sentences people read
TEXTS: Final[Mapping[str, tuple[int, ...]]] = {
    "say": (1,),
    "say_number": (1, 2),
    "to_say": (0,),
    "LocalisedInputError": (0,),
}  # which arguments are texts
_WIDTH: Final = 120


async def template() -> Catalog:
    """Everything there is to translate: the texts of the source, and the commands as Discord shows them."""
    found = Catalog(project="Atelier", charset="utf-8", fuzzy=False)
    for file in sorted(SOURCE.rglob("*.py")):
        name = file.relative_to(SOURCE)
        if name.parts[0] not in NOT_READ:
            for text in texts_of(file.read_text("utf-8")):
                found.add(text, locations=[(name.as_posix(), 0)])
    for module in ENGINE:
        for text in texts_of((SOURCE.parent / "engine" / module).read_text("utf-8"), {"InputError": (0,)}):
            found.add(text, locations=[(f"engine/{module}", 0)])
    await _add_commands(found)
    return found


def texts_of(source: str, calls: Mapping[str, tuple[int, ...]] = TEXTS) -> Iterator[str | tuple[str, str]]:
    """The literal texts in `calls` (by name: which arguments), of two arguments both forms of a number, in order."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (places := calls.get(_name(node.func))):
            if len(places) == 2:
                one, many = (next(_literals(node.args[place]), None) for place in places)
                if one is not None and many is not None:
                    yield one, many
            elif len(node.args) > places[0]:
                yield from _literals(node.args[places[0]])


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _literals(node: ast.expr) -> Iterator[str]:
    """The text, or the texts between which a condition chooses."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


class _Recorder(app_commands.Translator):
    """Translates nothing and notes what it was asked for."""

    def __init__(self, found: Catalog) -> None:
        self.found = found

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        section = section_of(context)
        notes = [SHORT.format(most=LONGEST_DESCRIPTION)] if section is None else []
        if isinstance(context.data, app_commands.Parameter):
            notes += [f"/{context.data.command.qualified_name} {context.data.name}"]
        self.found.add(string.message, context=section, locations=[("commands", 0)], auto_comments=notes)
        return None


async def _add_commands(found: Catalog) -> None:
    tree = CommandTree(discord.Client(intents=discord.Intents.none()))  # type: ignore[arg-type]  # never connected
    add_commands(tree, Settings(_env_file=None, DISCORD_TOKEN="none"))  # type: ignore[call-arg]
    recorder = _Recorder(found)
    for command in tree.get_commands(type=None):
        await command.get_translated_payload(tree, recorder)


def read(language: str) -> Catalog | None:
    """The catalogue of a language, or None where it has none."""
    file = catalogue_file(language)
    if not file.exists():
        return None
    with file.open("rb") as stream:
        return read_po(stream, locale=language.replace("-", "_"), domain="atelier")


def update(language: str, wanted: Catalog) -> Catalog:
    """Write what there is to translate into a language's file; translations stay, what is no longer said goes."""
    kept = read(language) or Catalog(
        locale=language.replace("-", "_"), project="Atelier", domain="atelier", charset="utf-8", fuzzy=False
    )
    kept.update(wanted, no_fuzzy_matching=True, update_header_comment=False)
    kept.header_comment = f"# Atelier in {kept.locale.english_name if kept.locale else language}."
    file = catalogue_file(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        write_po(stream, kept, width=_WIDTH, include_lineno=False, ignore_obsolete=True, sort_by_file=True)
    return kept


def missing(catalogue: Catalog, wanted: Catalog) -> list[str]:
    """The English texts that the catalogue has no translation of."""
    return [
        str(_english(each)) for each in _texts(wanted) if not _translated(catalogue.get(_english(each), each.context))
    ]


def mistakes(catalogue: Catalog, wanted: Catalog) -> list[str]:
    """A sentence for each translation that people or Discord would stumble over."""
    found, names = list[str](), dict[tuple[str, str], str]()
    for each in _texts(wanted):
        message = catalogue.get(_english(each), each.context)
        if message is None or not _translated(message):
            continue
        for text in _forms(message.string):
            problem = _problem(text, each)
            if problem:
                found.append(f"“{_english(each)}” is translated as “{text}”, which {problem}.")
            first = names.setdefault((each.context or str(each.id), text), str(each.id))
            if first != str(each.id):
                found.append(f"“{first}” and “{each.id}” have one name, “{text}”.")  # Discord refuses all commands then
    return found


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
    """The names in braces, as `str.format` reads them; the text itself where it can't read it."""
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
