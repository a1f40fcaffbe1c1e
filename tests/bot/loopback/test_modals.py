from __future__ import annotations

import copy
from typing import Any

import pytest

from bot.loopback import CommandRefused
from bot.loopback.modals import check_modal, describe, field_names, fill_modal
from bot.loopback.refusals import Refusal

TEXT = {"type": 4, "custom_id": "size", "style": 1, "required": False, "max_length": 9, "value": "10x10"}
OPTIONS = [{"label": "still", "value": "still", "default": True}, {"label": "zoom in", "value": "zoom-in"}]
SELECT = {"type": 3, "custom_id": "camera", "options": OPTIONS, "required": True}
MODAL: dict[str, Any] = {
    "custom_id": "form:1",
    "title": "More",
    "components": [
        {"type": 18, "label": "Size", "description": "In pixels", "component": TEXT},
        {"type": 18, "label": "Camera", "component": SELECT},
        {"type": 1, "components": [{"type": 4, "custom_id": "old", "style": 1, "label": "Old way"}]},
    ],
}


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    modal = copy.deepcopy(MODAL)
    place: Any = modal
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return modal


def answers(data: dict[str, Any]) -> list[Any]:
    found = []
    for each in data["components"]:
        inner = each["component"] if "component" in each else each["components"][0]
        found.append(inner.get("value", inner.get("values")))
    return found


def test_a_form_of_labels_and_rows_is_fine() -> None:
    check_modal(MODAL)
    assert field_names(MODAL) == ["size", "camera", "old"]
    assert describe(MODAL).splitlines()[1:] == [
        "  size: Size (In pixels)",
        "  camera: Camera (still, zoom-in)",
        "  old: Old way ()",
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("title",), "x" * 46),
        (("custom_id",), "x" * 101),
        (("components",), []),
        (("components",), [MODAL["components"][0]] * 6),
        (("components", 0, "type"), 2),
        (("components", 0, "label"), "x" * 46),
        (("components", 0, "label"), None),
        (("components", 0, "description"), "x" * 101),
        (("components", 0, "component", "custom_id"), "camera"),
        (("components", 0, "component", "custom_id"), "x" * 101),
        (("components", 0, "component", "placeholder"), "x" * 101),
        (("components", 0, "component", "value"), "x" * 10),
        (("components", 1, "component", "options"), []),
        (("components", 1, "component", "options"), [OPTIONS[1]] * 2),
        (("components", 1, "component", "options"), [{"label": str(n), "value": str(n)} for n in range(26)]),
        (("components", 1, "component", "options"), [{"label": "x" * 101, "value": "x"}]),
        (("components", 1, "component", "options", 1, "default"), True),
        (("components", 2, "components", 0, "label"), "x" * 46),
    ],
)
def test_what_discord_does_not_open_is_refused(path: tuple[str | int, ...], value: object) -> None:
    with pytest.raises(Refusal) as refused:
        check_modal(changed(path, value))
    assert refused.value.code == 50035


def test_fields_come_back_as_they_were_opened_or_filled_in() -> None:
    assert answers(fill_modal(MODAL, {"old": "x"})) == ["10x10", ["still"], "x"]
    assert answers(fill_modal(MODAL, {"old": "x", "size": "", "camera": "zoom in"})) == ["", ["zoom-in"], "x"]
    optional = changed(("components", 1, "component", "required"), False)
    assert answers(fill_modal(optional, {"old": "x", "camera": ""})) == ["10x10", [], "x"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "old must be filled in"),
        ({"old": "x", "new": "y"}, "no field new; there are: size, camera, old"),
        ({"old": "x", "size": "x" * 10}, "0 to 9 characters; this has 10"),
        ({"old": "x", "camera": "sideways"}, "one of still, zoom-in"),
        ({"old": "x", "camera": ""}, "must be chosen for camera"),
    ],
)
def test_what_a_person_cannot_send(values: dict[str, str], words: str) -> None:
    with pytest.raises(CommandRefused, match=words):
        fill_modal(MODAL, values)
