"""Checks the bot's requests against Discord's OpenAPI description, and against limits that it leaves out.

The description is not part of the repository: it is expected beside it in `shared/facts/discord-openapi.json`, or below
the folder in `ATELIER_SHARED`. `check()` uses it only if it is `available()`.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from bot.loopback import Request

NAME = re.compile(r"[-_'\w]{1,32}")
BOOLEANS = {"1": True, "true": True, "0": False, "false": False}


def description() -> Path:
    """The path of Discord's OpenAPI description, which may not exist."""
    beside = Path(__file__).resolve().parents[1].parent / "shared"
    return Path(os.environ.get("ATELIER_SHARED", beside)) / "facts" / "discord-openapi.json"


def available() -> bool:
    return description().is_file()


def check(requests: Iterable[Request]) -> list[str]:
    """The violations of Discord's rules in these requests, a line each."""
    found = []
    for request in requests:
        problems = list(_refused(request))
        if available():
            problems += _against_description(request)
        if not problems:  # the further checks rely on the right shape
            problems += _beyond(request)
        found += [f"{request.line}: {problem}" for problem in problems]
    return found


def _refused(request: Request) -> Iterator[str]:
    """Requests that the loopback refused as invalid. Expired tokens and rate limits are not violations."""
    if request.status == 400:
        yield f"refused with {request.code}: {json.dumps(request.body)[:300]}"
    if request.status == 404 and request.code == 0:
        yield "there is no such route"


# Discord's description


@dataclass(frozen=True)
class Operation:
    path: re.Pattern[str]
    literal: int  # number of path segments that are not parameters, to choose the most specific match
    query: dict[str, Draft202012Validator]
    bodies: dict[str, Draft202012Validator]  # by content type
    needs_body: bool


@functools.cache
def _operations() -> dict[str, list[Operation]]:
    """The operations of the description by method, with their validators."""
    document = json.loads(description().read_text())
    document["components"]["schemas"]["SnowflakeType"] = {"type": ["string", "integer"], "pattern": "^(0|[1-9][0-9]*)$"}
    registry: Registry[Any] = Registry().with_resource("urn:discord", Resource(document, DRAFT202012))

    def validator(pointer: Sequence[str]) -> Draft202012Validator:
        steps = "/".join(step.replace("~", "~0").replace("/", "~1") for step in pointer)
        return Draft202012Validator({"$ref": f"urn:discord#/{steps}"}, registry=registry)

    operations: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        pattern = re.compile(re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(path)))
        literal = sum(not part.startswith("{") for part in path.split("/"))
        for method, operation in item.items():
            if method == "parameters":
                continue
            query = {
                parameter["name"]: validator(["paths", path, method, "parameters", str(number), "schema"])
                for number, parameter in enumerate(operation.get("parameters", []))
                if parameter["in"] == "query"
            }
            body = operation.get("requestBody", {})
            bodies = {
                kind: validator(["paths", path, method, "requestBody", "content", kind, "schema"])
                for kind in body.get("content", {})
            }
            known = Operation(pattern, literal, query, bodies, bool(body.get("required")))
            operations.setdefault(method.upper(), []).append(known)
    return operations


def _against_description(request: Request) -> Iterator[str]:
    fitting = [each for each in _operations().get(request.method, []) if each.path.fullmatch(request.path)]
    if not fitting:
        yield "the description knows no such operation"
        return
    operation = max(fitting, key=lambda each: each.literal)
    for name, text in request.query.items():
        if name not in operation.query:
            yield f"unknown query parameter {name}"
        elif not any(operation.query[name].is_valid(value) for value in _readings(text)):
            yield f"query parameter {name}={text} is not valid"
    if request.body is None:
        if operation.needs_body:
            yield "the body is missing"
        return
    validator = operation.bodies.get(request.content_type)
    if validator is None:
        yield f"content type {request.content_type} is not among {', '.join(operation.bodies) or 'none'}"
        return
    error = best_match(validator.iter_errors(request.body))
    if error is not None:
        yield _sentence(error)


def _readings(text: str) -> Iterator[Any]:
    """The JSON values that a query parameter may stand for; one must satisfy its schema."""
    yield text
    if text in BOOLEANS:
        yield BOOLEANS[text]
    if text.isdecimal():
        yield int(text)


def _sentence(error: ValidationError) -> str:
    return f"{error.json_path}: {error.message[:300]}"


