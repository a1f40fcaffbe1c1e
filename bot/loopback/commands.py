"""Application commands: the checks of Discord when they are registered, and of its client when they are typed.

https://discord.com/developers/docs/interactions/application-commands
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot.loopback.refusals import Form
from bot.loopback.world import Context, Json, Upload

Place = tuple[str | int, ...]

NAME: Final = re.compile(r"[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}")  # Devanagari and Thai have combining signs
MOST_COMMANDS: Final = 100
MOST_MENUS: Final = 5  # of each type
WHOLE_COMMAND: Final = 8000  # characters of names, descriptions and choice values together


class CommandType(enum.IntEnum):
    CHAT_INPUT = 1
    USER = 2
    MESSAGE = 3


class OptionType(enum.IntEnum):
    SUB_COMMAND = 1
    SUB_COMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    NUMBER = 10
    ATTACHMENT = 11


SUBCOMMANDS: Final = (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP)


class CommandRefused(Exception):
    """Discord's client refuses what a person does; `str(error)` is the sentence it would show."""


def check_commands(commands: object) -> None:
    """Raise the `Refusal` (50035) with which Discord answers an invalid bulk registration."""
    form = Form()
    if not isinstance(commands, list):
        form.refuse((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        form.raise_errors()
        return
    for kind in CommandType:
        most = MOST_COMMANDS if kind is CommandType.CHAT_INPUT else MOST_MENUS
        form.count((), [each for each in commands if each.get("type", 1) == kind], most)
    seen = set()
    for index, command in enumerate(commands):
        kind, name = command.get("type", 1), command.get("name")
        if (kind, name) in seen:
            message = "Application command names must be unique"
            form.refuse((index, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        seen.add((kind, name))
        if kind == CommandType.CHAT_INPUT:
            _check_name_and_description(form, (index,), command)
            _check_options(form, (index, "options"), command.get("options") or [])
        else:
            form.length((index, "name"), name, 32, least=1)
            if command.get("description"):
                form.refuse((index, "description"), "BASE_TYPE_MAX_LENGTH", "Must be 0 or fewer in length.")
        if _characters(command) > WHOLE_COMMAND:
            message = f"Command exceeds maximum size ({WHOLE_COMMAND})"
            form.refuse((index,), "APPLICATION_COMMAND_TOO_LARGE", message)
    for kind in {each.get("type", 1) for each in commands}:
        _check_distinct(form, (), [each for each in commands if each.get("type", 1) == kind])
    form.raise_errors()


def _check_name_and_description(form: Form, place: Place, each: Json) -> None:
    name = each.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name) or name != name.lower():
        message = "Command name is invalid: 1 to 32 letters, digits, - and _, and no capitals"
        form.refuse((*place, "name"), "APPLICATION_COMMAND_INVALID_NAME", message)
    form.length((*place, "description"), each.get("description"), 100, least=1)
    for language, text in (each.get("name_localizations") or {}).items():
        if not NAME.fullmatch(text) or text != text.lower():
            message = "Command name is invalid: 1 to 32 letters, digits, - and _, and no capitals"
            form.refuse((*place, "name_localizations", language), "APPLICATION_COMMAND_INVALID_NAME", message)
    for language, text in (each.get("description_localizations") or {}).items():
        form.length((*place, "description_localizations", language), text, 100, least=1)


def _check_options(form: Form, place: Place, options: list[Json]) -> None:
    form.count(place, options, 25)
    names, optional_seen = set(), False
    for index, option in enumerate(options):
        where = (*place, index)
        _check_name_and_description(form, where, option)
        if option.get("name") in names:
            message = "Option name already exists"
            form.refuse((*where, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_EXISTS", message)
        names.add(option.get("name"))
        if option.get("type") in SUBCOMMANDS:
            _check_options(form, (*where, "options"), option.get("options") or [])
            continue
        if option.get("required") and optional_seen:
            message = "Required options must be placed before non-required options"
            form.refuse(where, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional_seen = optional_seen or not option.get("required")
        _check_choices(form, (*where, "choices"), option)
    _check_distinct(form, place, options)


def _check_distinct(form: Form, place: Place, named: list[Json]) -> None:
    """Commands, or options, of one level must have different names in every language."""
    for language in {language for each in named for language in each.get("name_localizations") or {}}:
        names = [(each.get("name_localizations") or {}).get(language) or each.get("name") for each in named]
        for index, name in enumerate(names):
            if name in names[:index]:
                message = f"Name already exists in {language}: {name}"
                where = (*place, index, "name_localizations", language)
                form.refuse(where, "APPLICATION_COMMAND_OPTIONS_NAME_EXISTS", message)


def _check_choices(form: Form, place: Place, option: Json) -> None:
    choices = option.get("choices") or []
    form.count(place, choices, 25)
    if choices and option.get("autocomplete"):
        message = "Choices and autocomplete are mutually exclusive"
        form.refuse(place, "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE", message)
    names = set()
    for index, choice in enumerate(choices):
        form.length((*place, index, "name"), choice.get("name"), 100, least=1)
        for language, text in (choice.get("name_localizations") or {}).items():
            form.length((*place, index, "name_localizations", language), text, 100, least=1)
        if option.get("type") == OptionType.STRING:
            form.length((*place, index, "value"), choice.get("value"), 100, least=1)
        if choice.get("name") in names:
            message = "Option choice name already exists"
            form.refuse((*place, index, "name"), "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_EXISTS", message)
        names.add(choice.get("name"))


def _characters(each: Json) -> int:
    """The size of a command with all within it; the longest translation of each text counts."""
    own = len(each["value"]) if isinstance(each.get("value"), str) else 0
    for part in ("name", "description"):
        texts = [each.get(part) or "", *(each.get(f"{part}_localizations") or {}).values()]
        own += max(len(text) for text in texts)
    return own + sum(_characters(inner) for inner in [*(each.get("options") or []), *(each.get("choices") or [])])


@dataclass(slots=True)
class FilledCommand:
    """The `data` of a typed command, without the resolved attachments, which the server makes from `uploads`."""

    data: Json
    uploads: dict[str, Upload] = field(default_factory=dict)  # by option name


def fill_command(
    commands: list[Json],
    name: str,
    options: Mapping[str, Any],
    attachments: Mapping[str, Upload | Path],
    context: Context,
    *,
    has_bot: bool,
    installed: bool,
    focused: str | None = None,
) -> FilledCommand:
    """The interaction data of a typed command, as Discord's client makes it.

    `name` may have subcommands after a space. A choice may be given by its name or its value. `focused` is the option
    that is being typed, for autocompletion; the others are then not required. Raises `CommandRefused`.
    """
    word, *path = name.removeprefix("/").split()
    command = next(
        (each for each in commands if (each["name"], each.get("type", 1)) == (word, CommandType.CHAT_INPUT)), None
    )
    if command is None:
        known = ", ".join(f"/{each['name']}" for each in commands) or "none yet"
        raise CommandRefused(f"There is no command /{word}; known are {known}.")
    _check_available(command, context, has_bot, installed)
    filled = FilledCommand({"id": command["id"], "name": word, "type": CommandType.CHAT_INPUT})
    level, holder = command, filled.data
    for step in path:
        inner = next(
            (each for each in level.get("options") or [] if each["name"] == step and each["type"] in SUBCOMMANDS), None
        )
        if inner is None:
            raise CommandRefused(f"/{word} has no subcommand {step}.")
        entry: Json = {"type": inner["type"], "name": step}
        holder["options"] = [entry]
        level, holder = inner, entry
    declared: list[Json] = level.get("options") or []
    holder["options"] = _fill_options(f"/{name.removeprefix('/')}", declared, options, attachments, filled, focused)
    return filled


def use_menu(commands: list[Json], name: str, context: Context, *, has_bot: bool, installed: bool) -> Json:
    """The interaction data of a message command (context menu), without its message. Raises `CommandRefused`."""
    command = next((each for each in commands if (each["name"], each.get("type")) == (name, CommandType.MESSAGE)), None)
    if command is None:
        raise CommandRefused(f"A message has no menu entry “{name}”.")
    _check_available(command, context, has_bot, installed)
    return {"id": command["id"], "name": name, "type": CommandType.MESSAGE}


def _check_available(command: Json, context: Context, has_bot: bool, installed: bool) -> None:
    contexts, installs = command.get("contexts"), command.get("integration_types") or [0]
    if contexts is not None and context not in contexts:
        place = {Context.GUILD: "in servers", Context.BOT_DM: "in direct messages with the bot"}
        raise CommandRefused(f"/{command['name']} cannot be used {place.get(context, 'in private conversations')}.")
    if not (has_bot and 0 in installs) and not (installed and 1 in installs):
        raise CommandRefused(f"/{command['name']} is not available here: neither the server nor you installed it.")


def _fill_options(
    title: str,
    declared: list[Json],
    options: Mapping[str, Any],
    attachments: Mapping[str, Upload | Path],
    filled: FilledCommand,
    focused: str | None,
) -> list[Json]:
    known = {each["name"]: each for each in declared}
    for name in (*options, *attachments):
        if name not in known:
            listed = ", ".join(known) or "none"
            raise CommandRefused(f"{title} has no option {name}; known are {listed}.")
    if focused is not None and not known.get(focused, {}).get("autocomplete"):
        raise CommandRefused(f"{title} proposes nothing for {focused}.")
    missing = [
        each["name"] for each in declared if each.get("required") and each["name"] not in {*options, *attachments}
    ]
    if missing and focused is None:
        raise CommandRefused(f"{title} needs {', '.join(missing)}.")
    entries = []
    for name, option in known.items():
        if name in attachments:
            if option["type"] != OptionType.ATTACHMENT:
                raise CommandRefused(f"{name} takes no file.")
            filled.uploads[name] = _upload(attachments[name])
            entries.append({"name": name, "type": OptionType.ATTACHMENT})
        elif name in options:
            value = options[name] if name == focused else _value(option, options[name])
            entry = {"name": name, "type": option["type"], "value": value}
            entries.append(entry | {"focused": True} if name == focused else entry)
    return entries


def _upload(file: Upload | Path) -> Upload:
    if isinstance(file, Upload):
        return file
    try:
        return Upload(file.name, file.read_bytes())
    except OSError as error:
        raise CommandRefused(f"{file} cannot be read: {error.strerror}.") from error


def _value(option: Json, value: Any) -> Any:
    """The value as the option's type. Raises `CommandRefused` if it is outside the option's limits."""
    name, choices = option["name"], option.get("choices") or []
    if choices:
        for choice in choices:
            if value == choice["value"] or str(value).casefold() == choice["name"].casefold():
                return choice["value"]
        listed = ", ".join(str(each["value"]) for each in choices)
        raise CommandRefused(f"{name} must be one of {listed}.")
    match option["type"]:
        case OptionType.STRING:
            return _text(option, str(value))
        case OptionType.INTEGER:
            return _number(option, value, int)
        case OptionType.NUMBER:
            return _number(option, value, float)
        case OptionType.BOOLEAN:
            if str(value).casefold() not in ("true", "false"):
                raise CommandRefused(f"{name} must be true or false.")
            return str(value).casefold() == "true"
        case OptionType.ATTACHMENT:
            raise CommandRefused(f"{name} takes a file.")
        case _:
            return str(value)


def _text(option: Json, value: str) -> str:
    least, most = option.get("min_length") or 0, option.get("max_length") or 6000
    if not least <= len(value) <= most:
        raise CommandRefused(f"{option['name']} must have {least} to {most} characters; this has {len(value)}.")
    return value


def _number(option: Json, value: Any, kind: type[int] | type[float]) -> int | float:
    least, most = option.get("min_value"), option.get("max_value")
    least = -(2**53) + 1 if least is None else least
    most = 2**53 - 1 if most is None else most
    try:
        number = kind(value)
    except (TypeError, ValueError) as error:
        expected = "a whole number" if kind is int else "a number"
        raise CommandRefused(f"{option['name']} must be {expected}, not {value}.") from error
    if not least <= number <= most:
        raise CommandRefused(f"{option['name']} must be from {least} to {most}, not {value}.")
    return number
