"""The state of a page of shared prompts, short enough for a custom_id."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, cast

from bot.text.buttons import Path

Kind = Literal["new", "week", "ever", "mine", "saved"]

KINDS: Final[tuple[Kind, ...]] = ("new", "week", "ever", "mine", "saved")
PAGE: Final = Path("prompts:{kind:new|week|ever|mine|saved}:{after:cursor}:{art_style:word}:{search:text}")
LONGEST_SEARCH: Final = 36  # characters
LONGEST_CURSOR: Final = 30  # characters


@dataclass(frozen=True, slots=True)
class PromptQuery:
    """A list of shared prompts with its filters, and one page of it."""

    kind: Kind = "new"
    after: str | None = None  # a cursor; None: the first page
    style: str | None = None
    search: str = ""

    def values(self) -> dict[str, Any]:
        """The values for `PAGE`; the custom_id cuts the search to what fits."""
        return {"kind": self.kind, "after": self.after or "", "art_style": self.style or "", "search": self.search}

    @classmethod
    def of(cls, values: Mapping[str, int | str]) -> Self:
        """The query with the values of a custom_id."""
        texts = {name: str(value) for name, value in values.items()}
        return cls(cast(Kind, texts["kind"]), texts["after"] or None, texts["art_style"] or None, texts["search"])

    def at(self, cursor: str) -> Self:
        """The same list at another page."""
        return dataclasses.replace(self, after=cursor)

    def in_list(self, kind: Kind) -> Self:
        """The first page of another list, with the same filters."""
        return dataclasses.replace(self, kind=kind, after=None)