# What the description leaves out


def _beyond(request: Request) -> Iterator[str]:
    body = request.body
    if request.method == "PUT" and request.route.endswith("/commands"):
        for command in body or []:
            yield from _command_problems(command)
    elif isinstance(body, dict):
        message = body.get("data") if request.route.endswith("/callback") else body
        if isinstance(message, dict):
            yield from _message_problems(message)
    yield from _file_problems(request)


def _command_problems(command: dict[str, Any]) -> Iterator[str]:
    if _size(command) > 8000:
        yield f"/{command['name']} has more than 8,000 characters"
    for path, each in _described(command, f"/{command['name']}"):
        name = each["name"]
        in_menu = each is command and command.get("type", 1) != 1  # its name may have capitals and spaces
        if in_menu and not 1 <= len(name) <= 32:
            yield f"{path}: {name!r} is no name for an entry of a menu"
        if not in_menu and (not NAME.fullmatch(name) or name != name.lower()):
            yield f"{path}: {name!r} is no name for a command or option"
        options = each.get("options") or []
        required = [bool(option.get("required")) for option in options if option["type"] > 2]
        if required != sorted(required, reverse=True):
            yield f"{path}: a required option comes after an optional one"
        names = [option["name"] for option in options]
        if len(names) != len(set(names)):
            yield f"{path}: two options of one name"
        choices = each.get("choices") or []
        if any(isinstance(choice["value"], str) and not 1 <= len(choice["value"]) <= 100 for choice in choices):
            yield f"{path}: the value of a choice has no character or more than 100"


def _described(each: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, each
    for option in each.get("options") or []:
        yield from _described(option, f"{path} {option['name']}")


def _size(each: dict[str, Any]) -> int:
    texts = [each.get("name"), each.get("description"), each.get("value")]
    inner = [*(each.get("options") or []), *(each.get("choices") or [])]
    return sum(len(text) for text in texts if isinstance(text, str)) + sum(_size(one) for one in inner)


def _message_problems(message: dict[str, Any]) -> Iterator[str]:
    if len(message.get("content") or "") > 2000:
        yield "content has more than 2,000 characters"
    letters = sum(len(text) for embed in message.get("embeds") or [] for text in _embed_texts(embed))
    if letters > 6000:
        yield f"the embeds have {letters} characters together; 6,000 are allowed"
    components = message.get("components") or []
    nested = list(_nested(components))
    v2 = bool((message.get("flags") or 0) & 1 << 15)
    if v2 and len(nested) > 40:
        yield f"{len(nested)} components; 40 are allowed"
    if v2 and sum(len(each.get("content") or "") for each in nested) > 4000:
        yield "text displays have more than 4,000 characters together"
    if not v2 and len(components) > 5:
        yield f"{len(components)} rows of components; 5 are allowed"
    custom_ids = [each["custom_id"] for each in nested if each.get("custom_id") is not None]
    if len(custom_ids) != len(set(custom_ids)):
        yield "two components have one custom_id"


def _embed_texts(embed: dict[str, Any]) -> Iterator[str]:
    footer, author = embed.get("footer") or {}, embed.get("author") or {}
    texts = [embed.get("title"), embed.get("description"), footer.get("text"), author.get("name")]
    for each in embed.get("fields") or []:
        texts += [each.get("name"), each.get("value")]
    yield from (text for text in texts if text)


def _nested(components: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in components:
        yield each
        yield from _nested(each.get("components") or [])
        yield from _nested([each["accessory"]] if each.get("accessory") else [])


def _file_problems(request: Request) -> Iterator[str]:
    if len(request.files) > 10:
        yield f"{len(request.files)} files; 10 are allowed"
    numbers = set()
    for file in request.files:
        number = re.fullmatch(r"files\[([0-9])\]", file.field)
        if number is None:
            yield f"{file.field} is no name for a file part"
        else:
            numbers.add(int(number[1]))
    body = request.body if isinstance(request.body, dict) else {}
    message = body.get("data") if request.route.endswith("/callback") else body
    for entry in (message or {}).get("attachments") or []:
        # ids of present attachments are snowflakes, those of uploads the numbers of their parts
        if int(entry["id"]) < 100 and int(entry["id"]) not in numbers:
            yield f"attachment {entry['id']} names a file that was not sent"
