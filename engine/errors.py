"""What can go wrong while painting, each as one sentence that a person can act on."""

from __future__ import annotations


class AtelierError(Exception):
    """Base of every expected failure; `str(error)` is a sentence fit to be shown."""


class InputError(AtelierError):
    """The request cannot be painted as it stands, and the one who made it can mend it."""


class PaintingError(AtelierError):
    """The request was fine, but the painting of it failed."""
