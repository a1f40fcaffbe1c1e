"""Who made a picture, and whose picture it was made from: said wherever a picture of one is shown to others."""

from __future__ import annotations

from bot.language import Language, say
from storage.gallery import Gallery, Picture


async def credit(gallery: Gallery, picture: Picture, language: Language) -> str:
    """`by @alice`, or `by @alice, after picture 12 by @bob`. Mentions notify nobody where nobody is allowed to be."""
    source = await source_by_another(gallery, picture)
    if source is None:
        return by(picture.person_id, language)
    return say(
        language,
        "by <@{person}>, after picture {picture} by <@{author}>",
        person=picture.person_id,
        picture=source.id,
        author=source.person_id,
    )


async def source_by_another(gallery: Gallery, picture: Picture) -> Picture | None:
    """The picture of somebody else that this one was made from."""
    if picture.parent_id is None:
        return None
    parent = await gallery.get(picture.parent_id)
    return None if parent is None or parent.person_id == picture.person_id else parent


def by(person_id: int, language: Language) -> str:
    """`by @alice`."""
    return say(language, "by <@{person}>", person=person_id)
