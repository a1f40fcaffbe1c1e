"""Commands that Discord refuses to register, and those that its client refuses to send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.loopback.commands import CommandRefused, check_commands, fill_command
from bot.loopback.refusals import Refusal
from bot.loopback.world import Context, Upload
from tests.bot.loopback.test_validation import places

ART: dict[str, Any] = {
    "id": "1",
    "name": "art",
    "type": 1,
    "description": "Paint",
    "contexts": [0, 1],
    "integration_types": [0, 1],
    "options": [
        {"name": "prompt", "description": "x", "type": 3, "required": True, "min_length": 1, "max_length": 10},
        {"name": "quality", "description": "x", "type": 3, "choices": [{"name": "Draft", "value": "draft"}]},
        {"name": "seed", "description": "x", "type": 4, "min_value": 0, "max_value": 99},
        {"name": "fast", "description": "x", "type": 5},
        {"name": "start", "description": "x", "type": 11},
    ],
}
GALLERY: dict[str, Any] = {
    "id": "2",
    "name": "gallery",
    "type": 1,
    "description": "Pictures",
    "options": [
        {
            "name": "show",
            "description": "x",
            "type": 1,
            "options": [{"name": "page", "description": "x", "type": 4}],
        }
    ],
}


def option(**changes: Any) -> dict[str, Any]:
    return {"name": "prompt", "description": "x", "type": 3} | changes


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ({"name": "Art", "description": "x"}, "0.name"),
        ({"name": "a b", "description": "x"}, "0.name"),
        ({"name": "x" * 33, "description": "x"}, "0.name"),
        ({"name": "art", "description": ""}, "0.description"),
        ({"name": "art", "description": "x" * 101}, "0.description"),
        ({"name": "art", "description": "x", "options": [option(name="Prompt")]}, "0.options.0.name"),
        ({"name": "art", "description": "x", "options": [option(), option()]}, "0.options.1.name"),
        ({"name": "art", "description": "x", "options": [option(), option(name="b", required=True)]}, "0.options.1"),
        ({"name": "art", "description": "x", "options": [option(name=f"o{n}") for n in range(26)]}, "0.options"),
        (
            {
                "name": "art",
                "description": "x",
                "options": [option(choices=[{"name": str(n), "value": str(n)} for n in range(26)])],
            },
            "0.options.0.choices",
        ),
        (
            {"name": "art", "description": "x", "options": [option(choices=[{"name": "a", "value": "x" * 101}])]},
            "0.options.0.choices.0.value",
        ),
        (
            {
                "name": "art",
                "description": "x",
                "options": [option(autocomplete=True, choices=[{"name": "a", "value": "a"}])],
            },
            "0.options.0.choices",
        ),
        ({"name": "art", "type": 3, "description": "x"}, "0.description"),
    ],
)
def test_a_registration_discord_refuses(command: dict[str, Any], place: str) -> None:
    with pytest.raises(Refusal) as refusal:
        check_commands([command])
    assert refusal.value.code == 50035 and refusal.value.errors is not None
    assert place in places(refusal.value.errors)


def test_a_registration_discord_takes() -> None:
    check_commands([ART, GALLERY, {"name": "Paint this", "type": 3}])


def fill(name: str, options: dict[str, Any], **more: Any) -> Any:
    settings: dict[str, Any] = {"attachments": {}, "context": Context.GUILD, "has_bot": True, "installed": False} | more
    return fill_command([ART, GALLERY], name, options, **settings)


def test_values_come_in_the_type_of_their_option() -> None:
    upload = Upload("a.png", b"x")
    typed = {"prompt": "an apple", "quality": "DRAFT", "seed": "7", "fast": "true"}
    filled = fill("art", typed, attachments={"start": upload})
    assert [(each["name"], each["type"], each.get("value")) for each in filled.data["options"]] == [
        ("prompt", 3, "an apple"),
        ("quality", 3, "draft"),
        ("seed", 4, 7),
        ("fast", 5, True),
        ("start", 11, None),
    ]
    assert filled.uploads == {"start": upload}


def test_subcommands_nest() -> None:
    filled = fill("gallery show", {"page": "2"})
    assert filled.data["options"] == [
        {"type": 1, "name": "show", "options": [{"name": "page", "type": 4, "value": 2}]},
    ]
    with pytest.raises(CommandRefused, match="no subcommand hide"):
        fill("gallery hide", {})


@pytest.mark.parametrize(
    ("options", "more", "sentence"),
    [
        ({}, {}, "/art needs prompt"),
        ({"prompt": ""}, {}, "1 to 10 characters"),
        ({"prompt": "x", "seed": "many"}, {}, "a whole number, not many"),
        ({"prompt": "x", "seed": 100}, {}, "from 0 to 99, not 100"),
        ({"prompt": "x", "fast": "perhaps"}, {}, "true or false"),
        ({"prompt": "x", "start": "a.png"}, {}, "takes a file"),
        ({"prompt": "x"}, {"attachments": {"start": Path("/nowhere/a.png")}}, "cannot be read"),
        ({"prompt": "x"}, {"attachments": {"quality": Upload("a.png", b"")}}, "takes no file"),
        ({"prompt": "x"}, {"context": Context.PRIVATE_CHANNEL}, "in private conversations"),
        ({"prompt": "x"}, {"has_bot": False}, "not available here"),
    ],
)
def test_what_a_person_cannot_type(options: dict[str, Any], more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CommandRefused, match=sentence):
        fill("art", options, **more)
