"""Which page of whose gallery somebody looks at: the whole state of a page, short enough for a custom_id."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, cast

import discord

from bot.language import say
from engine.errors import InputError
from storage.gallery import Gallery, GalleryQuery, Picture
from storage.pages import Page

Order = Literal["new", "top", "old", "liked"]  # liked: one's favourites, in the order in which they were chosen

ORDERS: Final[tuple[Order, ...]] = ("new", "top", "old", "liked")
LONGEST_SEARCH: Final = 30  # characters: with everything else a custom_id has at most 100
LONGEST_CURSOR: Final = 20  # `n` or `p`, a score, an id
STATE: Final = (
    rf"(?P<person>[0-9]{{0,19}}):(?P<order>{'|'.join(ORDERS)}):(?P<style>[a-z]{{0,8}})"
    rf":(?P<after>[np0-9.-]{{0,{LONGEST_CURSOR}}}):(?P<search>(?s:.{{0,{LONGEST_SEARCH}}}))"
)


@dataclass(frozen=True, slots=True)
class GalleryView:
    """A gallery, the page of it, and what it is narrowed to. Who looks at it, and where, each interaction says."""

    person_id: int | None = None  # whose; None: everybody's in a server, one's own elsewhere
    order: Order = "new"
    style: str | None = None
    search: str = ""
    after: str | None = None  # a cursor; None: the first page

    @property
    def state(self) -> str:
        """What `of` reads back: the end of a custom_id."""
        person = "" if self.person_id is None else self.person_id
        return f"{person}:{self.order}:{self.style or ''}:{self.after or ''}:{self.search[:LONGEST_SEARCH]}"

    @classmethod
    def of(cls, match: re.Match[str]) -> Self:
        """Read it back from a match of `STATE`."""
        person = int(match["person"]) if match["person"] else None
        return cls(person, cast(Order, match["order"]), match["style"] or None, match["search"], match["after"] or None)

    def turned(self, cursor: str | None) -> Self:
        """The same gallery at another page."""
        return dataclasses.replace(self, after=cursor)

    def query(self, interaction: discord.Interaction[Any]) -> GalleryQuery:
        """What who asks may see of it where they ask. Raises InputError for others' pictures outside of a server."""
        viewer_id = interaction.user.id
        own = self.person_id == viewer_id
        if self.person_id is not None and not own and interaction.guild_id is None:
            raise InputError(
                say(interaction.locale, "Outside of a server I show you your own pictures only: leave the person out.")
            )
        return GalleryQuery(
            viewer_id=viewer_id,
            person_id=self.person_id,
            guild_id=None if own else interaction.guild_id,
            search=self.search or None,
            style=self.style,
            sort="new" if self.order == "liked" else self.order,
        )

    async def page(self, gallery: Gallery, interaction: discord.Interaction[Any], limit: int) -> Page[Picture]:
        """Its pictures, `limit` at most."""
        if self.order == "liked":
            return await gallery.favourites(interaction.user.id, limit, self.after)
        return await gallery.page(self.query(interaction), limit, self.after)

    async def count(self, gallery: Gallery, interaction: discord.Interaction[Any]) -> int | None:
        """How many pictures it has altogether; None: nobody counts favourites."""
        return None if self.order == "liked" else await gallery.count(self.query(interaction))
