"""The state of a gallery page, short enough for a custom_id."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, cast

import discord

from engine.errors import InputError
from storage.gallery import Gallery, GalleryQuery, Picture
from storage.pages import Page

Order = Literal["new", "top", "old", "liked"]  # liked: the person's favourites, newest choice first

STATE: Final = (
    "{person:id}:{order:new|top|old|liked}:{art_style:word}:{after:cursor}:{search:text}"  # the end of a path template
)
LONGEST_SEARCH: Final = 30  # characters
LONGEST_CURSOR: Final = 20  # characters: `n` or `p`, a score, an id


@dataclass(frozen=True, slots=True)
class GalleryView:
    """A gallery with its filters and one page of it. The viewer and the place come from each interaction."""

    person_id: int | None = None  # whose; None: everybody's in a server, the viewer's own elsewhere
    order: Order = "new"
    style: str | None = None
    search: str = ""
    after: str | None = None  # a cursor; None: the first page

    def values(self) -> dict[str, Any]:
        """The values for a path that ends in `STATE`; the custom_id cuts the search to what fits."""
        return {
            "person": "" if self.person_id is None else str(self.person_id),
            "order": self.order,
            "art_style": self.style or "",
            "after": self.after or "",
            "search": self.search,
        }

    @classmethod
    def of(cls, values: Mapping[str, int | str]) -> Self:
        """The view with the values of a custom_id."""
        texts = {name: str(value) for name, value in values.items()}
        person = int(texts["person"]) if texts["person"] else None
        return cls(
            person, cast(Order, texts["order"]), texts["art_style"] or None, texts["search"], texts["after"] or None
        )

    def at(self, cursor: str | None) -> Self:
        """The same gallery at another page."""
        return dataclasses.replace(self, after=cursor)

    def query(self, interaction: discord.Interaction[Any]) -> GalleryQuery:
        """What the person may see of it here. Raises `InputError` for others' pictures outside servers."""
        viewer_id = interaction.user.id
        own = self.person_id == viewer_id
        if self.person_id is not None and not own and interaction.guild_id is None:
            raise InputError("Outside of a server I show you your own pictures only: leave the person out.")
        return GalleryQuery(
            viewer_id=viewer_id,
            person_id=self.person_id,
            guild_id=None if own else interaction.guild_id,
            search=self.search or None,
            style=self.style,
            sort="new" if self.order == "liked" else self.order,
        )

    async def page(self, gallery: Gallery, interaction: discord.Interaction[Any], limit: int) -> Page[Picture]:
        """The page, at most `limit` pictures."""
        if self.order == "liked":
            return await gallery.favourites(interaction.user.id, limit, self.after)
        return await gallery.page(self.query(interaction), limit, self.after)

    async def count(self, gallery: Gallery, interaction: discord.Interaction[Any]) -> int | None:
        """The number of pictures on all pages; None: favourites are not counted."""
        return None if self.order == "liked" else await gallery.count(self.query(interaction))
