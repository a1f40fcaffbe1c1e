"""The checks of Discord on a message beyond its OpenAPI description: lengths, totals, duplicates, exclusive fields.

https://discord.com/developers/docs/resources/message and /components/reference
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from urllib.parse import urlsplit

from bot.loopback.refusals import Form
from bot.loopback.world import SELECTS, ComponentType, Flag, Json, walk

Place = tuple[str | int, ...]

CONTENT: Final = 2000
EMBEDS: Final = 10
EMBED_CHARACTERS: Final = 6000  # of all embeds in total
ATTACHMENTS: Final = 10
ROWS: Final = 5
COMPONENTS_V2: Final = 40  # including nested ones
TEXT_V2: Final = 4000  # of all text displays in total

LINK, PREMIUM = 5, 6  # button styles
TOP_LEVEL_V2: Final = (
    ComponentType.ACTION_ROW,
    ComponentType.SECTION,
    ComponentType.TEXT_DISPLAY,
    ComponentType.MEDIA_GALLERY,
    ComponentType.FILE,
    ComponentType.SEPARATOR,
    ComponentType.CONTAINER,
)
ONLY_V2: Final = (*TOP_LEVEL_V2[1:], ComponentType.THUMBNAIL)


def check_message(body: Json, flags: Flag, filenames: Collection[str]) -> None:
    """Raise the `Refusal` (50035) with which Discord answers an invalid message body.

    `flags` and `filenames` are those that the message will have; the latter for `attachment://` URLs.
    """
    form = Form()
    form.length(("content",), body.get("content"), CONTENT)
    form.count(("attachments",), body.get("attachments") or [], ATTACHMENTS)
    _check_mentions(form, body.get("allowed_mentions") or {})
    _check_embeds(form, body.get("embeds") or [], filenames)
    components = body.get("components") or []
    if Flag.IS_COMPONENTS_V2 in flags:
        for field in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(field):
                message = f"The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                form.refuse((field,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
        _check_components_v2(form, components, filenames)
    else:
        _check_components(form, components)
    form.raise_errors()


def _check_mentions(form: Form, mentions: Json) -> None:
    parse = mentions.get("parse") or []
    for kind in ("users", "roles"):
        if kind in parse and mentions.get(kind):
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            form.refuse(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
        form.count(("allowed_mentions", kind), mentions.get(kind) or [], 100)


def _check_embeds(form: Form, embeds: list[Json], filenames: Collection[str]) -> None:
    form.count(("embeds",), embeds, EMBEDS)
    characters = 0
    for index, embed in enumerate(embeds):
        place: Place = ("embeds", index)
        author, footer, fields = embed.get("author") or {}, embed.get("footer") or {}, embed.get("fields") or []
        form.length((*place, "title"), embed.get("title"), 256)
        form.length((*place, "description"), embed.get("description"), 4096)
        form.length((*place, "footer", "text"), footer.get("text"), 2048)
        form.length((*place, "author", "name"), author.get("name"), 256)
        form.count((*place, "fields"), fields, 25)
        for number, each in enumerate(fields):
            form.length((*place, "fields", number, "name"), each.get("name"), 256, least=1)
            form.length((*place, "fields", number, "value"), each.get("value"), 1024, least=1)
        for part in ("image", "thumbnail", "video"):
            if embed.get(part):
                _check_address(form, (*place, part, "url"), embed[part].get("url"), filenames)
        texts = [embed.get("title"), embed.get("description"), footer.get("text"), author.get("name")]
        texts += [text for each in fields for text in (each.get("name"), each.get("value"))]
        characters += sum(len(text) for text in texts if isinstance(text, str))
    if characters > EMBED_CHARACTERS:
        message = f"Embed size exceeds maximum size of {EMBED_CHARACTERS}"
        form.refuse(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", message)


def _check_address(form: Form, place: Place, address: object, filenames: Collection[str]) -> None:
    parts = urlsplit(address if isinstance(address, str) else "")
    if parts.scheme not in ("http", "https", "attachment"):
        message = f"Scheme \"{parts.scheme}\" is not supported. Scheme must be one of ('http', 'https', 'attachment')."
        form.refuse(place, "URL_TYPE_INVALID_SCHEME", message)
    elif parts.scheme == "attachment" and parts.netloc + parts.path not in filenames:
        # Discord silently drops such a picture from an embed; tests should notice.
        form.refuse(place, "MEDIA_ATTACHMENT_NOT_FOUND", f"The referenced attachment '{parts.netloc}' was not found.")


def _check_components(form: Form, rows: list[Json]) -> None:
    form.count(("components",), rows, ROWS)
    for index, row in enumerate(rows):
        if row.get("type") in ONLY_V2:
            form.refuse(
                ("components", index, "type"), "BASE_TYPE_CHOICES", 'Value of field "type" must be one of (1,).'
            )
        elif row.get("type") != ComponentType.ACTION_ROW:
            form.refuse(("components", index), "COMPONENT_TYPE_INVALID", "The specified component type is invalid.")
        else:
            _check_row(form, ("components", index), row)
    _check_custom_ids(form, rows)


def _check_components_v2(form: Form, components: list[Json], filenames: Collection[str]) -> None:
    everything = list(walk(components))
    if len(everything) > COMPONENTS_V2:
        message = f"The total number of components cannot exceed {COMPONENTS_V2}"
        form.refuse(("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", message)
    if (
        sum(len(each.get("content") or "") for each in everything if each.get("type") == ComponentType.TEXT_DISPLAY)
        > TEXT_V2
    ):
        message = f"The total text length cannot exceed {TEXT_V2}"
        form.refuse(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)
    for index, each in enumerate(components):
        if each.get("type") not in TOP_LEVEL_V2:
            form.refuse(("components", index), "COMPONENT_TYPE_INVALID", "The specified component type is invalid.")
        _check_component_v2(form, ("components", index), each, filenames)
    _check_custom_ids(form, components)


def _check_component_v2(form: Form, place: Place, each: Json, filenames: Collection[str]) -> None:
    match each.get("type"):
        case ComponentType.ACTION_ROW:
            _check_row(form, place, each)
        case ComponentType.SECTION:
            form.count((*place, "components"), each.get("components"), 3, least=1)
            if each.get("accessory") is None:
                form.refuse((*place, "accessory"), "BASE_TYPE_REQUIRED", "This field is required")
        case ComponentType.TEXT_DISPLAY:
            form.length((*place, "content"), each.get("content"), TEXT_V2, least=1)
        case ComponentType.THUMBNAIL:
            _check_address(form, (*place, "media", "url"), (each.get("media") or {}).get("url"), filenames)
        case ComponentType.MEDIA_GALLERY:
            items = each.get("items") or []
            form.count((*place, "items"), items, 10, least=1)
            for number, item in enumerate(items):
                address = (item.get("media") or {}).get("url")
                _check_address(form, (*place, "items", number, "media", "url"), address, filenames)
        case ComponentType.FILE:
            _check_address(form, (*place, "file", "url"), (each.get("file") or {}).get("url"), filenames)
        case ComponentType.CONTAINER:
            for number, inner in enumerate(each.get("components") or []):
                _check_component_v2(form, (*place, "components", number), inner, filenames)


def _check_row(form: Form, place: Place, row: Json) -> None:
    inside = row.get("components") or []
    form.count((*place, "components"), inside, 5, least=1)
    if len(inside) > 1 and any(each.get("type") in SELECTS for each in inside):
        message = "A select menu takes the whole width of its row"
        form.refuse((*place, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)
    for number, each in enumerate(inside):
        where = (*place, "components", number)
        if each.get("type") == ComponentType.BUTTON:
            _check_button(form, where, each)
        elif each.get("type") in SELECTS:
            _check_select(form, where, each)
        else:
            form.refuse(where, "COMPONENT_TYPE_INVALID", "The specified component type is invalid.")


def _check_select(form: Form, place: Place, select: Json) -> None:
    form.length((*place, "custom_id"), select.get("custom_id"), 100, least=1)
    form.length((*place, "placeholder"), select.get("placeholder"), 150)
    options, most = select.get("options") or [], select.get("max_values", 1)
    form.count((*place, "options"), options, 25, least=1 if select.get("type") == ComponentType.STRING_SELECT else 0)
    for number, option in enumerate(options):
        where = (*place, "options", number)
        form.length((*where, "label"), option.get("label"), 100, least=1)
        form.length((*where, "value"), option.get("value"), 100, least=1)
        form.length((*where, "description"), option.get("description"), 100)
    if len({option.get("value") for option in options}) < len(options):
        message = "The specified option value is already used"
        form.refuse((*place, "options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
    chosen = [option for option in options if option.get("default")] + (select.get("default_values") or [])
    if len(chosen) > most:
        form.refuse(place, "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "Too many options are selected by default")
    if not 0 <= select.get("min_values", 1) <= most <= 25:
        form.refuse((*place, "max_values"), "NUMBER_TYPE_MAX", "Must be between min_values and 25")


def _check_button(form: Form, place: Place, button: Json) -> None:
    style = button.get("style")
    if style not in range(1, 7):
        form.refuse((*place, "style"), "BASE_TYPE_CHOICES", 'Value of field "style" must be one of (1, 2, 3, 4, 5, 6).')
    form.length((*place, "label"), button.get("label"), 80)
    if style == LINK:
        form.length((*place, "url"), button.get("url"), 512, least=1)
        if button.get("custom_id"):
            form.refuse((*place, "custom_id"), "COMPONENT_CUSTOM_ID_NOT_ALLOWED", "A link button has no custom id")
    elif style != PREMIUM:
        form.length((*place, "custom_id"), button.get("custom_id"), 100, least=1)
        if not button.get("label") and not button.get("emoji"):
            form.refuse((*place, "label"), "BUTTON_COMPONENT_INVALID", "A button needs a label or an emoji")


def _check_custom_ids(form: Form, components: list[Json]) -> None:
    seen: set[Any] = set()
    for each in walk(components):
        custom_id = each.get("custom_id")
        if custom_id is None:
            continue
        if custom_id in seen:
            message = f"Component custom id cannot be duplicated: {custom_id}"
            form.refuse(("components",), "COMPONENT_CUSTOM_ID_DUPLICATED", message)
        seen.add(custom_id)
