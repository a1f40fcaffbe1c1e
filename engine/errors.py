"""Expected failures, and messages to the user: English templates with values, which the bot translates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self


class Message:
    """A message to the user: an English template with `{name}` fields, and their values.

    The bot's catalogues translate the template. A value may be a message itself. `str(message)` is the English text.
    """

    __slots__ = ("template", "values")

    def __init__(self, template: str, /, **values: str | int | float | Message) -> None:
        self.template = template
        self.values = values

    def __str__(self) -> str:
        return self.template.format_map(self.values) if self.values else self.template

    def __repr__(self) -> str:
        return f"Message({self.template!r}, **{self.values!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.template, self.values) == (other.template, other.values)

    def __hash__(self) -> int:
        return hash((self.template, frozenset(self.values.items())))

    def to_data(self) -> Any:
        """The JSON form: the template alone, or the template, its values, and which of these are messages."""
        if not self.values:
            return self.template
        values = {key: value.to_data() if isinstance(value, Message) else value for key, value in self.values.items()}
        messages = [key for key, value in self.values.items() if isinstance(value, Message)]
        return [self.template, values, messages]

    @classmethod
    def from_data(cls, data: Any) -> Message:
        """The message that `to_data` wrote. Raises ValueError for anything else."""
        if isinstance(data, str):
            return cls(data)
        match data:
            case [str(template), Mapping() as values, list(messages)]:
                fields = {str(key): cls.from_data(value) if key in messages else value for key, value in values.items()}
                if all(isinstance(value, str | int | float | Message) for value in fields.values()):
                    return cls(template, **fields)
        raise ValueError("this is no message")


def either(names: Sequence[str]) -> str | Message:
    """Alternatives as text: “this”, “this or that”, “this, that or those”."""
    *others, last = names
    return Message("{names} or {last}", names=", ".join(others), last=last) if others else last


class AtelierError(Exception):
    """Base of the expected failures: a template with values; `str(error)` is the English text."""

    def __init__(self, template: str, /, **values: str | int | float | Message) -> None:
        self.message = Message(template, **values)
        super().__init__(str(self.message))

    @classmethod
    def of(cls, message: Message) -> Self:
        """The error with this message."""
        return cls(message.template, **message.values)


class InputError(AtelierError):
    """The request cannot be painted as it is, and the user can correct it."""


class PaintingError(AtelierError):
    """The request was valid, but painting it failed."""
