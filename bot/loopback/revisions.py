"""Revisions of messages, made from the bodies of requests."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from bot.loopback.refusals import Form, empty_message
from bot.loopback.validation import check_message
from bot.loopback.world import MENTION, Attachment, Flag, Json, Revision, Upload, World, integer, walk

SETTABLE: Final = Flag.SUPPRESS_EMBEDS | Flag.SUPPRESS_NOTIFICATIONS | Flag.IS_COMPONENTS_V2  # by bots
EMPTY: Final = Revision(0.0)


def revise(world: World, before: Revision, body: Json, uploads: Mapping[int, Upload], *, ephemeral: bool) -> Revision:
    """The revision that follows `before`; `uploads` are keyed by the n of `files[n]`.

    Fields that are missing in `body` stay as they were. Raises `Refusal` for what Discord refuses.
    """
    requested = Flag(body.get("flags") or 0) & SETTABLE
    kept = before.flags & (Flag.EPHEMERAL | Flag.IS_COMPONENTS_V2 | Flag.SUPPRESS_EMBEDS)
    flags = kept | requested | (Flag.EPHEMERAL if ephemeral else Flag(0))
    staying, arriving = _sort_attachments(before, body, uploads)
    names = [each.filename for each in staying] + [each.filename.replace(" ", "_") for each in arriving]
    check_message(body, flags, names)
    content = body.get("content", before.content)
    mentions, everyone = _mentions(content or "", body.get("allowed_mentions"))
    components = tuple(body["components"] or ()) if "components" in body else before.components
    revision = Revision(
        time=time.time(),
        content=content or "",
        embeds=tuple(body["embeds"] or ()) if "embeds" in body else before.embeds,
        components=_numbered(components),
        attachments=(*staying, *(world.add_attachment(each, ephemeral=ephemeral) for each in arriving)),
        flags=flags,
        mentions=mentions,
        mentions_everyone=everyone,
    )
    if not (revision.content or revision.embeds or revision.components or revision.attachments):
        raise empty_message()
    return revision


def _sort_attachments(
    before: Revision, body: Json, uploads: Mapping[int, Upload]
) -> tuple[list[Attachment], list[Upload]]:
    """The attachments that stay and the uploads that are added, by the ids in the `attachments` array.

    Without an array all attachments stay; uploads that it does not name are appended.
    """
    present = {each.id: each for each in before.attachments}
    if body.get("attachments") is None:
        staying = [] if "attachments" in body else list(present.values())
        return staying, [uploads[number] for number in sorted(uploads)]
    form = Form()
    staying, arriving, named = [], [], set()
    for index, entry in enumerate(body["attachments"]):
        identity = integer(entry.get("id"))
        if identity in uploads:
            upload = uploads[identity]
            arriving.append(Upload(entry.get("filename") or upload.filename, upload.data, entry.get("description")))
            named.add(identity)
        elif identity in present:
            staying.append(present[identity])
        else:
            form.refuse(("attachments", index, "id"), "ATTACHMENT_NOT_FOUND", "Attachment not found.")
    form.raise_errors()
    arriving += [uploads[number] for number in sorted(uploads) if number not in named]
    return staying, arriving


def _mentions(content: str, allowed: Json | None) -> tuple[tuple[int, ...], bool]:
    """The ids of the people that this content notifies, and whether it notifies everyone.

    Without `allowed_mentions` all mentions in the content do.
    """
    people = tuple(dict.fromkeys(int(each) for each in MENTION.findall(content)))
    everyone = "@everyone" in content or "@here" in content
    if allowed is None:
        return people, everyone
    parse = allowed.get("parse") or []
    if "users" not in parse:
        chosen = {int(each) for each in allowed.get("users") or []}
        people = tuple(each for each in people if each in chosen)
    return people, everyone and "everyone" in parse


def _numbered(components: tuple[Json, ...]) -> tuple[Json, ...]:
    """Give an id to every component without one, as Discord does."""
    for number, each in enumerate(walk(components), start=1):
        each.setdefault("id", number)
    return components
