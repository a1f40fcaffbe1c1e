"""The credit of a picture: who made it, and from whose picture; shown wherever others see it."""

from __future__ import annotations

from bot.text.language import _
from bot.text.links import number_link
from storage.gallery import Gallery, Picture


async def credit(gallery: Gallery, picture: Picture) -> str:
    """`by @alice`, or `by @alice, after picture 12 by @bob`. Send it without allowed mentions."""
    parent = await parent_of(gallery, picture)
    if parent is None or parent.person_id == picture.person_id:
        return byline(picture.person_id)
    return _(
        "by <@{person}>, after picture {picture} by <@{author}>",
        person=picture.person_id,
        picture=parent.id,
        author=parent.person_id,
    )


async def made_from(gallery: Gallery, picture: Picture) -> str | None:
    """The parent as a link, `#12`, with its byline if it is another person's; None for a picture without parent."""
    parent = await parent_of(gallery, picture)
    if parent is None:
        return None
    number = number_link(parent) if parent.seen_by(picture.person_id, picture.guild_id) else f"#{parent.id}"
    return number if parent.person_id == picture.person_id else f"{number} {byline(parent.person_id)}"


async def parent_of(gallery: Gallery, picture: Picture) -> Picture | None:
    """The picture that this one was made from, or None."""
    return None if picture.parent_id is None else await gallery.get(picture.parent_id)


def byline(person_id: int) -> str:
    """`by @alice`."""
    return _("by <@{person}>", person=person_id)
