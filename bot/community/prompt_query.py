"""Which page of which shared prompts somebody looks at: the whole state of a page, short enough for a custom_id."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Final, Literal, Self, cast

Kind = Literal["new", "week", "ever", "mine", "saved"]

KINDS: Final[tuple[Kind, ...]] = ("new", "week", "ever", "mine", "saved")
LONGEST_SEARCH: Final = 36  # characters: with everything else a custom_id has 100
LONGEST_CURSOR: Final = 30
PATTERN: Final = (
    rf"atelier:prompts:(?P<kind>{'|'.join(KINDS)}):(?P<after>[a-z0-9.-]{{0,{LONGEST_CURSOR}}})"
    rf":(?P<style>[a-z]{{0,10}}):(?P<search>(?s:.{{0,{LONGEST_SEARCH}}}))"
)


@dataclass(frozen=True, slots=True)
class PromptQuery:
    """A list, the page of it, and what it is narrowed to."""

    kind: Kind = "new"
    after: str | None = None  # a cursor; None: the first page
    style: str | None = None
    search: str = ""

    @property
    def custom_id(self) -> str:
        return f"atelier:prompts:{self.kind}:{self.after or ''}:{self.style or ''}:{self.search[:LONGEST_SEARCH]}"

    @classmethod
    def of(cls, match: re.Match[str]) -> Self:
        """Read it back from a custom_id that fits `PATTERN`."""
        return cls(cast(Kind, match["kind"]), match["after"] or None, match["style"] or None, match["search"])

    def turned(self, cursor: str) -> Self:
        """The same list at another page."""
        return dataclasses.replace(self, after=cursor)

    def listing(self, kind: Kind) -> Self:
        """Another list from its beginning, narrowed alike."""
        return dataclasses.replace(self, kind=kind, after=None)
