"""Logging to standard error in which no token appears, whoever logs it."""

from __future__ import annotations

import logging
import re
import sys
from typing import Final

BLANK: Final = "[token]"
_IN_ADDRESSES: Final = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?'\"]+")
_IN_JSON: Final = re.compile(r"""(["']token["']:\s*["'])[^"']+""")


class TokenlessFormatter(logging.Formatter):
    """Blanks tokens out of the finished text, exceptions included: in addresses, in payloads, and the bot's own."""

    def __init__(self, *secrets: str) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        text = _IN_JSON.sub(rf"\g<1>{BLANK}", _IN_ADDRESSES.sub(rf"\g<1>{BLANK}", super().format(record)))
        for secret in self._secrets:
            text = text.replace(secret, BLANK)
        return text


def set_up_logging(level: str, *secrets: str) -> None:
    """Send everything at or above `level` to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TokenlessFormatter(*secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level == "DEBUG":
        for chatty in ("asyncio", "aiosqlite", "PIL", "filelock"):
            logging.getLogger(chatty).setLevel(logging.INFO)
