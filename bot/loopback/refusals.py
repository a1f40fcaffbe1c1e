"""Discord's error responses: HTTP status, error code, message and, for an invalid body, the path of each mistake.

Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class Refusal(Exception):
    """An error response."""

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def payload(self) -> dict[str, Any]:
        """The JSON body."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        return body if self.errors is None else body | {"errors": self.errors}


def unauthorised() -> Refusal:
    return Refusal(401, 0, "401: Unauthorized")


def not_found() -> Refusal:
    return Refusal(404, 0, "404: Not Found")


def unknown_channel() -> Refusal:
    return Refusal(404, 10003, "Unknown Channel")


def unknown_message() -> Refusal:
    return Refusal(404, 10008, "Unknown Message")


def unknown_user() -> Refusal:
    return Refusal(404, 10013, "Unknown User")


def unknown_webhook() -> Refusal:
    return Refusal(404, 10015, "Unknown Webhook")


def unknown_interaction() -> Refusal:
    return Refusal(404, 10062, "Unknown interaction")


def not_your_application() -> Refusal:
    return Refusal(403, 20012, "You are not authorized to perform this action on this application")


def too_large() -> Refusal:
    return Refusal(413, 40005, "Request entity too large")


def already_acknowledged() -> Refusal:
    return Refusal(400, 40060, "Interaction has already been acknowledged.")


def too_many_followups() -> Refusal:
    return Refusal(400, 40094, "This interaction has reached the maximum number of follow-up messages")


def missing_access() -> Refusal:
    return Refusal(403, 50001, "Missing Access")


def another_author() -> Refusal:
    return Refusal(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> Refusal:
    return Refusal(400, 50006, "Cannot send an empty message")


def no_direct_messages() -> Refusal:
    return Refusal(403, 50007, "Cannot send messages to this user")


def missing_permissions() -> Refusal:
    return Refusal(403, 50013, "Missing Permissions")


def token_expired() -> Refusal:
    return Refusal(401, 50027, "Invalid Webhook Token")


def invalid_recipient() -> Refusal:
    return Refusal(400, 50033, "Invalid Recipient(s)")


def invalid_json() -> Refusal:
    return Refusal(400, 50109, "The request body contains invalid JSON.")


@dataclass(slots=True)
class Form:
    """The mistakes in one request body, each with its path; Discord reports them as “Invalid Form Body”, 50035."""

    errors: dict[str, Any] = field(default_factory=dict)

    def refuse(self, place: tuple[str | int, ...], code: str, message: str) -> None:
        """Add a mistake; `place` is its path, for example `("embeds", 0, "title")`."""
        node = self.errors
        for part in place:
            node = node.setdefault(str(part), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, place: tuple[str | int, ...], value: object, most: int, least: int = 0) -> None:
        """Refuse what is not a string of `least` to `most` characters; `None` passes if `least` is 0."""
        if value is None and least == 0:
            return
        if not isinstance(value, str):
            self.refuse(place, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
        elif not least <= len(value) <= most:
            message = (
                f"Must be between {least} and {most} in length." if least else f"Must be {most} or fewer in length."
            )
            self.refuse(place, "BASE_TYPE_BAD_LENGTH", message)

    def count(self, place: tuple[str | int, ...], values: object, most: int, least: int = 0) -> None:
        """Refuse what is not a list of `least` to `most` items."""
        if not isinstance(values, list):
            self.refuse(place, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        elif not least <= len(values) <= most:
            message = f"Must be between {least} and {most} in length."
            self.refuse(place, "BASE_TYPE_BAD_LENGTH", message)

    def raise_errors(self) -> None:
        """Raise a `Refusal` if there are mistakes."""
        if self.errors:
            raise Refusal(400, 50035, "Invalid Form Body", self.errors)
