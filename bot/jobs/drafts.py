"""Drafts: requests whose form is open, in memory for an hour."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import discord
from cachetools import TTLCache

from bot.pictures.attachments import Attachments
from bot.text.buttons import Action, Path
from bot.text.language import N_
from engine.errors import InputError
from engine.spec.artspec import ArtSpec

MAX_DRAFTS: Final = 500  # of all people; the oldest are dropped first
LIFETIME: Final = 3600.0  # seconds
CHANGE: Final = Action(Path("edit:{draft}"), N_("Change it"), style="primary")


@dataclass(frozen=True, slots=True)
class Draft:
    """A request whose form is open, and how to open the form again with the same values."""

    person_id: int
    spec: ArtSpec
    attached: Attachments  # their URLs are valid for a day
    form: Callable[[int], discord.ui.Modal]  # from the number of the draft


class Drafts:
    """Everybody's drafts, by random numbers, which no restart repeats."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._drafts: TTLCache[int, Draft] = TTLCache(MAX_DRAFTS, LIFETIME, clock)

    def keep(self, draft: Draft, number: int | None = None) -> int:
        """Store a draft under `number`, by default a new one, and return the number."""
        number = secrets.randbelow(10**15) if number is None else number
        self._drafts[number] = draft
        return number

    def get(self, number: int, person_id: int) -> Draft:
        """The person's draft with that number. Raises `InputError` if there is none."""
        draft = self._drafts.get(number)
        if draft is None or draft.person_id != person_id:
            raise InputError(
                "I don't have your wish any more, because the form was sent already, or an hour ago, or I was started "
                "anew since: please type the command again."
            )
        return draft

    def take(self, number: int, person_id: int) -> Draft:
        """As `get`, and remove the draft, so that a form is submitted only once."""
        draft = self.get(number, person_id)
        del self._drafts[number]
        return draft
