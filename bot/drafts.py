"""Wishes that wait for their form: what was typed so far, kept in memory for a while."""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.attachments import Attachments
from bot.edit_form import EditForm
from bot.forms import Form
from bot.language import to_say
from engine.spec import ArtSpec

MOST: Final = 500  # drafts of all people; the oldest go first
LONGEST: Final = 3600.0  # seconds: who fills in a form for longer has gone away
GONE: Final = to_say(
    "I don't have your wish any more, because the form was sent already, or an hour ago, or I was started anew since: "
    "please type the command again."
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A wish whose form was opened."""

    person_id: int
    spec: ArtSpec
    attached: Attachments  # their addresses are good for a day
    form: Form | EditForm = dataclasses.field(default_factory=Form)  # as it was last filled in
    since: float = 0.0  # by the clock of `Drafts`


class Drafts:
    """The drafts of all people, by a number that nobody guesses and no restart repeats."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._drafts: OrderedDict[int, Draft] = OrderedDict()

    def keep(self, draft: Draft, number: int | None = None) -> int:
        """Keep a draft, under the number it had or a new one, and return that."""
        number = secrets.randbelow(10**15) if number is None else number
        self._drafts[number] = dataclasses.replace(draft, since=self._clock())
        while len(self._drafts) > MOST:
            self._drafts.popitem(last=False)
        return number

    def get(self, number: int, person_id: int) -> Draft | None:
        """This person's draft of that number, if it is still kept."""
        draft = self._drafts.get(number)
        if draft is None or draft.person_id != person_id or self._clock() - draft.since > LONGEST:
            return None
        return draft

    def take(self, number: int, person_id: int) -> Draft | None:
        """As `get`, and it is kept no longer: of two who take, one gets it."""
        draft = self.get(number, person_id)
        if draft is not None:
            del self._drafts[number]
        return draft
