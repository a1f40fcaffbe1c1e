"""The contract checker itself: it finds what is wrong, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from bot.loopback import Request
from bot.loopback.rest import SentFile
from tests import discord_contract

PUT_COMMANDS = ("PUT", "/applications/1/commands", "/applications/{application_id}/commands")
POST_MESSAGE = ("POST", "/channels/1/messages", "/channels/{channel_id}/messages")
CALLBACK = ("POST", "/interactions/1/token/callback", "/interactions/{interaction_id}/{webhook_token}/callback")

needs_description = pytest.mark.skipif(not discord_contract.available(), reason="Discord's description is not here")


def sent(where: tuple[str, str, str], body: Any, **changes: Any) -> Request:
    method, path, route = where
    values: dict[str, Any] = {
        "time": 0.0,
        "method": method,
        "path": path,
        "route": route,
        "query": {},
        "content_type": "application/json",
        "body": body,
        "files": (),
        "status": 200,
    }
    return Request(**(values | changes))


def command(**changes: Any) -> dict[str, Any]:
    return {"name": "art", "description": "Paint", "type": 1} | changes


def option(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "description": "x", "type": 3} | changes


def row(custom_id: str) -> dict[str, Any]:
    return {"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": custom_id}]}


GOOD = [
    sent(PUT_COMMANDS, [command(options=[option("prompt", required=True), option("style")])]),
    sent(POST_MESSAGE, {"content": "hello", "components": [], "allowed_mentions": {"parse": []}}),
    sent(CALLBACK, {"type": 5, "data": {"flags": 64}}, query={"with_response": "1"}),
    sent(
        POST_MESSAGE,
        {"attachments": [{"id": 0, "filename": "a.png"}]},
        content_type="multipart/form-data",
        files=(SentFile("files[0]", "a.png", "application/octet-stream", 3),),
    ),
    sent(("GET", "/users/@me", "/users/@me"), None, content_type="application/octet-stream"),
]


@pytest.mark.parametrize("request_", GOOD)
def test_what_is_right_is_let_through(request_: Request) -> None:
    assert discord_contract.check([request_]) == []


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (sent(PUT_COMMANDS, [command(name="Art")]), "no name for a command"),
        (sent(PUT_COMMANDS, [command(options=[option("a"), option("b", required=True)])]), "comes after an optional"),
        (sent(PUT_COMMANDS, [command(options=[option("a"), option("a")])]), "two options of one name"),
        (
            sent(PUT_COMMANDS, [command(options=[option("a", choices=[{"name": "x", "value": "x" * 101}])])]),
            "the value of a choice",
        ),
        (sent(POST_MESSAGE, {"content": "x" * 2001}), "2,000 characters"),
        (sent(POST_MESSAGE, {"embeds": [{"description": "x" * 3500}] * 2}), "6,000 are allowed"),
        (sent(POST_MESSAGE, {"components": [row(str(number)) for number in range(6)]}), "5 are allowed"),
        (sent(CALLBACK, {"type": 4, "data": {"components": [row("a"), row("a")]}}), "one custom_id"),
        (sent(POST_MESSAGE, {"attachments": [{"id": 1}]}), "names a file that was not sent"),
        (sent(POST_MESSAGE, {"content": ""}, status=400, code=50006), "refused with 50006"),
        (sent(("GET", "/nowhere", ""), None, status=404, code=0), "no such route"),
    ],
)
def test_limits_the_description_leaves_out(request_: Request, problem: str) -> None:
    assert any(problem in found for found in discord_contract.check([request_]))


@needs_description
@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (sent(("GET", "/nowhere", ""), None), "knows no such operation"),
        (sent(POST_MESSAGE, None), "the body is missing"),
        (sent(POST_MESSAGE, {"content": 7}), "$.content"),
        (sent(POST_MESSAGE, {"content": "x"}, content_type="text/plain"), "content type text/plain"),
        (sent(POST_MESSAGE, {"content": "x"}, query={"wait": "1"}), "unknown query parameter wait"),
        (sent(CALLBACK, {"type": 5}, query={"with_response": "maybe"}), "with_response=maybe is not valid"),
        (sent(CALLBACK, {"type": 99}), "$"),
        (sent(PUT_COMMANDS, [command(description="x" * 101)]), "$[0].description"),
        (sent(PUT_COMMANDS, [command(options=[option("a", type=99)])]), "$[0].options[0]"),
    ],
)
def test_violations_of_the_description(request_: Request, problem: str) -> None:
    assert any(problem in found for found in discord_contract.check([request_]))
