"""Modals: the checks of Discord when a bot opens one, and of its client when a person fills it in.

https://discord.com/developers/docs/components/reference
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.loopback.commands import CommandRefused
from bot.loopback.refusals import Form
from bot.loopback.world import ComponentType, Json, walk

Place = tuple[str | int, ...]

TOP_LEVEL: Final = (ComponentType.ACTION_ROW, ComponentType.TEXT_DISPLAY, ComponentType.LABEL)
MOST_TEXT: Final = 4000  # characters of a text field


def check_modal(body: Json) -> None:
    """Raise the `Refusal` (50035) with which Discord answers an invalid modal."""
    form = Form()
    form.length(("data", "title"), body.get("title"), 45, least=1)
    form.length(("data", "custom_id"), body.get("custom_id"), 100, least=1)
    components = body.get("components") or []
    form.count(("data", "components"), components, 5, least=1)
    seen = set()
    for number, each in enumerate(components):
        place: Place = ("data", "components", number)
        if each.get("type") not in TOP_LEVEL:
            form.refuse(place, "COMPONENT_TYPE_INVALID", "The specified component type is invalid.")
        if each.get("type") == ComponentType.LABEL:
            form.length((*place, "label"), each.get("label"), 45, least=1)
            form.length((*place, "description"), each.get("description"), 100)
        for field in _fields([each]):
            _check_field(form, place, field)
            if field["custom_id"] in seen:
                message = f"Component custom id cannot be duplicated: {field['custom_id']}"
                form.refuse(place, "COMPONENT_CUSTOM_ID_DUPLICATED", message)
            seen.add(field["custom_id"])
    form.raise_errors()


def _check_field(form: Form, place: Place, field: Json) -> None:
    form.length((*place, "custom_id"), field["custom_id"], 100, least=1)
    if field["type"] == ComponentType.TEXT_INPUT:
        form.length((*place, "label"), field.get("label"), 45)
        form.length((*place, "placeholder"), field.get("placeholder"), 100)
        form.length((*place, "value"), field.get("value"), field.get("max_length") or MOST_TEXT)
    if field["type"] == ComponentType.STRING_SELECT:
        options = field.get("options") or []
        form.count((*place, "options"), options, 25, least=1)
        form.length((*place, "placeholder"), field.get("placeholder"), 150)
        for number, option in enumerate(options):
            for part in ("label", "value"):
                form.length((*place, "options", number, part), option.get(part), 100, least=1)
        if len({option.get("value") for option in options}) < len(options):
            message = "The specified option value is already used"
            form.refuse((*place, "options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
        if sum(bool(option.get("default")) for option in options) > (field.get("max_values") or 1):
            message = "Too many options are selected by default"
            form.refuse((*place, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", message)


def describe(modal: Json) -> str:
    """The modal as text: a line with its title, and one for each field."""
    lines = [f"The bot opens the form “{modal['title']}”:"]
    for each in modal["components"]:
        for field in _fields([each]):
            choices = ", ".join(option["value"] for option in field.get("options") or ())
            about = choices or each.get("description") or ""
            lines.append(f"  {field['custom_id']}: {each.get('label') or field.get('label') or ''} ({about})")
    return "\n".join(lines)


def field_names(modal: Json) -> list[str]:
    return [field["custom_id"] for field in _fields(modal["components"])]


def fill_modal(modal: Json, values: Mapping[str, str]) -> Json:
    """The interaction data of a modal with `values` by custom_id; the other fields keep their defaults.

    A choice is given by its value or its label, no choice by an empty text. Raises `CommandRefused`.
    """
    names = field_names(modal)
    for name in values:
        if name not in names:
            raise CommandRefused(f"The form has no field {name}; there are: {', '.join(names)}.")
    components = [_submitted(each, values) for each in modal["components"]]
    return {"custom_id": modal["custom_id"], "components": components}


def _fields(components: list[Json]) -> Iterator[Json]:
    return (each for each in walk(components) if each.get("custom_id") is not None)


def _submitted(component: Json, values: Mapping[str, str]) -> Json:
    """A component as a modal submit contains it."""
    out: Json = {"type": component["type"], "id": component.get("id", 1)}
    if "components" in component:
        return out | {"components": [_submitted(each, values) for each in component["components"]]}
    if "component" in component:
        return out | {"component": _submitted(component["component"], values)}
    if "custom_id" in component:
        return (
            out
            | {"custom_id": component["custom_id"]}
            | _submitted_value(component, values.get(component["custom_id"]))
        )
    return out


def _submitted_value(field: Json, value: str | None) -> Json:
    if field["type"] == ComponentType.STRING_SELECT:
        return {"values": _chosen(field, value)}
    text: Any = (field.get("value") or "") if value is None else value
    least, most = field.get("min_length") or 0, field.get("max_length") or MOST_TEXT
    if not text and field.get("required", True):
        raise CommandRefused(f"The field {field['custom_id']} must be filled in.")
    if text and not least <= len(text) <= most:
        raise CommandRefused(f"{field['custom_id']} must have {least} to {most} characters; this has {len(text)}.")
    return {"value": text}


def _chosen(field: Json, value: str | None) -> list[str]:
    options = field["options"]
    if value is None:
        chosen = [option["value"] for option in options if option.get("default")]
    elif not value:
        chosen = []
    else:
        chosen = [option["value"] for option in options if value in (option["value"], option["label"])]
        if not chosen:
            listed = ", ".join(option["value"] for option in options)
            raise CommandRefused(f"{field['custom_id']} must be one of {listed}.")
    if not chosen and field.get("required", True):
        raise CommandRefused(f"Something must be chosen for {field['custom_id']}.")
    return chosen
